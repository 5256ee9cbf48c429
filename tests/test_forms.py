"""One plan, two ways to the form: the Apps Script run on a stand-in of Google's services, the requests of the Forms API."""

import json
import os
import re
import subprocess
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from conftest import PROJECT, need_tool
from hypothesis import HealthCheck, given, settings
from random_forms import questionnaires

from survey import forms_api
from survey.errors import QuestionnaireError, SheetError, speak
from survey.forms import Check, Choose, Grid, Heading, Page, Plan, Words, of_wave, plan
from survey.forms_script import as_data, script
from survey.questionnaire import HOUSE, Questionnaire
from survey.study import Study

NAMES = ["staff", "students", "targets", "nominations"]
NODE = Path(__file__).parent / "apps_script"
DEMO = Study.open(PROJECT / "data/demo")


def house(name: str) -> Questionnaire:
    """A questionnaire of the house with the demo school's units and roles."""
    lists = [DEMO.form.choices[name] for name in ("units", "roles")]
    return Questionnaire.load(HOUSE / f"{name}.yaml").filled(*lists)


def ran(tmp_path: Path, *scripts: str, **world) -> dict:
    """The world that the stand-in is in after these scripts were pasted and run, one after the other."""
    node, files = need_tool("node"), []
    for number, text in enumerate(scripts):
        files.append(tmp_path / f"{number}.gs")
        files[-1].write_text(text, encoding="utf-8")
    told = subprocess.run([node, NODE / "run.js", json.dumps(world), *files], capture_output=True, encoding="utf-8")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def of_script(world: dict, wanted: Plan) -> list[dict]:
    """The items of the form that the script made, as the plan has them."""
    made = json.loads(world["properties"][wanted.id])
    keys = {item["id"]: key for key, item in made["items"].items()}
    found = []
    for item in world["forms"][made["form"]]["items"]:
        data = {**item, "key": keys[item["id"]], "options": [_choice(o, keys) for o in item.get("options", [])]}
        data["instead"] = _lead(item.get("instead"), keys)
        names = {row.title: key for row, key in _rows(wanted, data["key"])} if item["kind"] == "grid" else {}
        data["rows"] = [{"key": names[title], "title": title} for title in item.get("rows", [])]
        found.append(data)
    return found


def _choice(option: dict, keys: dict) -> dict:
    return {"text": option["text"], "goto": _lead(option["goto"], keys)}


def _lead(to: object, keys: dict) -> str:
    return keys[to["page"]] if isinstance(to, dict) else to or ""


def _rows(wanted: Plan, key: str):
    grid = next(item for item in wanted.items if item.key == key)
    assert isinstance(grid, Grid)
    return [(type("Row", (), {"title": title}), row) for row, title in grid.rows]


def alike(item, found: dict) -> dict:
    """Of what was found the entries that the plan speaks of."""
    return {name: found.get(name) for name in as_data(item)}


# --- The Forms API: a form that keeps what the requests say


def applied(requests: dict) -> tuple[dict, list[dict]]:
    """The settings and items of a form after a batch; refuses what Google would."""
    info: dict = {}
    items: list[dict] = []
    for request in requests["requests"]:
        ((kind, body),) = request.items()
        if kind == "updateFormInfo":
            info |= body["info"]
        elif kind == "updateSettings":
            info |= body["settings"]
        elif kind == "createItem":
            assert body["location"]["index"] == len(items)
            assert body["item"]["itemId"] not in [item["itemId"] for item in items]
            items.append(body["item"])
        else:
            assert kind == "updateItem" and body["item"]["itemId"] == items[body["location"]["index"]]["itemId"]
            pages = {item["itemId"] for item in items if "pageBreakItem" in item}
            options = body["item"]["questionItem"]["question"]["choiceQuestion"]["options"]
            assert {o["goToSectionId"] for o in options if "goToSectionId" in o} <= pages
            items[body["location"]["index"]] = body["item"]
    questions = [q for item in items for q in _questions(item)]
    assert len({q["questionId"] for q in questions}) == len(questions)
    return info, items


