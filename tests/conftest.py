"""What the tests share: data kept beside the project, and programs that a machine may lack."""

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of published data kept beside the project; it is no part of it, so a test without it is skipped."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published data (shared/data beside the project) is not here")
    return folder


def need_tool(name: str) -> str:
    """The path of a program; where it is missing, the test is skipped, but in CI it fails."""
    path = shutil.which(name)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"{name} is missing: .ci/run has to install it")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture(scope="session")
def demo_study(tmp_path_factory):
    """The demo school with its pretend answers imported, in a folder of the tests' own, with a space and Vietnamese letters."""
    from survey import simulate
    from survey.pull import pull
    from survey.study import Study

    folder = tmp_path_factory.mktemp("Khảo sát mô phỏng")
    shutil.copy(PROJECT / "data/demo/study.yaml", folder)
    study = Study.open(folder)
    simulate.write(study)
    pull(study)
    return study
