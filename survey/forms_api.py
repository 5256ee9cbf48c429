"""The plan of a form -> requests of the Google Forms API, and their sending with the person's own sign-in.

The API cannot do everything (see `by_hand`); the Apps Script of forms_script.py can.
"""

from __future__ import annotations

import hashlib
from typing import Any

from survey import signin
from survey.errors import SheetError, Text
from survey.forms import SUBMIT, Choose, Date, Grid, Heading, Item, Linear, Page, Plan, Words

Body = dict[str, Any]
KINDS = {"radio": "RADIO", "list": "DROP_DOWN", "checkbox": "CHECKBOX"}

# Since June 2026 a form made by the API is a draft: it is made as one, and published when it is complete.
PUBLISHED: Body = {
    "publishSettings": {"publishState": {"isPublished": True, "isAcceptingResponses": True}},
    "updateMask": "publishState",
}
ANYONE: Body = {
    "type": "anyone",
    "role": "reader",
    "view": "published",
}  # may answer, and neither see nor edit the form


def creation(plan: Plan) -> Body:
    """forms.create takes the two titles and nothing else."""
    return {"info": {"title": plan.title, "documentTitle": plan.title}}


def requests(plan: Plan) -> Body:
    """forms.batchUpdate: the description, the settings, every item in order, then where choices lead."""
    emails = "VERIFIED" if plan.email else "DO_NOT_COLLECT"  # a Workspace account collects addresses unless told not to
    first: list[Body] = [
        {"updateFormInfo": {"info": {"description": plan.description}, "updateMask": "description"}},
        {"updateSettings": {"settings": {"emailCollectionType": emails}, "updateMask": "emailCollectionType"}},
    ]
    made = [
        {"createItem": {"item": _item(item), "location": {"index": place}}} for place, item in enumerate(plan.items)
    ]
    routed = [  # a choice leads to a section that has to be there first
        {
            "updateItem": {
                "item": _item(item, routed=True),
                "location": {"index": place},
                "updateMask": "questionItem.question.choiceQuestion.options",
            }
        }
        for place, item in enumerate(plan.items)
        if isinstance(item, Choose) and any(option.goto for option in item.options)
    ]
    return {"requests": [*first, *made, *routed]}


def by_hand(plan: Plan) -> list[Text]:
    """What the API cannot do, as steps to take in the form's editor."""
    steps = [
        Text(
            "Câu trả lời → Liên kết với Trang tính → Tạo bảng tính mới.",
            "Responses → Link to Sheets → Create a new spreadsheet.",
        ),
        Text(
            "Trong trang tính mới: Tệp → Cài đặt → Ngôn ngữ Việt Nam, múi giờ (GMT+07:00) Hà Nội.",
            "In the new sheet: File → Settings → locale Vietnam, time zone (GMT+07:00) Hanoi.",
        ),
        Text("Cài đặt → Bản trình bày → Hiện thanh tiến trình.", "Settings → Presentation → Show progress bar."),
    ]
    if plan.thanks:
        steps.append(
            Text(
                f"Cài đặt → Bản trình bày → Thông báo xác nhận: “{plan.thanks}”",
                f"Settings → Presentation → Confirmation message: “{plan.thanks}”",
            )
        )
    if plan.once:
        steps.append(
            Text("Cài đặt → Câu trả lời → Giới hạn 1 câu trả lời.", "Settings → Responses → Limit to 1 response.")
        )
    if plan.edits:
        steps.append(
            Text(
                "Cài đặt → Câu trả lời → Cho phép chỉnh sửa câu trả lời.",
                "Settings → Responses → Allow response editing.",
            )
        )
    return [*steps, *_checks(plan), *_jumps(plan)]


def _checks(plan: Plan) -> list[Text]:
    return [
        Text(
            f"Câu “{item.title}” → ⋮ → Xác thực câu trả lời: {_rule(item)}; lời báo: “{item.check.message}”",
            f"Question “{item.title}” → ⋮ → Response validation: {_rule(item)}; message: “{item.check.message}”",
        )
        for item in plan.items
        if isinstance(item, Words) and item.check
    ]


def _rule(item: Words) -> str:
    assert item.check
    check = item.check
    return {
        "pattern": str(
            Text(f"biểu thức chính quy, khớp {check.pattern}", f"regular expression, matches {check.pattern}")
        ),
        "number": str(Text("là số", "is number")),
        "between": str(Text(f"số từ {check.low} đến {check.high}", f"number between {check.low} and {check.high}")),
        "at_least": str(Text(f"số ≥ {check.low}", f"number ≥ {check.low}")),
        "at_most": str(Text(f"số ≤ {check.high}", f"number ≤ {check.high}")),
    }[check.kind]


def _jumps(plan: Plan) -> list[Text]:
    """Google's editor says at the foot of a section where to go after it."""
    titles = {item.key: item.title for item in plan.items if isinstance(item, Heading | Page)}
    above, found = "", []
    for item in plan.items:
        if isinstance(item, Page) and item.instead:
            end = item.instead == SUBMIT
            vi = "Gửi biểu mẫu" if end else f"Chuyển đến phần “{titles[item.instead]}”"
            en = "Submit form" if end else f"Go to section “{titles[item.instead]}”"
            found.append(Text(f"Cuối phần “{above}”: chọn {vi}.", f"At the end of section “{above}”: {en}."))
        if isinstance(item, Heading | Page):
            above = item.title
    return found