def _questions(item: dict) -> list[dict]:
    if "questionGroupItem" in item:
        return item["questionGroupItem"]["questions"]
    return [item["questionItem"]["question"]] if "questionItem" in item else []


def of_requests(items: list[dict], wanted: Plan) -> list[dict]:
    """The items of the API's form, as the plan has them (but for what the API cannot do)."""
    keys = {forms_api.number(f"item {item.key}"): item.key for item in wanted.items}
    names = {forms_api.number(key): key for key in wanted.headers}
    found = []
    for item in items:
        data: dict = {"key": keys[item["itemId"]], "title": item["title"], "help": item["description"]}
        if "textItem" in item or "pageBreakItem" in item:
            found.append(data | {"kind": "heading" if "textItem" in item else "page"})
            continue
        data["required"] = _questions(item)[0]["required"]
        if "questionGroupItem" in item:
            grid = item["questionGroupItem"]
            rows = [{"key": names[q["questionId"]], "title": q["rowQuestion"]["title"]} for q in grid["questions"]]
            columns = [column["value"] for column in grid["grid"]["columns"]["options"]]
            found.append(data | {"kind": "grid", "rows": rows, "columns": columns})
            continue
        ((kind, body),) = {k: v for k, v in _questions(item)[0].items() if k not in ("questionId", "required")}.items()
        found.append(data | _api_question(kind, body, keys))
    return found


def _api_question(kind: str, body: dict, keys: dict) -> dict:
    if kind == "choiceQuestion":
        kinds = {"RADIO": "radio", "CHECKBOX": "checkbox", "DROP_DOWN": "list"}
        own = [option for option in body["options"] if not option.get("isOther")]
        to = {"SUBMIT_FORM": "@submit", "NEXT_SECTION": "", None: ""}
        options = [
            {"text": o["value"], "goto": keys[o["goToSectionId"]] if "goToSectionId" in o else to[o.get("goToAction")]}
            for o in own
        ]
        return {"kind": kinds[body["type"]], "options": options, "other": len(own) < len(body["options"])}
    if kind == "scaleQuestion":
        labels = {"low_label": body.get("lowLabel", ""), "high_label": body.get("highLabel", "")}
        return {"kind": "linear", "low": body["low"], "high": body["high"], **labels}
    if kind == "dateQuestion":
        return {"kind": "date"}
    return {"kind": "long_words" if body["paragraph"] else "words"}


@cache
def schema(api: str, body: str):
    """A JSON Schema of one body, made of the discovery document that ships in Google's own client."""
    import googleapiclient.discovery_cache
    import jsonschema

    folder = Path(googleapiclient.discovery_cache.__file__).parent / "documents"
    document = json.loads((folder / f"{api}.json").read_text(encoding="utf-8"))

    def converted(part):
        if isinstance(part, list):
            return [converted(one) for one in part]
        if not isinstance(part, dict):
            return part
        if isinstance(part.get("$ref"), str):
            return {"$ref": f"#/$defs/{part['$ref']}"}
        kept = {k: converted(v) for k, v in part.items() if k in ("type", "items", "enum", "additionalProperties")}
        if isinstance(part.get("properties"), dict):
            kept["properties"] = {name: converted(one) for name, one in part["properties"].items()}
            kept.setdefault("additionalProperties", False)
        if part.get("format") in ("int64", "uint64"):
            kept["type"] = ["string", "integer"]
        return kept

    defs = {name: converted(one) for name, one in document["schemas"].items()}
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{body}", "$defs": defs})


