"""`python -m survey --help` against `import pandas`, in turn: python tests/benchmarks/help_against_pandas.py"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def main(pairs: int = 9) -> None:
    seconds("-m", "survey", "--help"), seconds("-c", "import pandas")  # both warm
    found = [(seconds("-m", "survey", "--help"), seconds("-c", "import pandas")) for _ in range(pairs)]
    ratios = [ours / peer for ours, peer in found]
    print(f"survey --help / import pandas: median {statistics.median(ratios):.2f} of {pairs} pairs")


if __name__ == "__main__":
    main()
