"""A person takes an answer back: nothing in the folder holds it any more, and no later pull brings it back."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest
from test_faults import csv_of
from test_hostile_sheets import HEADER, KEY, QUESTIONNAIRE, STUDY, an, binh, sheet

from survey import pseudonym, store
from survey.errors import UserError
from survey.pull import pull
from survey.study import Study
from survey.withdrawal import forget

ROWS = sheet(an(), binh(ma="tr 12-90", gop_y="Rất riêng của Bình"))


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    return make(tmp_path / "Khảo sát 2026", ROWS)


def make(folder: Path, rows: list, more: str = "") -> Study:
    folder.mkdir()
    text = STUDY.replace(f"sheet: {KEY}", "export: tra-loi.csv") + more
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    (folder / "tra-loi.csv").write_bytes(csv_of(rows))
    study = Study.open(folder)
    pull(study)
    return study


def everything(study: Study, but: tuple[str, ...] = ("tra-loi.csv",)) -> str:
    """The words of every file of the folder, those of tables written out."""
    found = []
    for path in study.folder.rglob("*"):
        if path.suffix == ".parquet":
            found.append(pd.read_parquet(path).to_csv())
        elif path.is_file() and path.name not in but:
            found.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(found)


def test_the_answer_is_nowhere_in_the_folder_and_stays_out(study):
    edited = sheet(an(gio=9), binh(ma="tr 12-90", gop_y="Rất riêng của Bình"))
    (study.folder / "tra-loi.csv").write_bytes(csv_of(edited))
    pull(study)  # so that two snapshots hold the code
    assert "Rất riêng" in everything(study)
    receipt = forget(study, "TR1290", today=dt.date(2026, 6, 1))
    assert receipt.rows == {2026: 1}
    for _ in range(2):
        said = everything(study)
        assert not [word for word in ("tr 12-90", "tr1290", "Rất riêng") if word in said]
        assert store.stored(study)["gio"].tolist() == [9]
        assert store.faults(study) == []
        pull(study)  # the sheet still has the row
    assert store.ledger(study).withdrawals[0].receipt == receipt.number


def test_a_receipt_says_nothing_of_who_it_was(study):
    receipt = forget(study, "TR1290", today=dt.date(2026, 6, 1))
    assert len(receipt.number) == 12
    assert "1290" not in f"{receipt}{store.ledger(study).text()}"


def test_lines_about_the_answer_leave_the_tables_too(study):
    (study.folder / "corrections.csv").write_text(
        "wave;row;question;from;to;reason;who;date\n2026;3;gio;5;6;gọi lại;IT;\n2026;2;gio;3;4;gọi lại;IT;\n",
        encoding="utf-8",
    )
    (study.folder / "links.csv").write_text(
        "wave_1;code_1;wave_2;code_2;unit_1;unit_2;role_1;role_2;why;decision\n2025;tr1291;2026;tr1290;;;;;;cùng người\n",
        "utf-8",
    )
    pull(study)
    forget(study, "TR1290")
    assert "tr1290" not in (study.folder / "links.csv").read_text(encoding="utf-8-sig")
    assert len((study.folder / "corrections.csv").read_text(encoding="utf-8-sig").splitlines()) == 2
    pull(study)
    assert store.stored(study)["gio"].tolist() == [4]


def test_a_code_that_nobody_has(study):
    with pytest.raises(UserError) as caught:
        forget(study, "XX9999")
    assert str(caught.value) == (
        f"Lỗi ở {study.folder}\n"
        "  Quy tắc: Mã được rút phải có trong câu trả lời.\n"
        "  Đã thấy: không câu trả lời nào có mã này\n"
        "  Cách sửa: Hỏi lại mã người ấy đã ghi. Không nhớ mã thì không ai biết câu trả lời nào của người ấy."
    )


def test_a_code_that_people_of_two_units_made_up(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    study = make(tmp_path / "kho", sheet(an(), binh(ma="le 05-12")))
    with pytest.raises(UserError) as caught:
        forget(study, "LE0512")
    assert str(caught.value) == (
        f"Lỗi ở {study.folder} (đợt 2026)\n"
        "  Quy tắc: Mã được rút phải là của một người.\n"
        "  Đã thấy: người ở hai đơn vị cùng đặt mã này\n"
        "  Cách sửa: Thêm --unit MÃ_ĐƠN_VỊ của người rút."
    )
    forget(study, "LE0512", unit="hoa")
    pull(study)
    assert store.stored(study)["don_vi"].tolist() == ["toan"]


def test_the_last_answer_of_a_wave_can_be_taken_back(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    study = make(tmp_path / "kho", sheet(an()))
    forget(study, "LE0512")
    for _ in range(2):
        assert len(store.stored(study)) == len(study.answers()) == 0
        assert store.faults(study) == []
        pull(study, kept=True)
        pull(study)  # the sheet still has the row


def test_what_is_no_code_is_nobodys_to_take_back(study):
    with pytest.raises(UserError, match="không câu trả lời nào có mã này"):
        forget(study, "không")


def test_another_computer_has_another_key(study, tmp_path, monkeypatch):
    forget(study, "TR1290")
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "máy khác"))
    with pytest.raises(UserError) as caught:
        pull(study)
    assert str(caught.value) == (
        f"Lỗi ở {study.folder}\n"
        "  Quy tắc: Khóa bí mật của khảo sát phải là khóa đã dùng từ đầu.\n"
        "  Đã thấy: máy này có khóa khác\n"
        "  Cách sửa: Chép tệp thu.key từ máy cũ (thư mục khaosatso trong thư mục cấu hình của người dùng), rồi chạy lại."
    )


def test_people_linked_by_address_are_pseudonyms_and_can_withdraw(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    rows = [["Địa chỉ email", *HEADER], ["An@Truong.edu.vn", *an()], ["binh@truong.edu.vn", *binh()]]
    study = make(tmp_path / "kho", rows, "linked_by: email\n")
    codes = store.coded(study)["code"]
    assert codes.str.fullmatch("[0-9a-f]{16}").all()
    answers = everything(study, but=("tra-loi.csv",)).replace(
        next(study.folder.glob("raw/*/*.json")).read_text("utf-8"), ""
    )
    assert "truong.edu.vn" not in answers.casefold()
    key = pseudonym.load_key("thu", study.folder)
    assert pseudonym.pseudonym(" AN@truong.edu.vn ", key) == codes[0]
    forget(study, "an@truong.edu.vn")
    assert "an@truong" not in everything(study).casefold()
    shutil.rmtree(tmp_path / "khoa")
    with pytest.raises(UserError, match="máy này có khóa khác"):
        pull(study)


def test_a_sheet_without_addresses_links_nobody_by_address(tmp_path, monkeypatch):
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    with pytest.raises(UserError) as caught:
        make(tmp_path / "kho", ROWS, "linked_by: email\n")
    assert str(caught.value) == (
        f"Lỗi ở {tmp_path / 'kho' / 'study.yaml'}, linked_by\n"
        "  Quy tắc: Ghép người theo thư điện tử thì trang tính phải có cột “Địa chỉ email”.\n"
        "  Đã thấy: đợt 2026 không có cột ấy\n"
        "  Cách sửa: Ghi linked_by: code (theo mã tự đặt) hoặc linked_by: none (không ghép), rồi chạy lại."
    )


def test_without_linking_no_code_is_kept(tmp_path):
    study = make(tmp_path / "kho", ROWS, "linked_by: none\n")
    assert not (study.folder / "codes").exists()
    assert study.answers()["person"].isna().all()


@pytest.mark.parametrize("inside", ["kho", "kho/sau/hơn"])
def test_the_key_never_lies_with_the_data(study, monkeypatch, inside):
    monkeypatch.setenv("KHAOSATSO_KEYS", str(study.folder / inside))
    with pytest.raises(UserError, match="Khóa bí mật nằm ngoài thư mục dữ liệu"):
        forget(study, "TR1290")
