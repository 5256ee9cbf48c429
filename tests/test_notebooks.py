"""Every notebook runs from top to bottom on the demo; what they show is what the modules say."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from schools import everything_hidden, nothing_held, only_the_first, planned, school

from survey import simulate

ROOT = Path(__file__).parent.parent
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def runner(folder: Path):
    """Run a notebook on the study of a folder and give back its cells."""

    def run(path: Path):
        book = nbformat.read(path, as_version=4)
        for cell in book.cells:
            if "parameters" in cell.metadata.get("tags", []):
                assert len(cell.source.splitlines()) == 2  # a line that says so, and the study: nothing else is set
                cell.source = cell.source.replace("../data/demo", folder.as_posix())
        client = NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        )
        return client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})

    return run


@pytest.fixture(scope="module")
def ran(demo_study):
    return runner(demo_study.folder)


@pytest.fixture(scope="module")
def one_wave(tmp_path_factory):
    return runner(school(tmp_path_factory.mktemp("Một đợt"), only_the_first).folder)


@pytest.fixture(scope="module")
def all_hidden(tmp_path_factory):
    return runner(school(tmp_path_factory.mktemp("Ẩn hết"), everything_hidden).folder)


def said_and_shown(book) -> str:
    """All outputs of a notebook, and what its widgets show, which is kept apart."""
    outputs = [cell.outputs for cell in book.cells if cell.cell_type == "code"]
    return str(outputs) + str(book.metadata.get("widgets", ""))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, ran):
    book = ran(path)
    cells = book.cells
    spoken = said_and_shown(book)
    assert "Error" not in spoken and "Warning" not in spoken
    assert "<Figure" not in spoken  # a chart is a picture, not its name
    pictures = {"02": 1, "04": 2, "05": 3, "06": 3, "07": 1}.get(path.stem[:2], 0)
    assert spoken.count("data:image/svg+xml") == pictures
    if path.stem.startswith("03"):
        assert any(
            "True)" in str(cell.get("outputs", "")) for cell in cells
        )  # every base is the same by the second route
    if path.stem.startswith("08"):
        assert "✗" not in spoken and "E005 · " in spoken


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_study_with_one_wave(path, one_wave):
    spoken = said_and_shown(one_wave(path))
    assert "Error" not in spoken and "Warning" not in spoken
    if path.stem.startswith("06"):
        assert "Mới có một đợt (năm 2025): chưa thể nói về thay đổi." in spoken


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_where_everything_is_hidden(path, all_hidden):
    spoken = said_and_shown(all_hidden(path))
    assert "Error" not in spoken and "Warning" not in spoken
    assert "trung bình 2," not in spoken and "tăng 0," not in spoken
    if path.stem[:2] in ("00", "06", "07"):
        assert "không công bố" in spoken


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A study whose waves are planned and none of which is held yet."""
    return planned(tmp_path_factory.mktemp("Chưa có gì"), nothing_held)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_on_a_study_without_answers_says_what_to_do_and_ends_without_an_error(path, empty):
    book = runner(empty)(path)
    spoken = "".join(
        output.get("text", "") for cell in book.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert "Error" not in spoken and "Traceback" not in spoken
    if path.stem.startswith("02"):
        assert "Quy tắc: Ít nhất một đợt phải có source.\n" in spoken
    elif not path.stem.startswith("01"):  # the questionnaire is there before any answer
        assert (
            f"Lỗi ở {empty.as_posix()}/answers\n"
            "  Quy tắc: Cần nhập câu trả lời trước khi phân tích.\n"
            "  Đã thấy: chưa có đợt nào\n"
            f"  Cách sửa: Chạy: python run.py survey pull {empty.as_posix()}\n"
            "\n"
            "Các ô bên dưới chưa có gì để xem. Làm xong bước trên thì chạy lại sổ này từ đầu.\n"
        ) in spoken


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_sheet_that_nobody_has_answered_yet_is_told_in_words(tmp_path, demo_study):
    def change(settings):
        nothing_held(settings)
        settings["waves"][0]["source"] = {"export": "sheet.csv"}

    planned(tmp_path, change)
    header = simulate.sheets(demo_study)[2025][:1]
    (tmp_path / "sheet.csv").write_bytes(simulate.sheet_csv(header))
    book = runner(tmp_path)(BOOKS[2])
    said = "".join(output.get("text", "") for cell in book.cells if cell.cell_type == "code" for output in cell.outputs)
    assert "Dưới hàng tiêu đề phải có ít nhất một câu trả lời." in said


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_once_the_answers_are_there_the_same_kernel_shows_them(tmp_path):
    """The study is opened, found empty, imported, and opened again, without a restart."""
    source = (ROOT / "data/demo/study.yaml").read_text(encoding="utf-8")
    (tmp_path / "study.yaml").write_text(source, encoding="utf-8")
    opening = (
        f"khao_sat = {tmp_path.as_posix()!r}\nfrom survey import Study\nfrom analysis.sitting import review_of\n"
        "review = review_of(Study.open(khao_sat))"
    )
    cells = [opening, "print('waves', review.waves)", f"khao_sat = {tmp_path.as_posix()!r}\n" + IMPORTING, opening]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in (*cells, cells[1])])
    ran = NotebookClient(book, timeout=120, kernel_name="python3").execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    said = ["".join(output.get("text", "") for output in cell.outputs) for cell in ran.cells]
    assert "Cần nhập câu trả lời" in said[0]
    assert said[1] == ""
    assert said[4] == "waves [2025, 2026, 2027, 2028, 2029, 2030]\n"


IMPORTING = """from survey import Study, simulate
from survey.pull import pull
study = Study.open(khao_sat)
simulate.write(study)
found = pull(study)"""


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(len(cell.source.splitlines()) <= 10 for cell in code)
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert not any(word in cell.source for cell in code for word in ("def ", "lambda ", "class "))
    assert cells[0].source.startswith(f"# {path.stem[:2]} · ")
    assert "**Sổ này trả lời:**" in cells[0].source
    headed = [
        cell.source.splitlines() for cell in cells if cell.source.startswith("#") and cell.cell_type == "markdown"
    ]
    assert all(len(lines) > 1 and lines[1].startswith("*") for lines in headed)  # an English line under every heading


def test_in_colab_the_first_cell_mounts_drive_and_installs_what_is_locked(tmp_path, monkeypatch):
    """Colab itself is not here: a stand-in for its module takes note of what is asked of it."""
    import subprocess
    import sys
    import types

    cells = nbformat.read(BOOKS[0], as_version=4).cells
    code = next(cell.source for cell in cells if cell.cell_type == "code")
    asked = []
    colab = types.SimpleNamespace(drive=types.SimpleNamespace(mount=lambda place: asked.append(("mount", place))))
    monkeypatch.setattr(os, "chdir", lambda place: asked.append(("chdir", place)))
    monkeypatch.setattr(subprocess, "run", lambda command, check: asked.append(("run", command[1:], check)))
    monkeypatch.setattr(sys, "path", list(sys.path))
    exec(code, {})
    assert asked == []
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    exec(code, {})
    assert asked == [
        ("mount", "/content/drive"),
        ("chdir", "/content/drive/MyDrive/khaosatso/notebooks"),
        ("run", ["-m", "pip", "install", "-q", "-r", "../requirements.lock"], True),
    ]
