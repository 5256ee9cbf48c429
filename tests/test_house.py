"""The shape of the house: who may import whom, where each outside thing lives, and what never enters the repository."""

import ast
import json
import re
import subprocess
from pathlib import Path

import pytest
from conftest import need_tool

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("survey", "analysis")
MODULES = sorted(path for package in PACKAGES for path in (PROJECT / package).rglob("*.py"))
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
SEEN_BY_ANALYSIS = {"survey", "survey.errors", "survey.questionnaire", "survey.study", "survey.store"}
HOMES = {
    "gspread": {"survey/sheets.py"},
    "google_auth_oauthlib": {"survey/signin.py"},
    "googleapiclient": {"survey/forms_api.py"},
    "matplotlib": {
        "analysis/chart_rows.py",
        "analysis/chart_sheet.py",
        "analysis/charts_of_changes.py",
        "analysis/charts_of_fieldwork.py",
        "analysis/charts_of_levels.py",
        "analysis/charts_of_shares.py",
        "analysis/charts_of_targets.py",
    },
    "seaborn": {"analysis/charts_of_shares.py"},
    "docx": {
        "analysis/passages.py",
        "analysis/report_awards.py",
        "analysis/report_check.py",
        "analysis/report_document.py",
        "analysis/report_layout.py",
        "analysis/verification.py",  # reads what a report says
        "analysis/word_charts.py",
        "survey/paper.py",
    },
    "pptx": {"analysis/office_charts.py", "analysis/slides.py"},
    "xlsxwriter": {
        "analysis/office_charts.py",  # the workbook inside a chart
        "analysis/self_assessment.py",  # a form of its own, to be signed and sent: formulas, page setup, a visible question
        "analysis/tables.py",
        "survey/codebook.py",
    },
    "great_tables": {"analysis/tables.py"},
    "ipywidgets": {"analysis/explore.py"},
    "narwhals": {"analysis/cube.py"},
}


def place(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def module_name(path: Path) -> str:
    return place(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imports(source: str, module: str = "", package: bool = False) -> set[str]:
    """Every module that a source imports, also inside a function; `from a import b` is a, and a.b if that is one."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = module.split(".")[: len(module.split(".")) - node.level + package] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            parts = {f"{origin}.{alias.name}" for alias in node.names}
            inner = {part for part in parts if (PROJECT / (part.replace(".", "/") + ".py")).is_file()}
            # `from survey import store` means survey.store; the package itself is imported on the way and counts, too.
            found |= {origin} | inner
    return found


def imports_of(path: Path) -> set[str]:
    return imports(path.read_text(encoding="utf-8"), module_name(path), path.name == "__init__.py")


IMPORTS = {path: imports_of(path) for path in MODULES}


# --- the reading of imports is itself tested


def test_imports_are_seen_in_all_their_forms():
    source = "import a.b, c\nfrom d import e\nfrom survey import store\ndef f():\n    import g\n    from .h import i\n"
    assert imports(source, "survey.x") == {"a.b", "c", "d", "survey", "survey.store", "g", "survey.h"}


# --- who may import whom


@pytest.mark.parametrize("path", [p for p in MODULES if place(p).startswith("survey/")], ids=place)
def test_survey_never_imports_analysis(path):
    assert {name for name in IMPORTS[path] if name.split(".")[0] == "analysis"} == set()


@pytest.mark.parametrize("path", [p for p in MODULES if place(p).startswith("analysis/")], ids=place)
def test_analysis_sees_only_four_modules_of_survey(path):
    assert {name for name in IMPORTS[path] if name.split(".")[0] == "survey"} - SEEN_BY_ANALYSIS == set()


@pytest.mark.parametrize("outside", HOMES)
def test_each_outside_thing_has_one_home(outside):
    guests = {place(path) for path, names in IMPORTS.items() if outside in {name.split(".")[0] for name in names}}
    assert guests - HOMES[outside] == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_by_a_round_way_when_it_is_loaded(package):
    """Cycles among imports at the top of modules; one inside a function is a choice made when it runs."""
    loads = {}
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = imports(ast.unparse(tree), module_name(path), path.name == "__init__.py")
        loads[module_name(path)] = {name for name in names if name != package}

    def reached(name: str, seen: set[str]) -> set[str]:
        for other in loads.get(name, set()) - seen:
            seen.add(other)
            reached(other, seen)
        return seen

    assert [name for name in loads if name != package and name in reached(name, set())] == []


def test_no_drawer_for_odds_and_ends():
    assert [place(p) for p in MODULES if p.stem in {"utils", "util", "helpers", "helper", "misc", "common"}] == []


# --- notebooks


@pytest.mark.parametrize("path", NOTEBOOKS, ids=place)
def test_notebook_is_kept_without_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kept = [n for n, c in enumerate(cells) if c["cell_type"] == "code" and (c["outputs"] or c["execution_count"])]
    assert kept == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=place)
def test_notebook_defines_nothing_and_loops_over_nothing(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.While
    for number, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            code = re.sub(r"^\s*[%!].*$", "", "".join(cell["source"]), flags=re.MULTILINE)
            assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, kinds)], f"cell {number}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=place)
def test_notebook_imports_only_what_a_notebook_may(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            code = re.sub(r"^\s*[%!].*$", "", "".join(cell["source"]), flags=re.MULTILINE)
            ours = {name for name in imports(code) if name.split(".")[0] not in PACKAGES}
            assert {name for name in ours if name.split(".")[0] in HOMES} == set()


# --- what never enters the repository

# Put together here, so that this file does not hold them itself.
INDEX_HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"))]
MACHINE_PATHS = ["/" + "/".join(parts) for parts in (("work", "main"), ("work", "shared"), ("root", ""), ("home", ""))]
KEYS = ["BEGIN " + "PRIVATE KEY", '"private' + '_key"']


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    if not (PROJECT / ".git").exists():
        pytest.skip("this copy of the project is no git checkout")
    listed = subprocess.run([need_tool("git"), "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True).stdout
    return [PROJECT / name for name in listed.decode("utf-8").split("\0") if name and (PROJECT / name).is_file()]


@pytest.mark.parametrize("words", [INDEX_HOSTS, MACHINE_PATHS, KEYS], ids=["index host", "machine path", "secret key"])
def test_no_tracked_file_holds(words, tracked):
    found = []
    for path in tracked:
        content = path.read_bytes()
        found += [f"{place(path)}: {word}" for word in words if word.encode() in content]
    assert found == []


def test_of_data_only_the_demos_definition_is_tracked(tracked):
    assert {place(path) for path in tracked if place(path).startswith("data/")} <= {"data/demo/study.yaml"}
