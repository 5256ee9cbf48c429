"""The register beside the survey: they agree, there is a gap, or one of them is to be doubted; and nothing hidden is told."""

import pytest

from analysis.corroboration import compare, corroborated
from analysis.review import Review
from analysis.targets import Said

SURVEY = Said(2027, 0.85, 0.81, 0.89, 70)


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        (0.85, "agrees", "Khớp: sổ sách 85,0%, khảo sát 2027 85% (81%–89%; n = 70)."),
        (0.89, "agrees", "Khớp: sổ sách 89,0%, khảo sát 2027 85% (81%–89%; n = 70)."),
        (0.80, "agrees", "Khớp: sổ sách 80,0%, khảo sát 2027 85% (81%–89%; n = 70)."),  # five points
        (
            0.92,
            "gap",
            "Có chênh lệch: sổ sách 92,0%, khảo sát 2027 85% (81%–89%; n = 70); sổ sách cao hơn lời người trả lời.",
        ),
        (
            0.75,
            "gap",
            "Có chênh lệch: sổ sách 75,0%, khảo sát 2027 85% (81%–89%; n = 70); người trả lời nói cao hơn sổ sách.",
        ),
        (
            0.60,
            "doubt",
            "Cần kiểm tra lại: sổ sách 60,0%, khảo sát 2027 85% (81%–89%; n = 70); người trả lời nói cao hơn sổ sách: rà lại "
            "danh sách và cách hiểu câu hỏi.",
        ),
        (None, "open", "Chưa đối chiếu được: sổ sách không có tỉ lệ; khảo sát 2027: 85% (81%–89%; n = 70)."),
    ],
)
def test_the_register_beside_the_survey(value, verdict, words):
    found = compare(value, SURVEY)
    assert (found.verdict, str(found.words)) == (verdict, words)


def test_a_hidden_answer_tells_nothing():
    found = compare(0.9, Said(2027, None))
    assert str(found.words) == "Chưa đối chiếu được: câu trả lời không công bố."


def test_a_target_that_nobody_was_asked_about():
    assert str(compare(0.9, None).words) == "Chưa đối chiếu được: phiếu không hỏi điều này."


def test_the_demo_in_2027(demo_study):
    review = Review.of(demo_study, 2027)
    shares = review.shares
    row = shares[(shares["wave"] == 2027) & (shares["item"] == "ct4_chu_ky") & (shares["value"] == 1)].iloc[0]
    found = corroborated(review).set_index("target")
    assert found.loc[4, "share"] == row["estimate"] and found.loc[4, "value"] == 75 / 80
    assert set(review.said) == {1, 2, 3, 4, 5, 6}


def test_a_small_school_tells_nothing_through_its_targets(demo_study):
    review = Review.of(demo_study.model_copy(update={"smallest_base": 200}), 2027)
    assert set(corroborated(review)["verdict"]) == {"open"} and corroborated(review)["share"].isna().all()
