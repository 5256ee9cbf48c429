"""Sets Khảo Sát Số up beside this file, then runs what was asked: `python run.py --help`.

Standard library only, and no grammar newer than Python 3.6: an old Python has to read the file to its end before it can
be told that it is too old.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import unicodedata
from pathlib import Path

HOME = Path(__file__).resolve().parent
NOTEBOOK = "notebooks/00_bat_dau.ipynb"
DEMO = "data/demo"
# JupyterLab would ask whether to fetch news, and look for a newer version of itself: nothing is asked of the Internet.
QUIET_LAB = [
    "--LabApp.app_settings_dir=" + str(HOME / "analysis" / "jupyter" / "lab_settings"),
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]
OLDEST, NEWEST = (3, 11), (3, 13)

HELP = """Khảo Sát Số: khảo sát bằng Google Forms, phân tích và làm báo cáo trên Jupyter

  python run.py                  cài đặt (chỉ lần đầu), chạy thử với trường giả định, mở JupyterLab
  python run.py demo             cài đặt, chạy thử với trường giả định, không mở gì
  python run.py lab              mở JupyterLab
  python run.py dashboard ...    mở bảng theo dõi của hội đồng, không có mã
  python run.py survey ...       lệnh của phần khảo sát (thêm --help để xem)
  python run.py analysis ...     lệnh của phần phân tích và báo cáo (thêm --help để xem)
  python run.py test ...         chạy toàn bộ phép kiểm tra
  --lang en                      thông báo bằng tiếng Anh

