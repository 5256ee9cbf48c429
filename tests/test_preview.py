"""The form as a page: what people send arrives as a response sheet; by the keyboard alone, on a phone, with no serious fault."""

import html
import re
import shutil
import threading

import pytest
import yaml
from browsing import axe
from conftest import PROJECT

from survey import forms, preview, store
from survey.errors import StudyError
from survey.pull import pull
from survey.questionnaire import Questionnaire
from survey.study import Study

CHOICES = {"options": [{"value": 1, "label": "Có, thường xuyên"}, {"value": 2, "label": "Không"}]}


def plan_of(*sections: dict) -> forms.Plan:
    return forms.plan(Questionnaire.model_validate({"id": "thu", "title": "Thử <b>", "sections": list(sections)}))


SMALL = plan_of(
    {"id": "mot", "title": "Một", "questions": [
        {"id": "ten", "type": "text", "title": "Chữ", "pattern": "[A-Z]{2}"},
        {"id": "nhieu", "type": "several", "title": "Nhiều", "choices": CHOICES, "other": True},
        {"id": "so", "type": "number", "title": "Số", "low": 1, "whole": True},
        {"id": "re", "type": "single", "title": "Rẽ", "required": True,
         "choices": {"options": [{"value": "a", "label": "A"}, {"value": "b", "label": "B"}]}}]},
    {"id": "hai", "title": "Hai", "only": {"re": ["a"]}, "questions": [
        {"id": "bang", "type": "grid", "title": "Bảng", "choices": CHOICES, "required": True,
         "rows": [{"id": "b1", "title": "Hàng 1"}, {"id": "b2", "title": "Hàng 2"}]}]},
    {"id": "ba", "title": "Ba", "questions": [
        {"id": "muc", "type": "linear", "title": "Mức", "low": 0, "high": 5, "low_label": "Kém", "high_label": "Tốt"},
        {"id": "ngay", "type": "date", "title": "Ngày"},
        {"id": "dai", "type": "long_text", "title": "Dài"}]},
)  # fmt: skip


class Reader:
    """Somebody with a browser: fills in fields and presses a button."""

    def __init__(self, plan: forms.Plan, save=None):
        self.rows: list[list[object]] = []
        self.client = preview.app(plan, save or self.rows.append).test_client()
        self.page = self.client.get("/").text

    @property
    def hidden(self) -> dict[str, str]:
        return {
            name: html.unescape(value)
            for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        }

    @property
    def title(self) -> str:
        return re.findall(r"<title>(.*?)</title>", self.page)[0]

    @property
    def wrong(self) -> list[str]:
        return re.findall(r'class="wrong" id="q-(\w+)-wrong">([^<]*)', self.page)

    def press(self, button: str = "", **fields: object) -> "Reader":
        more = {button: "1"} if button else {}
        answer = self.client.post("/", data={**self.hidden, **fields, **more}, follow_redirects=True)
        assert answer.status_code == 200
        self.page = answer.text
        return self


def test_answers_of_every_kind_become_the_row_that_google_would_write():
    reader = Reader(SMALL)
    several = {"nhieu": ["Có, thường xuyên", preview.OTHER], "nhieu__other": "tùy lúc"}
    reader.press(ten="AB", so="12", re="A", **several)
    reader.press(b1="Không", b2="Có, thường xuyên")
    reader.press(muc="0", ngay="2026-05-31", dai="Hai\ndòng")
    ((moment, *cells),) = reader.rows
    assert moment.utcoffset().total_seconds() == 7 * 3600
    assert [str(cell) for cell in cells] == ["AB", "['Có, thường xuyên', 'tùy lúc']", "12", "A", "Không", "Có, thường xuyên", "0",
                                             "2026-05-31", "Hai\ndòng"]  # fmt: skip
    assert "Câu trả lời đã được ghi nhận." in reader.page


def test_a_branch_that_was_not_taken_is_empty_even_if_it_was_answered_before():
    reader = Reader(SMALL)
    reader.press(re="A").press(b1="Không", b2="Không").press("back").press("back")
    assert 'value="A" id="q-re-1" checked' in reader.page  # what was said before is still there
    reader.press(re="B").press()
    assert [str(cell) for cell in reader.rows[0][1:]] == [
        "None",
        "None",
        "None",
        "B",
        "None",
        "None",
        "None",
        "None",
        "None",
    ]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, [("re", "Câu này cần được trả lời.")]),
        ({"re": "C"}, [("re", "Xin chọn một trong các ô.")]),
        ({"re": "A", "ten": "ab"}, [("ten", "Chưa đúng cách viết nêu trên.")]),
        ({"re": "A", "so": "0"}, [("so", "Ghi một số nguyên, từ 1 trở lên.")]),
        ({"re": "A", "nhieu": preview.OTHER}, [("nhieu", "Xin ghi câu trả lời khác ấy.")]),
        ({"re": "A", "ten": "x" * 10_001}, [("ten", "Chưa đúng cách viết nêu trên.")]),
    ],
    ids=["nothing", "a choice that is not there", "another pattern", "too small", "other without words", "too long"],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_lost(fields, wrong):
    reader = Reader(SMALL)
    reader.press(**{"so": "7", **fields})
    assert reader.wrong == wrong
    assert reader.title.startswith("Lỗi: Một") and 'role="alert"' in reader.page
    assert f'value="{fields.get("so", "7")}"' in reader.page and reader.rows == []


