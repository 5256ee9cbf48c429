"""Every notebook runs from top to bottom on the demo; what they show is what the modules say."""

import os
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from survey import simulate
from survey.pull import pull
from survey.study import Study

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


def altered(folder: Path, change):
    """The demo school with another study.yaml, its pretend answers imported."""
    settings = yaml.safe_load((ROOT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    change(settings)
    (folder / "study.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    study = Study.open(folder)
    simulate.write(study)
    pull(study)
    return runner(folder)


@pytest.fixture(scope="module")
def one_wave(tmp_path_factory):
    """The demo school in its first year: the later waves are planned, and not held yet."""

    def change(settings):
        for wave in settings["waves"][1:]:
            del wave["source"]

    return altered(tmp_path_factory.mktemp("Một đợt"), change)


@pytest.fixture(scope="module")
def all_hidden(tmp_path_factory):
    """A school whose every base is too small to be shown."""
    return altered(tmp_path_factory.mktemp("Ẩn hết"), lambda settings: settings.update(smallest_base=500))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path, ran):
    book = ran(path)
    cells = book.cells
    spoken = "".join(str(output) for cell in cells if cell.cell_type == "code" for output in cell.outputs)
    spoken += str(book.metadata.get("widgets", ""))  # what the widgets show is kept apart
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
    book = one_wave(path)
    spoken = str([cell.outputs for cell in book.cells if cell.cell_type == "code"]) + str(
        book.metadata.get("widgets", "")
    )
    assert "Error" not in spoken and "Warning" not in spoken
    if path.stem.startswith("06"):
        assert "Mới có một đợt (năm 2025): chưa thể nói về thay đổi." in spoken


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_where_everything_is_hidden(path, all_hidden):
    book = all_hidden(path)
    spoken = str([cell.outputs for cell in book.cells if cell.cell_type == "code"]) + str(
        book.metadata.get("widgets", "")
    )
    assert "Error" not in spoken and "Warning" not in spoken
    assert "trung bình 2," not in spoken and "tăng 0," not in spoken
    if path.stem[:2] in ("00", "06", "07"):
        assert "ẩn (ít người)" in spoken


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_notebook_on_a_study_without_answers_stops_with_what_to_do_and_no_traceback(tmp_path):
    settings = yaml.safe_load((ROOT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    with pytest.raises(CellExecutionError) as stopped:
        runner(tmp_path)(ROOT / "notebooks/04_ky_nang_so.ipynb")
    said = stopped.value.traceback.rstrip()
    assert "Traceback" not in said
    assert said.endswith(
        f"Lỗi ở {tmp_path.as_posix()}/answers\n"
        "  Quy tắc: Cần nhập câu trả lời trước khi phân tích.\n"
        "  Đã thấy: chưa có đợt nào\n"
        f"  Cách sửa: Chạy: python run.py survey pull {tmp_path.as_posix()}"
    )


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
