"""From a widget's change to the new chart in the browser, against the bare call and drawing the same figure in a script.

    python tests/benchmarks/widgets_against_a_script.py [copies of the demo school's people]

870 copies are about 60,000 staff in each of six waves. The script's part is timed in the same run, on the same answers, with
nothing worked out before: the public calls (`means`, `suppress`), the chart, and its drawing as SVG. A change in the browser
is timed there, from the change of the control until the new picture is decoded: each scale over all waves, a phase, and each
wave, none of them seen before; and then all of them again. Needs chromium.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import sys
from pathlib import Path
from analysis import server
from survey.study import Study
server.notebook = lambda study, wave: json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
server.serve(Study.open(Path(sys.argv[2])), 2030, port=8969, ip="127.0.0.1", browser=False)
"""
TIMED = """([label, index]) => new Promise(done => {
  const board = document.querySelector('.kss-board');
  const control = [...board.querySelectorAll('.widget-dropdown')].find(one => one.querySelector('label').textContent === label);
  const select = control.querySelector('select'), before = board.querySelector('img').src;
  const look = new MutationObserver(() => {
    const picture = board.querySelector('img');
    if (!picture || picture.src === before) return;
    look.disconnect();
    picture.decode().then(() => done(performance.now() - start));
  });
  look.observe(board, {subtree: true, childList: true, attributes: true});
  const start = performance.now();
  select.selectedIndex = index;
  select.dispatchEvent(new Event('change', {bubbles: true}));
})"""


def people(folder: str, copies: int):
    """The review of a study whose people are there so many times."""
    from analysis.review import Review
    from survey.study import Study

    one = Review.of(Study.open(Path(folder)))
    frame = pd.concat([one.frame] * copies, ignore_index=True)
    frame["person"] = frame["person"].astype("Float64") + np.repeat(np.arange(copies), len(one.frame)) * 100_000
    frame["population"] = frame["population"] * copies
    return replace(one, frame=frame, answered=pd.concat([one.answered] * copies, ignore_index=True))


def board(folder: str, copies: int):
    """What the kernel shows: the panel of the levels."""
    from analysis import explore

    page = explore.shown(explore.panels.levels(people(folder, copies)), people(folder, 1).study, alone=False)
    return page


def bare(review, scale: str, waves: list[int]) -> float:
    """Seconds of the public calls and of the drawing, as a script would make them."""
    from analysis import charts, means, suppress
    from analysis.report_charts import phase_bands

    start = time.perf_counter()
    shown = suppress(means(review.frame, [scale], review.design, by=["wave"]), review.study.smallest_base)
    shown = shown[shown["wave"].isin(waves)]
    figure = charts.trend(shown, {scale: review.label(scale)}, phases=phase_bands(review), pretend=review.study.pretend)
    charts.svg(figure)
    return time.perf_counter() - start


def main(copies: int = 1) -> None:
    from analysis import panels
    from survey import simulate
    from survey.pull import pull
    from survey.study import Study

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "data/demo/study.yaml", folder)
        study = Study.open(Path(folder))
        simulate.write(study)
        pull(study)
        review = people(folder, copies)
        options = panels.levels(review).settled({})[1]
        spans = list(options["waves"].values())
        plan, picked = [], {"Thang đo": 0, "Đợt": 0}
        for scale in range(
            len(review.scales)
        ):  # one control at a time; every second scale goes through the waves backwards
            order = range(len(spans)) if scale % 2 == 0 else reversed(range(len(spans)))
            for span in order:
                here = {"Thang đo": scale, "Đợt": span}
                plan += [(name, at, scale, span) for name, at in here.items() if picked[name] != at]
                picked = here
        waves = [[int(wave) for wave in span.split("-")] for span in spans]
        bare(review, review.scales[0], waves[0])
        script = [bare(review, review.scales[scale], waves[span]) for _, _, scale, span in plan]
        browser = in_the_browser(folder, copies, [(name, at) for name, at, _, _ in plan])
    size = f"{len(review.frame) / len(review.waves):,.0f} people x {len(review.waves)} waves"
    first, again = browser[: len(plan)], browser[len(plan) :]
    for name, part in (("script", script), ("browser, first time", first), ("browser, again", again)):
        print(
            f"{size}, {name}: median {1000 * statistics.median(part):.0f} ms, p95 {1000 * p95(part):.0f} ms of {len(part)}"
        )
    for name, part in (("first time", first), ("again", again)):
        ratio = statistics.median(part) / statistics.median(script), p95(part) / p95(script)
        print(f"{size}, browser / script, {name}: median {ratio[0]:.2f}, p95 {ratio[1]:.2f}")


def p95(part: list[float]) -> float:
    return statistics.quantiles(part, n=20)[-1]


def in_the_browser(folder: str, copies: int, plan: list[tuple[str, int]]) -> list[float]:
    """Seconds of each change (control, place of the option), there and all the way back."""
    from playwright.sync_api import sync_playwright

    from analysis import server
    from survey.study import Study

    book = server.notebook(Study.open(Path(folder)), 2030)
    source = (
        f"import sys\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        f"from widgets_against_a_script import board\nboard({folder!r}, {copies})"
    )
    book["cells"][0]["source"] = source
    page = Path(folder) / "book.json"
    page.write_text(json.dumps(book), encoding="utf-8")
    command = [sys.executable, "-c", "import json\n" + SERVE, str(page), folder]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        with sync_playwright() as playwright:
            program = shutil.which("chromium")
            chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            tab = chromium.new_page(viewport={"width": 1280, "height": 800})
            tab.goto(address)
            tab.wait_for_selector(".kss-board img", timeout=300_000)
            tab.wait_for_timeout(1000)
            found = []
            for name, at in [*plan, *back(plan)]:
                tab.wait_for_timeout(200)  # a person looks at the chart before the next change
                found.append(tab.evaluate(TIMED, [name, at]) / 1000)
            chromium.close()
        return found
    finally:
        process.terminate()
        process.communicate()


def back(plan: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The changes that undo those of a plan, the last one first."""
    picked, undo = {"Thang đo": 0, "Đợt": 0}, []
    for name, at in plan:
        undo.append((name, picked[name]))
        picked[name] = at
    return undo[::-1]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