def same_form_both_ways(form: Questionnaire, tmp_path: Path, **options) -> Plan:
    """Make the form both ways and hold both against the plan; gives the plan."""
    wanted = plan(form, **options)
    schema("forms.v1", "Form").validate(forms_api.creation(wanted))
    schema("forms.v1", "BatchUpdateFormRequest").validate(forms_api.requests(wanted))
    info, items = applied(forms_api.requests(wanted))
    by_api = of_requests(items, wanted)

    world = ran(tmp_path, script(wanted), workspace=True)
    (made,) = world["forms"].values()
    by_script = of_script(world, wanted)

    planned = json.loads(json.dumps([as_data(item) for item in wanted.items]))
    assert [alike(item, one) for item, one in zip(wanted.items, by_script, strict=True)] == planned
    gaps = {"instead", "check"}  # what the API cannot do, and by_hand has to say
    assert [
        {k: v for k, v in alike(item, one).items() if k not in gaps}
        for item, one in zip(wanted.items, by_api, strict=True)
    ] == [{k: v for k, v in one.items() if k not in gaps} for one in planned]
    left = sum(bool(getattr(item, gap, None)) for item in wanted.items for gap in gaps)
    assert len(forms_api._checks(wanted)) + len(forms_api._jumps(wanted)) == left
    assert (
        (made["title"], made["description"])
        == (wanted.title, wanted.description)
        == (wanted.title, info["description"])
    )
    assert info["emailCollectionType"] == ("VERIFIED" if made["email"] else "DO_NOT_COLLECT")
    return wanted


# --- Both ways are one form


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_a_questionnaire_of_the_house_is_the_same_form_both_ways(name, language, tmp_path):
    speak(language)
    try:
        same_form_both_ways(house(name), tmp_path, email=name == "nominations", edits=True)
    finally:
        speak("vi")


@pytest.mark.slow
def test_so_are_200_random_ones(tmp_path):
    need_tool("node")

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(questionnaires())
    def holds(form):
        same_form_both_ways(form, tmp_path)

    holds()


@pytest.mark.parametrize(
    ("api", "body", "sent"),
    [
        ("forms.v1", "SetPublishSettingsRequest", forms_api.PUBLISHED),
        ("drive.v3", "Permission", forms_api.ANYONE),
    ],
)
def test_publishing_and_letting_anyone_answer_are_what_google_knows(api, body, sent):
    schema(api, body).validate(sent)


def test_a_body_that_google_does_not_know_is_refused_by_that_schema():
    wrong = forms_api.requests(plan(house("students")))
    wrong["requests"][3]["createItem"]["item"]["questionItem"]["question"]["choiceQuestion"]["type"] = "CHECK_BOX"
    assert not schema("forms.v1", "BatchUpdateFormRequest").is_valid(wrong)


# --- The script


@pytest.mark.slow
def test_the_script_keeps_to_googles_types(tmp_path):
    compiler = NODE / "node_modules/.bin/tsc"
    if not compiler.exists() and os.environ.get("CI") == "true":
        pytest.fail(".ci/run has to install what tests/apps_script/package.json names")
    if not compiler.exists():
        pytest.skip("npm install --prefix tests/apps_script")
    said = check_types(compiler, tmp_path, script(plan(house("staff"))))
    assert said.returncode == 0, said.stdout
    wrong = script(plan(house("staff"))).replace("setProgressBar", "setProgresBar")
    assert "Property 'setProgresBar' does not exist on type 'Form'" in check_types(compiler, tmp_path, wrong).stdout


def check_types(compiler: Path, folder: Path, text: str):
    (folder / "form.js").write_text(text, encoding="utf-8")
    flags = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2020", "--lib", "es2020"]
    types = ["--typeRoots", NODE / "node_modules/@types", "--types", "google-apps-script"]
    return subprocess.run([compiler, *flags, *types, folder / "form.js"], capture_output=True, encoding="utf-8")


def test_an_unchanged_questionnaire_makes_the_same_bytes():
    assert script(plan(house("staff"))) == script(plan(house("staff")))


def test_running_it_twice_makes_nothing_twice(tmp_path):
    text = script(plan(house("staff")), "doc@truong.iam.gserviceaccount.com")
    once, twice = ran(tmp_path, text), ran(tmp_path, text, text)
    for kind in ("forms", "books"):
        assert once[kind] == twice[kind]
    assert once["properties"] == twice["properties"]
    (form,), (book,) = once["forms"].values(), once["books"].values()
    assert form["linked"] == 1
    assert book["viewers"] == ["doc@truong.iam.gserviceaccount.com"]