Khảo Sát Số: surveys with Google Forms, analysis and review reports in Jupyter

  python run.py                  set up (first time only), run the pretend school, open JupyterLab
  python run.py demo             set up, run the pretend school, open nothing
  python run.py lab              open JupyterLab
  python run.py dashboard ...    open the council's dashboard, without code
  python run.py survey ...       commands of the survey (add --help to see them)
  python run.py analysis ...     commands of the analysis and the reports (add --help to see them)
  python run.py test ...         run the whole test suite
  --lang en                      messages in English"""

_english = False


def words(vi: str, en: str) -> str:
    """The words in the language being spoken."""
    return en if _english else vi


class Stop(Exception):
    """Something the person can mend, in the shape of every message of this project: where, rule, found, what to do."""

    def __init__(self, where: str, rule: str, found: str, cure: str) -> None:
        super().__init__(where)
        self.lines = (
            words("Lỗi ở ", "Error in ") + where,
            words("  Quy tắc: ", "  Rule: ") + rule,
            words("  Đã thấy: ", "  Found: ") + found,
            words("  Cách sửa: ", "  What to do: ") + cure,
        )

    def __str__(self) -> str:
        return "\n".join(self.lines)


def say(text: str, error: bool = False, end: str = "\n") -> None:
    """Print, on any console: one that knows no Vietnamese gets the letters without their marks."""
    stream = sys.stderr if error else sys.stdout
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    print(text, file=stream, end=end, flush=True)


# What an installer that fails says, and which trouble that is; where a line fits two, the upper one is meant.
TROUBLES = (
    ("venv", r"No module named '?(venv|ensurepip)|ensurepip is not\b"),
    ("disk", r"\[Errno 28\]|\[WinError (112|39)\]|No space left on device"),
    ("hash", r"DO NOT MATCH THE HASHES|Hashes are required in --require-hashes"),
    ("path", r"Windows Long Path|\[WinError 206\]|\[Errno 36\]|File name too long"),
    (
        "network",
        r"connection broken by|Max retries exceeded|Failed to establish a new connection|Temporary failure in name res"
        r"|Name or service not known|getaddrinfo failed|Read timed out|Connection (refused|reset|aborted|timed out)"
        r"|ProxyError|Tunnel connection failed|CERTIFICATE_VERIFY_FAILED|SSLError|Network is unreachable"
        r"|ReadTimeoutError|IncompleteRead",
    ),
    ("write", r"\[Errno (1|13|30)\]|\[WinError (5|32)\]|Permission denied|Read-only file system"),
    ("build", r"No matching distribution found|Failed (to build|building wheel)|subprocess-exited-with-error"),
)


def explain(where: str, said: list) -> Stop:
    """What an installer that failed has said, told in words with what to do next."""
    kind, found, hits = "unknown", " | ".join(line for line in said[-8:] if line), []
    for number, line in enumerate(said):
        hits += [(name, number) for name, pattern in TROUBLES if re.search(pattern, line, re.IGNORECASE)][:1]
    # The last word counts, as a broken connection may have been mended; but pip ends with "no such package" even where
    # it never reached an index.
    hits.sort(key=lambda hit: (hit[0] != "build", hit[1]))
    if hits:
        kind, number = hits[-1]
        found = said[number]
        if kind == "hash":  # the package and both hashes follow
            found = " ".join(" ".join(said[number + 1 :]).split())
        elif kind == "network":  # pip wraps the cause into names of its own classes
            causes = re.finditer(dict(TROUBLES)[kind], said[number], re.IGNORECASE)
            found = ", ".join(dict.fromkeys(cause.group() for cause in causes))
    found = found.strip()[:400] or words("không có lời nào", "no word")
    again = words("rồi chạy lại: python run.py", "then run again: python run.py")
    rule, cure = {
        "venv": (
            words(
                "Python phải có sẵn các mô-đun venv và ensurepip.", "Python must have its modules venv and ensurepip."
            ),
            words(
                "Trên Debian/Ubuntu: sudo apt install python3-venv; nơi khác: cài lại Python từ python.org, ",
                "On Debian/Ubuntu: sudo apt install python3-venv; elsewhere: install Python from python.org again, ",
            )
            + again,
        ),
        "disk": (
            words("Cài đặt cần khoảng 2 GB trống trên đĩa.", "Setting up needs about 2 GB of free disk space."),
            words(
                "Xóa bớt tệp hoặc chuyển thư mục này sang ổ khác, ",
                "Free some space, or move this folder to another disk, ",
            )
            + again,
        ),
        "hash": (
            words(
                "Gói tải về phải đúng từng byte với requirements.lock.",
                "A downloaded package must equal requirements.lock, byte for byte.",
            ),
            words(
                "Chưa có gì được cài từ gói đó. Thử lại trên mạng khác; vẫn lỗi thì báo người quản trị, đừng bỏ qua.",
                "Nothing was installed from it. Try on another network; if it stays, tell your IT lead; do not bypass.",
            ),
        ),
        "path": (
            words(
                "Windows chỉ nhận đường dẫn ngắn hơn 260 ký tự.",
                "Windows takes only paths shorter than 260 characters.",
            ),
            words(
                "Chuyển thư mục này ra gần gốc ổ đĩa, ví dụ C:\\KhaoSat, ",
                "Move this folder near the root, such as C:\\KhaoSat, ",
            )
            + again,
        ),
        "write": (
            words("Phải ghi được vào thư mục của chương trình.", "The program's folder must be writable."),
            words(
                "Đóng JupyterLab và cửa sổ khác đang dùng thư mục này, hoặc chuyển nó vào Documents, ",
                "Close JupyterLab and other windows that use this folder, or move it into Documents, ",
            )
            + again,
        ),
        "network": (
            words("Cài đặt lần đầu cần Internet để tải các gói.", "Setting up the first time needs the Internet."),
            words(
                "Kiểm tra mạng; trường dùng proxy thì đặt biến HTTPS_PROXY hoặc cấu hình pip, ",
                "Check the network; behind a proxy set HTTPS_PROXY or pip's own settings, ",
            )
            + again,
        ),
        "build": (
            words(
                "Mỗi gói phải có bản dựng sẵn cho Python và máy này.",
                "Every package must have a ready-made build for this Python and machine.",
            ),
            words("Cài Python 3.13 bản 64-bit từ python.org, ", "Install the 64-bit Python 3.13 from python.org, ")
            + again,
        ),
        "unknown": (
            words("Bước này phải chạy xong không lỗi.", "This step must end without an error."),
            words(
                "Chạy lại: python run.py; vẫn lỗi thì gửi nguyên các dòng này cho người quản trị.",
                "Run again: python run.py; if it stays, send these lines as they are to your IT lead.",
            ),
        ),
    }[kind]
    return Stop(where, rule, found, cure)


def check_python(version: tuple, bits: int, executable: str) -> None:
    """Stop with words when this Python cannot run the project."""
    if version[:2] >= OLDEST and bits == 64:
        return
    raise Stop(
        "Python",
        words(
            "Khảo Sát Số cần Python 3.11, 3.12 hoặc 3.13, bản 64-bit.",
            "Khảo Sát Số needs 64-bit Python 3.11, 3.12 or 3.13.",
        ),
        "Python {}.{}.{}, {}-bit ({})".format(*version[:3], bits, executable),
        words(
            "Cài Python 3.13 từ https://www.python.org/downloads/ rồi: python3.13 run.py (Windows: py -3.13 run.py)",
            "Install Python 3.13 from https://www.python.org/downloads/; python3.13 run.py (Windows: py -3.13 run.py)",
        ),
    )


def environment() -> dict:
    """The environment of everything that is started: UTF-8 everywhere, no packages from elsewhere on the machine."""
    inherited = dict(os.environ)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH"):
        inherited.pop(name, None)
    # A person's `pip config set global.user true` would make pip refuse to install into .venv.
    return dict(inherited, PYTHONUTF8="1", PIP_USER="0")


def python_of(venv: Path) -> Path:
    """The Python inside a virtual environment."""
    return venv / "Scripts" / "python.exe" if os.name == "nt" else venv / "bin" / "python"


def ask(python: Path) -> tuple:
    """(version and platform, site-packages as seen from .venv), or ("", "") when it is no working environment."""
    question = (
        "import os, sys, sysconfig; assert sys.prefix != sys.base_prefix; "
        "print('%d.%d' % sys.version_info[:2], sysconfig.get_platform()); "
        "print(os.path.relpath(sysconfig.get_path('purelib'), sys.prefix))"
    )
    try:
        asked = [str(python), "-I", "-c", question]
        answer = subprocess.run(asked, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return "", ""
    lines = answer.stdout.decode("utf-8", "replace").split("\n")
    return (lines[0].strip(), lines[1].strip()) if answer.returncode == 0 and len(lines) > 1 else ("", "")


def listen(command: list, home: Path, heard=None) -> tuple:
    """Run an installer, hand each line it says to `heard`, and return its exit code and all it said."""
    said = []
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=str(home),
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            for line in process.stdout or ():
                said.append(line.rstrip())
                if heard:
                    heard(said[-1])
        except BaseException:
            process.terminate()  # Ctrl+C must not leave an installer writing behind our back
            raise
    return process.returncode, said


class Progress:
    """How far pip is: one line written over on a terminal, every twentieth package elsewhere."""

    def __init__(self, lock: str, site_packages: Path, terminal: bool) -> None:
        self.total = len(re.findall(r"^[A-Za-z0-9][^\s=]*==", lock, re.MULTILINE))
        self.site_packages, self.terminal = site_packages, terminal
        self.count, self.name, self.width = 0, "", 0
        self.done = threading.Event()
        self.writing = False

    def hear(self, line: str) -> None:
        """Take in a line of pip's."""
        if re.match(r"Ignoring \S+: markers", line):
            self.total -= 1
        elif re.match(r"(Collecting|Processing|Requirement already satisfied:) ", line):
            self.count += 1
            if line.startswith(
                "Processing"
            ):  # a file in a folder of the person's own: its path, ending in name-version...
                self.name = re.split(r"[/\\]", line.split(" (from ")[0])[-1].split("-")[0]
            else:
                self.name = re.split(r"[\s=<>~!;]", line.split(": ")[-1].replace("Collecting ", ""))[0]
            self.show(self.loading(), often=self.count % 20 == 0)
        elif re.match(r"\s+Downloading .*\(", line):
            self.show(self.loading() + " " + line[line.rindex("(") :])
        elif line.startswith("Installing collected packages"):
            self.writing = True
            self.show(
                words("Chép các gói vào .venv (một vài phút)", "Copying the packages into .venv (some minutes)"), True
            )
            if self.terminal:
                threading.Thread(target=self.watch, daemon=True).start()

    def loading(self) -> str:
        return words("Tải gói {}/{}: {}", "Fetching package {}/{}: {}").format(self.count, self.total, self.name)

    def watch(self) -> None:
        """pip is silent while it copies: count what has arrived, so that nobody thinks it hangs."""
        while not self.done.wait(1):
            arrived = len(list(self.site_packages.glob("*.dist-info")))
            text = words("Chép các gói vào .venv: {}/{}", "Copying the packages into .venv: {}/{}")
            self.show(text.format(min(arrived, self.total), self.total))

    def show(self, text: str, often: bool = False) -> None:
        if self.terminal:
            text = text[:78]
            say("\r" + text.ljust(self.width), end="")
            self.width = len(text)
        elif often:
            say(text)

    def close(self) -> None:
        self.done.set()
        if self.terminal and self.width:
            say("\r" + " " * self.width + "\r", end="")


