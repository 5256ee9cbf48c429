"""The seven contents, and the movement on one page: right numbers, nothing hidden told, readable on a phone and on paper."""

import re
import subprocess

import pytest
from browsing import axe
from conftest import need_tool

from analysis.contents import profiles, quotes
from analysis.movement import page
from analysis.review import Review
from analysis.sentences import number
from survey import store
from survey.errors import StudyError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def review(demo_study):
    return Review.of(demo_study, 2027)


def test_each_content_has_its_scale_level_change_and_targets(review):
    found = profiles(review)
    assert [profile.content.id for profile in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [profile.scale for profile in found] == ["nd1", "nd2", "nd3", "nd4", "nd5", "nd6", "nd7"]
    assert found[1].targets["target"].tolist() == [1, 5]
    assert {profile.change.wave for profile in found} == {"2025→2027"}
    levels = review.levels
    now = levels[(levels["item"] == "nd4") & (levels["wave"] == 2027)]["estimate"].item()
    assert found[3].level.estimate == now


def test_in_2030_the_change_is_that_of_the_phase_which_the_review_closes(demo_study):
    assert {profile.change.wave for profile in profiles(Review.of(demo_study, 2030))} == {"2027→2030"}


def test_in_the_first_wave_there_is_no_change(demo_study):
    assert {profile.change for profile in profiles(Review.of(demo_study, 2025))} == {None}


def test_units_that_are_hidden_are_counted_and_not_named(review):
    for profile in profiles(review):
        units = review.levels_by("unit", [profile.scale])
        assert profile.hidden == (~units["shown"].astype(bool)).sum() > 0
        assert set(profile.spread["level"]) == set(units[units["shown"].astype(bool)]["level"])
        assert profile.spread["estimate"].is_monotonic_increasing


def test_what_people_picked_comes_most_picked_first(review):
    themes = profiles(review)[3].themes
    assert set(themes["item"].str.split(".").str[0]) == {"kho_khan"}
    assert themes["share"].is_monotonic_decreasing


# --- Quotes


def quoted(study, *lines: str) -> tuple[str, ...]:
    head = "wave;question;content;words;approved\n"
    (study.folder / "quotes.csv").write_text(head + "\n".join(lines), encoding="utf-8-sig")
    try:
        return quotes(Review.of(study, 2027), 4)
    finally:
        (study.folder / "quotes.csv").unlink()


def test_only_approved_words_that_somebody_wrote_are_quoted(demo_study):
    stored = store.stored(demo_study)
    words = stored.loc[stored["wave"] == 2027, "mo_ho_tro"].dropna().iloc[0]
    lines = (f"2027;mo_ho_tro;4;{words};duyệt", f"2027;mo_ho_tro;4;{words};", f"2027;mo_ho_tro;5;{words};duyệt")
    assert quoted(demo_study, *lines) == (words,)


def test_words_that_nobody_wrote(demo_study):
    with pytest.raises(StudyError) as error:
        quoted(demo_study, "2027;mo_ho_tro;4;Tôi bịa ra câu này;duyệt")
    assert str(error.value) == (
        f"Lỗi ở {demo_study.folder / 'quotes.csv'}, dòng 2\n"
        "  Quy tắc: Câu trích là lời đã che tên trong kho, của một câu có ít nhất 10 người viết.\n"
        "  Đã thấy: không ai trả lời như vậy (Tôi bịa ra câu này)\n"
        "  Cách sửa: Chép lại đúng lời trong kho, hoặc xóa dòng ấy."
    )


def test_a_question_that_few_answered_is_not_quoted(demo_study):
    with pytest.raises(StudyError, match="quotes"):
        quoted(demo_study, "2027;khong_co_cau_nay;4;x;duyệt")


# --- The page


@pytest.mark.parametrize("wave", [2025, 2026, 2027, 2030])
def test_the_page_says_what_the_review_says(demo_study, wave):
    review = Review.of(demo_study, wave)
    text = page(review)
    for row in review.targets.itertuples():
        assert row.words.partition(": ")[2] in text
    for profile in profiles(review):
        assert number(profile.level.estimate) in text
    assert text == page(review)
    assert "http:" not in text and "https:" not in text and "<script" not in text and "DỮ LIỆU MÔ PHỎNG" in text


def test_a_small_school_shows_no_level(demo_study):
    hidden = Review.of(demo_study.model_copy(update={"smallest_base": 200}), 2027)
    text = page(hidden)
    assert text.count("không công bố") >= 14 and 'class="dot"' not in text


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_on_a_phone_a_screen_and_two_sheets_of_paper(review, chromium, tmp_path):
    file = tmp_path / "phong-trao.html"
    file.write_text(page(review), encoding="utf-8")
    for width, height in ((390, 844), (1280, 800)):
        tab = chromium.new_page(viewport={"width": width, "height": height})
        tab.goto(file.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(tab) == []
        if width == 1280:
            tab.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
        tab.close()
    told = subprocess.run([need_tool("pdfinfo"), tmp_path / "page.pdf"], capture_output=True, encoding="utf-8").stdout
    assert re.search(r"Pages:\s+2\n", told) and "A4" in told
