"""What is kept: snapshots once, files whole, people linked by normal codes."""

import os

import pandas as pd
import pytest

from survey import link, store
from survey.errors import SheetError
from survey.exports import read
from survey.raw import from_rows

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
    assert not [column for column in answers if "__" in column]


@pytest.mark.parametrize("code", ["LÊ 05-12", "le0512", " Lê0512 ", "Le\u03020512"])
def test_one_code_however_it_is_typed(code):
    assert link.normal(code) == "le0512"


def test_people_are_linked_by_code_and_doubtful_codes_link_nobody():
    codes = pd.Series(["AB12", "CD34", "ab 12", "XY99", "xy99", None])
    waves = pd.Series([2025, 2025, 2027, 2027, 2027, 2027])
    assert link.persons(codes, waves).tolist() == [1, 2, 1, pd.NA, pd.NA, pd.NA]


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


@pytest.mark.parametrize("word", ["không", "x", "12", "KO"])
def test_what_is_no_code_links_nobody(word):
    assert link.normal(word) is None
