"""What the tests share: data kept beside the project, and programs that a machine may lack."""

import logging
import os
import shutil
from pathlib import Path

import pytest
from leaks import leaks

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


@pytest.fixture(scope="module")
def chromium():
    """A real Chromium, for the tests of pages; of one module, since its event loop runs as long as it is open."""
    from playwright.sync_api import sync_playwright

    program = need_tool("chromium")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


class Heard(logging.Handler):
    """Every error and every log of the whole suite that holds what must never leave the data."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.count, self.leaks = 0, []

    def hear(self, text: str, place: str) -> None:
        self.count += 1
        self.leaks += [f"{place}: {leak}" for leak in leaks(text)]

    def emit(self, record: logging.LogRecord) -> None:
        self.hear(record.getMessage(), f"log of {record.name}")


HEARD = Heard()


def pytest_configure(config):
    from survey.errors import UserError

    made = UserError.__init__

    def heard(self, *args, **kwargs):
        made(self, *args, **kwargs)
        HEARD.hear(str(self), f"{type(self).__name__} in {os.environ.get('PYTEST_CURRENT_TEST', '')}")

    UserError.__init__ = heard
    logging.getLogger().addHandler(HEARD)


def pytest_sessionfinish(session, exitstatus):
    """The suite fails where any error or log in it held an address, a code, a key or a token."""
    if HEARD.leaks:
        print("\n".join(["", "An error or a log held what must never leave the data:", *HEARD.leaks[:20]]))
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
