"""The command line as a person meets it: messages in words, exit codes, and a store that stays as it was."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

pytestmark = pytest.mark.slow  # each command is a process of its own

ROOT = Path(__file__).parent.parent


def run(*arguments: object, package: str = "survey") -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", package, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def refused(*arguments: object, package: str = "survey") -> str:
    """What a command says that ends with exit code 1 and no traceback."""
    said = run(*arguments, package=package)
    assert said.returncode == 1, said
    assert "Traceback" not in said.stderr
    return said.stderr.rstrip("\n")


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Path:
    """The demo with one imported wave, 2026, read from a CSV."""
    folder = tmp_path_factory.mktemp("mẫu") / "Trường thử 2026"
    folder.mkdir()
    shutil.copy(ROOT / "data/demo/study.yaml", folder)
    assert run("simulate", folder).returncode == 0
    assert run("pull", folder, "--wave", 2026).returncode == 0
    return folder


@pytest.fixture
def study(imported, tmp_path) -> Path:
    """A copy of it, for each test its own."""
    return Path(shutil.copytree(imported, tmp_path / imported.name))


def changed_sheet(study: Path, old: str, new: str) -> Path:
    sheet = study / "sheets/2026.csv"
    text = sheet.read_bytes().decode()
    assert old in text
    sheet.write_bytes(text.replace(old, new).encode())
    return sheet


def test_an_unknown_choice_leaves_the_store_as_it_was(study):
    before = contents(study / "answers") | contents(study / "raw")
    sheet = changed_sheet(study, "Tự làm trong công việc", "Tự làm tốt")
    said = refused("pull", study, "--wave", 2026)
    assert said.startswith(f"Lỗi ở {sheet} (đợt 2026)\n  Quy tắc: Mỗi câu trả lời phải là một lựa chọn có trong phiếu")
    assert "ghi “Tự làm tốt”" in said
    assert "thêm cách viết ấy vào mục also của lựa chọn trong tệp phiếu hỏi" in said
    assert contents(study / "answers") | contents(study / "raw") == before


def test_an_unknown_column_leaves_the_store_as_it_was(study):
    before = contents(study / "answers") | contents(study / "raw")
    changed_sheet(study, "Số năm công tác trong ngành giáo dục", "Thâm niên")
    assert "cột lạ: “Thâm niên”" in refused("pull", study, "--wave", 2026)
    assert contents(study / "answers") | contents(study / "raw") == before


def test_an_empty_sheet(study):
    sheet = study / "sheets/2026.csv"
    sheet.write_bytes(b"")
    assert refused("pull", study, "--wave", 2026) == (
        f"Lỗi ở {sheet}\n"
        "  Quy tắc: Hàng đầu tiên của trang tính là tiêu đề các câu hỏi.\n"
        "  Đã thấy: trang tính trống\n"
        "  Cách sửa: Kiểm tra đúng tệp hoặc đúng trang “Câu trả lời biểu mẫu” chưa, rồi chạy lại."
    )


def test_a_sheet_with_nothing_but_a_header(study):
    sheet = study / "sheets/2026.csv"
    sheet.write_bytes(sheet.read_bytes().split(b"\r\n")[0])
    assert refused("pull", study, "--wave", 2026) == (
        f"Lỗi ở {sheet}\n"
        "  Quy tắc: Dưới hàng tiêu đề phải có ít nhất một câu trả lời.\n"
        "  Đã thấy: chỉ có hàng tiêu đề\n"
        "  Cách sửa: Chờ có người trả lời, hoặc kiểm tra biểu mẫu còn liên kết với trang tính này không."
    )


@pytest.mark.parametrize(
    ("package", "command"), [("survey", "pull"), ("survey", "status"), ("analysis", "report"), ("analysis", "tables")]
)
def test_a_missing_study_file(tmp_path, package, command):
    assert refused(command, tmp_path / "đâu", package=package) == (
        f"Lỗi ở {tmp_path / 'đâu' / 'study.yaml'}\n"
        "  Quy tắc: Tệp này phải có.\n"
        "  Đã thấy: không có tệp\n"
        "  Cách sửa: Kiểm tra đường dẫn; tạo khảo sát mới bằng: python run.py survey init THƯ_MỤC"
    )


def test_the_same_in_english(tmp_path):
    assert refused("pull", tmp_path / "nowhere", "--lang", "en") == (
        f"Error in {tmp_path / 'nowhere' / 'study.yaml'}\n"
        "  Rule: This file must be there.\n"
        "  Found: no such file\n"
        "  What to do: Check the path; make a new study with: python run.py survey init FOLDER"
    )


def test_a_wave_that_the_study_does_not_have(study):
    assert refused("pull", study, "--wave", 2031) == (
        f"Lỗi ở {study / 'study.yaml'}, waves\n"
        "  Quy tắc: Đợt được hỏi phải có trong study.yaml.\n"
        "  Đã thấy: 2031\n"
        "  Cách sửa: Chọn một trong: 2025, 2026, 2027, 2028, 2029, 2030; hoặc thêm đợt ấy vào mục waves."
    )


def test_a_report_before_any_answers(tmp_path):
    shutil.copy(ROOT / "data/demo/study.yaml", tmp_path)
    assert refused("report", tmp_path, "--review", "2027", package="analysis") == (
        f"Lỗi ở {tmp_path / 'answers'}\n"
        "  Quy tắc: Cần nhập câu trả lời trước khi phân tích.\n"
        "  Đã thấy: chưa có đợt nào\n"
        f"  Cách sửa: Chạy: python run.py survey pull {tmp_path}"
    )


def test_pretend_answers_are_not_written_into_a_real_study(study):
    file = study / "study.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("pretend: true", "pretend: false"), encoding="utf-8")
    assert refused("simulate", study) == (
        f"Lỗi ở {file}\n"
        "  Quy tắc: Chỉ viết câu trả lời mô phỏng cho khảo sát có pretend: true.\n"
        "  Đã thấy: pretend: false\n"
        "  Cách sửa: Dùng data/demo, hoặc thêm pretend: true vào một bản sao; không trộn với câu trả lời thật."
    )


def test_a_snapshot_is_written_once_and_the_same_sheet_changes_nothing(study):
    before = {path: path.stat().st_mtime_ns for path in (study / "raw").rglob("*.json")}
    assert len(before) == 1
    assert "không đổi so với lần trước" in run("pull", study, "--wave", 2026).stdout
    assert {path: path.stat().st_mtime_ns for path in (study / "raw").rglob("*.json")} == before
    changed_sheet(study, "Mong có kho học liệu dùng chung cho cả tổ.", "Mong có kho học liệu chung.")
    assert "0 mới, 2 đã sửa, 0 không còn, 68 như cũ" in run("pull", study, "--wave", 2026).stdout
    assert len(list((study / "raw").rglob("*.json"))) == 2


def units_xlsx(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (
        ["Đơn vị", "Giáo viên", "Quản lý", "Nhân viên"],
        ["Tổ Toán", 11, 1, None],
        ["Tổ Văn phòng", None, 1, 7],
    ):
        book.worksheets[0].append(row)
    book.save(folder / "đơn vị.xlsx")
    return folder / "đơn vị.xlsx"


def test_a_new_study_from_an_xlsx_of_units_and_counts(tmp_path):
    folder = tmp_path / "trường"
    said = run("init", folder, "--school", "Trường THPT Thử", "--place", "Lộc Ninh", "--units", units_xlsx(tmp_path),
               "--wave", 2026, "--source", "")  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == f"Việc tiếp theo: python run.py survey doctor {folder}"
    advised = run("doctor", folder)
    assert advised.returncode == 1
    assert "✓ Khảo sát: Khảo sát năng lực số và ứng dụng (2026: 20 người" in advised.stdout
    assert advised.stdout.splitlines()[-1].startswith("→ Việc cần làm tiếp: Tạo biểu mẫu Google với các câu của phiếu")


def test_init_overwrites_nothing(study):
    before = (study / "study.yaml").read_bytes()
    given = ("--school", "X", "--place", "Y", "--wave", 2026, "--source", "", "--units", units_xlsx(study))
    assert refused("init", study, *given) == (
        f"Lỗi ở {study / 'study.yaml'}\n"
        "  Quy tắc: Lệnh này chỉ tạo tệp mới, không ghi đè.\n"
        "  Đã thấy: đã có tệp này\n"
        "  Cách sửa: Chọn thư mục khác, hoặc mở tệp ấy mà sửa."
    )
    assert (study / "study.yaml").read_bytes() == before


def test_init_asks_again_where_an_answer_cannot_be_right(tmp_path):
    typed = "Trường A\nLộc Ninh\nTổ Toán\nmười\n1, 11, 0\n\nnăm nay\n2029\n\n"
    said = subprocess.run(
        [sys.executable, "-m", "survey", "init", str(tmp_path / "mới")],
        cwd=ROOT, input=typed, capture_output=True, encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "Đã thấy: mười" in said.stdout and "Đã thấy: năm nay" in said.stdout
    text = (tmp_path / "mới/study.yaml").read_text(encoding="utf-8")
    assert "giao_vien: 11" in text and "id: 2029" in text and "id: 2030" in text and "id: 2027" not in text


@pytest.mark.slow
def test_doctor_is_content_with_the_demo(study):
    assert run("pull", study).returncode == 0
    said = run("doctor", study)
    assert said.stdout.splitlines()[-1] == "Mọi thứ sẵn sàng."


def test_the_codebook_opens_in_excel(study):
    assert run("codebook", study).returncode == 0
    content = (study / "codebook.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "s_bang_tinh;single;Dùng bảng tính để tổng hợp số liệu" in content.decode()
    assert len(content.decode().splitlines()) > 150


def test_a_line_that_is_not_a_command():
    said = run("pul", "data/demo")
    assert said.returncode == 2
    assert said.stderr.rstrip("\n") == (
        "Lỗi ở dòng lệnh\n"
        "  Quy tắc: Tên lệnh và các tham số phải có trong phần trợ giúp.\n"
        "  Đã thấy: No such command 'pul'. Did you mean 'pull'?\n"
        "  Cách sửa: Xem: python run.py survey --help"
    )


def test_a_damaged_file_of_answers(study):
    path = next(study.glob("answers/2026-*.parquet"))
    path.write_bytes(b"PAR1 broken")
    assert refused("status", study) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Tệp câu trả lời trong kho phải còn nguyên vẹn.\n"
        "  Đã thấy: tệp hỏng hoặc đã bị sửa\n"
        f"  Cách sửa: Làm lại từ bản chụp: python run.py survey pull {study} --kept"
    )
    assert run("pull", study, "--kept").returncode == 0
    assert run("status", study).returncode == 0


def test_a_place_that_cannot_be_written(study):
    said = refused("codebook", study, "--out", study / "sheets")
    assert "Quy tắc: Tệp phải đọc và ghi được." in said


def loaded_by(*arguments: str) -> set[str]:
    """The heavy packages that a command has loaded when it ends."""
    probe = f"""
