"""The notebooks in a real JupyterLab and a real browser: each control shows what the kernel's own call says."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from boards import Board, changed

from analysis import panels
from analysis.report_charts import skill_items
from analysis.review import Review

ROOT = Path(__file__).parent.parent
PORT, TOKEN = 8968, "thu-nghiem"
BOOKS = {
    "04_ky_nang_so": lambda review: [panels.practice(review, skill_items(review)), panels.levels(review)],
    "05_ung_dung": lambda review: [panels.shares(review, order) for order in ("frequency", "agreement", "")],
    "06_hai_giai_doan": lambda review: [panels.changes(review), panels.moves(review)],
    "07_chi_tieu": lambda review: [panels.targets(review)],
}
pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def review(demo_study):
    return Review.of(demo_study)


@pytest.fixture(scope="module")
def lab(demo_study, tmp_path_factory):
    """JupyterLab as `run.py lab` starts it, on copies of the notebooks that open the tests' own study."""
    import run

    home = tmp_path_factory.mktemp("Sổ tay")
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        source = path.read_text(encoding="utf-8").replace("../data/demo", demo_study.folder.as_posix())
        (home / path.name).write_text(source, encoding="utf-8")
    log = (tmp_path_factory.mktemp("lab") / "log").open("w")
    flags = [f"--port={PORT}", f"--IdentityProvider.token={TOKEN}", "--no-browser", "--allow-root"]
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={home}", *run.QUIET_LAB, *flags]
    settings = {"PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(home / "config"), "PYTHONUTF8": "1"}
    command.append("--LabApp.expose_app_in_browser=True")
    process = subprocess.Popen(command, cwd=home, stdout=log, stderr=log, env=os.environ | settings)
    address = f"http://localhost:{PORT}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


class Sitting:
    """Somebody at the Lab: a notebook opened and run, with all that it asked for and complained of."""

    def __init__(self, chromium, address: str, book: str):
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.tab = chromium.new_page(viewport={"width": 1280, "height": 800})
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.tab.goto(f"{address}/lab/tree/{book}.ipynb?reset&token={TOKEN}")
        self.tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        self.ready()
        self.run("notebook:run-all-cells")

    def ready(self) -> None:
        """Until the kernel has said hello: what is run before that is lost."""
        idle = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        self.tab.wait_for_function(idle, timeout=90_000)

    def run(self, command: str) -> None:
        self.tab.evaluate("command => { window.jupyterapp.commands.execute(command) }", command)

    def boards(self, wanted: list) -> list[Board]:
        self.tab.wait_for_function(
            f"document.querySelectorAll('.kss-board img').length == {len(wanted)}", timeout=90_000
        )
        found = self.tab.locator(".kss-board")
        return [Board(found.nth(place), panel) for place, panel in enumerate(wanted)]

    def outside(self) -> list[str]:
        return [url for url in self.asked if not re.match(rf"(http|ws)://localhost:{PORT}/|data:|blob:", url)]


@pytest.mark.parametrize("book", BOOKS)
def test_every_control_of_a_notebook_shows_what_the_kernels_own_call_says(chromium, lab, review, book):
    sitting = Sitting(chromium, lab, book)
    try:
        for board in sitting.boards(BOOKS[book](review)):
            board.agrees()
            assert changed(board, most=2) > 0
        assert sitting.complaints == []
        assert sitting.outside() == []
        assert sitting.tab.get_by_text("Would you like to get notified").count() == 0  # nothing asks for the Internet
    finally:
        sitting.tab.close()


def test_what_was_picked_outlives_the_kernel(chromium, lab, review):
    sitting = Sitting(chromium, lab, "05_ung_dung")
    try:
        wanted = BOOKS["05_ung_dung"](review)
        board = sitting.boards(wanted)[1]
        board.pick("Đợt", "2027")
        item = board.select("Câu hỏi").evaluate(
            "one => one.options[one.options.length - 1].textContent.replaceAll('\u00a0', ' ')"
        )
        board.pick("Câu hỏi", item)
        picked = board.agrees()["picks"]
        assert (picked["Đợt"], picked["Câu hỏi"]) == ("2027", item)
        before = sitting.tab.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.id")
        sitting.run("notebook:restart-run-all")
        sitting.tab.locator(".jp-Dialog button.jp-mod-accept").click()
        sitting.tab.wait_for_function("!document.querySelector('.jp-Dialog')")
        sitting.tab.wait_for_timeout(1000)
        sitting.ready()
        again = sitting.boards(wanted)[1].agrees()["picks"]
        assert again == picked
        assert before  # the same notebook, another process behind it
    finally:
        sitting.tab.close()
