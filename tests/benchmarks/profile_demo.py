"""Where the time of the demo goes: python tests/benchmarks/profile_demo.py

Runs the demo in one process under cProfile and prints what each part costs, the three largest first named as such. Shares are
of the profiled run; the profiler itself makes every part slower.
"""

from __future__ import annotations

import cProfile
import pstats
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = {  # part: (file, function) whose cumulative time is its cost
    "load packages": [("<frozen importlib._bootstrap>", "_find_and_load")],
    "write pretend sheets": [("simulate.py", "write")],
    "read sheets": [("exports.py", "read")],
    "clean answers": [("clean.py", "clean")],
    "estimate levels and shares": [("estimates.py", "_table")],
    "estimate changes": [("changes.py", "change")],
    "draw charts": [("charts.py", "png"), ("charts.py", "likert"), ("charts.py", "trend"), ("charts.py", "units")],
    "write workbooks": [("tables.py", "workbook")],
    "weigh and score": [("review.py", "of")],
}


def run(folder: Path) -> None:
    """The demo, as `python run.py demo` runs it."""
    sys.path.insert(0, str(ROOT))
    from analysis.__main__ import demo as analyse
    from survey.__main__ import demo as gather

    gather(folder)
    analyse(folder)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "Khảo sát"
        folder.mkdir()
        shutil.copy(ROOT / "data/demo/study.yaml", folder)
        profile = cProfile.Profile()
        profile.runcall(run, folder)
    stats = pstats.Stats(profile)
    whole = stats.total_tt  # type: ignore[attr-defined]
    costs = {part: sum(_cumulative(stats, *where) for where in places) for part, places in PARTS.items()}
    print(f"\n{whole:.1f} s under the profiler; the three largest costs first:")
    for place, (part, seconds) in enumerate(sorted(costs.items(), key=lambda cost: -cost[1]), start=1):
        print(f"{'*' if place <= 3 else ' '} {part:30} {seconds:5.1f} s {100 * seconds / whole:5.0f} %")


def _cumulative(stats: pstats.Stats, file: str, function: str) -> float:
    rows = stats.stats.items()  # type: ignore[attr-defined]
    return max((row[3] for (path, _, name), row in rows if name == function and path.endswith(file)), default=0.0)


if __name__ == "__main__":
    main()
