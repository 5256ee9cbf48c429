"""What is kept: snapshots once, files whole, everything named by one record with its SHA-256."""

import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from conftest import need_tool
from test_withdrawal import ROWS as TWO
from test_withdrawal import make

from survey import store
from survey.errors import SheetError, StudyError
from survey.exports import read
from survey.pull import pull
from survey.raw import from_rows
from survey.study import Study

ROWS = [["Dấu thời gian", "Câu", "Số"], ["2026-08-29T09:40:00", "Có", 3.5], ["2026-08-30T09:40:00", None, 7]]


def test_a_snapshot_gives_back_the_cells_that_were_read(demo_study):
    raw = from_rows(ROWS, "x.csv", "Asia/Ho_Chi_Minh")
    path = store.save_snapshot(demo_study, 2029, raw)
    kept = store.load_snapshot(path)
    assert kept.digest == raw.digest
    pd.testing.assert_frame_equal(kept.frame, raw.frame)
    assert path.stat().st_mode & 0o222 == 0
    path.unlink()


def test_the_same_cells_have_the_same_digest_wherever_they_come_from():
    assert from_rows(ROWS, "a", "UTC").digest == from_rows(ROWS, "b", "UTC").digest
    assert from_rows(ROWS, "a", "UTC").digest != from_rows([ROWS[0], ROWS[2], ROWS[1]], "a", "UTC").digest


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = store.write(tmp_path / "a.txt", b"old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        store.write(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_bytes() == b"old"


def test_analysis_sees_no_code_no_words_and_no_time(demo_study):
    answers = demo_study.answers()
    assert list(answers.columns[:5]) == ["wave", "phase", "person", "unit", "role"]
    assert not {"ma", "mo_ho_tro", "mo_cach_hay", "submitted", "dong_y"} & set(answers.columns)
    others = [column for column in answers if "__" in column]
    assert all(column.endswith("__absent") for column in others)  # why there is no answer, never words of anybody's own
    assert {word for column in others for word in answers[column].dropna()} <= {"na", "skipped", "blank"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", '"Câu","Số"\r\n"Có, nhiều\nlắm","1"\r\n'.encode()),
        ("b.csv", '\ufeffCâu;Số\r\n"Có, nhiều\nlắm";1\r\n'.encode()),
        ("c.csv", 'Câu\tSố\r\n"Có, nhiều\nlắm"\t1\r\n'.encode("utf-16")),
    ],
)
def test_commas_semicolons_and_tabs_as_excel_and_google_write_them(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name).frame.to_numpy().tolist() == [["Có, nhiều\nlắm", "1"]]


@pytest.mark.parametrize("content", [b"PK\x03\x04broken", b"\xff\xfe\x00", b"\x80\x81\x82"])
def test_a_file_that_is_something_else_is_told(tmp_path, content):
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    with pytest.raises(SheetError) as error:
        read(path)
    assert "Cách sửa" in str(error.value)


def test_empty_rows_and_columns_are_left_out_and_row_numbers_stay():
    raw = from_rows([["a", "", None, "a"], ["1"], [], [None, None, None, " "], ["2", "x", "", "3"]], "x", "UTC")
    assert list(raw.frame.columns) == ["a", "(cột 2 không có tiêu đề)", "a (2)"]
    assert list(raw.frame.index) == [2, 5]
    assert raw.frame.to_numpy().tolist() == [["1", None, None], ["2", "x", "3"]]


def test_semicolons_are_found_though_the_titles_hold_commas(tmp_path):
    (tmp_path / "a.csv").write_text("Một, hai;Ba, bốn, năm\nx;y, z\n", encoding="utf-8")
    raw = read(tmp_path / "a.csv")
    assert list(raw.frame.columns) == ["Một, hai", "Ba, bốn, năm"]
    assert raw.frame.to_numpy().tolist() == [["x", "y, z"]]


# --- the record


@pytest.fixture
def study(tmp_path) -> Study:
    return make(tmp_path / "Khảo sát 2026", TWO)


def faults(study: Study) -> list[tuple[str, str]]:
    return [(fault.file, fault.found.vi) for fault in store.faults(study)]


def test_a_pull_is_recorded_without_saying_who(study):
    pull(study)
    first, second = store.ledger(study).pulls
    assert (first.wave, first.rows, first.answers, first.new, first.unchanged) == (2026, 2, 2, 2, 0)
    assert (second.new, second.changed, second.vanished, second.unchanged) == (0, 0, 0, 2)
    assert first.snapshot == second.snapshot == store.snapshots(study)[2026]
    assert first.reader == "khaosatso 2"
    text = (study.folder / "store.json").read_text(encoding="utf-8")
    assert not [word for word in ("LE0512", "tr 12-90", "Rất riêng") if word in text]


def test_answers_hold_the_day_and_no_code(study):
    kept = store.stored(study)
    assert kept["submitted"].dt.strftime("%Y-%m-%d %H:%M").tolist() == ["2026-05-04 00:00", "2026-05-05 00:00"]
    assert "ma" not in kept


