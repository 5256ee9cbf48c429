"""Every numeral of a report is either told by a fact of its entry, or of a kind on the printed list of exempt ones."""

import datetime as dt

import docx
import openpyxl
import pytest

from analysis import change, evidence, means, proportions, report, report_content
from analysis.blocks import Chart, Fact, Heading, Paragraph, Place, Said, Table
from analysis.bounds import bounds
from analysis.corroboration import corroborated
from analysis.precision import published
from analysis.projection import history, project
from analysis.register import entries
from analysis.review import Review
from analysis.sentences import number, percent, signed
from analysis.targets import missing, targets
from survey.errors import speak

pytestmark = pytest.mark.slow  # three reviews in two languages


@pytest.fixture(scope="module", params=[2025, 2027, 2030])
def review(demo_study, request):
    return Review.of(demo_study, request.param)


@pytest.fixture(params=["vi", "en"])
def language(request):
    speak(request.param)
    yield request.param
    speak("vi")


def said_of(blocks):
    """Everything in words in a report's blocks: sentences, cells, captions, alternative texts, headings."""
    for block in blocks:
        match block:
            case Paragraph():
                yield from (part for part in block.parts if isinstance(part, Said))
            case Table():
                yield from (Said(words) for words in (block.caption, *block.head))
                yield from (cell for row in block.rows for cell in row)
            case Chart():
                yield from (Said(block.caption), Said(block.words, block.facts))
                yield from (Said(words) for words in (*block.categories, *(one.name for one in block.series)))
            case Heading():
                yield Said(block.words)
            case Place():
                yield Said(block.prompt)


def printed(value):
    """The ways in which a report may print a value: 0.8567 as 0,86, 85,7 or 86%."""
    if value is None:
        return set()
    if isinstance(value, str):
        return {value}
    ways = {str(value), *(percent(value, digits) for digits in (0, 1))}
    for scaled in (value, 100 * value):
        for digits in range(3):
            ways |= {number(scaled, digits), number(abs(scaled), digits), signed(scaled, digits)}
    return ways | {f"{number(value, 0)}%"}


def unaccounted(said, quoted=()):
    """The numerals of a sentence or cell that none of its facts gives."""
    known = {way for fact in said.facts for value in fact.values.values() for way in printed(value)}
    return [found for found in evidence.numerals(said.words, quoted) if not {found.strip(), found.strip(" %")} & known]


def test_every_numeral_of_the_demos_reports_is_in_the_ledger_or_exempt(review, language):
    quoted = evidence.labels(review.study)
    for kind in ("report", "summary"):
        said = list(said_of(report.blocks_of(review, kind=kind)))
        assert sum(bool(one.facts) for one in said) > 15
        assert [(one.words, left) for one in said if (left := unaccounted(one, quoted))] == []


def test_every_numeral_of_a_units_report_is_in_the_ledger_or_exempt(review):
    quoted = evidence.labels(review.study)
    for unit in ("toan", "ban_giam_hieu"):
        said = said_of(report.blocks_of(review, unit))
        assert [(one.words, left) for one in said if (left := unaccounted(one, quoted))] == []


LEVEL = Fact("level", "means(...)", {"estimate": 2.4123, "n": 69})


@pytest.mark.parametrize(
    "words, left",
    [
        ("trung bình 2,41 điểm (n = 69)", []),
        ("trung bình 2,42 điểm (n = 69)", ["2,42 "]),
        ("trung bình 2,41 điểm (n = 68)", ["68"]),
        ("trung bình 2,41 điểm, 12 tổ", ["12 "]),
        ("đạt 100%", ["100%"]),
        ("trung bình 2,41 điểm (khoảng tin cậy 95%)", []),
        ("trung bình 2,41 điểm (khoảng tin cậy 99%)", ["99%"]),
        ("ngày 31/05/2027, giai đoạn 2025–2027, xem Bảng 3, Kế hoạch số 3376/KH-SGDĐT", []),
        ("minh chứng: minh-chung/CT2-2027.pdf", []),
    ],
)
def test_a_numeral_that_no_fact_gives_is_found(words, left):
    assert unaccounted(Said(words, (LEVEL,))) == left