def test_a_changed_questionnaire_changes_the_form_and_leaves_the_rest_where_it_was(tmp_path):
    before, after = changed()
    world = ran(tmp_path, script(plan(before)), script(plan(after)))
    assert len(world["forms"]) == len(world["books"]) == 1
    items = {item["title"]: item for item in next(iter(world["forms"].values()))["items"]}
    assert list(items) == ["Một", "B", "C lời mới", "D"]
    alone = next(iter(ran(tmp_path, script(plan(before)))["forms"].values()))["items"]
    ids = {item["title"]: item["id"] for item in alone}
    assert items["B"]["id"] == ids["B"] and items["C lời mới"]["id"] == ids["C"]  # a question keeps its column
    assert items["D"]["kind"] == "date" and items["D"]["id"] != ids["D"]


def changed() -> tuple[Questionnaire, Questionnaire]:
    """A is dropped, B and C change places, C is worded anew, D becomes a date."""

    def form(*questions: tuple[str, str, str]) -> Questionnaire:
        asked = [{"id": id_, "type": kind, "title": title} for id_, kind, title in questions]
        return Questionnaire.model_validate(
            {"id": "thu", "title": "Thử", "sections": [{"id": "mot", "title": "Một", "questions": asked}]}
        )

    before = form(("a", "text", "A"), ("c", "text", "C"), ("b", "text", "B"), ("d", "text", "D"))
    return before, form(("b", "text", "B"), ("c", "text", "C lời mới"), ("d", "date", "D"))


@pytest.mark.parametrize("cut", [1, 2, 7, 30, 60])
def test_a_run_that_google_cuts_off_is_finished_by_the_next_one(cut, tmp_path):
    text = script(plan(house("staff")))
    whole, mended = ran(tmp_path, text), ran(tmp_path, text, text, cut=cut)
    assert mended["told"][0] == "Exceeded maximum execution time"
    form = next(iter(mended["forms"].values())) if cut > 1 else list(mended["forms"].values())[-1]
    titles = [item["title"] for item in next(iter(whole["forms"].values()))["items"]]
    assert [item["title"] for item in form["items"]] == titles


def test_the_settings_and_the_map_of_columns(tmp_path):
    study = DEMO.model_copy(update={"feedback": "https://truong.example/tu-danh-gia.html"})
    wanted = of_wave(study, study.wave(2027), once=True)
    world = ran(tmp_path, script(wanted))
    (form,), (book,) = world["forms"].values(), world["books"].values()
    assert form["title"].endswith("(2027)")
    assert form["thanks"].endswith("Xem mức của riêng mình (không gửi đi đâu): https://truong.example/tu-danh-gia.html")
    shown = {
        name: form[name]
        for name in ("email", "once", "edits", "progress", "again", "summary", "published", "accepting")
    }
    assert shown == {"email": False, "once": True, "edits": False, "progress": True, "again": False, "summary": False,
                     "published": True, "accepting": True}  # fmt: skip
    assert (book["locale"], book["timezone"]) == ("vi_VN", "Asia/Ho_Chi_Minh")
    tab = book["tabs"]["_khaosatso"]
    assert tab["hidden"] and tab["rows"][0] == ["question", "item", "header"]
    assert {question: header for question, _, header in tab["rows"][1:]} == wanted.headers
    assert f"source: {{sheet: {book['id']}}}" in world["log"][-1]


# --- Branches


def test_whoever_does_not_take_part_is_done_and_each_role_meets_its_own_page():
    items = {item.key: item for item in plan(house("staff")).items}
    consent, role, office = items["dong_y"], items["vai_tro"], items["page:ky_nang_van_phong"]
    assert isinstance(consent, Choose) and isinstance(role, Choose) and isinstance(office, Page)
    assert [option.goto for option in consent.options] == ["page:thong_tin", "@submit"]
    assert [option.goto for option in role.options] == ["page:ky_nang_day_hoc"] * 2 + ["page:ky_nang_van_phong"]
    assert office.instead == "page:su_dung"  # a teacher, done with teaching, does not meet the office's questions


