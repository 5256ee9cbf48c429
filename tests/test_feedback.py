"""The page on which staff rate themselves: the numbers are the published ones, and nothing leaves it."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import feedback, means
from analysis.review import Review
from analysis.scales import score
from analysis.weights import design_of, weigh
from survey.errors import QuestionnaireError, StudyError, speak
from survey.study import Study

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[1]
WAVE = 2027
EVERYBODYS = ["ky_nang", "ky_nang_ai", "ky_nang_day_hoc"]


def data_of(page: str) -> dict:
    """What the script is told."""
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found)


def averages_of(page: str) -> list[float | None]:
    return [scale["school"] for scale in data_of(page)["scales"]]


def changed(study: Study, **parts: object) -> Study:
    other = study.model_copy(update=parts)
    other._folder = study.folder
    return other


@pytest.fixture(scope="module")
def study(demo_study) -> Study:
    return demo_study


@pytest.fixture(scope="module")
def page(study) -> str:
    return feedback.page(study, WAVE)


@pytest.fixture
def new_study(tmp_path) -> Study:
    """The demo school before anything is imported."""
    (tmp_path / "study.yaml").write_bytes((PROJECT / "data/demo/study.yaml").read_bytes())
    return Study.open(tmp_path)


@pytest.fixture
def english():
    speak("en")
    yield
    speak("vi")


# --- levels


@pytest.mark.parametrize(
    ("mean", "name"),
    [(0, "Cơ bản"), (2, "Cơ bản"), (2.499, "Cơ bản"), (2.5, "Thành thạo"), (3, "Thành thạo"), (3.499, "Thành thạo"),
     (3.5, "Nâng cao"), (4, "Nâng cao")],
)  # fmt: skip
def test_levels_at_their_bounds(mean, name):
    assert feedback.level(mean).name.vi == name


def test_the_script_is_told_the_same_bounds(page):
    data = data_of(page)
    assert data["bounds"] == [2.5, 3.5]
    assert data["levels"] == ["Cơ bản", "Thành thạo", "Nâng cao"]
    assert all(feedback.level(bound).name.vi == data["levels"][place + 1] for place, bound in enumerate(data["bounds"]))


# --- averages


def test_averages_are_the_means_of_the_answers(study, page):
    frame = weigh(score(study.answers(), study.form), study)
    expected = means(frame[frame["wave"] == WAVE], EVERYBODYS, design_of(study), by=["wave"])
    assert averages_of(page) == [round(float(mean), 1) for mean in expected.set_index("item")["estimate"][EVERYBODYS]]


def test_only_scales_of_skill_items_are_shown(study, page):
    assert [scale["title"] for scale in data_of(page)["scales"]] == [study.form.label(item).vi for item in EVERYBODYS]


def test_the_last_imported_wave_is_the_one_if_none_is_named(study):
    assert feedback.page(study, None) == feedback.page(study, 2030)


@pytest.fixture
def guarded(study) -> Study:
    """The same school with a threshold that hides the teaching scale, which fewer people answer than the others."""
    levels = Review.of(study, WAVE).levels.query("wave == @WAVE").set_index("item")["n"]
    assert levels["ky_nang_day_hoc"] < levels["ky_nang"]
    return changed(study, smallest_base=int(levels["ky_nang_day_hoc"]) + 1)


def test_a_hidden_average_is_nowhere_in_the_page(study, page, guarded, monkeypatch):
    hidden = feedback.page(guarded, WAVE)
    assert averages_of(hidden) == [*averages_of(page)[:2], None]
    assert data_of(hidden)["words"]["hidden"] == "Trường 2027: chưa công bố (nhóm nhỏ)"
    # were the answers quite different, the page would be the same, byte for byte
    teaching = [item for item in study.form.questions if item in study.form.scales[2].items]
    answers = Study.answers

    def others(self, without=None):
        found = answers(self, without)
        return found.assign(**{item: (found[item] + 2).clip(upper=4) for item in teaching})

    monkeypatch.setattr(Study, "answers", others)
    assert averages_of(feedback.page(study, WAVE))[2] != averages_of(page)[2]
    assert feedback.page(guarded, WAVE) == hidden


def test_where_all_are_hidden_the_page_says_so(study):
    page = feedback.page(changed(study, smallest_base=500), WAVE)
    assert averages_of(page) == [None, None, None]
    assert "Trung bình của trường trong đợt khảo sát năm 2027 chưa công bố, vì nhóm trả lời nhỏ." in page


def test_before_anything_is_imported_the_page_works_without_averages(new_study):
    page = feedback.page(new_study, None)
    assert averages_of(page) == [None, None, None]
    assert data_of(page)["compared"] is False
    assert "Chưa có số liệu khảo sát của trường để so sánh" in page
    assert feedback.page(new_study, 2025) == page


# --- the page


def test_each_skill_item_is_asked_once_with_its_five_statements(study, page):
    asked = study.form.items(order="practice")
    items = [item for item in asked if "then" not in study.form.questions[item].tags]  # as they are now, not as in 2025
    groups = re.findall(r"<fieldset>.*?</fieldset>", page, re.DOTALL)
    assert len(groups) == 1 + len(items) == 1 + 18
    for group, item in zip(groups[1:], items, strict=True):
        assert f"<legend>{html.escape(study.form.label(item).vi)}</legend>" in group
        assert re.findall(rf'<label><input type="radio" name="{item}" value="(\d)">', group) == list("01234")


def test_sections_are_asked_by_role(page):
    assert data_of(page)["sections"] == [None, ["giao_vien", "quan_ly"], ["nhan_vien"]]


def test_nothing_is_fetched_sent_or_stored(page):
    assert [line for line in page.splitlines() if re.search(r"http(?!-equiv)", line)] == []
    script = page.rsplit("<script>", 1)[1]
    for word in (
        "fetch",
        "XMLHttpRequest",
        "sendBeacon",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "cookie",
        "location",
    ):
        assert word not in script
    assert re.search(r"""\b(src|href|action|on\w+|style)=["']""", page) is None
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; "
        r"form-action 'none'; base-uri 'none'",
        policy,
    )


