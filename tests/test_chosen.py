"""What the school chose in the widgets stands in its report: every number with its fact, verified like any other."""

import docx
import pytest
from schools import school
from test_report_numbers import said_of

from analysis import chosen, evidence, explore, report, report_chosen
from analysis.blocks import Table
from analysis.review import Review
from analysis.verification import verify
from survey.errors import StudyError
from survey.study import Study

PICKS = [
    {"panel": "levels", "scale": "ky_nang", "group": "", "level": "", "waves": "2025-2026-2027"},
    {"panel": "levels", "scale": "nd4", "group": "unit", "level": "", "waves": "2027"},
    {"panel": "levels", "scale": "nd4", "group": "role", "level": "giao_vien", "waves": "2025-2026-2027"},
    {"panel": "shares", "item": "nd7_an_toan", "group": "", "waves": "2025-2026-2027"},
    {"panel": "shares", "item": "s_bang_tinh", "group": "role", "waves": "2027"},
    {"panel": "changes", "pair": "2025-2027", "content": 0},
]


@pytest.fixture
def study(tmp_path):
    return school(tmp_path)


def pick_all(study: Study) -> Review:
    for pick in PICKS:
        assert chosen.choose(study, pick)
    return Review.of(study, 2027)


def test_a_button_puts_what_is_shown_into_the_report_and_takes_it_out(study):
    board = explore.changes(Review.of(study))
    assert board.report.description == "Đưa vào báo cáo"
    board.report.click()
    assert chosen.chosen(study) == ({"panel": "changes", "pair": "2025-2027", "content": 0},)
    assert board.report.description == "Bỏ khỏi báo cáo"
    board.report.click()
    assert chosen.chosen(study) == ()


def test_what_the_report_cannot_show_has_no_button(study):
    review = Review.of(study)
    assert explore.moves(review).report.layout.display == "none"
    board = explore.changes(review)
    board.controls["target"].value = "analytic"
    assert board.report.layout.display == "none"
    assert explore.shown(board.panel, study, alone=False).report.layout.display == "none"


def test_every_chosen_table_tells_only_what_its_facts_hold(study):
    review = pick_all(study)
    found = [block for block in report_chosen.blocks(review) if isinstance(block, Table)]
    assert len(found) == len(PICKS) == len({table.name for table in found})
    known = evidence.labels(study)
    for table in found:
        for _, *cells in table.rows:
            for cell in cells:
                assert cell.facts or not evidence.numerals(cell.words, known), (table.name, cell)


def test_numbers_of_chosen_cells_are_the_rounded_values_of_their_facts(study):
    from analysis.sentences import number, percent

    review = pick_all(study)
    for said in said_of(report_chosen.blocks(review)):
        values = [value for fact in said.facts for value in fact.values.values() if isinstance(value, int | float)]
        told = {form(value) for value in values for form in (number, percent, lambda v: number(v, 0))}
        told |= {number(abs(value)) for value in values}
        for numeral in evidence.numerals(said.words, evidence.labels(study)):
            assert numeral.strip().lstrip("+−") in told, (said.words, said.facts)


@pytest.mark.slow
def test_a_report_with_chosen_tables_is_verified_and_what_is_chosen_later_is_for_the_next_one(study):
    written = report.write(pick_all(study))
    verdict = verify(written.document)
    assert verdict.whole and verdict.findings == ()
    text = "\n".join(paragraph.text for paragraph in docx.Document(written.document).paragraphs)
    assert "Số liệu nhà trường chọn thêm" in text
    chosen.choose(study, {"panel": "levels", "scale": "nd1", "group": "", "level": "", "waves": "2027"})
    assert verify(written.document).whole
    chosen.choose(study, PICKS[0])  # taken out again
    assert verify(written.document).whole


def test_picks_that_a_review_does_not_hold_are_left_out(study):
    for pick in (
        {"panel": "levels", "scale": "ky_nang", "group": "", "level": "", "waves": "2030"},
        {"panel": "levels", "scale": "no_such", "group": "", "level": "", "waves": "2027"},
        {"panel": "changes", "pair": "2025-2030", "content": 0},
    ):
        chosen.choose(study, pick)
    assert list(report_chosen.blocks(Review.of(study, 2027))) == []


def test_a_damaged_file_of_what_was_chosen_is_told_and_not_overwritten(study):
    path = study.folder / chosen.FILE
    path.write_text("[{", encoding="utf-8")
    with pytest.raises(StudyError) as told:
        chosen.chosen(study)
    assert str(told.value) == (
        f"Lỗi ở {path}\n"
        "  Quy tắc: Tệp này do sổ tay ghi: một danh sách các lựa chọn.\n"
        "  Đã thấy: không đọc được\n"
        "  Cách sửa: Xóa tệp ấy rồi chọn lại trong sổ tay."
    )
    with pytest.raises(StudyError):
        chosen.choose(study, PICKS[0])
    assert path.read_text(encoding="utf-8") == "[{"