def refused(sections: list[dict]) -> str:
    form = Questionnaire.model_validate({"id": "thu", "title": "Thử", "sections": sections})
    with pytest.raises(QuestionnaireError) as error:
        plan(form)
    return str(error.value)


ROLE = {
    "id": "r",
    "type": "single",
    "title": "R",
    "choices": {"options": [{"value": 1, "label": "a"}, {"value": 2, "label": "b"}]},
}


def text(name: str) -> dict:
    return {"id": name, "type": "text", "title": name}


def test_a_branch_that_google_cannot_remember():
    assert refused(
        [
            {"id": "mot", "title": "1", "questions": [ROLE]},
            {"id": "hai", "title": "2", "questions": [text("x")]},
            {"id": "ba", "title": "3", "only": {"r": [1]}, "questions": [text("y")]},
        ]
    ) == (
        "Lỗi ở hai\n"
        "  Quy tắc: Sau mỗi phần, Google Biểu mẫu chỉ rẽ theo một câu của chính phần ấy; nó không nhớ câu trả lời ở phần trước.\n"
        "  Đã thấy: đường đi tiếp tùy vào nhiều câu hoặc câu ở phần trước\n"
        "  Cách sửa: Chuyển câu quyết định (only) xuống cuối phần ngay trước phần rẽ nhánh, hoặc gộp các phần cùng điều kiện."
    )


def test_a_gate_with_words_of_ones_own():
    assert "Đã thấy: other: true" in refused(
        [{"id": "mot", "title": "1", "questions": [ROLE | {"other": True}]},
         {"id": "hai", "title": "2", "only": {"r": [1]}, "questions": [text("x")]}]
    )  # fmt: skip


def test_a_gate_in_a_grid():
    grid = {"id": "g", "type": "grid", "title": "G", "choices": ROLE["choices"], "rows": [{"id": "r", "title": "hàng"}]}
    assert "Quy tắc: Chỉ câu chọn một (single) mới rẽ nhánh được." in refused(
        [
            {"id": "mot", "title": "1", "questions": [grid]},
            {"id": "hai", "title": "2", "only": {"r": [1]}, "questions": [text("x")]},
        ]
    )


def test_a_scale_that_google_does_not_have():
    assert "Đã thấy: 1–20" in refused(
        [{"id": "mot", "title": "1", "questions": [{"id": "x", "type": "linear", "title": "X", "low": 1, "high": 20}]}]
    )


def test_units_and_roles_come_from_a_study():
    with pytest.raises(QuestionnaireError, match="study"):
        plan(Questionnaire.load(HOUSE / "staff.yaml"))


@pytest.mark.parametrize(
    ("question", "check"),
    [
        ({"type": "number", "low": 0, "whole": True}, Check("pattern", "Ghi một số nguyên, từ 0 trở lên.", r"\d{1,9}")),
        ({"type": "number", "low": 1, "high": 5}, Check("between", "Ghi một số từ 1 đến 5.", low=1, high=5)),
        ({"type": "number"}, Check("number", "Ghi một số.")),
        ({"type": "code", "digits": 4}, Check("pattern", "Mã gồm 4 chữ số.", r"\d{4}")),
        ({"type": "text"}, None),
    ],
)
def test_what_the_form_checks(question, check):
    asked = {"id": "x", "title": "X", **question}
    form = Questionnaire.model_validate(
        {"id": "t", "title": "T", "sections": [{"id": "a", "title": "A", "questions": [asked]}]}
    )
    item = plan(form).items[1]
    assert isinstance(item, Words) and item.check == check


@pytest.mark.parametrize(
    ("code", "fits"), [("HO07LA", True), ("ho 07 la", True), ("XXXXXX", True), ("HO7LA", False), ("Hoa", False)]
)
def test_the_code_of_the_staff_form(code, fits):
    assert bool(re.fullmatch(house("staff").questions["ma"].pattern, code)) == fits


