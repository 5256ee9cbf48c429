"""Nothing that tells who answered leaves the data folder: not in an output, a log, an error, nor in the repository."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import HEARD, need_tool
from leaks import leaks
from test_hostile_sheets import HEADER, an

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "text",
    [
        "Lỗi: an.nguyen@truong.edu.vn",
        "hàng 3 ghi “le 05-12”",
        "-----BEGIN " + "PRIVATE KEY-----",
        "Authorization: Bearer ya29.abcdefghi",
    ],
)
def test_a_leak_would_be_heard(text):
    assert len(leaks(text)) >= 1


def test_an_accounts_own_address_and_plain_words_are_no_leak():
    assert (
        leaks("Google từ chối: doc-phieu@truong.iam.gserviceaccount.com chưa được xem (403); hàng 12, lớp 10A1") == []
    )


def test_the_errors_of_the_suite_are_heard():
    from survey.errors import StudyError, Text

    before = HEARD.count
    StudyError("x", rule=Text("a"), found="b", cure=Text("c"))
    assert HEARD.count == before + 1


@pytest.fixture(scope="module")
def school(tmp_path_factory) -> Path:
    """A study of the house's questionnaire whose sheet has addresses, codes, and words that name people."""
    from survey import simulate
    from survey.study import Study

    folder = tmp_path_factory.mktemp("rieng") / "Khảo sát 2026"
    folder.mkdir()
    text = (PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    study = Study.open(folder)
    for wave, rows in simulate.sheets(study).items():
        code = next(n for n, title in enumerate(rows[0]) if title == study.form.used_as("code").title.vi)
        remark = next(n for n, title in enumerate(rows[0]) if title == study.form.questions["mo_cach_hay"].title.vi)
        for number, row in enumerate(rows[1:]):
            row[remark] = f"Gọi 09123456{number:02d} hoặc nguoi{number}@truong.edu.vn, hỏi thầy"
            row[code] = row[code] or None
        rows = [["Địa chỉ email", *rows[0]], *([f"nguoi{n}@truong.edu.vn", *row] for n, row in enumerate(rows[1:]))]
        path = folder / study.wave(wave).source.export
        path.parent.mkdir(exist_ok=True)
        make = {".zip": simulate.form_csv, ".csv": simulate.sheet_csv, ".xlsx": simulate.xlsx}[path.suffix]
        path.write_bytes(make(rows))
    return folder


def run(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    return done.stdout + done.stderr


def words(path: Path) -> str:
    """The words of a file; of a Word or Excel file those of all its parts."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes().decode("utf-8", "replace")
    with zipfile.ZipFile(path) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


@pytest.mark.slow
def test_no_output_of_the_whole_chain_holds_an_address_a_number_or_a_code(school, tmp_path):
    from survey import store
    from survey.study import Study

    said = [run("survey", "pull", school), run("survey", "pull", school)]
    for command in ("status", "link", "log", "check-store"):
        said.append(run("survey", command, school))
    said += [run("survey", "codebook", school, "--out", tmp_path / "bang-ma.csv"), run("analysis", "tables", school)]
    said += [run("analysis", "report", "--review", 2027, school)]
    made = [
        *(school / "reports").iterdir(),
        *(school / "tables").iterdir(),
        *(school / "charts").iterdir(),
        tmp_path / "bang-ma.csv",
    ]
    assert len(made) >= 6
    study = Study.open(school)
    codes = {str(code) for code in store.coded(study)["code"].dropna() if len(str(code)) > 4}
    assert len(codes) > 100
    for text in [*said, *map(words, made), store.stored(study).to_csv()]:
        assert leaks(text) == []
        assert "truong.edu.vn" not in text
        assert "09123456" not in text
        assert not [code for code in codes if code in text]


@pytest.mark.parametrize("place", ["Số giờ", "Điểm", "Ngày tập huấn"])
def test_an_error_does_not_quote_a_code_or_an_address(tmp_path, place):
    from test_withdrawal import make

    from survey.errors import SheetError

    for number, secret in enumerate(("LE0512", "an@truong.edu.vn", "0912345678")):
        row = an()
        row[HEADER.index(place)] = secret
        with pytest.raises(SheetError) as caught:
            make(tmp_path / str(number), [HEADER, row])
        assert secret not in str(caught.value)


def test_the_repository_holds_no_address_of_a_person_and_no_key():
    need_tool("git")
    names = (
        subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True)
        .stdout.decode()
        .split("\0")
    )
    own = [
        PROJECT / name for name in names if name and not name.startswith("tests/") and (PROJECT / name).suffix != ".png"
    ]
    found = [
        f"{path.name}: {leak}" for path in own for leak in leaks(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert [leak for leak in found if "a code" not in leak] == []  # codes stand in docstrings, as examples