@pytest.mark.parametrize(
    ("pattern", "harm", "found"),
    [
        ("answers/*.parquet", "flip", "tệp hỏng hoặc đã bị sửa"),
        ("codes/*.parquet", "flip", "tệp hỏng hoặc đã bị sửa"),
        ("raw/*/*.json", "flip", "tệp hỏng hoặc đã bị sửa"),
        ("answers/*.parquet", "delete", "không có tệp"),
        ("codes/*.parquet", "delete", "không có tệp"),
        ("raw/*/*.json", "delete", "không có bản chụp"),
    ],
)
def test_one_byte_changed_or_a_file_gone_is_found(study, pattern, harm, found):
    path = next(study.folder.glob(pattern))
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if harm == "flip":
        path.write_bytes(content)
    assert faults(study) == [(path.relative_to(study.folder).as_posix(), found)]
    if "raw" not in pattern:
        with pytest.raises(StudyError, match=found):
            study.answers()
        pull(study, kept=True)
        assert faults(study) == []


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "list", "binary"])
def test_a_record_that_was_edited_or_cut_is_refused(study, harm):
    path = study.folder / "store.json"
    text = path.read_text(encoding="utf-8")
    harmed = {"flip": text.replace('"rows": 2', '"rows": 3'), "cut": text[:-20], "empty": "", "list": "[]"}
    path.write_bytes(b"\xff\xfe\x00" if harm == "binary" else harmed[harm].encode())
    for look in (study.answers, lambda: pull(study), lambda: store.faults(study)):
        with pytest.raises(StudyError) as caught:
            look()
        assert str(caught.value) == (
            f"Lỗi ở {path}\n"
            "  Quy tắc: Sổ của kho phải còn nguyên vẹn.\n"
            "  Đã thấy: tệp hỏng hoặc đã bị sửa\n"
            "  Cách sửa: Khôi phục từ bản sao lưu: python run.py survey restore BẢN_SAO.zip THƯ_MỤC_MỚI"
        )


def test_a_store_of_a_later_version_is_left_alone(study):
    path = study.folder / "store.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["store"]["schema_"] = 3
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        pull(study)
    assert str(caught.value) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Kho ở định dạng 2 trở về trước.\n"
        "  Đã thấy: định dạng 3\n"
        "  Cách sửa: Kho do một bản mới hơn của chương trình ghi: cập nhật chương trình, rồi chạy lại."
    )


def early_store(study: Study) -> None:
    """The store as the first version of the program left it."""
    kept = store.stored(study).drop(columns="wave").set_index("row").assign(ma=["LE0512", "tr 12-90"])
    for path in study.folder.glob("[ac]*/*.parquet"):
        path.unlink()
    (study.folder / "store.json").unlink()
    kept.to_parquet(study.folder / "answers/2026.parquet")


def test_a_store_of_the_first_version_is_turned_over_once(study):
    before = study.answers()
    early_store(study)
    with pytest.raises(StudyError) as caught:
        study.answers()
    assert str(caught.value) == (
        f"Lỗi ở {study.folder}\n"
        "  Quy tắc: Kho ở định dạng 2.\n"
        "  Đã thấy: định dạng 1, của bản đầu tiên\n"
        f"  Cách sửa: Chuyển một lần, không cần mạng: python run.py survey pull {study.folder} --kept"
    )
    pull(study, kept=True)
    pd.testing.assert_frame_equal(study.answers(), before)
    assert not (study.folder / "answers/2026.parquet").exists()
    assert faults(study) == []


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", *words], check=True, capture_output=True
    )


@pytest.mark.parametrize("ignored", [False, True])
def test_real_answers_never_lie_where_git_would_take_them_up(tmp_path, ignored):
    need_tool("git")
    git(tmp_path, "init", "-q")
    if ignored:
        (tmp_path / ".gitignore").write_text("kho/\n")
        assert len(make(tmp_path / "kho", TWO).answers()) == 2
        return
    with pytest.raises(StudyError) as caught:
        make(tmp_path / "kho", TWO)
    assert str(caught.value) == (
        f"Lỗi ở {tmp_path / 'kho'}\n"
        "  Quy tắc: Câu trả lời thật không bao giờ nằm trong thư mục mà git theo dõi.\n"
        "  Đã thấy: git theo dõi thư mục này\n"
        "  Cách sửa: Chuyển thư mục khảo sát ra ngoài kho git, hoặc vào thư mục data của dự án (đã được bỏ qua trong "
        ".gitignore). Khảo sát tập dượt: ghi pretend: true."
    )
    assert not (tmp_path / "kho/store.json").exists()


def test_a_pretend_study_may_lie_anywhere(tmp_path):
    need_tool("git")
    git(tmp_path, "init", "-q")
    assert len(make(tmp_path / "kho", TWO, "pretend: true\n").answers()) == 2
