"""Every notebook runs from top to bottom on the demo; what they show is what the modules say."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
BOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def ran(demo_study, tmp_path_factory):
    """Run a notebook on the demo study and give back its cells."""

    def run(path: Path, dot: int | None = None):
        book = nbformat.read(path, as_version=4)
        for cell in book.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = cell.source.replace("../data/demo", demo_study.folder.as_posix())
                if dot:
                    cell.source += f"\ndot = {dot}"
        client = NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
        )
        return client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})

    return run


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
    pictures = {"02": 3, "03": 2}.get(path.stem[:2], 0)
    assert spoken.count("image/png") == pictures
    if path.stem.startswith("01"):
        assert "True" in str(cells[-1].outputs)  # every denominator is the same by the second route


@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_thin(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert all(len(cell.source.splitlines()) <= 10 for cell in code)
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert cells[0].source.startswith(f"# {path.stem[:2]} · ")
    assert "**Sổ này trả lời:**" in cells[0].source