def test_a_date_that_is_none():
    reader = Reader(SMALL).press(re="B").press(ngay="31/02/2026")
    assert reader.wrong == [("ngay", "Ghi ngày, ví dụ 31/12/2026.")]


def test_an_answer_that_needs_none_can_be_taken_back():
    reader = Reader(SMALL).press(re="B").press(clear="muc", muc="3")
    assert " checked>" not in reader.page
    reader.press()
    assert reader.rows[0][7] is None


def test_pressing_send_twice_sends_once():
    reader = Reader(SMALL).press(re="B")
    last = reader.hidden
    reader.press()
    reader.client.post("/", data=last)
    assert len(reader.rows) == 1


def test_what_people_write_is_shown_and_never_run():
    reader = Reader(SMALL).press(re="B").press("back", dai="<script>alert(1)</script>").press()
    assert "<script" not in reader.page and "Thử &lt;b&gt;" in reader.page


def test_a_page_that_was_forged_begins_anew_or_is_asked_again():
    reader = Reader(SMALL)
    for forged in ({"page": "không có"}, {"page": "page:ba"}, {"earlier": "[1"}, {"earlier": '{"re": 5}'}):
        reader.client.post("/", data={**reader.hidden, **forged})
    assert reader.rows == []


def test_nothing_of_a_page_comes_from_elsewhere_and_it_has_no_script():
    answer = preview.app(SMALL, print).test_client().get("/")
    assert (
        answer.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
    )
    assert "<script" not in answer.text and "http" not in answer.text


def test_a_port_that_is_taken():
    first = preview.serve(preview.app(SMALL, print), "127.0.0.1", 0)
    with pytest.raises(StudyError) as error:
        preview.serve(preview.app(SMALL, print), "127.0.0.1", first.server_port)
    first.server_close()
    assert "Cách sửa: Chạy lại với --port" in str(error.value)


# --- The response sheet


def pilot(tmp_path, questionnaire: str = "staff", wave: int = 2026) -> tuple[Study, forms.Plan]:
    """The demo school with one wave, whose source is the file of trial answers."""
    content = yaml.safe_load((PROJECT / "data/demo/study.yaml").read_text(encoding="utf-8"))
    content["waves"] = [one for one in content["waves"] if one["id"] == wave]
    content["waves"][0]["source"] = {"export": "thu.csv"}
    content |= {"questionnaire": questionnaire, "phases": [], "primary": [], "pretend": False}
    content["movement"]["targets"] = []
    content["figures"] = []
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    study = Study.open(tmp_path)
    return study, forms.of_wave(study, study.wave(wave))


def test_trial_answers_are_imported_like_any_others(tmp_path):
    study, plan = pilot(tmp_path, "targets")
    reader = Reader(plan, preview.keeper(tmp_path / "thu.csv", plan))
    first = {"ngay": "2026-05-31", "phu_trach": preview.OTHER, "phu_trach__other": "Thư viện", "pham_vi": "Tổ Toán"}
    reader.press(**first, chi_tieu="Chỉ tiêu 4: người có chữ ký số hoặc chữ ký điện tử").press(phat_sinh="Có phát sinh")
    reader.press(tu_so="70", mau_so="81").press(minh_chung="ct4.pdf")
    (pulled,) = pull(study)
    assert (pulled.rows, pulled.respondents) == (1, 1)
    row = store.stored(study).iloc[0]
    assert (row["chi_tieu"], row["tu_so"], row["mau_so"], row["pham_vi"]) == (4, 70, 81, "toan")
    assert row["ngay"].date().isoformat() == "2026-05-31"


