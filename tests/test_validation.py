"""docs/validation.md: our numbers beside R's and svy's, and what each tool says of a near-census.

The page is made by `python tests/test_validation.py`; the tests hold it to what is computed today.
"""

from __future__ import annotations

import csv
import math
import re
import tempfile
import warnings
from pathlib import Path

import polars as pl
import pytest
from test_against_r import CLUSTERED, FROZEN, HERE, OURS, STRATIFIED
from test_coverage import DRAWS, FIELDWORK, coverage
from test_equal_weights import DRAWS as EQUAL_DRAWS
from test_equal_weights import HEADS, SCHOOLS
from test_equal_weights import rows as equal
from test_traps import TRAPS

PAGE = Path(__file__).resolve().parents[1] / "docs/validation.md"
SCRIPTS = {
    "survey.R": "levels, quantiles, raked weights, change, slopes",
    "raking.R": "raked and bounded weights",
    "models.R": "proportional odds, GEE, CR2",
    "paired.R": "tests of linked answers",
    "unpaired.R": "rank tests, Rao-Scott, effect sizes",
    "scales.R": "alpha, omega, item-rest, drift",
}
HEAD = """# Are the numbers right

Made by `python tests/test_validation.py`; `tests/test_validation.py` fails when a number here is no longer what is computed.

## What was compared

Scripts are in `tests/reference/`; each prints the CSV beside it, and a test runs it again. Closed forms agree to 1e-9, fitted
models to 1e-5 (relative).

| script | what | frozen rows |
|---|---|---|
"""
NEAR_CENSUS = """
## A near-census: what each tool says

The home case: most of a small population has answered. The truth is simulated, or follows from the design.

| case | tool | says | khaosatso | truth |
|---|---|---|---|---|
"""
COVERAGE = f"""
## How often 95 % intervals hold the truth

80 people in three strata (56, 16, 8), {DRAWS:,} draws of who answers (and, for the analytic target, of the people).

| fieldwork | target | level | share | change |
|---|---|---|---|---|
"""
EQUAL = f"""
## Everybody counts the same

What it costs that a published table takes everybody of its group the same ([disclosure.md](disclosure.md)): means of 1 to 5
points, heads {HEADS} points (standard deviation) from their units; who answers is random within unit and role.
{SCHOOLS} schools of 76 people x {EQUAL_DRAWS:,} draws, descriptive target. Weights by unit and role as in version 0.1 /
everybody the same; in brackets the bias that chance alone gives.

| fieldwork | of | absolute bias (noise) | root mean square error | coverage | width |
|---|---|---|---|---|---|
"""
AGAINST_R = """
## Number by number

R 4.2.2 with survey 4.1-1; svy 0.35 where it has the same call. The difference is ours less R's, relative to R's.

| case | estimate, R | standard error, R | khaosatso | difference | svy |
|---|---|---|---|---|---|
"""


def svy_standard_errors() -> dict[str, float]:
    """svy's standard errors of those cases that it can be asked for."""
    import svy

    def sample(frame, **design):
        return svy.Sample(pl.from_pandas(frame), svy.Design(**design)).estimation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simple = sample(STRATIFIED, wgt="w", stratum="h", pop_size="N")
        cluster = sample(CLUSTERED, wgt="w", stratum="h", psu="psu", pop_size="M")
        found = {
            "mean fpc": simple.mean("y", drop_nulls=True),
            "total fpc": simple.total("y", drop_nulls=True),
            "cluster mean fpc": cluster.mean("y"),
            "cluster total fpc": cluster.total("y"),
        }
        errors = {case: estimate.to_polars()["se"].item() for case, estimate in found.items()}
        for name, estimate in (("share", simple.prop("q")), ("cluster share", cluster.prop("q"))):
            for row in estimate.to_polars().to_dicts():
                errors[f"{name} {int(row['q'])}"] = row["se"]
    return errors


def digits(value: object) -> str:
    if isinstance(value, str):
        return value
    return "missing" if math.isnan(value) else f"{value:.6g}"


def scripts() -> list[str]:
    rows = []
    for script, what in SCRIPTS.items():
        lines = [line for line in (HERE / script).with_suffix(".csv").read_text().splitlines() if line[:1] != "#"]
        rows.append(f"| {script} | {what} | {len(list(csv.DictReader(lines)))} |")
    return rows


def traps() -> list[str]:
    found = [trap() for trap in TRAPS]
    return [f"| {t.case} | {t.tool} | {digits(t.theirs)} | {digits(t.ours)} | {digits(t.truth)} |" for t in found]


def against_r() -> list[str]:
    peers, rows = svy_standard_errors(), []
    for case, (estimate, se, *_) in FROZEN.items():
        ours = OURS[case]().iloc[0]
        apart = abs(ours["se"] - se) / se if se else abs(ours["se"] - se)
        near = "< 1e-9" if apart < 1e-9 else f"{apart:.1g}"
        peer = digits(peers[case]) if case in peers else ""
        rows.append(f"| {case} | {digits(estimate)} | {digits(se)} | {digits(ours['se'])} | {near} | {peer} |")
    return rows


def covered() -> list[str]:
    rows = []
    for case in FIELDWORK:
        for target in ("descriptive", "analytic"):
            rows.append(f"| {case} | {target} | " + " | ".join(f"{c:.3f}" for c in coverage(case, target)) + " |")
    return rows


def kept(heading: str) -> list[str]:
    """The rows of a table of the page."""
    part = PAGE.read_text(encoding="utf-8").split(heading)[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| ")][1:]


@pytest.mark.parametrize(
    ("heading", "rows"),
    [("## What was compared", scripts), ("## A near-census", traps), ("## Number by number", against_r)],
)
def test_the_page_says_what_is_computed_today(heading, rows):
    assert kept(heading) == rows()


@pytest.mark.slow
def test_the_coverage_on_the_page_is_what_is_simulated_today():
    numbers = [[float(n) for n in re.findall(r"\d\.\d{3}", row)] for row in kept("## How often 95 %")]
    assert numbers == [pytest.approx([float(n) for n in re.findall(r"\d\.\d{3}", row)], abs=0.003) for row in covered()]


@pytest.mark.slow
def test_what_equal_weights_cost_is_what_is_simulated_today(tmp_path):
    numbers = [[float(n) for n in re.findall(r"\d\.\d{3}", row)] for row in kept("## Everybody counts the same")]
    assert numbers == [
        pytest.approx([float(n) for n in re.findall(r"\d\.\d{3}", row)], abs=0.003) for row in equal(tmp_path)
    ]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        parts = [(HEAD, scripts()), (NEAR_CENSUS, traps()), (COVERAGE, covered())]
        parts += [(EQUAL, equal(Path(folder))), (AGAINST_R, against_r())]
    PAGE.write_text("\n".join(head + "\n".join(rows) for head, rows in parts) + "\n", encoding="utf-8", newline="\n")
