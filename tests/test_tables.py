"""Tables of shown estimates, in words."""

from analysis.review import Review
from analysis.tables import slope_table


def test_slopes_say_how_fast_each_phase_went_and_which_was_faster(demo_study):
    review = Review.of(demo_study, 2030)
    table = slope_table(review, review.slopes[review.slopes["item"] == review.study.primary[0]])
    assert table["Giai đoạn"].tolist() == ["2025–2027", "2027–2030", "2027–2030 so với 2025–2027"]
    assert table["Kết luận"].tolist() == ["tăng", "tăng", "chưa đủ căn cứ kết luận"]
    assert table["Điểm mỗi năm"].str[0].tolist() == ["+", "+", "−"]


def test_a_single_phase_has_its_slope_alone(demo_study):
    review = Review.of(demo_study, 2027)
    assert set(slope_table(review, review.slopes)["Giai đoạn"]) == {"2025–2027"}
