"""One list of packages (pyproject.toml); the lock and the conda environment follow it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
PYPROJECT = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
SETTINGS = tomllib.loads(PYPROJECT)["project"]
ASKED_FOR = [*SETTINGS["dependencies"], *SETTINGS["optional-dependencies"]["test"]]
BOUNDS = {canonicalize_name(r.name): r.specifier for r in map(Requirement, ASKED_FOR)}

# conda-forge calls these otherwise: "matplotlib" brings Qt along, "tzdata" and "duckdb" are no Python packages there.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "tzdata": "python-tzdata", "duckdb": "python-duckdb"}

# "name==1.0 ; marker \" and, indented below it, its hashes and who asked for it
ENTRY = re.compile(r"^(\S+)==(\S+)(?: ; (.+?))?(?: \\)?\n((?:[ ]+.*\n?)*)", re.MULTILINE)
ENTRIES = [(canonicalize_name(name), version, marker, below) for name, version, marker, below in ENTRY.findall(LOCK)]


def test_every_package_has_a_comment_that_gives_its_reason():
    lines = re.findall(r'^    "[A-Za-z].*$', PYPROJECT.split("[tool.")[0], re.MULTILINE)
    assert len(lines) == len(ASKED_FOR)
    assert [line for line in lines if not re.search(r'", +# \S+ \S+', line)] == []


def test_no_package_is_asked_for_twice():
    assert len(BOUNDS) == len(ASKED_FOR)


# --- requirements.lock


def test_lock_holds_nothing_but_entries():
    assert "".join(match.group() for match in ENTRY.finditer(LOCK)) == LOCK


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry[0]}-{entry[1]}")
def test_locked_package_has_hashes(entry):
    hashes = re.findall(r"--hash=(\S+)", entry[3])
    assert hashes
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


def test_lock_names_no_address_and_no_index():
    assert [line for line in LOCK.splitlines() if "://" in line or "index" in line.split("==")[0] or "@" in line] == []


def test_lock_has_every_package_within_its_bounds():
    locked: dict[str, list[str]] = {}
    for name, version, _, _ in ENTRIES:
        locked.setdefault(name, []).append(version)
    outside = {
        name: (str(bounds), locked.get(name))
        for name, bounds in BOUNDS.items()
        if not locked.get(name) or not all(bounds.contains(version) for version in locked[name])
    }
    assert outside == {}


def test_lock_is_what_pyproject_asks_for_and_nothing_more():
    ours = {name for name, _, _, below in ENTRIES if re.search(r"# +(via )?khaosatso ", below)}
    assert ours == set(BOUNDS)


def test_everything_else_in_the_lock_was_asked_for_by_a_locked_package():
    names = {name for name, *_ in ENTRIES}
    for name, _, _, below in ENTRIES:
        askers = {canonicalize_name(a) for a in re.findall(r"# +(?:via )?([a-z0-9][\w.-]*)", below) if a != "via"}
        assert askers, name
        assert askers <= names | {"khaosatso"}, name


# --- environment.yml


def test_conda_environment_has_the_same_packages_and_bounds():
    listed = yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    *packages, through_pip = listed
    *elsewhere, here = through_pip["pip"]
    assert here == "-e ."
    python, pip, *packages = packages
    assert (python, pip) == ("python=3.13", "pip")
    bounds = {}
    for package in [*packages, *elsewhere]:
        name, bound = re.fullmatch(r"([a-z0-9-]+)(.*)", package).groups()
        bounds[name] = SpecifierSet(bound)
    assert bounds == {CONDA_NAMES.get(name, name): bound for name, bound in BOUNDS.items()}


def test_conda_environment_comes_from_conda_forge_alone():
    assert yaml.safe_load((PROJECT / "environment.yml").read_text(encoding="utf-8"))["channels"] == ["conda-forge"]


def test_run_py_supports_from_the_oldest_python_of_pyproject():
    import run

    assert SETTINGS["requires-python"] == ">={}.{}".format(*run.OLDEST)
