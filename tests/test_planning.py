"""Planning: published margins, power, and the command."""

import math

import pytest

from analysis.__main__ import main
from analysis.planning import margin_of_mean, plan, plan_groups, smallest_between_waves
from survey.errors import UserError, run, speak
from survey.study import Study


def test_a_change_must_be_twice_the_margin_to_be_seen():
    # (1.96 + 0.84) sqrt(2) / 1.96 = 2.02
    assert smallest_between_waves(5.0) == pytest.approx(10.1, abs=0.01)


def test_the_margin_of_a_mean():
    # 1.96 x 0.8 x sqrt((1 - 60/80) / 60)
    assert margin_of_mean(60, 80) == pytest.approx(1.96 * 0.8 * (0.25 / 60) ** 0.5, rel=1e-4)
    assert margin_of_mean(80, 80) == 0
    assert math.isnan(margin_of_mean(1, 80))


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
