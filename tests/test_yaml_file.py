"""Files that people write by hand: plain values only, nothing twice, nothing that swells; every mistake with its line."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.errors import StudyError
from survey.yaml_file import read_yaml

SHAPE = "Tệp YAML: thụt dòng bằng dấu cách, thẳng hàng; chữ có dấu hai chấm thì đặt trong ngoặc kép."
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "mục “a” có hai lần"),
        ("a:\n  b: 1\n  b: 2\n", 3, "mục “b” có hai lần"),
        (BOMB, 2, "dấu * (tham chiếu) không dùng ở đây"),
    ],
)
def test_what_would_be_read_otherwise_than_meant(tmp_path, text, line, found):
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_yaml(path, StudyError)
    assert str(caught.value) == (
        f"Lỗi ở {path}, dòng {line}\n"
        f"  Quy tắc: {SHAPE}\n"
        f"  Đã thấy: {found}\n"
        "  Cách sửa: Mở tệp, xem dòng nêu trên và dòng ngay trước nó."
    )


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['echo x']", "!!python/name:os.system", "a: !!binary |\n  x y"]
)
def test_a_file_runs_nothing(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError):
        read_yaml(tmp_path / "a.yaml", StudyError)


def test_a_file_that_is_something_else_by_its_size(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: " + "x" * 2_000_001, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_yaml(path, StudyError)
    assert str(caught.value) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Tệp này có không quá hai triệu chữ.\n"
        "  Đã thấy: một tệp lớn hơn\n"
        "  Cách sửa: Kiểm tra đây có đúng là tệp ấy không."
    )


@given(st.text(st.sampled_from("ab: -[]{}&*!|>'\"\n#,?%@0.1~<="), max_size=40))
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_is_read_or_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    try:
        read_yaml(tmp_path / "a.yaml", StudyError)
    except StudyError as error:
        assert "Cách sửa" in str(error)
