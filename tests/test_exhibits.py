"""The evidence of the review: nothing changes, vanishes or turns up in evidence/ without being told by name."""

import datetime as dt
import hashlib
import io
import json
import os
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import custody, exhibits, pretend_evidence
from analysis.register import ENTRIES, entries
from survey import store
from survey.errors import StudyError, UserError
from survey.study import Study

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
FIRST, LATER = dt.date(2027, 6, 2), dt.date(2027, 6, 20)
YAML = """
id: thu
pretend: true
title: Thử
school: {name: Trường Thử}
movement:
  name: Phong trào
  targets:
    - {id: 4, rule: all, label: Nhân sự có chữ ký số, text: "100% có chữ ký số"}
    - {id: 5, rule: all, label: Thanh toán không dùng tiền mặt, text: "100%"}
figures:
  - {target: 4, date: 2027-05-31, numerator: 75, denominator: 80, evidence: minh-chung/CT4-2027.pdf}
"""


@pytest.fixture
def study(tmp_path) -> Study:
    """A study of one figure, in a folder with Vietnamese letters, with the file that proves it."""
    folder = tmp_path / "Minh chứng thử"
    folder.mkdir()
    (folder / "study.yaml").write_text(YAML, encoding="utf-8")
    put(folder, "minh-chung/CT4-2027.pdf", b"75 trong 80")
    return Study.open(folder)


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / "evidence" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def figures(*rows: dict) -> pd.DataFrame:
    """Entries; what is not said: target 4 on 31/05/2027, not replaced."""
    usual = {"target": 4, "date": pd.Timestamp("2027-05-31"), "source": "study.yaml", "replaced": False}
    return pd.DataFrame([usual | row for row in rows], columns=list(ENTRIES)).astype(ENTRIES)


ONE = figures({"evidence": "minh-chung/CT4-2027.pdf"})
FOUR = "Chỉ tiêu 4, 31/05/2027"


def said(study: Study, entries: pd.DataFrame = ONE) -> list[str]:
    return [f"{row.kind}: {row.words}" for row in exhibits.check(study, entries).itertuples()]


def news(study: Study, **settings) -> list[tuple]:
    table = exhibits.record(study, **{"today": LATER} | settings)
    return [(row.what, row.file, row.taken) for row in table.itertuples()]


def state(folder: Path) -> dict[str, tuple]:
    """Everything in a folder: content and time of change."""
    return {str(p): (p.read_bytes() if p.is_file() else None, p.stat().st_mtime_ns) for p in folder.rglob("*")}


# --- recording


def test_what_is_recorded_of_a_file(study):
    assert news(study, today=FIRST) == [("new", "minh-chung/CT4-2027.pdf", True)]
    (row,) = exhibits.recorded(study).itertuples(index=False)
    assert row.file == "minh-chung/CT4-2027.pdf"
    assert row.sha256 == hashlib.sha256(b"75 trong 80").hexdigest()
    assert row.size == 11
    assert (row.added, row.changed, row.versions) == (pd.Timestamp(FIRST), pd.Timestamp(FIRST), 1)
    assert pd.isna(row.gone)


def test_recording_again_writes_nothing(study):
    news(study, today=FIRST)
    before = (study.folder / "evidence.json").stat().st_mtime_ns
    assert news(study) == []
    assert (study.folder / "evidence.json").stat().st_mtime_ns == before


def test_a_changed_file_is_taken_only_when_accepted_and_its_old_hash_is_kept(study):
    news(study, today=FIRST)
    path = put(study.folder, "minh-chung/CT4-2027.pdf", b"80 trong 80")
    assert news(study) == [("changed", "minh-chung/CT4-2027.pdf", False)]
    assert exhibits.recorded(study)["changed"].tolist() == [pd.Timestamp(FIRST)]
    assert news(study, accept=True) == [("changed", "minh-chung/CT4-2027.pdf", True)]
    assert news(study) == []
    assert [(h[:8], size, day.date()) for _, h, size, day in custody.history(study).itertuples(index=False)] == [
        (hashlib.sha256(b"75 trong 80").hexdigest()[:8], 11, FIRST),
        (hashlib.sha256(b"80 trong 80").hexdigest()[:8], 11, LATER),
    ]
    path.write_bytes(b"75 trong 80")
    (words,) = said(study)
    assert words.endswith("; là bản cũ ghi ngày 02/06/2027")