def stamp_of(venv: Path) -> dict:
    """What was installed into .venv, or nothing when that was never finished."""
    try:
        stamp = json.loads((venv / "khaosatso.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def set_up(home: Path) -> Path:
    """The Python of `.venv`, with everything in requirements.lock; made or renewed only where that is needed."""
    venv, lock_file = home / ".venv", home / "requirements.lock"
    if not lock_file.is_file():
        raise Stop(
            "run.py",
            words("requirements.lock phải nằm cạnh run.py.", "requirements.lock must stand beside run.py."),
            words("không có {}", "no {}").format(lock_file),
            words("Tải lại toàn bộ thư mục chương trình.", "Download the whole folder of the program again."),
        )
    lock = lock_file.read_text(encoding="utf-8")
    wanted = hashlib.sha256(lock.encode("utf-8")).hexdigest()
    python, stamp = python_of(venv), stamp_of(venv)
    version, site_packages = ask(python)
    if version and stamp.get("python") == version:
        if stamp.get("lock") == wanted:
            return python
        say(words("Danh sách gói đã đổi: cập nhật .venv.", "The list of packages has changed: updating .venv."))
    else:
        make(venv, home)
        version, site_packages = ask(python)
        if not version:
            raise explain(".venv", [words("Python trong .venv không chạy được", "the Python in .venv does not run")])
    install(python, lock, venv / site_packages, home)
    # The project itself is put on the path by one relative line. An editable install would write the folder's absolute
    # name, whose Vietnamese letters Python 3.11 and 3.12 misread on Windows; and a relative one may be moved.
    there = os.path.relpath(str(home), str(venv / site_packages))
    (venv / site_packages / "khaosatso.pth").write_text(there + "\n", encoding="ascii")
    unfinished = venv / "khaosatso.json.new"
    unfinished.write_text(json.dumps({"lock": wanted, "python": version}), encoding="utf-8")
    os.replace(str(unfinished), str(venv / "khaosatso.json"))  # last and whole: an interrupted set-up leaves none
    say(words("Cài đặt xong; lần sau không cần mạng.", "Set up; next time needs no network."))
    return python


def make(venv: Path, home: Path) -> None:
    """Make .venv anew: there is none, it was left half-made, or the folder or Python moved and it no longer runs."""
    if sys.version_info[:2] > NEWEST:
        text = words(
            "Python {}.{} chưa được thử với Khảo Sát Số; vẫn tiếp tục.", "Python {}.{} is not tested; going on."
        )
        say(text.format(*sys.version_info[:2]))
    if venv.exists():
        say(
            words(
                "Thư mục .venv chưa xong hoặc không chạy được nữa: làm lại.",
                "The folder .venv is unfinished or no longer runs: making it again.",
            )
        )
    else:
        say(
            words(
                "Cài đặt lần đầu: cần Internet, 2 GB đĩa, vài phút.",
                "First set-up: needs the Internet, 2 GB of disk, some minutes.",
            )
        )
    # The base Python, so that .venv can be made again also when run.py was started by the Python inside it.
    base = getattr(sys, "_base_executable", "") or sys.executable
    code, said = listen([base, "-m", "venv", "--clear", venv], home)
    if code:
        raise explain(".venv", said)


def install(python: Path, lock: str, site_packages: Path, home: Path) -> None:
    """Have pip install requirements.lock, from the indexes and through the proxies that the person's pip uses."""
    progress = Progress(lock, site_packages, sys.stdout.isatty())
    # Not compiled beforehand: that takes as long as all the rest, and Python does it for what is really used.
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile"]

    def hear(line: str) -> None:
        progress.hear(line)
        if progress.writing:  # from here on the old packages are no longer whole
            stamp = home / ".venv" / "khaosatso.json"
            if stamp.exists():
                stamp.unlink()

    try:
        code, said = listen([*pip, "--progress-bar", "off", "--require-hashes", "-r", "requirements.lock"], home, hear)
    finally:
        progress.close()
    if code:
        raise explain(words("cài đặt các gói", "installing the packages"), said)


def start(python: Path, home: Path, arguments: list) -> int:
    """Run the project's Python in the project's folder and return its exit code."""
    process = subprocess.Popen([str(python), *arguments], cwd=str(home), env=environment())
    while True:
        try:
            code = process.wait()
            return code if code >= 0 else 128 - code  # ended by a signal: the number a shell would give
        except KeyboardInterrupt:
            continue  # Ctrl+C reached it too; JupyterLab asks before it stops


def demo(python: Path, home: Path, language: list) -> int:
    """The pretend school, from its questionnaire to its reports."""
    for package in ("survey", "analysis"):
        code = start(python, home, ["-m", package, "demo", DEMO, *language])
        if code:
            return code
    return 0


def lab(python: Path, home: Path, more: list) -> int:
    """JupyterLab, with the whole project in its file list."""
    say(
        words(
            "Mở JupyterLab; dừng bằng Ctrl+C trong cửa sổ này.",
            "Opening JupyterLab; stop it with Ctrl+C in this window.",
        )
    )
    return start(python, home, ["-m", "jupyterlab", "--ServerApp.root_dir=" + str(home), *QUIET_LAB, NOTEBOOK, *more])


def language_from(arguments: list) -> tuple:
    """Take `--lang en` or `--lang=en`, wherever it stands, out: (the others, [] or ["--lang", "en"])."""
    rest, language = [], []
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--lang" and waiting:
            language = [argument, waiting.pop(0)]
        elif argument.startswith("--lang="):
            language = argument.split("=", 1)
        else:
            rest.append(argument)
    return rest, language


def obey(arguments: list, language: list, home: Path) -> int:
    """Do what the command line asks; returns the exit code."""
    command, more = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in ("-h", "--help", "help"):
        say(HELP)
        return 0
    if command not in ("", "demo", "lab", "dashboard", "survey", "analysis", "test") or (command == "demo" and more):
        say(words("Không có lệnh này: ", "No such command: ") + " ".join(arguments) + "\n\n" + HELP, error=True)
        return 2
    check_python(sys.version_info, 64 if sys.maxsize > 2**32 else 32, sys.executable)
    python = set_up(home)
    if command == "":
        return demo(python, home, language) or lab(python, home, [])
    if command == "demo":
        return demo(python, home, language)
    if command == "lab":
        return lab(python, home, more)
    if command == "test":
        return start(python, home, ["-m", "pytest", *more])
    if command == "dashboard":
        return start(python, home, ["-m", "analysis", "dashboard", *more, *language])
    return start(python, home, ["-m", command, *more, *language])


def main(arguments: list, home: Path = HOME) -> int:
    """Run the command line; what goes wrong is told in words, with exit code 1."""
    global _english
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a Windows console may know no Vietnamese
    arguments, language = language_from(arguments)
    _english = language[1:] == ["en"]
    try:
        return obey(arguments, language, home)
    except Stop as stop:
        say(str(stop), error=True)
    except KeyboardInterrupt:
        say(
            words("\nĐã dừng. Chạy lại lệnh này để làm tiếp.", "\nStopped. Run the command again to go on."), error=True
        )
    except OSError as error:
        say(str(explain(words("thư mục chương trình", "the program's folder"), [str(error)])), error=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
