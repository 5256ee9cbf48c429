"""What is said to the person: texts in two languages, and the errors that are shown without a traceback.

Nothing heavy is imported here, so that `--help` and a plain mistake answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

LANGUAGES = ("vi", "en")
_spoken = "vi"


@dataclass(frozen=True)
class Text:
    """The same words in Vietnamese and English; `str()` gives those of the language being spoken."""

    vi: str
    en: str = ""

    def __str__(self) -> str:
        return self.en if _spoken == "en" and self.en else self.vi


def speak(language: str) -> None:
    """Choose the language of everything that is shown from now on: "vi" (the default) or "en"."""
    global _spoken
    if language not in LANGUAGES:
        raise UserError(
            "--lang",
            rule=Text("Ngôn ngữ là vi hoặc en.", "The language is vi or en."),
            found=language,
            cure=Text("Bỏ --lang, hoặc viết --lang vi, --lang en.", "Leave --lang out, or write --lang vi, --lang en."),
        )
    _spoken = language


def spoken() -> str:
    """The language in use, "vi" or "en"."""
    return _spoken


class UserError(Exception):
    """A mistake that the person can mend: where it is, which rule it breaks, what was found, what to do."""

    def __init__(self, where: str, *, rule: Text, found: object, cure: Text):
        super().__init__(where)
        self.where, self.rule, self.found, self.cure = where, rule, found, cure

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{Text('Lỗi ở', 'Error in')} {self.where}",
                f"  {Text('Quy tắc', 'Rule')}: {self.rule}",
                f"  {Text('Đã thấy', 'Found')}: {self.found}",
                f"  {Text('Cách sửa', 'What to do')}: {self.cure}",
            )
        )

    def _render_traceback_(self) -> list[str]:
        """IPython shows these lines in a notebook instead of a traceback."""
        return str(self).splitlines()


class StudyError(UserError):
    """The study file, or what it names, is not right."""


class QuestionnaireError(UserError):
    """The questionnaire file is not right."""


class SheetError(UserError):
    """The response sheet could not be read, or does not fit the questionnaire."""


class DesignError(UserError):
    """The frame and the design (weight, stratum, PSU, population) do not fit together."""


def language_from(arguments: list[str]) -> list[str]:
    """Take `--lang xx` (or `--lang=xx`), wherever it stands, out of a command line, and speak that language."""
    rest, language, pending = [], None, False
    for argument in arguments:
        if pending:
            language, pending = argument, False
        elif argument == "--lang":
            pending = True
        elif argument.startswith("--lang="):
            language = argument.removeprefix("--lang=")
        else:
            rest.append(argument)
    if pending:
        language = ""
    if language is not None:
        speak(language)
    return rest


def run(name: str, command: Callable[[list[str]], object], arguments: list[str]) -> int:
    """Run a command line and return its exit code: 1 for a person's mistake in words, 2 for a line that is not a command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a Windows console may know no Vietnamese
    try:
        code = command(language_from(arguments))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(unwritable(error), file=sys.stderr)
        return 1
    except Exception as error:
        if type(error).__name__ == "Abort":  # Ctrl+C, as typer passes it on
            print(Text("Đã dừng giữa chừng.", "Stopped."), file=sys.stderr)
            return 130
        # typer's own complaints about a command line have such a message, in English only
        if not hasattr(error, "format_message"):
            raise
        print(_not_a_command(name, error.format_message()), file=sys.stderr)
        return 2
    return code if isinstance(code, int) else 0


def unwritable(error: OSError) -> UserError:
    """A disk that is full, a folder that may not be written, a file that another program holds."""
    return UserError(
        str(error.filename or Text("ổ đĩa", "the disk")),
        rule=Text("Tệp phải đọc và ghi được.", "The file can be read and written."),
        found=error.strerror or type(error).__name__,
        cure=Text(
            "Đóng chương trình đang mở tệp (Word, Excel), kiểm tra quyền ghi và chỗ trống, rồi chạy lại.",
            "Close what holds the file (Word, Excel), check permissions and free space, then run again.",
        ),
    )


def _not_a_command(name: str, complaint: str) -> UserError:
    return UserError(
        f"{Text('dòng lệnh', 'command line')}",
        rule=Text(
            "Tên lệnh và các tham số phải có trong phần trợ giúp.", "Commands and options are those in the help."
        ),
        found=complaint,
        cure=Text(f"Xem: python run.py {name} --help", f"See: python run.py {name} --help"),
    )