def test_a_file_that_is_gone_stays_in_the_record_and_may_come_back(study):
    news(study, today=FIRST)
    path = study.folder / "evidence/minh-chung/CT4-2027.pdf"
    path.unlink()
    assert news(study) == [("gone", "minh-chung/CT4-2027.pdf", False)]
    assert news(study, accept=True) == [("gone", "minh-chung/CT4-2027.pdf", True)]
    assert news(study) == []
    assert exhibits.recorded(study)["gone"].tolist() == [pd.Timestamp(LATER)]
    path.write_bytes(b"75 trong 80")
    assert news(study) == [("new", "minh-chung/CT4-2027.pdf", True)]
    assert said(study) == []


def test_what_office_and_the_systems_leave_behind_is_left_out(study):
    for name in ("~$CT4.docx", ".ẩn", "Thumbs.db", "THUMBS.DB", ".DS_Store", "desktop.ini", ".git/config"):
        put(study.folder, name, b"x")
    assert exhibits.record(study)["file"].tolist() == ["minh-chung/CT4-2027.pdf"]


def test_a_large_file_is_read_in_pieces(study, monkeypatch):
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail("read whole"))
    assert custody.files(study)["size"].tolist() == [11]


def test_without_a_folder_of_evidence_there_is_nothing_to_record(tmp_path):
    (tmp_path / "study.yaml").write_text(YAML, encoding="utf-8")
    assert news(Study.open(tmp_path)) == []
    assert not (tmp_path / "evidence.json").exists()


@pytest.mark.parametrize("where", ["file", "folder", "nowhere", "the evidence folder itself"])
def test_a_link_out_of_the_folder_is_refused_and_found(study, tmp_path, where):
    outside = tmp_path / "ngoài"
    outside.mkdir()
    (outside / "lương.xlsx").write_bytes(b"x")
    link, target = study.folder / "evidence" / "link", {"file": outside / "lương.xlsx", "folder": outside}.get(where)
    if where == "the evidence folder itself":
        (study.folder / "evidence").rename(outside / "evidence")
        link, target = study.folder / "evidence", outside / "evidence"
    link.symlink_to(target or tmp_path / "không có")
    with pytest.raises(StudyError) as refused:
        exhibits.record(study)
    shown = link if where != "the evidence folder itself" else study.folder / "evidence"
    assert str(refused.value) == (
        f"Lỗi ở {shown}\n"
        "  Quy tắc: Minh chứng là tệp thật, đọc được, nằm trong thư mục evidence.\n"
        "  Đã thấy: đường tắt (liên kết) dẫn ra ngoài thư mục minh chứng, tới một thư mục, hoặc không tới đâu\n"
        "  Cách sửa: Chép chính tệp ấy vào thư mục evidence (không dùng đường tắt), đóng chương trình đang giữ tệp, rồi chạy "
        "lại; chưa có gì được ghi."
    )
    assert not (study.folder / "evidence.json").exists()
    assert "outside" in [line.split(":")[0] for line in said(study)]


def test_a_link_within_the_folder_is_a_file_like_any_other(study):
    (study.folder / "evidence/bản sao.pdf").symlink_to(study.folder / "evidence/minh-chung/CT4-2027.pdf")
    assert [what for what, _, _ in news(study)] == ["new", "new"]


def test_a_file_that_another_program_holds(study, monkeypatch):
    news(study, today=FIRST)
    opened = Path.open

    def held(path, *args, **kwargs):
        if path.suffix == ".pdf":
            raise PermissionError(13, "locked")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", held)
    assert said(study) == [f"unreadable: minh-chung/CT4-2027.pdf ({FOUR}): không đọc được"]
    with pytest.raises(StudyError, match="Đã thấy: không đọc được"):
        exhibits.record(study)


# --- the record itself


def damaged(study: Study) -> str:
    return (
        f"Lỗi ở {study.folder / 'evidence.json'}\n"
        "  Quy tắc: Sổ minh chứng phải còn nguyên vẹn.\n"
        "  Đã thấy: tệp hỏng hoặc đã bị sửa\n"
        "  Cách sửa: Lấy lại tệp này từ bản sao lưu (python run.py survey restore BẢN_SAO.zip THƯ_MỤC_MỚI); đừng xóa nó: các mã "
        "băm đã ghi chỉ nằm ở đó và trong các phụ lục đã in."
    )