def test_the_demo_is_planned_wave_by_wave():
    pages = {
        wave: [i.title for i in of_wave(DEMO, DEMO.wave(wave)).items if isinstance(i, Heading | Page)]
        for wave in (2026, 2027)
    }
    assert set(pages[2027]) - set(pages[2026]) == {"Nhìn lại lúc bắt đầu"}


# --- Sending to the Forms API


class Google:
    """Stands for the Forms and the Drive API and the sign-in over real HTTP; `answers` maps a path to a status."""

    def __init__(self, answers: dict[str, int]):
        self.asked: list[tuple[str, dict]] = []
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                size = int(self.headers.get("Content-Length", 0))
                sent = self.rfile.read(size)
                path = self.path.replace("?alt=json", "").replace("&alt=json", "")
                if "/token" in path:
                    body: dict = {"access_token": "chìa", "expires_in": 3600}
                else:
                    google.asked.append((path, json.loads(sent)))
                    body = {"formId": "f1", "responderUri": "https://docs.google.com/forms/d/e/x/viewform"}
                status = next((code for part, code in answers.items() if part in path), 200)
                told = json.dumps(body if status == 200 else {"error": {"code": status, "message": "no"}}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def badge(self):
        from google.oauth2 import credentials

        from survey.signin import Badge

        own = credentials.Credentials(
            None, refresh_token="r", client_id="c", client_secret="s", token_uri=self.url + "token"
        )
        return Badge(own, "person")


@pytest.fixture
def google(request):
    made = Google(getattr(request, "param", {}))
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_form_is_made_as_a_draft_filled_published_and_opened_to_answers(google):
    wanted = plan(house("students"))
    made = forms_api.publish(wanted, google.badge(), (google.url, google.url + "drive/v3/"))
    assert [path for path, _ in google.asked] == [
        "/v1/forms?unpublished=true",
        "/v1/forms/f1:batchUpdate",
        "/v1/forms/f1:setPublishSettings",
        "/drive/v3/files/f1/permissions",
    ]
    assert google.asked[1][1] == forms_api.requests(wanted)
    assert made == {"form": "f1", "edit": "https://docs.google.com/forms/d/f1/edit",
                    "answer": "https://docs.google.com/forms/d/e/x/viewform"}  # fmt: skip


@pytest.mark.parametrize("google", [{":batchUpdate": 400}], indirect=True)
def test_a_form_that_was_begun_stays_a_draft_and_its_address_is_told(google):
    with pytest.raises(SheetError) as error:
        forms_api.publish(plan(house("students")), google.badge(), (google.url, google.url))
    assert "Đã thấy: Google trả lời 400; bản nháp dở dang: https://docs.google.com/forms/d/f1/edit" in str(error.value)
    assert "chìa" not in str(error.value)


@pytest.mark.parametrize("google", [{"/token": 400}], indirect=True)
def test_a_sign_in_that_google_does_not_take(google):
    with pytest.raises(SheetError, match="Google Biểu mẫu"):
        forms_api.publish(plan(house("students")), google.badge(), (google.url, google.url))
    assert google.asked == []


def test_what_is_left_to_do_by_hand_is_said_step_by_step():
    steps = [str(step) for step in forms_api.by_hand(plan(house("staff"), once=True))]
    assert steps[0] == "Câu trả lời → Liên kết với Trang tính → Tạo bảng tính mới."
    assert "Cài đặt → Câu trả lời → Giới hạn 1 câu trả lời." in steps
    assert "Cuối phần “Kỹ năng số trong dạy học”: chọn Chuyển đến phần “Mức độ sử dụng”." in steps
    assert any("Mã tự đặt" in step and "khớp" in step for step in steps)


def test_a_wave_of_the_study_names_no_person_in_its_script():
    words = yaml.safe_dump(script(of_wave(DEMO, DEMO.wave(2026))))
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", words)