def test_a_label_is_quoted_as_it_stands_and_only_so():
    assert unaccounted(Said("Đạt mức 2 trở lên: 2,41", (LEVEL,)), ["Đạt mức 2 trở lên"]) == []
    assert unaccounted(Said("Đạt mức 3 trở lên: 2,41", (LEVEL,)), ["Đạt mức 2 trở lên"]) == ["3 "]


def test_the_list_of_exempt_kinds_is_printed_in_the_annex(review, tmp_path):
    written = report.write(review, tmp_path)
    sheet = openpyxl.load_workbook(written.annex)["Số không cần dẫn"]
    kinds = [row[0] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert kinds == [str(words) for words, _ in evidence.EXEMPT.values()] + [
        "lời của câu hỏi, chỉ tiêu, đơn vị chép nguyên văn"
    ]


def test_outside_the_entries_of_the_written_document_no_numeral_is_left(review, tmp_path):
    from analysis.verification import read

    quoted = evidence.labels(review.study)
    written = report.write(review, tmp_path)
    for path in (written.document, written.summary):
        inside, outside = read(path)
        assert len(inside) > 8
        assert [line for line in outside if evidence.numerals(line, quoted)] == []


def test_the_calls_of_the_ledger_give_its_values(demo_study):
    review = Review.of(demo_study, 2027)
    names = {
        "review": review, "means": means, "proportions": proportions, "change": change, "targets": targets,
        "bounds": bounds, "project": project, "history": history, "entries": entries, "corroborated": corroborated,
        "missing": missing, "datetime": dt,
    }  # fmt: skip
    _, told = evidence.entries_of(report.blocks_of(review))
    checked = 0
    for fact in told.values():
        if fact.key.split()[0] not in ("level", "change", "share") or fact.reason:
            continue
        table = eval(fact.call, names)
        row = table[table["wave"].astype(str).str.replace("→", " ").eq(" ".join(map(str, fact.waves)))]
        assert fact.values["estimate"] in set(published(row)["estimate"]), fact.key
        checked += 1
    assert checked > 20


def test_the_ledger_is_the_same_json_for_the_same_answers_and_its_seal_breaks_with_one_digit(demo_study):
    review = Review.of(demo_study, 2027)
    blocks = report.blocks_of(review)
    text = evidence.of(review, blocks).text()
    assert text == evidence.of(Review.of(demo_study, 2027), blocks).text()
    again, whole = evidence.Ledger.parse(text)
    assert whole and again.text() == text
    digit = text.index('"n": 69') + 6
    _, whole = evidence.Ledger.parse(text[:digit] + "8" + text[digit + 1 :])
    assert not whole


def test_ids_run_through_the_document_in_its_order(demo_study, tmp_path):
    written = report.write(Review.of(demo_study, 2027), tmp_path)
    xml = docx.Document(str(written.document)).element.xml
    ids = [part.split('"')[0] for part in xml.split('w:name="')[1:] if evidence.ID.fullmatch(part.split('"')[0])]
    assert ids == [f"E{number:03d}" for number in range(1, len(ids) + 1)]


def test_subject_of_an_unknown_unit_is_refused_in_words(demo_study):
    from survey.errors import StudyError

    with pytest.raises(StudyError) as error:
        report_content.subject(Review.of(demo_study, 2027), "toan_hoc")
    assert str(error.value) == (
        "Lỗi ở --unit\n"
        "  Quy tắc: --unit là mã một đơn vị trong study.yaml.\n"
        "  Đã thấy: toan_hoc\n"
        "  Cách sửa: Chọn một trong: ban_giam_hieu, toan, ngu_van, ngoai_ngu, vat_li, hoa_sinh, su_dia, tin_the_duc, "
        "van_phong, doan_the."
    )
