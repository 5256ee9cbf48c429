"""Planning: published margins, power, and the command."""

import math

import pytest

from analysis.__main__ import main
from analysis.planning import margin_of_share, paired_effect, plan, plan_groups, smallest_change
from survey.errors import UserError, run, speak
from survey.study import Study


@pytest.mark.parametrize(
    ("answers", "people", "points"),
    [(70, 80, 4.2), (60, 80, 6.4), (50, 80, 8.6), (10, 12, 13.3), (45_000, 60_000, 0.23)],
)
def test_margins_of_a_share_of_one_half(answers, people, points):
    digits = 2 if points < 1 else 1
    assert round(100 * margin_of_share(answers, people), digits) == points


def test_a_census_has_no_margin_and_one_answer_tells_nothing():
    assert margin_of_share(80, 80) == 0
    assert math.isnan(margin_of_share(1, 80))


def test_the_smallest_paired_change_of_72_linked_people_is_a_third_of_a_standard_deviation():
    assert paired_effect(72) == pytest.approx(0.335, abs=5e-4)  # R: power.t.test(72, power = .8, type = "paired")


def test_a_change_must_be_twice_the_margin_to_be_seen():
    # (1.96 + 0.84) sqrt(2) / 1.96 = 2.02
    assert smallest_change(5.0) == pytest.approx(10.1, abs=0.01)


def test_more_answers_are_more_precise():
    table = plan(80)
    assert table["answers"].tolist() == [48, 56, 64, 72, 80]
    assert table["margin_share"].is_monotonic_decreasing
    assert table["margin_share"].iloc[-1] == 0


def test_groups_that_could_not_be_published_are_marked():
    study = Study.open("data/demo")
    table = plan_groups(study, 0.8)
    assert table["group"].unique().tolist() == ["", "unit", "role"]
    assert (table["shown"] == (table["answers"] >= study.smallest_base)).all()


def test_the_command_says_what_its_numbers_mean(capsys):
    main(["plan", "--people", "80", "--answers", "70"])
    said = capsys.readouterr().out
    assert "±4,2" in said
    assert "Nhận ra: thay đổi nhỏ nhất giữa hai đợt" in said


def test_the_command_speaks_english(capsys):
    try:
        assert run("analysis", main, ["--lang", "en", "plan", "--people", "80", "--answers", "70"]) == 0
    finally:
        speak("vi")
    assert "±4.2" in capsys.readouterr().out


def test_more_answers_than_people_is_told():
    with pytest.raises(UserError) as error:
        main(["plan", "--people", "8", "--answers", "9"])
    assert str(error.value) == (
        "Lỗi ở --answers\n"
        "  Quy tắc: Số câu trả lời không quá số người.\n"
        "  Đã thấy: 9 > 8\n"
        "  Cách sửa: Sửa --answers hoặc --people."
    )
