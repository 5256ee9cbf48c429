"""Reads a YAML file into a pydantic model; what is wrong in it is told in the person's words, with the place."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from survey.errors import Text, UserError

M = TypeVar("M", bound=BaseModel)
MOST = 2_000_000  # letters of a file: the largest questionnaire here has 40,000

_RULES = {
    "missing": Text("Mục này phải có.", "This entry must be there."),
    "extra_forbidden": Text("Không có mục nào mang tên này.", "There is no entry of this name."),
    "string_type": Text("Chỗ này phải là chữ.", "This must be text."),
    "int_type": Text("Chỗ này phải là số nguyên.", "This must be a whole number."),
    "int_parsing": Text("Chỗ này phải là số nguyên.", "This must be a whole number."),
    "int_from_float": Text("Chỗ này phải là số nguyên.", "This must be a whole number."),
    "float_type": Text("Chỗ này phải là số.", "This must be a number."),
    "float_parsing": Text("Chỗ này phải là số.", "This must be a number."),
    "bool_type": Text("Chỗ này phải là true hoặc false.", "This must be true or false."),
    "bool_parsing": Text("Chỗ này phải là true hoặc false.", "This must be true or false."),
    "list_type": Text("Chỗ này phải là một danh sách (các dòng bắt đầu bằng '- ').", "This must be a list."),
    "tuple_type": Text("Chỗ này phải là một danh sách (các dòng bắt đầu bằng '- ').", "This must be a list."),
    "dict_type": Text("Chỗ này phải có các mục con dạng 'tên: giá trị'.", "This must hold 'name: value' entries."),
    "model_type": Text("Chỗ này phải có các mục con dạng 'tên: giá trị'.", "This must hold 'name: value' entries."),
    "dataclass_type": Text("Chỗ này phải có vi: và en:.", "This must hold vi: and en:."),
    "date_type": Text("Chỗ này phải là ngày, viết năm-tháng-ngày: 2027-05-31.", "This must be a date: 2027-05-31."),
    "date_from_datetime_parsing": Text(
        "Chỗ này phải là ngày, viết năm-tháng-ngày: 2027-05-31.", "This must be a date: 2027-05-31."
    ),
    "date_parsing": Text("Chỗ này phải là ngày, viết năm-tháng-ngày: 2027-05-31.", "This must be a date: 2027-05-31."),
    "greater_than_equal": Text("Số này quá nhỏ.", "This number is too small."),
    "too_short": Text("Danh sách này quá ngắn.", "This list is too short."),
    "literal_error": Text("Giá trị phải là một trong các từ cho phép.", "The value must be one of the words allowed."),
    "enum": Text("Giá trị phải là một trong các từ cho phép.", "The value must be one of the words allowed."),
}


def _in_words(kind: type[UserError], path: object, error: ValidationError) -> UserError:
    """Turn the first fault that pydantic found in the file `path` into an error in the person's words."""
    first = error.errors()[0]
    place = " → ".join(str(part) for part in first["loc"])
    where = f"{path}, {place}" if place else str(path)
    rule = _RULES.get(first["type"], Text(f"Giá trị không hợp lệ ({first['msg']}).", first["msg"]))
    allowed = first.get("ctx", {}).get("expected")
    hint = Text(f" Cho phép: {allowed}.", f" Allowed: {allowed}.") if allowed else Text("")
    found = Text("không có gì", "nothing") if first["type"] == "missing" else repr(first["input"])[:200]
    return kind(
        where,
        rule=rule,
        found=found,
        cure=Text(
            f"Mở tệp bằng Notepad, sửa chỗ nêu trên rồi chạy lại.{hint.vi}",
            f"Open the file in a text editor, mend the place named above and run again.{hint.en}",
        ),
    )


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain values only, and no entry twice: the last would win unseen."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # pydantic refuses it, with its place
            if key.value in seen:
                words = Text(f"mục “{key.value}” có hai lần", f"the entry “{key.value}” is there twice")
                raise yaml.MarkedYAMLError(problem=str(words), problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load(model: type[M], path: str | Path, kind: type[UserError]) -> M:
    """The file as a checked model; raises an error of the given kind that names the file and the entry."""
    content = read_yaml(path, kind)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _in_words(kind, path, error) from None
    except UserError as error:
        raise kind(f"{path}, {error.where}", rule=error.rule, found=error.found, cure=error.cure) from None


def read_yaml(path: str | Path, kind: type[UserError]) -> object:
    """The content of a YAML file; a missing or broken file is told in words, as an error of the given kind."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            text = file.read(MOST + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise kind(
            str(path),
            rule=Text("Tệp này phải có.", "This file must be there."),
            found=Text("không có tệp", "no such file"),
            cure=Text(
                "Kiểm tra đường dẫn; tạo khảo sát mới bằng: python run.py survey init THƯ_MỤC",
                "Check the path; make a new study with: python run.py survey init FOLDER",
            ),
        ) from None
    except OSError as error:
        raise kind(
            str(path),
            rule=Text("Đây phải là một tệp mở được.", "This is a file that can be opened."),
            found=Text("một thư mục, hoặc tệp bị khóa", "a folder, or a locked file"),
            cure=Text(
                "Kiểm tra đường dẫn; đóng chương trình đang mở tệp.", "Check the path; close what holds the file."
            ),
        ) from error
    except UnicodeDecodeError as error:
        raise kind(
            str(path),
            rule=Text("Tệp phải lưu bằng bảng mã UTF-8.", "The file is saved as UTF-8."),
            found=f"byte {error.object[error.start]:#x} ({error.start})",
            cure=Text("Trong Notepad: Lưu thành… → Mã hóa: UTF-8.", "In Notepad: Save as… → Encoding: UTF-8."),
        ) from None
    if len(text) > MOST:
        raise kind(
            str(path),
            rule=Text("Tệp này có không quá hai triệu chữ.", "The file has two million letters at most."),
            found=Text("một tệp lớn hơn", "a larger file"),
            cure=Text("Kiểm tra đây có đúng là tệp ấy không.", "Check that this is the right file."),
        )
    try:
        text = unicodedata.normalize("NFC", text)
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.AliasEvent):  # a few lines of them can swell into gigabytes
                words = Text("dấu * (tham chiếu) không dùng ở đây", "references (*) are not used here")
                raise yaml.MarkedYAMLError(problem=str(words), problem_mark=event.start_mark)  # type: ignore[arg-type]
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-02-30
        mark = getattr(error, "problem_mark", None)
        raise kind(
            f"{path}, {Text('dòng', 'line')} {mark.line + 1}" if mark else str(path),
            rule=Text(
                "Tệp YAML: thụt dòng bằng dấu cách, thẳng hàng; chữ có dấu hai chấm thì đặt trong ngoặc kép.",
                "YAML: indent with spaces, aligned; quote text that holds a colon.",
            ),
            found=getattr(error, "problem", None) or str(error),
            cure=Text("Mở tệp, xem dòng nêu trên và dòng ngay trước nó.", "Look at that line and the one before."),
        ) from None
