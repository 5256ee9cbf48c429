"""One's own levels beside the published averages: right numbers, nothing hidden in the page, nothing sent."""

import json
import re

import pytest
from browsing import axe

from analysis.feedback import LEVELS, level, page
from analysis.review import Review
from analysis.sentences import number
from survey.errors import StudyError, speak
from survey.study import Study


def data(text: str) -> dict:
    return json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)[0])


@pytest.mark.parametrize(
    ("mean", "words"),
    [(0, "Cơ bản"), (2.49, "Cơ bản"), (2.5, "Thành thạo"), (3.49, "Thành thạo"), (3.5, "Nâng cao"), (4, "Nâng cao")],
)
def test_the_three_levels_at_their_bounds(mean, words):
    assert level(mean).vi == words


def test_the_averages_are_those_of_the_review(demo_study):
    levels = Review.of(demo_study, 2027).levels
    now = levels[levels["wave"] == 2027].set_index("item")["estimate"]
    shown = data(page(demo_study, 2027))["averages"]
    assert shown == {name: number(now[name], 1) for name in ("ky_nang", "ky_nang_ai", "ky_nang_day_hoc")}


def test_a_hidden_average_is_nowhere_in_the_page(demo_study):
    hidden = demo_study.model_copy(update={"smallest_base": 200})
    assert data(page(hidden, 2027))["averages"] == {"ky_nang": None, "ky_nang_ai": None, "ky_nang_day_hoc": None}


def test_before_the_first_wave_there_are_no_averages(demo_study):
    found = data(page(demo_study))
    assert found["averages"] == {} and found["wave"] is None


def test_the_page_names_no_address_and_lets_nothing_be_sent(demo_study):
    text = page(demo_study, 2027)
    assert not re.search(r"https?:|src=|href=|@[A-Z]+@", text)
    assert "default-src 'none'" in text and "form-action 'none'" in text
    assert text == page(demo_study, 2027)


def test_words_of_the_study_are_words_and_no_markup(demo_study):
    school = demo_study.school.model_copy(update={"name": type(demo_study.school.name)("Trường <b>&</b>")})
    scales = [scale.model_copy(update={"title": type(scale.title)("</script><b>")}) for scale in demo_study.form.scales]
    study = demo_study.model_copy(update={"school": school})
    study.__dict__["form"] = demo_study.form.model_copy(update={"scales": tuple(scales)})
    text = page(study)
    assert "Trường &lt;b&gt;&amp;&lt;/b&gt;" in text and text.count("</script>") == 2


def test_a_questionnaire_without_ordered_statements():
    study = Study.open("data/demo").asking("targets")
    with pytest.raises(StudyError, match="targets"):
        page(study)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["phone", "laptop"])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_by_keyboard_alone_people_see_their_own_levels_and_nothing_leaves_the_page(
    demo_study, chromium, tmp_path, size, language
):
    speak(language)
    try:
        (tmp_path / "tu-xem.html").write_text(page(demo_study, 2027), encoding="utf-8")
    finally:
        speak("vi")
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    tab = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.goto((tmp_path / "tu-xem.html").as_uri())
    answered: set[str] = set()
    for _ in range(60):
        tab.keyboard.press("Tab")
        name = tab.evaluate("document.activeElement.name || document.activeElement.id")
        if name == "show":
            tab.keyboard.press("Enter")
            break
        if name not in answered:
            answered.add(name)
            tab.keyboard.press("Space")
            for _ in range(3):
                tab.keyboard.press("ArrowDown")  # the fourth statement: on my own
    assert len(answered) == 16
    basic, proficient, _ = (
        (str(words) for _, words, _ in LEVELS) if language == "vi" else ("Basic", "Proficient", "Advanced")
    )
    cards = tab.locator("#result section")
    assert cards.count() == 3
    first = cards.nth(0).inner_text()
    assert proficient in first and basic not in first
    assert ("3,0" if language == "vi" else "3.0") in first and "8/8" in first
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert axe(tab) == [] and wrong == []
    assert len(asked) == 1 and tab.evaluate("localStorage.length + document.cookie.length") == 0
    tab.screenshot(path=tmp_path / "page.png", full_page=True)
    context.close()
