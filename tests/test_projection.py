"""Pace and projection of a target: exact words, no promise from too few figures, and intervals that hold what they say."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from analysis import projection
from analysis.projection import history, pace, project, what_if
from analysis.register import entries
from survey.study import Study, Target

DEMO = Study.open("data/demo")
TARGETS = {target.id: target for target in DEMO.movement.targets}
ALL = TARGETS[4]


def counts(*pairs: tuple[int, int], first: int = 2025) -> pd.DataFrame:
    """Counts on 31 May of the years from `first` on."""
    known = pd.DataFrame(pairs, columns=["numerator", "denominator"])
    dates = [pd.Timestamp(first + year, 5, 31) for year in range(len(pairs))]
    return known.assign(date=dates, share=known["numerator"] / known["denominator"])


def test_the_history_is_the_schools_own_counts_in_order_of_date():
    known = history(entries(DEMO), 4, dt.date(2027, 6, 30))
    assert known[["numerator", "denominator"]].values.tolist() == [[39, 80], [58, 81], [75, 80]]
    assert history(entries(DEMO), 1, dt.date(2026, 1, 1)).empty  # nothing had occurred


# --- Pace


@pytest.mark.parametrize(
    ("pairs", "target", "by", "words"),
    [
        (
            [(40, 80), (56, 80)],
            ALL,
            dt.date(2028, 5, 31),
            "cần 15,0 điểm % mỗi năm, hiện nay 20,0",
        ),  # 24/80 in two years
        ([(80, 80)], ALL, dt.date(2028, 5, 31), "đã đạt"),
        ([(40, 80)], ALL, dt.date(2026, 5, 31), "cần 50,0 điểm % mỗi năm"),
        ([(40, 80)], ALL, dt.date(2025, 5, 31), "đã đến hạn mà chưa đạt"),
        ([], ALL, dt.date(2030, 5, 31), "chưa có số liệu"),
        ([(70, 100)], TARGETS[2], dt.date(2026, 5, 31), "cần 1,0 điểm % mỗi năm"),  # more than 70 %: one more
    ],
)
def test_the_pace_that_is_needed_beside_that_of_the_past(pairs, target, by, words):
    assert str(pace(counts(*pairs), target, by).words) == words


# --- Projection


@pytest.mark.parametrize(
    ("known", "at", "words"),
    [
        (counts(), dt.date(2028, 5, 31), "chưa dự báo được: mới có 0 mốc số liệu"),
        (counts((40, 80), (50, 80)), dt.date(2027, 5, 31), "chưa dự báo được: mới có 2 mốc số liệu"),
        (
            counts((40, 80), (50, 80), (60, 80)),
            dt.date(2031, 5, 31),
            "chưa dự báo được: quá xa so với thời gian đã có số liệu",
        ),
        (counts((40, 80), (50, 80), (60, 80)), dt.date(2027, 5, 31), "đã có số liệu của ngày ấy hoặc sau đó"),
    ],
    ids=["nothing", "two dates", "too far", "the past"],
)
def test_what_cannot_be_told(known, at, words):
    found = project(known, at)
    assert (found.estimate, found.low, found.high, str(found.words)) == (None, None, None, words)


def test_the_words_of_a_projection():
    found = project(counts((39, 80), (58, 81), (70, 80)), dt.date(2028, 5, 31))
    assert found.low < found.estimate < found.high
    low, high = (f"{100 * share:.0f}%" for share in (found.low, found.high))
    assert str(found.words) == (
        f"nếu tiếp tục như đến nay, ngày 31/05/2028 khoảng {100 * found.estimate:.0f}% (khoảng dự báo 80%: {low}–{high})"
    )


@pytest.mark.parametrize(
    "pairs", [[(80, 80)] * 3, [(0, 80)] * 4, [(1, 1), (0, 1), (1, 1)], [(0, 50), (25, 50), (50, 50)]]
)
def test_shares_of_0_and_1_break_nothing(pairs):
    found = project(counts(*pairs), dt.date(2025 + len(pairs), 5, 31))
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_without_the_prior_it_is_the_prediction_of_a_weighted_line(monkeypatch):
    monkeypatch.setattr(projection, "PRIOR", 0.0)
    known = counts((39, 80), (58, 81), (66, 80), (70, 80), (75, 82))
    x, n = known["numerator"], known["denominator"]
    logits, weights = np.log((x + 0.5) / (n - x + 0.5)), 1 / (1 / (x + 0.5) + 1 / (n - x + 0.5))
    years = (known["date"] - known["date"].iloc[-1]).dt.days / 365.25
    line = sm.WLS(logits, sm.add_constant(years.to_numpy()), weights=weights).fit()
    ahead = 365 / 365.25
    share = expit(line.params.iloc[0] + ahead * line.params.iloc[1])
    weight = 1 / (1 / (share * 82 + 0.5) + 1 / ((1 - share) * 82 + 0.5))
    frame = line.get_prediction(np.array([[1.0, ahead]]), weights=weight).summary_frame(alpha=0.2)
    found = project(known, dt.date(2030, 5, 31))
    assert (found.low, found.high) == pytest.approx(
        (expit(frame["obs_ci_lower"].item()), expit(frame["obs_ci_upper"].item()))
    )


def covered(draws: int, noise: float) -> tuple[float, dict[int, float]]:
    """The share of histories whose next count lies in its interval: of all, and by the number of points."""
    random, hits = np.random.default_rng(2026), {k: [] for k in range(3, 7)}
    for _ in range(draws):
        k = int(random.integers(3, 7))
        years, size = np.arange(k + 1), random.integers(40, 301, k + 1)
        start, slope = logit(random.uniform(0.3, 0.98)), random.uniform(-0.2, 0.9)
        chances = expit(start + slope * (years - k + 1) + random.normal(0, noise, k + 1))
        size[-1] = size[-2]
        found = random.binomial(size, chances)
        projected = project(counts(*zip(found[:-1], size[:-1], strict=True)), dt.date(2025 + k, 5, 31))
        hits[k].append(projected.low <= found[-1] / size[-1] <= projected.high)
    return float(np.mean(np.concatenate(list(hits.values())))), {k: float(np.mean(held)) for k, held in hits.items()}


def test_four_in_five_projections_hold_a_first_look():
    assert 0.70 <= covered(150, 0.05)[0] <= 0.90


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1], ids=["chance alone", "a little more", "more"])
def test_of_1000_histories_75_to_85_percent_are_held(noise):
    whole, by_points = covered(1000, noise)
    assert 0.75 <= whole <= 0.85
    assert all(0.70 <= share <= 0.90 for share in by_points.values()), by_points


@pytest.mark.parametrize(
    ("until", "ahead"),
    [
        (dt.date(2026, 6, 30), dt.date(2027, 6, 30)),
        (dt.date(2027, 6, 30), dt.date(2030, 6, 30)),
        (dt.date(2030, 6, 30), None),
    ],
)
def test_a_target_looks_ahead_to_the_next_review_unless_it_has_a_day_of_its_own(until, ahead):
    assert projection.next_review(DEMO, until, ALL) == ahead
    own = ALL.model_copy(update={"by": dt.date(2028, 12, 31)})
    assert projection.next_review(DEMO, until, own) == dt.date(2028, 12, 31)


# --- What if


def test_twelve_more_people_with_a_signature():
    table = what_if(ALL, 68, 80, [0, 5, 12, 20])
    assert table["status"].tolist() == ["not_met", "not_met", "met", "met"]
    assert table["words"].tolist() == [
        "+0: 68/80 – Chưa đạt (100%)",
        "+5: 73/80 – Chưa đạt (100%)",
        "+12: 80/80 – Đạt (100%)",
        "+20: 80/80 – Đạt (100%)",
    ]


def test_one_more_than_a_strict_bound():
    target = Target(id=1, label="CT", text="CT", rule="more_than", percent=80)
    assert what_if(target, 80, 100, [0, 1])["status"].tolist() == ["not_met", "met"]
