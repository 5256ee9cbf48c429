"""Importing again changes nothing; importing much takes little."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest
from sheets_stand_in import serving
from test_faults import csv_of
from test_hostile_sheets import KEY, QUESTIONNAIRE, STUDY, an, binh, sheet, table
from test_withdrawal import make

from survey import sheets, store
from survey.errors import SheetError
from survey.pull import pull
from survey.signin import FORM_SCOPE, SCOPE
from survey.study import Study

PROJECT = Path(__file__).resolve().parents[1]


def files(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file but the record, whose list of pulls grows: its bytes, and when it was written."""
    return {str(p): (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*")
            if p.is_file() and p.name not in ("store.json", ".lock", "tra-loi.csv")}  # fmt: skip


@pytest.mark.parametrize(
    "rows", [sheet(an(), binh()), sheet(binh(), an())], ids=["the same sheet", "the same rows, sorted"]
)
def test_a_second_import_writes_no_answer_anew(tmp_path, rows):
    study = make(tmp_path / "kho", sheet(an(), binh()))
    before, answers = files(study.folder), study.answers()
    (study.folder / "tra-loi.csv").write_bytes(csv_of(rows))
    pulled = pull(study)[0]
    after = files(study.folder)
    assert {path: after[path] for path in before} == before
    assert all("raw" in path for path in after.keys() - before.keys())  # the sorted sheet, as it was read
    assert pulled.difference.same
    assert study.answers().equals(answers)


def test_one_edited_row_changes_one_answer_and_says_so(tmp_path):
    study = make(tmp_path / "kho", sheet(an(), binh()))
    before = store.stored(study)
    (study.folder / "tra-loi.csv").write_bytes(csv_of(sheet(binh(gio=6), an())))
    pulled = pull(study)[0]
    assert pulled.difference.changed == [(3, 2, ["gio"])]
    after = store.stored(study)
    differing = [
        column for column in before if column not in ("row", "snapshot") and not before[column].equals(after[column])
    ]
    assert differing == ["gio"]


def test_an_answer_that_vanished_is_still_in_the_snapshot(tmp_path):
    study = make(tmp_path / "kho", sheet(an(), binh(gop_y="Còn đây")))
    (study.folder / "tra-loi.csv").write_bytes(csv_of(sheet(an())))
    assert len(pull(study)[0].difference.vanished) == 1
    assert [one.vanished for one in store.ledger(study).pulls] == [0, 1]
    kept = [path.read_text(encoding="utf-8") for path in store.snapshot_files(study, 2026)]
    assert sum("Còn đây" in text for text in kept) == 1


def test_a_correction_is_undone_by_deleting_its_line(tmp_path):
    study = make(tmp_path / "kho", sheet(an(), binh()))
    line = "2026;2;gio;3;4;gọi hỏi lại;IT;06/05/2026\n"
    for lines, hours in ((line, 4), ("", 3)):
        (study.folder / "corrections.csv").write_text(
            "wave;row;question;from;to;reason;who;date\n" + lines, encoding="utf-8"
        )
        pull(study)
        assert store.stored(study)["gio"].tolist() == [hours, 5]


CORRECTION = "wave;row;question;from;to;reason;who;date\n2026;3;q1;Chưa hòa nhập;Hòa nhập tốt;gọi hỏi lại;IT;\n"


def test_a_correction_whose_answer_vanished_never_goes_to_the_next_in_its_row(tmp_path):
    study = make(tmp_path / "kho", sheet(an(), binh()))
    (study.folder / "corrections.csv").write_text(CORRECTION, encoding="utf-8")
    other = binh(ma="HO0101", time=dt.datetime(2026, 5, 9))
    for rows, levels in (
        (sheet(an(), binh()), [2, 2]),
        (sheet(an()), [2]),
        (sheet(an(), other), [2, 1]),
        (sheet(an(), binh()), [2, 2]),
    ):
        (study.folder / "tra-loi.csv").write_bytes(csv_of(rows))
        pull(study)
        assert store.stored(study)["q1"].tolist() == levels


def test_a_correction_names_the_row_of_the_sheet_as_it_is_sorted_now(tmp_path):
    study = make(tmp_path / "kho", sheet(an(q1="Chưa hòa nhập"), binh()))
    (study.folder / "tra-loi.csv").write_bytes(csv_of(sheet(binh(), an(q1="Chưa hòa nhập"))))
    (study.folder / "corrections.csv").write_text(CORRECTION, encoding="utf-8")
    pull(study)
    assert store.stored(study).set_index("gio")["q1"].to_dict() == {3.0: 2, 5.0: 1}


def test_the_consent_and_the_purpose_are_recorded_with_each_import(tmp_path):
    study = make(tmp_path / "kho", sheet(an()), 'purpose: "Đánh giá phong trào"\nkeep_until: 2031-06-30\n')
    record = store.ledger(study).pulls[0]
    assert record.purpose == "Đánh giá phong trào"
    assert len(record.consent) == 64


SENT = [dt.datetime(2026, 5, 4, 1), dt.datetime(2026, 5, 5, 2, 30, 15)]  # an's and binh's, in UTC


@pytest.mark.parametrize(
    ("sent", "rules"),
    [
        (SENT, {}),
        ([*SENT, dt.datetime(2026, 5, 6)], {"only_in_form": 1}),
        (SENT[:1], {"only_in_sheet": 1}),
        ([], {"only_in_sheet": 2}),
        ([SENT[0]] * 3, {"only_in_form": 2, "only_in_sheet": 1}),
    ],
)
def test_the_forms_own_responses_are_compared_with_the_sheet(tmp_path, monkeypatch, sent, rules):
    folder = tmp_path / "kho"
    folder.mkdir()
    (folder / "study.yaml").write_text(
        STUDY.replace(f"{{sheet: {KEY}}}", f"{{sheet: {KEY}, form: {KEY}}}"), encoding="utf-8"
    )
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    with serving({KEY: table(sheet(an(), binh()), form=sent)}) as google:
        for name, value in google.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        found = pull(Study.open(folder))[0].findings
        assert dict(zip(found["rule"], found["found"], strict=True)) == rules
        assert {claim["scope"] for claim in google.claims} == {SCOPE, FORM_SCOPE}


def test_a_form_that_is_not_there(tmp_path, monkeypatch):
    with serving({KEY: table(sheet(an()))}) as google:
        for name, value in google.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SheetError) as caught:
            sheets.submissions("1Khong-co")
    assert str(caught.value).startswith("Lỗi ở Google Biểu mẫu 1Khong-co\n")


@pytest.mark.slow
def test_twenty_thousand_answers_of_sixty_questions_need_less_than_500_megabytes():
    sys.path.insert(0, str(PROJECT / "tests/benchmarks"))
    try:
        import import_against_gspread as benchmark
    finally:
        sys.path.pop(0)
    found = benchmark.compare()
    print({name: round(value, 1) for name, value in found.items()})
    assert found["megabytes"] < 500
    assert found["ratio"] < 25  # in times of bare gspread reading the same values
