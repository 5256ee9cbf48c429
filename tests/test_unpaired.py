"""Groups compared: R's numbers, a census, ties, and what cannot be compared."""

import csv
import math
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import need_tool

from analysis import Design
from analysis.unpaired import cliffs_delta, rank_test, rao_scott, unpaired
from survey.errors import DesignError

HERE = Path(__file__).parent / "reference"
A = pd.read_csv(HERE / "stratified.csv").assign(
    k=lambda f: [("x", "y", "z")[row * 7 % 3] for row in range(1, len(f) + 1)], even=80 / 65, whole=80
)
B = pd.read_csv(HERE / "clustered.csv").assign(
    k=lambda f: [("x", "y", "z")[row * 5 % 3] for row in range(1, len(f) + 1)],
    two=lambda f: np.where(f["w"] > 3, "hi", "lo"),
    y=lambda f: (
        f["y"] + (f.index + 1) * 1e-9
    ),  # no ties: with unequal weights in them the ranks of R hang on the order of rows
)
FPC, NONE, EQUAL = Design("w", "h", None, "N"), Design("w", "h"), Design("even", None, None, "whole")
CLUSTER, CLUSTER_NONE = Design("w", "h", "psu", "M"), Design("w", "h", "psu")


def reference(text: str) -> dict[str, list[float]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    fields = ("statistic", "df", "p", "estimate")
    return {row["case"]: [float("nan" if row[f] == "NA" else row[f]) for f in fields] for row in csv.DictReader(lines)}


FROZEN = reference((HERE / "unpaired.csv").read_text())
OURS = {
    **{
        f"{s} fpc": lambda s=s: rank_test(A, "y", FPC, group="g", score=s)
        for s in ("wilcoxon", "vanderWaerden", "median")
    },
    **{
        f"{s} none": lambda s=s: rank_test(A, "y", NONE, group="g", score=s)
        for s in ("wilcoxon", "vanderWaerden", "median")
    },
    **{
        f"{s} cluster {name}": lambda s=s, d=d: rank_test(B, "y", d, group="two", score=s)
        for s in ("wilcoxon", "vanderWaerden", "median")
        for name, d in (("fpc", CLUSTER), ("none", CLUSTER_NONE))
    },
    "ties": lambda: rank_test(A, "q", EQUAL, group="g"),
    "three groups fpc": lambda: rank_test(A, "y", FPC, group="k"),
    "three groups none": lambda: rank_test(A, "y", NONE, group="k"),
    "three groups cluster": lambda: rank_test(B, "y", CLUSTER, group="k"),
    "three groups ties": lambda: rank_test(A, "q", EQUAL, group="k"),
    "chi fpc": lambda: rao_scott(A, "q", FPC, group="g"),
    "chi none": lambda: rao_scott(A, "q", NONE, group="g"),
    "chi three": lambda: rao_scott(A, "q", FPC, group="k"),
    "chi cluster fpc": lambda: rao_scott(B, "q", CLUSTER, group="two"),
    "chi cluster none": lambda: rao_scott(B, "q", CLUSTER_NONE, group="k"),
    "chi equal": lambda: rao_scott(A, "q", EQUAL, group="g"),
}


def test_every_frozen_number_is_compared():
    assert set(OURS) == set(FROZEN)


@pytest.mark.parametrize("case", OURS)
def test_equals_r_survey(case):
    found = OURS[case]()
    ours = [found.statistic, found.df, found.p, found.estimate]
    assert ours == pytest.approx(FROZEN[case], rel=1e-9, nan_ok=True)


@pytest.mark.slow
def test_the_frozen_numbers_are_what_r_says_today():
    need_tool("Rscript")
    said = subprocess.run(["Rscript", "unpaired.R"], cwd=HERE, capture_output=True, text=True, check=True).stdout
    assert reference(said) == {case: pytest.approx(numbers, rel=1e-9, nan_ok=True) for case, numbers in FROZEN.items()}


TWO = pd.DataFrame({"q": [1, 2, 3, 2, 4, 5, 5], "g": list("aaabbbb"), "N": 7})


def test_in_a_census_any_difference_is_one():
    for found in (
        rank_test(TWO, "q", Design(population="N"), group="g"),
        rao_scott(TWO, "q", Design(population="N"), group="g"),
    ):
        assert found.p == 0
        assert found.target == "descriptive"
    same = pd.DataFrame({"q": [1, 2, 1, 2], "g": list("aabb"), "N": 4})
    assert rank_test(same, "q", Design(population="N"), group="g").p == 1
    assert rao_scott(same, "q", Design(population="N"), group="g").p == 1


def test_cliffs_delta_counts_who_is_above_whom():
    # pairs (a, b): 1 below all 4; 2 ties once, below 3; 3 above one, below 3: (4 + 3 + 3 - 1) / 12
    found = cliffs_delta(TWO, "q", group="g")
    assert found.estimate == pytest.approx(9 / 12)
    assert found.low < found.estimate < found.high < 1
    census = cliffs_delta(TWO, "q", Design(population="N"), group="g")
    assert (census.low, census.high) == pytest.approx((9 / 12, 9 / 12))


def test_one_group_wholly_above_the_other_has_no_interval_and_says_so():
    apart = pd.DataFrame({"q": [1, 2, 4, 5], "g": list("aabb")})
    found = cliffs_delta(apart, "q", group="g")
    assert found.estimate == 1
    assert math.isnan(found.low)
    assert found.method.endswith("no interval, no overlap")


@pytest.mark.slow
def test_the_interval_of_cliffs_delta_covers():
    random, inside, p = np.random.default_rng(1), 0, np.array([[4, 4, 3, 2, 1], [1, 2, 3, 4, 4]]) / 14
    truth = sum(np.sign(j - i) * p[0, i] * p[1, j] for i in range(5) for j in range(5))
    for _ in range(1000):
        one, two = (random.choice(5, n, p=row) for n, row in zip((25, 40), p, strict=True))
        frame = pd.DataFrame({"q": np.r_[one, two], "g": ["a"] * 25 + ["b"] * 40})
        found = cliffs_delta(frame, "q", group="g")
        inside += found.low <= truth <= found.high
    assert 0.93 <= inside / 1000 <= 0.98


def test_a_row_per_item_and_test():
    table = unpaired(A, ["q", "y"], FPC, group="g")
    assert table[["item", "test"]].values.tolist() == [
        ["q", "rank test, wilcoxon"], ["q", "Rao-Scott"], ["q", "Cliff's delta"],
        ["y", "rank test, wilcoxon"], ["y", "Rao-Scott"], ["y", "Cliff's delta"],
    ]  # fmt: skip
    assert table["population"].tolist() == pytest.approx([80] * 6)


def test_one_group_alone_cannot_be_compared():
    found = rank_test(TWO.assign(g="a"), "q", group="g")
    assert math.isnan(found.p)
    assert found.method == "fewer than two groups with answers"


def test_two_waves_of_different_size_are_no_groups_of_one_survey():
    waves = pd.DataFrame({"wave": [1, 1, 2, 2], "q": [1, 2, 3, 4], "N": [5, 5, 6, 6]})
    with pytest.raises(DesignError) as error:
        rank_test(waves, "q", Design(population="N"), group="wave")
    assert str(error.value) == (
        "Lỗi ở Design(population='N')\n"
        "  Quy tắc: Trong một tầng chỉ có một cỡ tổng thể.\n"
        "  Đã thấy: tầng 0 có 2 cỡ\n"
        "  Cách sửa: So sánh hai đợt thì dùng change(...)."
    )
