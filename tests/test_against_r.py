"""Every number of tests/reference/survey.R (R 4.2.2, survey 4.1-1): levels, quantiles, raked weights, change and slopes."""

import csv
import subprocess
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from conftest import need_tool

from analysis import Design, change, means, proportions, quantiles, ratios, slopes, totals
from analysis.raking import rake

HERE = Path(__file__).parent / "reference"
STRATIFIED, CLUSTERED, TWO_STAGE, PANEL = (
    pd.read_csv(HERE / f"{name}.csv") for name in ("stratified", "clustered", "two_stage", "waves")
)
FPC = Design(weight="w", stratum="h", population="N")
NONE = Design(weight="w", stratum="h")
CLUSTER = Design(weight="w", stratum="h", psu="psu", population="M")
CLUSTER_NONE = Design(weight="w", stratum="h", psu="psu")
TWO = Design(weight="w", stratum="h", psu="psu", population="M", psu_population="staff")
RAKED = Design(weight="raked", population="whole", margins=("h", "g"))
PERSON = Design(weight="w", stratum="h", population="N", target="analytic")


def reference(text: str) -> dict[str, list[float]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {
        row["case"]: [float(row[c]) for c in ("estimate", "se", "low", "high", "df")] for row in csv.DictReader(lines)
    }


FROZEN = reference((HERE / "survey.csv").read_text())


def level(table: pd.DataFrame, value: object) -> pd.DataFrame:
    return table[table["level"] == value]


def share(table: pd.DataFrame, value: object) -> pd.DataFrame:
    return table[table["value"] == value]


@cache
def raked() -> pd.DataFrame:
    """The stratified sample as one of 80 people, raked to the strata and to 36 women and 44 men."""
    return rake(STRATIFIED.assign(whole=80), {"h": {"A": 40, "B": 25, "C": 15}, "g": {"f": 36, "m": 44}}, name="raked")


def between(*waves: int) -> pd.DataFrame:
    return change(PANEL, ["y"], PERSON, between=waves)


def slope(place: int, *phases: tuple[int, ...]) -> pd.DataFrame:
    return slopes(PANEL, ["y"], PERSON, phases=phases).iloc[[place]]


def beta(frame: pd.DataFrame, design: Design, value: int) -> pd.DataFrame:
    return share(proportions(frame, ["q"], design, interval="korn_graubard"), value)


OURS = {
    "mean fpc": lambda: means(STRATIFIED, ["y"], FPC),
    "mean none": lambda: means(STRATIFIED, ["y"], NONE),
    "total fpc": lambda: totals(STRATIFIED, ["y"], FPC),
    "total none": lambda: totals(STRATIFIED, ["y"], NONE),
    **{f"share {v}": lambda v=v: share(proportions(STRATIFIED, ["q"], FPC), v) for v in range(1, 6)},
    **{f"mean {g}": lambda g=g: level(means(STRATIFIED, ["y"], FPC, by=["g"]), g) for g in "fm"},
    **{f"mean {h}": lambda h=h: level(means(STRATIFIED, ["y"], FPC, by=["h"]), h) for h in "ABC"},
    "mean simple": lambda: means(STRATIFIED, ["y"]),
    "cluster mean fpc": lambda: means(CLUSTERED, ["y"], CLUSTER),
    "cluster mean none": lambda: means(CLUSTERED, ["y"], CLUSTER_NONE),
    "cluster total fpc": lambda: totals(CLUSTERED, ["y"], CLUSTER),
    "cluster mean U": lambda: level(means(CLUSTERED, ["y"], CLUSTER, by=["h"]), "U"),
    "cluster mean q3": lambda: level(means(CLUSTERED, ["y"], CLUSTER, by=["q"]), 3),
    **{f"cluster share {v}": lambda v=v: share(proportions(CLUSTERED, ["q"], CLUSTER), v) for v in (2, 3, 4)},
    "two-stage mean": lambda: means(TWO_STAGE, ["y"], TWO),
    "two-stage total": lambda: totals(TWO_STAGE, ["hours"], TWO),
    "two-stage ratio": lambda: ratios(TWO_STAGE, [("y", "hours")], TWO),
    "two-stage mean U": lambda: level(means(TWO_STAGE, ["y"], TWO, by=["h"]), "U"),
    **{f"two-stage share {v}": lambda v=v: share(proportions(TWO_STAGE, ["q"], TWO), v) for v in (2, 3, 4)},
    **{f"quantile {p:g}": lambda p=p: quantiles(STRATIFIED, ["y"], FPC, shares=[p]) for p in (0.25, 0.5, 0.75)},
    "cluster median": lambda: quantiles(CLUSTERED, ["y"], CLUSTER),
    "two-stage median": lambda: quantiles(TWO_STAGE, ["y"], TWO),
    **{f"median {g}": lambda g=g: level(quantiles(STRATIFIED, ["y"], FPC, by=["g"]), g) for g in "fm"},
    **{f"beta {v}": lambda v=v: beta(STRATIFIED, FPC, v) for v in (2, 3, 4, 5)},
    **{f"cluster beta {v}": lambda v=v: beta(CLUSTERED, CLUSTER, v) for v in (2, 3, 4)},
    "raked mean": lambda: means(raked(), ["y"], RAKED),
    "raked total": lambda: totals(raked(), ["y"], RAKED),
    **{f"raked share {v}": lambda v=v: share(proportions(raked(), ["q"], RAKED), v) for v in (2, 3, 4)},
    "raked mean f": lambda: level(means(raked(), ["y"], RAKED, by=["g"]), "f"),
    "change 2025-2027": lambda: between(2025, 2027),
    "change 2025-2030": lambda: between(2025, 2030),
    "slope 1": lambda: slope(0, (2025, 2027)),
    "slope 2": lambda: slope(0, (2027, 2030)),
    "difference of slopes": lambda: slope(2, (2025, 2027), (2027, 2030)),
    "slope of three": lambda: slope(0, (2025, 2027, 2030)),
}


def test_every_frozen_number_is_compared():
    assert list(OURS) == list(FROZEN)


@pytest.mark.parametrize("case", FROZEN)
def test_equals_r_survey(case):
    estimate, se, low, high, df = FROZEN[case]
    row = OURS[case]().iloc[0]
    assert row["estimate"] == pytest.approx(estimate, rel=1e-9)
    assert row["se"] == pytest.approx(se, rel=1e-9, abs=1e-15)
    assert row["df"] == df
    if "Wilson" not in row["method"]:  # R's interval of a share is another unless it is asked for beta
        assert (row["low"], row["high"]) == pytest.approx((low, high), rel=1e-9)


@pytest.mark.slow
def test_the_frozen_numbers_are_what_r_says_today():
    need_tool("Rscript")
    said = subprocess.run(["Rscript", "survey.R"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert reference(said) == {case: pytest.approx(numbers, rel=1e-12) for case, numbers in FROZEN.items()}
