"""Drafts for the award dossier in the state's document format: public list, minutes, submission, report of achievements.

They hold named, consented nominations and what the council ticked; places where only people can write are marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from docx.document import Document

from analysis import awards
from analysis import report_layout as layout
from analysis.sentences import day, number
from survey import store
from survey.errors import StudyError, Text
from survey.study import Study

OCCASIONS = {
    "so_ket_2027": Text(
        "sơ kết phong trào thi đua giai đoạn 2025–2027", "the interim review of the movement 2025–2027"
    ),
    "tong_ket_2030": Text(
        "tổng kết phong trào thi đua giai đoạn 2025–2030", "the final review of the movement 2025–2030"
    ),
    "hang_nam": Text("đánh giá hằng năm phong trào thi đua", "the yearly review of the movement"),
}
KINDS = {"tap_the": Text("Tập thể", "Collective"), "ca_nhan": Text("Cá nhân", "Individual")}
NOTES = (
    Text(
        "Khen thưởng thi đua theo chuyên đề không dùng làm căn cứ đề nghị hình thức khen thưởng công trạng cao hơn.",
        "Awards of a thematic movement are no basis for higher awards of merit.",
    ),
    Text(
        "Chưa xét tập thể, cá nhân đang trong thời gian xem xét kỉ luật, thanh tra, kiểm tra hoặc giải quyết khiếu nại, tố cáo; "
        "hội đồng xác nhận từng trường hợp.",
        "Nobody is considered while discipline, inspection or a complaint is being settled; the council confirms each case.",
    ),
)


def documents(study: Study, occasion: str) -> dict[str, bytes]:
    """File name -> Word file: the public list, the minutes, the submission, and a report for each nominee to be rewarded.

    Raises StudyError for an occasion that the form does not have, and where nobody was put forward.
    """
    table = awards.nominations(study)
    ticked = awards.ticks(study, table)
    if occasion not in OCCASIONS:
        raise _unknown(occasion)
    here = table[(table["occasion"] == occasion) & (table["invalid"] == "")].reset_index(drop=True)
    if here.empty:
        raise _nobody(study, occasion)
    chosen = awards.rewarded(table, ticked, occasion)
    made = {
        "danh-sach-de-xuat.docx": _list(study, here, occasion),
        "bien-ban-xet-khen-thuong.docx": _minutes(study, here, ticked, occasion),
        "to-trinh.docx": _submission(study, chosen, occasion, _year(here)),
    }
    for line in chosen.to_dict("records"):
        made[f"bao-cao-thanh-tich-{line['id']}.docx"] = _achievements(study, line, occasion, _year(here))
    return made


def _draft(study: Study, kind: Text, mark: str, subject: Text, year: int) -> Document:
    document = layout.blank()
    layout.heading(document, study.school, mark, year)
    layout.title(document, str(kind), str(subject))
    layout.page_numbers(document, study.pretend)
    return document


def _list(study: Study, here: pd.DataFrame, occasion: str) -> bytes:
    subject = Text(
        f"Danh sách đề xuất khen thưởng tại {OCCASIONS[occasion].vi}", f"Nominations at {OCCASIONS[occasion].en}"
    )
    document = _draft(study, Text("THÔNG BÁO", "NOTICE"), "TB", subject, _year(here))
    _say(
        document,
        Text("Công khai để lấy ý kiến trước khi hội đồng xét.", "Published for comments before the council decides."),
    )
    table = pd.DataFrame(
        {
            str(Text("Số", "No.")): here["id"],
            str(Text("Tập thể, cá nhân", "Nominee")): [_with_position(line) for line in here.to_dict("records")],
            str(Text("Đơn vị đề xuất", "Put forward by")): here["unit"],
            str(Text("Tiêu chí", "Criteria")): here["criteria"],
        }
    )
    layout.table(document, str(Text("Danh sách đề xuất", "Nominations")), table, (14, 52, 38, 56))
    _say(
        document,
        Text(
            "Ý kiến về danh sách này xin gửi Hội đồng Thi đua – Khen thưởng nhà trường.",
            "Comments on this list are to be sent to the school's council.",
        ),
    )
    return _finished(document, study)


def _minutes(study: Study, here: pd.DataFrame, ticked: pd.DataFrame, occasion: str) -> bytes:
    subject = Text(f"Xét khen thưởng tại {OCCASIONS[occasion].vi}", f"Awards at {OCCASIONS[occasion].en}")
    document = _draft(study, Text("BIÊN BẢN", "MINUTES"), "BB", subject, _year(here))
    for words in (
        Text(
            "thời gian, địa điểm, chủ trì, thư kí, số thành viên dự họp",
            "time, place, chair, secretary, members present",
        ),
        Text("ý kiến thảo luận", "the discussion"),
    ):
        _blank(document, words)
    votes = awards.tally(here, study.awards).set_index("id")["words"]
    state = ticked.set_index("id")
    table = pd.DataFrame(
        {
            str(Text("Số", "No.")): here["id"],
            str(Text("Tập thể, cá nhân", "Nominee")): [_with_position(line) for line in here.to_dict("records")],
            str(Text("Phiếu ở đơn vị", "The unit's vote")): [votes[one] for one in here["id"]],
            str(Text("Đủ điều kiện", "Eligible")): [_tick(state.loc[one, "eligible"]) for one in here["id"]],
            str(Text("Kết luận", "Decision")): [_tick(state.loc[one, "decision"]) for one in here["id"]],
        }
    )
    layout.table(document, str(Text("Kết quả xét", "Results")), table, (14, 56, 46, 22, 22))
    _blank(document, Text("kết luận của chủ tịch hội đồng; giờ kết thúc", "the chair's conclusion; when it ended"))
    for note in NOTES:
        _say(document, note)
    return _finished(document, study)


def _submission(study: Study, chosen: pd.DataFrame, occasion: str, year: int) -> bytes:
    subject = Text(
        f"Đề nghị khen thưởng tại {OCCASIONS[occasion].vi}", f"Proposal of awards at {OCCASIONS[occasion].en}"
    )
    document = _draft(study, Text("TỜ TRÌNH", "SUBMISSION"), "TTr", subject, year)
    for basis in study.movement.basis if study.movement else ():
        document.add_paragraph(f"{Text('Căn cứ', 'On the basis of')} {basis};", style="KSS Can cu")
    collectives, people = (int((chosen["kind"] == kind).sum()) for kind in ("tap_the", "ca_nhan"))
    if chosen.empty:
        _blank(
            document,
            Text("hội đồng chưa quyết định khen ai: ghi vào council.csv", "the council has not decided: council.csv"),
        )
    else:
        _say(
            document,
            Text(
                f"Hội đồng Thi đua – Khen thưởng nhà trường đề nghị khen thưởng {number(collectives, 0)} tập thể và "
                f"{number(people, 0)} cá nhân có tên dưới đây.",
                f"The school's council proposes awards for {collectives} collectives and {people} individuals named below.",
            ),
        )
        table = pd.DataFrame(
            {
                str(Text("Số", "No.")): chosen["id"],
                str(Text("Tập thể, cá nhân", "Nominee")): [_with_position(line) for line in chosen.to_dict("records")],
                str(Text("Thành tích chính", "Achievement")): chosen["achievement"],
                str(Text("Minh chứng", "Evidence")): chosen["evidence"],
            }
        )
        layout.table(document, str(Text("Danh sách đề nghị khen thưởng", "Proposed awards")), table, (14, 48, 66, 32))
    _blank(document, Text("hình thức khen thưởng đề nghị cho từng trường hợp", "the form of award proposed for each"))
    for note in NOTES:
        _say(document, note)
    return _finished(document, study)


def _achievements(study: Study, line: Mapping[str, Any], occasion: str, year: int) -> bytes:
    name = _with_position(line)
    subject = Text(
        f"Thành tích đề nghị khen thưởng tại {OCCASIONS[occasion].vi}", f"Achievements, {OCCASIONS[occasion].en}"
    )
    document = _draft(study, Text("BÁO CÁO", "REPORT"), "BC", subject, year)
    kind = KINDS[line["kind"]]
    _say(document, Text(f"{kind.vi} được đề xuất: {name}.", f"{kind.en}: {name}."))
    _say(document, Text(f"Đơn vị đề xuất: {line['unit']}.", f"Put forward by: {line['unit']}."))
    _say(document, Text(f"Tiêu chí: {line['criteria']}.", f"Criteria: {line['criteria']}."))
    document.add_paragraph(str(Text("Thành tích", "Achievements")), style="KSS Muc 1")
    for part in str(line["achievement"]).splitlines():
        document.add_paragraph(part, style="KSS Noi dung")
    document.add_paragraph(str(Text("Minh chứng", "Evidence")), style="KSS Muc 1")
    consent = day(pd.Timestamp(line["consent_date"]))
    _say(document, Text(f"{line['evidence']}.", f"{line['evidence']}."))
    _blank(document, Text("xác nhận của đơn vị, của thủ trưởng", "confirmation by the unit and the head"))
    _say(
        document,
        Text(
            f"Người (đại diện tập thể) được đề xuất đồng ý cho sử dụng các dữ liệu trên ngày {consent}. Mỗi số liệu nêu trên "
            "phải có minh chứng; kê khai sai thì khen thưởng bị hủy bỏ.",
            f"The nominee agreed on {consent} to the use of these data. Each figure needs its evidence; a false declaration "
            "cancels the award.",
        ),
    )
    return _finished(document, study)


def _year(here: pd.DataFrame) -> int:
    """The year in which the documents are written: that of the last nomination."""
    return int(here["entered"].max().year)


def _with_position(line: Mapping[str, Any]) -> str:
    position = line["position"]
    return f"{line['nominee']}, {position}" if isinstance(position, str) and position else str(line["nominee"])


def _tick(value: object) -> str:
    return "……" if pd.isna(value) else str(Text("có", "yes") if value else Text("không", "no"))


def _say(document: Document, words: Text) -> None:
    document.add_paragraph(str(words), style="KSS Noi dung")


def _blank(document: Document, words: Text) -> None:
    """A place where only people can write."""
    head = Text("Hội đồng bổ sung", "To be written by the council")
    document.add_paragraph(f"[{head}: {words}]", style="KSS Cho nguoi viet")


def _finished(document: Document, study: Study) -> bytes:
    last = document.paragraphs[-1].runs[-1]  # a sentence: each draft ends in one
    last.text = f"{last.text.rstrip('.')}./."
    layout.signature(document, study.school)
    return layout.packed(document, str(study.title))


def write(study: Study, occasion: str) -> list[str]:
    """Write the drafts to the study's folder awards/; gives their paths."""
    return [
        str(store.write(study.folder / "awards" / name, content))
        for name, content in documents(study, occasion).items()
    ]


def _unknown(occasion: str) -> StudyError:
    return StudyError(
        "--occasion",
        rule=Text("Dịp khen thưởng là một lựa chọn của phiếu đề xuất.", "The occasion is a choice of the form."),
        found=occasion,
        cure=Text(f"Chọn: {', '.join(OCCASIONS)}.", f"Choose: {', '.join(OCCASIONS)}."),
    )


def _nobody(study: Study, occasion: str) -> StudyError:
    return StudyError(
        str(study.folder),
        rule=Text("Dịp ấy phải có ít nhất một đề xuất hợp lệ.", "The occasion has one valid nomination at least."),
        found=Text(f"không có đề xuất nào cho {occasion}", f"none for {occasion}"),
        cure=Text(
            "Khai registers: {nominations: THƯ_MỤC} trong study.yaml, nhập đề xuất bằng survey pull.",
            "Name registers: {nominations: FOLDER} in study.yaml, and import the nominations by survey pull.",
        ),
    )
