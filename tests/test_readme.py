"""Every command that the READMEs and the handbook show is run, as shown, in a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from survey import simulate
from survey.study import Study

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "README.vi.md", "docs/cam-nang.md"]
NOT_HERE = {
    "python run.py": "opens JupyterLab; what it does before that is `python run.py demo`",
    "python run.py test": "is this very run",
    "python run.py lab": "opens JupyterLab",
    "python run.py dashboard data/demo": "serves until it is stopped; tests/test_dashboard.py runs it",
    "python run.py survey preview data/demo --wave 2027": "serves until it is stopped; tests/test_preview.py runs it",
}


def commands(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The project in a folder with a space and Vietnamese letters, with what a reader of the README would have there."""
    home = tmp_path_factory.mktemp("Khảo sát 2026")
    for name in ("run.py", "requirements.lock", "survey", "analysis", "notebooks"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
    (home / "data/demo").mkdir(parents=True)
    shutil.copy(ROOT / "data/demo/study.yaml", home / "data/demo")
    rows = simulate.sheets(Study.open(home / "data/demo"))[2026]
    (home / "cau-tra-loi.csv").write_bytes(simulate.sheet_csv(rows))
    book = openpyxl.Workbook()
    for row in (["Đơn vị", "Quản lý", "Giáo viên", "Nhân viên"], ["Tổ Toán", 1, 11, 0], ["Tổ Văn phòng", 1, 0, 7]):
        book.worksheets[0].append(row)
    book.save(home / "don-vi.xlsx")
    for command in ("survey demo", "analysis demo"):
        package, verb = command.split()
        subprocess.run([sys.executable, "-m", package, verb], cwd=home, check=True, capture_output=True, env=_env(home))
    return home


def _env(home: Path) -> dict[str, str]:
    return os.environ | {"PYTHONUTF8": "1", "PYTHONPATH": str(home)}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(page, copy):
    shown = commands(page)
    assert shown
    for folder in ("truong-minh", "truong-toi"):
        shutil.rmtree(copy / "data" / folder, ignore_errors=True)
    for command in shown:
        if command in NOT_HERE:
            continue
        words = shlex.split(command)
        assert words[:2] == ["python", "run.py"], command
        package, *rest = words[2:]
        if package == "demo":
            continue  # the fixture has run its two halves
        if package == "dashboard":
            package, rest = "analysis", ["dashboard", *rest]
        said = subprocess.run(
            [sys.executable, "-m", package, *rest], cwd=copy, capture_output=True, encoding="utf-8", env=_env(copy)
        )
        assert said.returncode == 0, f"{command}\n{said.stdout}\n{said.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_points_to_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+?)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


@pytest.mark.parametrize("page", ["README.md", "README.vi.md"])
def test_every_module_stands_in_the_tree(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for path in [*(ROOT / "survey").glob("*.py"), *(ROOT / "analysis").glob("*.py")]:
        if not path.name.startswith("_") and path.stem not in ("errors", "yaml_file"):
            assert path.name in text, path


def test_both_readmes_show_the_same_commands():
    assert commands("README.md") == commands("README.vi.md")
