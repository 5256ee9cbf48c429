"""From the command to the first chart of the dashboard, and its largest costs: python tests/benchmarks/dashboard_cold_start.py

Beside it, in the same run: Voila with a notebook of one empty widget. Needs chromium and the demo's answers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = """
import time
start = time.perf_counter()
import analysis.explore
print(time.perf_counter() - start)
"""
FIRST = """
import sys, time
from analysis.explore import dashboard_of
start = time.perf_counter()
dashboard_of(sys.argv[1], 2030, "vi")
print(time.perf_counter() - start)
"""


def python(code: str, *arguments: str) -> float:
    """The seconds that a script of its own prints."""
    command = [sys.executable, "-c", code, *arguments]
    return float(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def opened(command: list[str], wanted: str, address: str = "") -> tuple[float, float]:
    """Seconds until the server is up, and from then until what is wanted is in the browser."""
    from playwright.sync_api import sync_playwright

    start = time.perf_counter()
    environment = os.environ | {"PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        for line in process.stdout:
            if found := re.search(r"http://(?:localhost|127\.0\.0\.1)\S+", line):
                address = found[0]
                break
        up = time.perf_counter() - start
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            tab = chromium.new_page()
            begun = time.perf_counter()
            tab.goto(address)
            tab.wait_for_selector(wanted, timeout=120_000)
            shown = time.perf_counter() - begun
            chromium.close()
        return up, shown
    finally:
        process.terminate()
        process.communicate()


def main() -> None:
    from survey import simulate
    from survey.pull import pull
    from survey.study import Study

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / "data/demo/study.yaml", folder)
        study = Study.open(Path(folder))
        simulate.write(study)
        pull(study)
        ours = [sys.executable, "-m", "analysis", "dashboard", folder, "--port=8970", "--no-browser"]
        opened(ours, ".kss-board img")  # warm
        up, shown = opened(ours, ".kss-board img")
        cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "id": "a"}
        cell["source"] = "import ipywidgets\nipywidgets.HTML('<img class=one alt=\"\" width=1 height=1>')"
        bare = Path(folder) / "bare.ipynb"
        bare.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))
        peer = opened([sys.executable, "-m", "voila", str(bare), "--port=8971", "--no-browser"], "img.one")
        loading, working = python(IMPORTS), python(FIRST, folder)
    costs = {
        "Voila until its server is up": up,
        "Voila's page and kernel, as for an empty notebook": peer[1],
        "the kernel's imports": loading,
        "the first page's estimates and charts": working,
    }
    print(f"command to first chart: {up + shown:.1f} s (server {up:.1f} s, page {shown:.1f} s)")
    print(f"against Voila with an empty widget: {(up + shown) / sum(peer):.2f} times")
    for name, seconds in sorted(costs.items(), key=lambda cost: -cost[1])[:3]:
        print(f"  {seconds:.1f} s  {name}")


if __name__ == "__main__":
    main()