SPOILT = {
    "cut off": lambda text: text[: len(text) // 2],
    "empty": lambda text: b"",
    "another day": lambda text: text.replace(b"2027-06-02", b"2027-06-01"),
    "another size": lambda text: text.replace(b'"size": 11', b'"size": 12'),
    "a list": lambda text: b"[]",
    "no Unicode": lambda text: b"\xff\xfe\x00" + text,
    "half a letter": lambda text: text.replace(b"minh-chung", b"\\ud800"),
    "nested without end": lambda text: b"[" * 100_000,
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_record_that_was_damaged_or_edited_is_told_and_not_written_over(study, how):
    news(study, today=FIRST)
    path = study.folder / "evidence.json"
    path.write_bytes(SPOILT[how](path.read_bytes()))
    before = path.read_bytes()
    for work in (exhibits.recorded, exhibits.record, lambda study: exhibits.check(study, ONE)):
        with pytest.raises(StudyError) as told:
            work(study)
        assert str(told.value) == damaged(study)
    assert path.read_bytes() == before


def test_a_record_of_a_later_version(study):
    (study.folder / "evidence.json").write_text('{"sha256": "", "record": {"schema_": 2}}', encoding="utf-8")
    with pytest.raises(StudyError, match="Sổ do một bản mới hơn của chương trình ghi: cập nhật chương trình"):
        exhibits.recorded(study)


@pytest.mark.parametrize(
    "crash", [OSError("full"), KeyboardInterrupt(), RuntimeError()], ids=lambda c: type(c).__name__
)
def test_a_crash_midway_leaves_the_last_good_record(study, monkeypatch, crash):
    news(study, today=FIRST)
    before = (study.folder / "evidence.json").read_bytes()
    put(study.folder, "mới.pdf", b"x")

    def fails(*args):
        raise crash

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", fails)
        with pytest.raises(UserError if isinstance(crash, OSError) else type(crash)):
            exhibits.record(study, today=LATER)
    assert (study.folder / "evidence.json").read_bytes() == before
    assert list(study.folder.glob(".*.part")) == []
    assert news(study) == [("new", "mới.pdf", True)]


def test_evidence_of_a_real_study_never_lies_where_git_follows(study, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    real = study.model_copy(update={"pretend": False})
    with pytest.raises(StudyError, match="git theo dõi thư mục này"):
        exhibits.record(real)


# --- checking


def test_all_is_right(study):
    news(study)
    assert said(study) == []


def test_a_file_that_is_not_there_and_one_that_is_not_recorded(study):
    assert said(study, figures({"evidence": "minh-chung/CT4-2027.pdf"}, {"evidence": "CT5.pdf", "target": 5})) == [
        "missing: CT5.pdf (Chỉ tiêu 5, 31/05/2027): không có tệp này",
        f"unrecorded: minh-chung/CT4-2027.pdf ({FOUR}): chưa ghi sổ",
    ]


def test_another_file_of_the_same_size(study):
    news(study, today=FIRST)
    put(study.folder, "minh-chung/CT4-2027.pdf", b"80 trong 80")
    was, now = (hashlib.sha256(content).hexdigest()[:16] for content in (b"75 trong 80", b"80 trong 80"))
    assert said(study) == [
        f"changed: minh-chung/CT4-2027.pdf ({FOUR}): nội dung khác bản ghi sổ ngày 02/06/2027: SHA-256 nay {now}…, "
        f"đã ghi {was}…"
    ]


def test_a_file_renamed(study):
    news(study, today=FIRST)
    path = study.folder / "evidence/minh-chung/CT4-2027.pdf"
    path.rename(path.with_name("CT4 (1).pdf"))
    assert said(study) == [
        f"missing: minh-chung/CT4-2027.pdf ({FOUR}): không còn tệp (đã ghi sổ ngày 02/06/2027); nội dung ấy nay nằm ở tệp "
        "minh-chung/CT4 (1).pdf",
        "unrecorded: minh-chung/CT4 (1).pdf: chưa ghi sổ",
    ]


def test_a_file_deleted_that_no_figure_names(study):
    put(study.folder, "ảnh.jpg", b"anh")
    news(study, today=FIRST)
    (study.folder / "evidence/ảnh.jpg").unlink()
    assert said(study) == ["missing: ảnh.jpg: không còn tệp (đã ghi sổ ngày 02/06/2027)"]


def test_an_empty_file(study):
    put(study.folder, "minh-chung/CT4-2027.pdf", b"")
    news(study)
    assert said(study) == [f"empty: minh-chung/CT4-2027.pdf ({FOUR}): tệp rỗng (0 byte)"]


def test_a_file_that_no_figure_names(study):
    put(study.folder, "ảnh hội nghị.jpg", b"anh")
    news(study)
    assert said(study) == ["unused: ảnh hội nghị.jpg: đã ghi sổ, chưa số liệu nào nêu"]


def test_two_files_of_the_same_content(study):
    put(study.folder, "CT5.pdf", b"75 trong 80")
    news(study)
    both = figures({"evidence": "minh-chung/CT4-2027.pdf"}, {"evidence": "CT5.pdf", "target": 5})
    assert said(study, both) == [
        f"doubled: minh-chung/CT4-2027.pdf ({FOUR}): cùng nội dung với CT5.pdf (Chỉ tiêu 5, 31/05/2027)"
    ]


@pytest.mark.parametrize("evidence", ["minh-chung/CT4-2027.pdf", "https://vnedu.vn/bao-cao"])
def test_one_file_for_two_targets_is_to_be_looked_at_and_not_wrong(study, evidence):
    news(study)
    both = figures({"evidence": evidence, "target": 5}, {"evidence": evidence}, {"evidence": "minh-chung/CT4-2027.pdf"})
    found = exhibits.check(study, both).query("kind == 'doubled'")
    assert [str(words) for words in found["words"]] == [
        f"{evidence} (Chỉ tiêu 5, 31/05/2027): cũng là minh chứng của {FOUR}"
    ]
    assert found["wrong"].tolist() == [False]


def test_one_file_for_the_same_target_on_two_days_is_in_order(study):
    news(study)
    name = "minh-chung/CT4-2027.pdf"
    assert said(study, figures({"evidence": name}, {"evidence": name, "date": pd.Timestamp("2026-05-31")})) == []


@pytest.mark.parametrize(
    "name",
    ["../study.yaml", "minh-chung/../../x", "/etc/passwd", "C:\\Users\\x.pdf", "\\\\may\\chung\\x.pdf", "C:x.pdf"],
)
def test_a_name_that_leads_outside(study, name):
    news(study)
    (words,) = (line for line in said(study, figures({"evidence": name})) if not line.startswith("unused"))
    assert words == f"outside: {name} ({FOUR}): tên dẫn ra ngoài thư mục"


@pytest.mark.parametrize(
    "address",
    [
        "http://vnedu.vn/x",
        "ftp://vnedu.vn",
        "www.vnedu.vn/x",
        "file:///C:/x.pdf",
        "https://",
        "https://a b",
        "https://[x",
    ],
)
def test_an_address_that_is_not_https(study, address):
    news(study)
    lines = [line for line in said(study, figures({"evidence": address})) if not line.startswith("unused")]
    assert lines == [f"address: {address} ({FOUR}): địa chỉ phải bắt đầu bằng https:// và viết liền"]


def test_an_address_with_a_password_is_told_without_it(study):
    news(study)
    words = " ".join(said(study, figures({"evidence": "https://an:mat-khau@vnedu.vn/x"})))
    assert "https://vnedu.vn/x" in words and "tên đăng nhập hoặc mật khẩu" in words and "mat-khau" not in words


@pytest.mark.parametrize(
    "written",
    ["minh-chung\\CT4-2027.pdf", "evidence/minh-chung/CT4-2027.pdf", "./minh-chung//CT4-2027.pdf", " minh-chung/CT4-2027.pdf "],
)  # fmt: skip
def test_ways_of_writing_the_same_path(study, written):
    news(study)
    assert said(study, figures({"evidence": written})) == []


def test_a_file_beside_the_evidence_folder_is_found_but_not_recorded(study):
    news(study)
    (study.folder / "biên bản.docx").write_bytes(b"x")
    lines = said(study, figures({"evidence": "biên bản.docx"}, {"evidence": "minh-chung/CT4-2027.pdf"}))
    assert lines == [
        f"unrecorded: biên bản.docx ({FOUR}): tệp nằm ngoài thư mục evidence nên không được ghi sổ và sao lưu; hãy chuyển vào đó"
    ]


def test_a_folder_a_hidden_file_and_no_name_at_all(study):
    put(study.folder, ".ẩn.pdf", b"x")
    news(study)
    lines = said(study, figures({"evidence": "minh-chung"}, {"evidence": ".ẩn.pdf"}, {"evidence": None}))
    assert lines == [
        f"missing: minh-chung ({FOUR}): đây là thư mục; hãy nêu một tệp",
        f"unrecorded: .ẩn.pdf ({FOUR}): tệp ẩn hoặc tệp tạm: không được ghi sổ; hãy đổi tên",
        f"unnamed: (không có tên) ({FOUR}): số liệu này không nêu minh chứng nào",
        "unused: minh-chung/CT4-2027.pdf: đã ghi sổ, chưa số liệu nào nêu",
    ]


def test_an_evidence_too_long_to_be_a_name(study):
    news(study)
    assert said(study, figures({"evidence": "chữ" * 5000}))[0].endswith("không có tệp này")


def test_a_replaced_figure_is_not_asked_for_its_file_but_uses_it(study):
    news(study)
    old = {"evidence": "minh-chung/CT4-2027.pdf", "replaced": True}
    assert (
        said(study, figures(old, {"evidence": "https://vnedu.vn"}, {"evidence": "đã mất.pdf", "replaced": True})) == []
    )


def test_a_name_in_another_case_or_unicode_form_is_the_same_file_and_reported(study):
    put(study.folder, "Danh sách.pdf", b"x")
    news(study)
    for written in ("danh SÁCH.PDF", unicodedata.normalize("NFD", "Danh sách.pdf")):
        lines = [line for line in said(study, figures({"evidence": written})) if not line.startswith("unused")]
        assert lines == [
            f"spelling: Danh sách.pdf ({FOUR}): số liệu ghi “{written}”: khác tên tệp ở chữ hoa, chữ thường hoặc cách gõ dấu"
        ]


@pytest.mark.parametrize("twin", ["ĐÃ KÝ.PDF", unicodedata.normalize("NFD", "Đã ký.pdf")])
def test_two_files_that_windows_takes_for_one(study, twin):
    put(study.folder, "Đã ký.pdf", b"x")
    if (study.folder / "evidence" / twin).exists():
        pytest.skip("this system takes them for one")
    put(study.folder, twin, b"y")
    news(study)
    (words,) = (line for line in said(study) if line.startswith("clash"))
    assert words.endswith("ở chữ hoa, chữ thường hoặc cách gõ dấu: Windows coi là một tệp")


def test_a_folder_that_came_back_from_a_mac_with_names_in_another_form_is_the_same(study):
    path = put(study.folder, "Chữ ký số.pdf", b"x")
    news(study)
    path.rename(path.with_name(unicodedata.normalize("NFD", "CHỮ ký số.pdf")))
    assert news(study) == []
    assert "missing" not in " ".join(said(study))


def test_letters_are_compared_as_windows_does():
    assert custody.key("Ảnh đẹp.JPG") == custody.key(unicodedata.normalize("NFD", "ảnh ĐẸP.jpg"))
    assert len({custody.key(name) for name in ("Straße", "STRASSE", "ı", "i")}) == 4


def test_a_name_that_is_no_text(study):
    try:
        (study.folder / "evidence" / os.fsdecode(b"b\xe1o c\xe1o.pdf")).write_bytes(b"x")
    except OSError:
        pytest.skip("this system has no such names")
    assert "unreadable: b\ufffdo c\ufffdo.pdf: tên tệp không phải chữ Unicode: đổi tên tệp" in said(study)


def test_a_name_cannot_speak_to_the_terminal(study):
    try:
        put(study.folder, "a\x1b[2J\nb\u202egpj.exe", b"x")
    except OSError:
        pytest.skip("this system has no such names")
    assert "unrecorded: a\ufffd[2J\ufffdb\ufffdgpj.exe: chưa ghi sổ" in said(study)


LETTERS = st.characters(exclude_characters="/\0", exclude_categories=["Cs"])
NAME = st.text(LETTERS, min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and not custody.left_out(name)
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(NAME, st.binary(max_size=20), max_size=8))
def test_any_set_of_names_round_trips(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("m")
    (folder / "study.yaml").write_text(YAML, encoding="utf-8")
    study = Study.open(folder)
    try:
        for name, content in contents.items():
            put(folder, name, content)
    except OSError:
        return  # not a name on this system
    exhibits.record(study)
    kept = exhibits.recorded(study)
    assert dict(zip(kept["file"], kept["sha256"], strict=True)) == {
        name: hashlib.sha256(content).hexdigest() for name, content in contents.items()
    }
    assert len(exhibits.record(study)) == 0
    found = exhibits.check(study, figures())
    assert set(found["kind"]) <= {"unused", "empty", "doubled", "clash"}


@pytest.mark.slow
def test_two_thousand_files_take_a_few_seconds(study):
    for number in range(2000):
        put(study.folder, f"{number % 20}/minh chứng {number}.pdf", f"{number}".encode() * 1000)
    many = figures(*({"evidence": f"{n % 20}/minh chứng {n}.pdf"} for n in range(2000)))
    start = time.monotonic()
    assert len(exhibits.record(study)) == 2001
    assert set(exhibits.check(study, many)["kind"]) == {"unused"}
    assert len(exhibits.index(study, many)) == 2000
    assert time.monotonic() - start < 10


# --- the list for the annex


def test_the_list_of_evidence(study):
    put(study.folder, "quy chế.pdf", b"quy che")
    news(study, today=FIRST)
    table = exhibits.index(
        study,
        figures(
            {"target": None, "criterion": "1.10", "evidence": "quy chế.pdf"},
            {"target": None, "criterion": "1.9", "evidence": "https://vnedu.vn/x"},
            {"target": 5, "evidence": "minh-chung/CT4-2027.pdf"},
            {"target": 5, "evidence": "cũ.pdf", "replaced": True},
            {"evidence": "minh-chung/CT4-2027.pdf"},
            {"evidence": "mất.pdf", "date": pd.Timestamp("2028-05-31")},
        ),
    )
    sizes = [None if pd.isna(size) else size for size in table["size"]]
    rows = list(
        zip(table["number"], table["file"], map(str, table["proves"]), sizes, map(str, table["state"]), strict=True)
    )
    assert rows == [
        (1, "minh-chung/CT4-2027.pdf", "Chỉ tiêu 4: Nhân sự có chữ ký số", 11, "nguyên vẹn như khi ghi sổ"),
        (2, "mất.pdf", "Chỉ tiêu 4: Nhân sự có chữ ký số", None, "không có tệp này"),
        (1, "minh-chung/CT4-2027.pdf", "Chỉ tiêu 5: Thanh toán không dùng tiền mặt", 11, "nguyên vẹn như khi ghi sổ"),
        (3, "https://vnedu.vn/x", "Tiêu chí 1.9", None, "địa chỉ, không lưu bản"),
        (4, "quy chế.pdf", "Tiêu chí 1.10", 7, "nguyên vẹn như khi ghi sổ"),
    ]
    assert table["recorded"].tolist()[0] == pd.Timestamp(FIRST)
    assert table["sha256"].tolist()[0] == hashlib.sha256(b"75 trong 80").hexdigest()


def test_a_criterion_has_its_words_where_the_school_keeps_a_register(study):
    register = study.folder / "so-lieu"
    register.mkdir()
    (register / "study.yaml").write_text(YAML.replace("id: thu", "id: so\nquestionnaire: targets"), encoding="utf-8")
    (study.folder / "study.yaml").write_text(YAML + "registers: {targets: so-lieu}\n", encoding="utf-8")
    table = exhibits.index(
        Study.open(study.folder), figures({"target": None, "criterion": "1.3", "evidence": "https://x.vn"})
    )
    assert str(table["proves"].item()) == "Tiêu chí 1.3 Phần mềm dạy học trực tuyến"


def test_a_changed_file_stands_in_the_list_with_the_hash_that_was_recorded(study):
    news(study, today=FIRST)
    put(study.folder, "minh-chung/CT4-2027.pdf", b"80")
    (row,) = exhibits.index(study, ONE).itertuples()
    assert (row.size, row.sha256) == (11, hashlib.sha256(b"75 trong 80").hexdigest())
    assert str(row.state) == "nội dung khác bản đã ghi sổ"


def test_the_list_as_an_excel_file_to_print(study):
    put(study.folder, "=HYPERLINK(1).pdf", b"x")
    news(study, today=FIRST)
    entries = figures({"evidence": "minh-chung/CT4-2027.pdf"}, {"evidence": "=HYPERLINK(1).pdf", "target": 5})
    content = exhibits.index_xlsx(study, entries)
    assert content == exhibits.index_xlsx(study, entries)
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Danh mục minh chứng"]
    assert sheet["A1"].value == "DỮ LIỆU MÔ PHỎNG"
    assert [cell.value for cell in sheet[2]] == [
        "Số", "Minh chứng", "Chứng minh cho", "Số liệu đến ngày", "Ngày ghi sổ", "Kích thước (byte)",
        "SHA-256 (16 chữ số đầu)", "Tình trạng", "SHA-256",
    ]  # fmt: skip
    whole = hashlib.sha256(b"75 trong 80").hexdigest()
    assert [cell.value for cell in sheet[3]] == [
        1, "minh-chung/CT4-2027.pdf", "Chỉ tiêu 4: Nhân sự có chữ ký số", "31/05/2027", "02/06/2027", 11,
        whole[:16], "nguyên vẹn như khi ghi sổ", whole,
    ]  # fmt: skip
    assert (sheet["B4"].value, sheet["B4"].data_type) == ("=HYPERLINK(1).pdf", "s")
    assert sheet.column_dimensions["I"].hidden and not sheet.column_dimensions["H"].hidden
    setup = sheet.page_setup
    assert (setup.orientation, int(setup.paperSize), int(setup.fitToHeight)) == ("landscape", 9, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage and setup.fitToWidth in (
        None,
        1,
    )  # 1 is what a missing one means
    assert sheet.print_title_rows == "$1:$2"
    real = exhibits.index_xlsx(study.model_copy(update={"pretend": False}), entries)
    assert openpyxl.load_workbook(io.BytesIO(real)).worksheets[0]["A1"].value == "Số"


# --- the command line


def run(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "analysis", *map(str, arguments)],
        cwd=ROOT, capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"}, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def test_evidence_records_lists_and_asks_before_it_takes_a_change(study):
    first = run("evidence", study.folder)
    listed = study.folder / "reports/danh-muc-minh-chung.xlsx"
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == f"+ minh-chung/CT4-2027.pdf: mới ghi sổ\n  → {listed}\n"
    put(study.folder, "minh-chung/CT4-2027.pdf", b"80 trong 80")
    put(study.folder, "biên bản.docx", b"x")
    second = run("evidence", study.folder).stdout.splitlines()
    assert second[0] == "+ biên bản.docx: mới ghi sổ"
    assert second[1].startswith(f"✗ minh-chung/CT4-2027.pdf ({FOUR}): nội dung khác bản ghi sổ ngày ")
    assert second[2:] == [
        "? biên bản.docx: đã ghi sổ, chưa số liệu nào nêu",
        "Chưa nhận 1 tệp đã đổi hoặc không còn. Xem lại; nếu đúng là thay có chủ ý, chạy lại với --accept.",
        f"  → {listed}",
    ]
    third = run("evidence", study.folder, "--accept").stdout.splitlines()
    assert third[0] == "+ minh-chung/CT4-2027.pdf: nội dung đã đổi"
    assert len(custody.history(study)) == 3
    assert run("verify", study.folder).returncode == 0


@pytest.mark.parametrize("place", [0, 500, -1], ids=["first byte", "middle byte", "last byte"])
def test_verify_finds_one_changed_byte_and_names_the_file_and_changes_nothing(study, place):
    content = bytearray(pretend_evidence.pdf("DỮ LIỆU MÔ PHỎNG"))
    path = put(study.folder, "minh-chung/CT4-2027.pdf", bytes(content))
    exhibits.record(study, today=FIRST)
    before = state(study.folder)
    right = run("verify", study.folder)
    assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout == "✓ Minh chứng và kho câu trả lời còn nguyên vẹn: 1 tệp minh chứng, 0 đợt.\n"
    assert state(study.folder) == before
    content[place] ^= 1
    path.write_bytes(content)
    before = state(study.folder)
    wrong = run("verify", study.folder)
    assert (wrong.returncode, wrong.stderr) == (1, "")
    (line,) = wrong.stdout.splitlines()
    assert line.startswith(
        f"✗ minh-chung/CT4-2027.pdf ({FOUR}): nội dung khác bản ghi sổ ngày 02/06/2027: SHA-256 nay "
    )
    assert state(study.folder) == before


def test_verify_tells_of_a_spoilt_record_and_goes_on_to_the_answers(study):
    exhibits.record(study)
    text = (study.folder / "evidence.json").read_text(encoding="utf-8")
    (study.folder / "evidence.json").write_text(text.replace('"size": 11', '"size": 12'), encoding="utf-8")
    (study.folder / "store.json").write_text("{}", encoding="utf-8")
    told = run("verify", study.folder)
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout.startswith(damaged(study))
    assert f"Lỗi ở {study.folder / 'store.json'}\n  Quy tắc: Sổ của kho phải còn nguyên vẹn." in told.stdout


def test_verify_holds_the_store_of_answers_against_its_record(study):
    exhibits.record(study)
    digest = hashlib.sha256(b"x").hexdigest()
    path = store.write(study.folder / "raw/2027" / f"{digest[:16]}.json", b"y")
    told = run("verify", study.folder)
    assert (told.returncode, told.stdout) == (1, f"✗ {path}: tệp hỏng hoặc đã bị sửa\n")


def test_verify_looks_into_the_registers_too(study):
    exhibits.record(study)
    register = study.folder / "so-lieu"
    register.mkdir()
    (register / "study.yaml").write_text(YAML.replace("id: thu", "id: so\nquestionnaire: targets"), encoding="utf-8")
    (register / "store.json").write_text("{}", encoding="utf-8")
    (study.folder / "study.yaml").write_text(YAML + "registers: {targets: so-lieu}\n", encoding="utf-8")
    put(study.folder, "minh-chung/CT4-2027.pdf", b"80 trong 80")
    told = run("verify", study.folder)
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout.count(f"Lỗi ở {register / 'store.json'}\n") == 2  # the entries, and the answers themselves
    assert f"✗ minh-chung/CT4-2027.pdf ({FOUR}): nội dung khác" in told.stdout


# --- the pretend evidence


def test_the_demos_evidence_is_there_says_what_it_is_and_is_always_the_same(tmp_path):
    made = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "study.yaml").write_bytes((ROOT / "data/demo/study.yaml").read_bytes())
        study = Study.open(folder)
        paths = pretend_evidence.write(study)
        made.append({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})
        assert pretend_evidence.write(study) == []  # what is there is not written over
    assert made[0] == made[1]
    assert len(made[0]) == 38
    content = made[0]["evidence/minh-chung/CT4-2027.pdf"]
    line = "DỮ LIỆU MÔ PHỎNG – minh chứng CT4 ngày 31/05/2027: 75/80"
    assert line.encode() in content
    assert b"(DU LIEU MO PHONG - minh chung CT4 ngay 31/05/2027: 75/80) Tj" in content
    start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref\n0 7\n")
    for number, entry in enumerate(content[start:].split(b"\n")[3:9], start=1):
        assert content[int(entry[:10]) :].startswith(f"{number} 0 obj".encode())
    exhibits.record(study)
    assert len(exhibits.check(study, exhibits.everything(study, entries(study)))) == 0


def test_pretend_evidence_is_never_written_for_a_real_study(study):
    real = study.model_copy(update={"pretend": False})
    with pytest.raises(StudyError, match="Chỉ viết minh chứng mô phỏng cho khảo sát có pretend: true"):
        pretend_evidence.write(real)


def test_a_backup_holds_the_evidence_and_its_record(study, tmp_path):
    from survey import backup

    exhibits.record(study)
    again = backup.restore(backup.save(study, tmp_path / "sao.zip"), tmp_path / "máy mới")
    assert json.loads((again.folder / "evidence.json").read_bytes()) == json.loads(
        (study.folder / "evidence.json").read_bytes()
    )
    assert said(again) == []


def test_the_evidence_of_good_practices_and_of_nominations_is_listed_too(tmp_path):
    from test_awards import PERSON, study_in

    study = study_in(tmp_path, PERSON)
    (tmp_path / "evidence/minh-chung").mkdir(parents=True)
    for name in ("kho.pdf", "minh-chung/DH-toan.pdf"):
        (tmp_path / "evidence" / name).write_bytes(name.encode())
    exhibits.record(study)
    given = exhibits.everything(study, entries(study).iloc[:0])
    listed = exhibits.index(study, given).set_index("file")["proves"].map(str)
    assert listed["kho.pdf"] == "Đề xuất khen thưởng D001"
    assert listed["minh-chung/DH-toan.pdf"] == "Nội dung 2, cách làm hay, Tổ Toán"
    missing = exhibits.check(study, given).query("kind == 'missing'")
    assert missing["file"].tolist() == ["minh-chung/DH-tin.pdf"]