def test_a_file_of_another_form_is_left_alone(tmp_path):
    path = tmp_path / "thu.csv"
    path.write_text("Dấu thời gian,Khác\n", encoding="utf-8")
    with pytest.raises(StudyError) as error:
        preview.keeper(path, SMALL)
    assert str(error.value) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Tệp câu trả lời thử thuộc về đúng phiếu này.\n"
        "  Đã thấy: tệp ghi cho một phiếu khác, hoặc phiếu đã đổi\n"
        "  Cách sửa: Đổi tên hoặc chuyển tệp ấy đi, rồi chạy lại."
    )
    assert path.read_text(encoding="utf-8") == "Dấu thời gian,Khác\n"


# --- In a real browser


@pytest.fixture
def served(tmp_path):
    """The staff form of the demo school on a real server; gives the study, the plan and the address."""
    study, plan = pilot(tmp_path, wave=2027)
    server = preview.serve(preview.app(plan, preview.keeper(tmp_path / "thu.csv", plan)), "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield study, plan, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


ROLES = {"teacher": ("Tổ Toán", "Giáo viên"), "office": ("Tổ Văn phòng", "Nhân viên")}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["phone", "laptop"])
@pytest.mark.parametrize("role", list(ROLES))
def test_the_staff_form_is_filled_in_by_keyboard_alone_and_arrives_in_the_store(role, size, served, chromium):
    study, plan, address = served
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    pages = 0
    while "/thanks" not in page.url:
        faults += axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]  # nothing to drag sideways
        fill_by_keyboard(page, *ROLES[role])
        pages += 1
        assert pages < 20
    faults += axe(page)
    assert faults == []
    met = [sheet.head.key for sheet in preview.sheets(plan)]
    assert pages == len(met) - 1  # every page but the other role's own
    context.close()
    pull(study)
    row = study.answers().iloc[0]
    assert (row["unit"], row["role"]) == (("toan", "giao_vien") if role == "teacher" else ("van_phong", "nhan_vien"))
    assert row["s_bang_tinh"] == 0 and row["nd1_khuyen_khich"] == 1 and row["kho_khan.thiet_bi"] == 1
    assert (row["v_ho_so"] == 0) if role == "office" else (row["s_bai_day"] == 0)


def fill_by_keyboard(page, unit: str, role: str) -> None:
    """Answer every question of one page and go on, with Tab, arrows, space, letters and Enter."""
    answered: set[str] = set()
    for _ in range(400):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const e = document.activeElement; return {tag: e.tagName, type: e.type, name: e.name, text: e.innerText,"
            " label: e.labels && e.labels[0] ? e.labels[0].innerText.trim() : ''} })()"
        )
        if at["tag"] == "BUTTON" and at["text"] in ("Tiếp", "Gửi"):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
        if at["name"] in answered:
            continue
        answered.add(at["name"])
        if at["type"] == "radio":
            page.keyboard.press("Space")
            wanted = {"don_vi": unit, "vai_tro": role}.get(at["name"])
            for _ in range(12):
                label = page.evaluate("document.activeElement.labels[0].innerText.trim()")
                if wanted in (None, label):
                    break
                page.keyboard.press("ArrowDown")
        elif at["type"] == "checkbox":
            page.keyboard.press("Space")
        elif at["name"] == "ma":
            page.keyboard.type("HO07LA")
        elif at["tag"] == "TEXTAREA":
            page.keyboard.type("Thêm buổi thực hành.")
    raise AssertionError("no way to the next page by the keyboard")


@pytest.mark.slow
@pytest.mark.browser
def test_axe_finds_a_fault_where_there_is_one(served, chromium):
    page = chromium.new_page()
    page.goto(served[2])
    page.evaluate("document.body.append(document.createElement('textarea'))")
    assert [fault.split(":")[0] for fault in axe(page)] == ["label"]
    page.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_mistake_is_told_to_a_screen_reader_and_its_link_leads_to_the_question(served, chromium):
    _, _, address = served
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Tiếp").click()
    assert page.get_by_role("alert").inner_text().startswith("Còn câu cần xem lại")
    page.get_by_role("alert").get_by_role("link").click()
    assert page.url.endswith("#q-dong_y")
    group = page.get_by_role("radiogroup", name="Thầy cô, anh chị có đồng ý tham gia khảo sát này không?")
    assert group.get_attribute("aria-invalid") == "true"
    assert axe(page) == []
    context.close()


def test_the_pilot_file_lies_in_the_studys_own_folder(tmp_path):
    shutil.copy(PROJECT / "data/demo/study.yaml", tmp_path)
    study = Study.open(tmp_path)
    plan = forms.of_wave(study, study.wave(2026))
    save = preview.keeper(study.folder / "pilot" / f"{plan.id}.csv", plan)
    Reader(plan, save).press(dong_y="Tôi không tham gia")
    assert (tmp_path / "pilot/staff-2026.csv").read_text(encoding="utf-8").count("Tôi không tham gia") == 1