def number(key: str) -> str:
    """The id that an item or question is given: eight hexadecimal digits, below 2^31, always the same for one key."""
    return f"{int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 0x7FFFFFFF:08x}"


def _item(item: Item, *, routed: bool = False) -> Body:
    body: Body = {"itemId": number(f"item {item.key}"), "title": item.title}
    if isinstance(item, Heading | Page):
        kind = "textItem" if isinstance(item, Heading) else "pageBreakItem"
        return {**body, "description": item.text, kind: {}}
    body["description"] = item.help
    if isinstance(item, Grid):
        columns = {"type": "RADIO", "options": [{"value": column} for column in item.columns]}
        rows = [
            {"questionId": number(key), "required": item.required, "rowQuestion": {"title": title}}
            for key, title in item.rows
        ]
        return {**body, "questionGroupItem": {"grid": {"columns": columns}, "questions": rows}}
    question = {"questionId": number(item.key), "required": item.required, **_question(item, routed)}
    return {**body, "questionItem": {"question": question}}


def _question(item: Choose | Linear | Words | Date, routed: bool) -> Body:
    if isinstance(item, Choose):
        options: list[Body] = [
            {"value": option.text, **(_goto(option.goto) if routed else {})} for option in item.options
        ]
        return {"choiceQuestion": {"type": KINDS[item.kind], "options": options + [{"isOther": True}] * item.other}}
    if isinstance(item, Linear):
        labels = {"lowLabel": item.low_label, "highLabel": item.high_label}
        return {"scaleQuestion": {"low": item.low, "high": item.high, **{k: v for k, v in labels.items() if v}}}
    if isinstance(item, Date):
        return {"dateQuestion": {"includeYear": True, "includeTime": False}}
    return {"textQuestion": {"paragraph": item.long}}


def _goto(key: str) -> Body:
    if key == SUBMIT:
        return {"goToAction": "SUBMIT_FORM"}
    return {"goToSectionId": number(f"item {key}")} if key else {"goToAction": "NEXT_SECTION"}


# --- Sending


def publish(plan: Plan, badge: signin.Badge, endpoint: tuple[str, str] = ("", "")) -> dict[str, str]:
    """Make the form in the person's own Drive; gives its id, the link for people, and the link for editing.

    endpoint: addresses of a stand-in for the Forms and the Drive API. Raises SheetError in words; a form that was begun and
    not finished stays a draft, which nobody can answer, and its address is told.
    """
    import google_auth_httplib2
    import httplib2
    from google.auth.exceptions import GoogleAuthError
    from googleapiclient.discovery import build
    from googleapiclient.errors import Error, HttpError

    http = google_auth_httplib2.AuthorizedHttp(badge.credentials, http=httplib2.Http(timeout=60))
    made: dict[str, str] = {}
    try:
        forms, drive = (
            build(name, version, http=http, static_discovery=True, cache_discovery=False,
                  client_options={"api_endpoint": address} if address else None)
            for (name, version), address in zip((("forms", "v1"), ("drive", "v3")), endpoint, strict=True)
        )  # fmt: skip
        form = forms.forms().create(body=creation(plan), unpublished=True).execute(num_retries=3)
        made = {"form": form["formId"], "edit": f"https://docs.google.com/forms/d/{form['formId']}/edit"}
        forms.forms().batchUpdate(formId=made["form"], body=requests(plan)).execute(num_retries=3)
        forms.forms().setPublishSettings(formId=made["form"], body=PUBLISHED).execute(num_retries=3)
        if not plan.once and not plan.email:
            drive.permissions().create(fileId=made["form"], body=ANYONE).execute(num_retries=3)
        return {**made, "answer": form.get("responderUri", "")}
    except HttpError as error:
        found = Text(f"Google trả lời {error.resp.status}", f"Google answered {error.resp.status}")
    except GoogleAuthError:
        rule, seen, cure = signin.refused(None, badge)
        raise SheetError(str(Text("Google Biểu mẫu", "Google Forms")), rule=rule, found=seen, cure=cure) from None
    except (Error, httplib2.HttpLib2Error, OSError, KeyError) as error:
        found = Text(
            f"không nói chuyện được với Google ({type(error).__name__})",
            f"no word from Google ({type(error).__name__})",
        )
    # Outside the except clauses: the request, which holds a token, is not even the error's context.
    raise _failed(found, made.get("edit", ""))


def _failed(found: Text, draft: str) -> SheetError:
    left = Text(f"; bản nháp dở dang: {draft}", f"; an unfinished draft: {draft}") if draft else Text("", "")
    return SheetError(
        str(Text("Google Biểu mẫu", "Google Forms")),
        rule=Text(
            "Tạo biểu mẫu cần bật Google Forms API và Google Drive API, và đăng nhập có quyền tạo biểu mẫu.",
            "Making a form needs the Google Forms and Drive APIs enabled, and a sign-in that may make forms.",
        ),
        found=Text(f"{found.vi}{left.vi}", f"{found.en}{left.en}"),
        cure=Text(
            "Xóa bản nháp (nếu có) rồi chạy lại; hoặc không cần Google Cloud: python run.py survey form THƯ_MỤC --wave …",
            "Delete the draft (if any) and run again; or the way without Google Cloud: python run.py survey form FOLDER --wave …",
        ),
    )