def test_the_page_says_that_nothing_is_sent_and_that_it_is_no_assessment(page):
    assert "Không gửi gì đi, không lưu gì lại, không ai xem được câu trả lời: nhà trường cũng không." in page
    assert "Tự chấm điểm không phải là đánh giá" in page
    for level in feedback.LEVELS:
        assert level.meaning.vi in page
        assert level.advice.vi in page
    assert "DỮ LIỆU MÔ PHỎNG" in page


def test_nothing_is_left_to_be_filled_in(page):
    assert "{{" not in page


def test_the_same_answers_give_the_same_bytes(study, page):
    assert feedback.page(study, WAVE) == page


def test_the_page_speaks_english(study, english):
    page = feedback.page(study, WAVE)
    assert '<html lang="en">' in page
    assert data_of(page)["comma"] == "."
    assert data_of(page)["levels"] == ["Basic", "Proficient", "Advanced"]
    assert "(mean of 2.5 to below 3.5)" in page
    assert "Dashed lines at 2.5 and 3.5" in page
    assert feedback.name_of(WAVE) == "self-rating-2027.html"


EVIL = "</script><script>alert('x')</script> {{data}} \"&"


def test_what_the_study_and_the_questionnaire_say_is_escaped(new_study):
    text = (PROJECT / "survey/questionnaires/staff.yaml").read_text(encoding="utf-8")
    for words in ("Dùng bảng tính để tổng hợp số liệu", "Kỹ năng số chung", "Kỹ năng số trong công việc văn phòng"):
        assert words in text
        text = text.replace(f'"{words}"', json.dumps(f"{words} {EVIL}"))
    text = text.replace("Chưa biết việc này", json.dumps(EVIL))
    (new_study.folder / "own.yaml").write_text(text, encoding="utf-8")
    school = new_study.school.model_copy(update={"name": EVIL})
    page = feedback.page(changed(new_study, questionnaire="own.yaml", school=school), None)
    assert page.count("<script") == page.count("</script>") == 2
    assert "alert('" not in page.split('<script type="application/json"')[0]
    assert (
        page.count(html.escape(EVIL)) == 2 + 1 + 1 + 18
    )  # the school twice, an item, a section, a choice of each item
    data = data_of(page)
    assert data["items"]["s_bang_tinh"]["title"].endswith(EVIL)
    assert data["scales"][0]["title"].endswith(EVIL)


def test_a_questionnaire_without_skill_items_is_refused_in_words(new_study):
    text = (PROJECT / "survey/questionnaires/staff.yaml").read_text(encoding="utf-8")
    (new_study.folder / "own.yaml").write_text(text.replace("order: practice", "order: none"), encoding="utf-8")
    with pytest.raises(QuestionnaireError) as caught:
        feedback.page(changed(new_study, questionnaire="own.yaml"), None)
    assert str(caught.value) == (
        "Lỗi ở staff\n"
        "  Quy tắc: Trang tự đánh giá cần câu kỹ năng: chọn một trong năm mức 0–4 của một danh sách có order: practice.\n"
        "  Đã thấy: không có câu nào như vậy\n"
        "  Cách sửa: Xem danh sách practice trong phiếu staff."
    )