import runpy, sys
sys.argv = {["survey", *arguments]!r}
try:
    runpy.run_module("survey", run_name="__main__")
except SystemExit:
    pass
print(*({{"pandas", "matplotlib", "pydantic", "gspread", "scipy"}} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    return set(said.stdout.splitlines()[-1].split())


def test_help_does_not_pay_for_pandas():
    assert loaded_by("--help") == set()


@pytest.mark.slow
def test_commands_that_do_not_plot_do_not_import_matplotlib(study):
    assert loaded_by("pull", str(study)) == {"pandas", "pydantic"}


# --- custody


def with_input(answer: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "survey", *map(str, arguments)], cwd=ROOT, input=answer, capture_output=True,
        encoding="utf-8", env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip


def test_an_unknown_column_is_asked_about_and_the_answer_kept(study):
    changed_sheet(study, "Dùng bảng tính để tổng hợp số liệu", "Dùng bảng tính (Excel) để tổng hợp số liệu")
    assert "gần giống câu" in refused("pull", study, "--wave", 2026)
    said = with_input("\n", "columns", study, "--wave", 2026)
    assert said.returncode == 0, said.stderr
    assert run("pull", study, "--wave", 2026).returncode == 0
    assert "Mọi cột đều đã biết." in run("columns", study, "--wave", 2026).stdout


@pytest.mark.slow
def test_the_store_is_checked_logged_saved_and_restored(study, tmp_path):
    assert run("check-store", study).stdout == "✓ Kho còn nguyên vẹn: 1 đợt, 1 lần nhập.\n"
    assert "70 hàng, 68 câu trả lời: 70 mới, 0 đã sửa, 0 không còn, 0 như cũ" in run("log", study).stdout
    archive = tmp_path / "sao lưu.zip"
    assert f"Đã sao lưu: {archive}." in run("backup", study, "--out", archive).stdout
    again = tmp_path / "máy mới"
    assert run("restore", archive, again).stdout == f"Đã khôi phục vào {again}.\n"
    assert run("check-store", again).stdout == "✓ Kho còn nguyên vẹn: 1 đợt, 1 lần nhập.\n"
    held = next(again.glob("answers/*.parquet"))
    held.write_bytes(b"x")
    said = run("check-store", again)
    assert (said.returncode, said.stdout) == (1, f"✗ {held}: tệp hỏng hoặc đã bị sửa\n")


def test_a_withdrawal_gives_a_receipt_and_says_what_is_left_to_do(study, tmp_path, monkeypatch):
    from survey import store
    from survey.study import Study

    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    code = store.coded(Study.open(study))["code"].dropna().iloc[0]
    said = run("forget", study, code)
    assert said.returncode == 0, said.stderr
    assert re.match(
        r"Biên nhận [0-9a-f]{12}, ngày \d\d/\d\d/\d{4}: đã rút câu trả lời \(đợt: số hàng\) 2026: 1\.\n", said.stdout
    )
    assert code not in said.stdout
    assert "67 câu trả lời" in run("pull", study, "--wave", 2026).stdout


@pytest.mark.slow
def test_linking_says_what_it_did_and_how_often_it_is_wrong(study):
    said = run("link", study).stdout
    assert "câu trả lời có mã" in said
    assert re.search(r"ghép nhầm 0,\d% số cặp đã ghép", said)


def test_a_wave_that_was_never_imported_is_not_made_again(study):
    assert refused("pull", study, "--kept", "--wave", 2027) == (
        f"Lỗi ở {study}\n"
        "  Quy tắc: Làm lại từ bản chụp thì đợt ấy phải đã được nhập.\n"
        "  Đã thấy: chưa nhập: 2027\n"
        f"  Cách sửa: Chạy: python run.py survey pull {study}"
    )


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("columns.csv", b"wave;header;question\n20x6;A;q1\n", "20x6"),
        ("columns.csv", b"wave;header;question\n;A;q1\n", "ô trống"),
        ("names.txt", b"\xe0\xe1", "chữ theo mã khác"),
        ("corrections.csv", b"wave\n", "thiếu cột row, question, from, to, reason, who, date"),
    ],
)
def test_a_table_that_was_spoilt_is_told(study, name, content, found):
    (study / name).write_bytes(content)
    said = refused("pull", study, "--wave", 2026)
    assert said.startswith(f"Lỗi ở {study / name}\n")
    assert f"  Đã thấy: {found}\n" in said


@pytest.mark.slow
def test_status_of_one_wave_on_one_day(study):
    said = run("status", study, "--wave", 2026, "--today", "2026-05-12").stdout
    assert "Đợt 2026: đơn vị" in said
    assert "Nên nhắc: " in said
    assert re.search(r"Nếu dừng hôm nay, một tỉ lệ của cả trường đúng đến ±\d+,\d điểm %", said)
    assert refused("status", study, "--today", "12/5/2026").startswith("Lỗi ở --today\n")


def test_status_before_anything_is_imported(tmp_path):
    shutil.copy(ROOT / "data/demo/study.yaml", tmp_path)
    assert f"Chưa nhập đợt nào: python run.py survey pull {tmp_path}" in run("status", tmp_path).stdout


@pytest.mark.slow
def test_results_without_the_careless(study):
    with_, without = (run("tables", study, *more, package="analysis") for more in ((), ("--without", "careless")))
    assert (with_.returncode, without.returncode) == (0, 0), without.stderr
    assert refused("tables", study, "--without", "lazy", package="analysis").startswith("Lỗi ở --without\n")