def test_statements_that_are_not_0_to_4_are_refused(new_study):
    text = (PROJECT / "survey/questionnaires/staff.yaml").read_text(encoding="utf-8")
    text = text.replace("{value: 4, label: {vi: Làm thành thạo", "{value: 5, label: {vi: Làm thành thạo")
    (new_study.folder / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(QuestionnaireError) as caught:
        feedback.page(changed(new_study, questionnaire="own.yaml"), None)
    assert caught.value.found == "0, 1, 2, 3, 5"


def test_an_unknown_wave_is_refused(study):
    with pytest.raises(StudyError, match="2099"):
        feedback.page(study, 2099)


# --- the command


def command(*arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "analysis", "feedback", *map(str, arguments)],
        cwd=PROJECT, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout


def test_the_command_writes_the_page(study, page, tmp_path):
    assert command(study.folder, "--wave", WAVE) == f"  → {study.folder / 'reports' / 'tu-danh-gia-2027.html'}\n"
    assert (study.folder / "reports" / "tu-danh-gia-2027.html").read_bytes() == page.encode()
    command(study.folder, "--wave", WAVE, "--out", tmp_path / "a.html")
    assert (tmp_path / "a.html").read_bytes() == page.encode()


def test_the_page_needs_no_matplotlib(study):
    code = (
        "import sys; from analysis import feedback; from survey.study import Study;"
        f"feedback.page(Study.open({str(study.folder)!r}), {WAVE}); print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "False\n"


# --- in a browser


@pytest.fixture
def browser(chromium):
    """A real browser's page of 390 x 844, with all that it asked for and complained of."""
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.asked, tab.complaints = [], []
    context.on("request", lambda request: tab.asked.append(request.url))
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield tab
    context.close()


def opened(tab, page: str, folder: Path) -> str:
    path = folder / "trang.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    tab.goto(path.as_uri())
    return path.as_uri()


def choose(tab, place: int) -> None:
    """Go to the next group of radio buttons and choose the one at a place, with the keyboard."""
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    for _ in range(place):
        tab.keyboard.press("ArrowDown")


def shown(tab) -> list[str]:
    """The scales' results in words, on one line each, without the axis."""
    tab.wait_for_timeout(300)
    rows = tab.locator("#scales > li").all()
    return [" ".join(" ".join(row.locator(part).inner_text() for part in ("h3", "p")).split()) for row in rows]


@pytest.mark.slow
@pytest.mark.browser
def test_a_teacher_fills_it_in_with_the_keyboard_and_nothing_leaves_the_page(study, page, browser, tmp_path):
    address = opened(browser, page, tmp_path)
    assert browser.locator("section.skills:visible").count() == 0
    choose(browser, 1)  # Giáo viên
    assert browser.locator("section.skills:visible").count() == 2
    for answer in [2, 2, 3, 2, 2, 3, 4, 4, *[3] * 7, 1]:  # eight in general, the last three on AI; eight on teaching
        choose(browser, answer)
    assert browser.locator("#progress").inner_text() == "Đã chọn 16 trên 16 việc."
    browser.keyboard.press("Tab")
    browser.keyboard.press("Enter")
    school = [str(mean).replace(".", ",") for mean in averages_of(page)]
    assert shown(browser) == [
        f"Kỹ năng số chung Thành thạo Tôi: 2,8 trên 4 Trường 2027: {school[0]}",
        f"Kỹ năng sử dụng AI Nâng cao Tôi: 3,7 trên 4 Trường 2027: {school[1]}",
        f"Kỹ năng số trong dạy học Thành thạo Tôi: 2,8 trên 4 Trường 2027: {school[2]}",
    ]
    own = browser.locator(".track .own").first.bounding_box()["width"]
    assert own / browser.locator(".track").first.bounding_box()["width"] == pytest.approx(22 / 8 / 4, abs=0.005)
    assert browser.locator("#next0 li").count() == 5
    assert browser.locator("#next2 li").all_inner_texts() == [
        study.form.label(item).vi for item in ("s_ai_kiem_tra", "s_ai_minh_bach")
    ]
    assert browser.locator("#live").get_attribute("aria-live") == "polite"
    assert browser.evaluate("document.documentElement.scrollWidth") == 390
    sizes = browser.locator("label:visible, button:visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44
    assert browser.asked == [address]
    assert browser.complaints == []
    assert browser.evaluate("[document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]


@pytest.mark.slow
@pytest.mark.browser
def test_levels_follow_the_mean_and_the_role(page, browser, tmp_path):
    opened(browser, page, tmp_path)
    choose(browser, 1)
    for answer in [2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3]:  # means of 2.5, 3 and 3.5: each a bound's own side
        choose(browser, answer)
    browser.locator("#show").click()
    assert [row.split(" Trường")[0] for row in shown(browser)] == [
        "Kỹ năng số chung Thành thạo Tôi: 2,5 trên 4",
        "Kỹ năng sử dụng AI Thành thạo Tôi: 3,0 trên 4",
        "Kỹ năng số trong dạy học Nâng cao Tôi: 3,5 trên 4",
    ]
    browser.locator("input[name=s_kiem_chung]").nth(1).check()
    assert shown(browser)[0].startswith("Kỹ năng số chung Cơ bản Tôi: 2,4 trên 4")
    browser.locator("input[name=role][value=nhan_vien]").check()  # what a teacher answered no longer counts
    assert [row.split(" Tôi")[0] for row in shown(browser)] == [
        "Kỹ năng số chung Cơ bản",
        "Kỹ năng sử dụng AI Thành thạo",
    ]
    assert browser.locator("#progress").inner_text() == "Đã chọn 8 trên 10 việc."


@pytest.mark.slow
@pytest.mark.browser
def test_the_script_tells_levels_as_python_does_and_shows_no_number_of_another(page, browser, tmp_path):
    opened(browser, page, tmp_path)
    for n in range(1, 31):
        told = browser.evaluate(
            "n => Array.from({length: 4 * n + 1}, (_, sum) => [level(sum / n), rounded(sum / n)])", n
        )
        for total, (place, words) in enumerate(told):
            assert feedback.LEVELS[place] is feedback.level(total / n)
            assert feedback.level(float(words.replace(",", "."))) is feedback.LEVELS[place]
    assert browser.evaluate("[rounded(27 / 11), rounded(38 / 11), rounded(19 / 8)]") == ["2,45", "3,45", "2,4"]


@pytest.mark.slow
@pytest.mark.browser
def test_gaps_and_hidden_averages_are_said_in_words(guarded, browser, tmp_path):
    opened(browser, feedback.page(guarded, WAVE), tmp_path)
    choose(browser, 1)
    browser.locator("#show").click()
    browser.wait_for_timeout(300)
    assert browser.locator("#live").inner_text() == "Chưa chọn câu nào."
    for item in ("s_bai_day", "s_phan_hoa", "s_kiem_tra", "s_phan_tich"):
        browser.locator(f"input[name={item}]").nth(3).check()
    browser.locator("input[name=s_ai_cau_lenh]").nth(3).check()
    general, ai, teaching = shown(browser)
    assert general.startswith("Kỹ năng số chung Chưa đủ để tính: đã chọn 1 trên 8 việc, cần ít nhất 4.")
    assert ai.startswith("Kỹ năng sử dụng AI Chưa đủ để tính: đã chọn 1 trên 3 việc, cần ít nhất 2.")
    assert teaching == (
        "Kỹ năng số trong dạy học Thành thạo Tôi: 3,0 trên 4 Trường 2027: chưa công bố (nhóm nhỏ) tính trên 4 trong 8 việc"
    )
    assert browser.locator(".track .mark").count() == 0
    browser.locator("#missed").click()
    assert browser.evaluate("document.activeElement.name") == "s_kiem_chung"
    browser.locator("#clear").click()
    assert browser.locator("input:checked").count() == 0
    assert browser.locator("#result:visible").count() == 0


@pytest.mark.slow
@pytest.mark.browser
def test_what_was_answered_is_gone_after_leaving_the_page(page, browser, tmp_path):
    opened(browser, page, tmp_path)
    choose(browser, 1)
    choose(browser, 3)
    browser.goto("about:blank")
    browser.go_back()
    assert browser.locator("input:checked").count() == 0


@pytest.mark.slow
@pytest.mark.browser
def test_it_works_before_anything_is_imported(new_study, browser, tmp_path):
    opened(browser, feedback.page(new_study, None), tmp_path)
    choose(browser, 2)  # Nhân viên
    for _ in range(10):
        choose(browser, 3)
    browser.locator("#show").click()
    assert shown(browser) == [
        "Kỹ năng số chung Thành thạo Tôi: 3,0 trên 4",
        "Kỹ năng sử dụng AI Thành thạo Tôi: 3,0 trên 4",
    ]
    assert browser.locator("#school-key:visible").count() == 0
    assert browser.complaints == []
