"""What a reader of everything that a report publishes can find out about a group that is hidden: no more than k people wide."""

import io
import json
import zipfile

import docx
import numpy as np
import openpyxl
import pytest

from analysis import report
from analysis.disclosure import widths
from analysis.review import Review
from analysis.trace import trace
from analysis.verification import ledger_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[2025, 2027, 2030])
def review(demo_study, request):
    return Review.of(demo_study, request.param)


@pytest.fixture(scope="module")
def written(review, tmp_path_factory):
    return report.write(review, tmp_path_factory.mktemp("Công bố"))


def unpacked(content):
    """Everything in a package as a text, the workbooks inside charts too."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "".join(unpacked(archive.read(name)) for name in archive.namelist())


def rows_of(annex, sheet):
    """The rows of a sheet of the annex, as dicts; the first line says that the data are made up."""
    head, *rows = list(openpyxl.load_workbook(annex)[sheet].iter_rows(min_row=2, values_only=True))
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_some_units_are_hidden_and_have_no_number_in_the_annex(review, written):
    units = rows_of(written.annex, "Theo đơn vị")
    hidden = [row for row in units if row["Được công bố"] == "không"]
    assert hidden and len(hidden) < len(units)
    numbers = (
        "Ước lượng",
        "Sai số chuẩn",
        "Cận dưới 95%",
        "Cận trên 95%",
        "Bậc tự do",
        "Số trả lời",
        "Số người (ước tính)",
    )
    assert [row for row in hidden if any(row[name] is not None for name in numbers)] == []


def test_no_fact_of_the_ledger_with_a_reason_to_hide_has_a_number(written):
    for facts in (json.loads(written.ledger.read_text(encoding="utf-8"))["ledger"]["facts"].values(),):
        masked = [fact for fact in facts if fact["reason"]]
        assert [
            fact for fact in masked if any(isinstance(value, (int, float)) for value in fact["values"].values())
        ] == []


def test_the_base_of_no_hidden_unit_is_found_from_all_that_is_published(review, written):
    """The whole's base and the shown units' bases are known: what is left must leave k people's room."""
    k, wave = review.study.smallest_base, review.wave
    labels = {str(unit.label): unit.id for unit in review.study.units}
    whole = {row["Mã"]: row["Số trả lời"] for row in rows_of(written.annex, "Mức") if str(row["Đợt"]) == str(wave)}
    published = rows_of(written.annex, "Theo đơn vị")
    now = review.frame[review.frame["wave"] == wave]
    for item in {row["Mã"] for row in published}:
        told = {labels[row["Giá trị nhóm"]]: row["Số trả lời"] for row in published if row["Mã"] == item}
        truth = now[now[item].notna()].groupby("unit").size().reindex(list(told), fill_value=0)
        assert truth.sum() == whole[item]
        hidden = np.array([told[unit] is None for unit in told])
        small = np.flatnonzero(hidden & (truth.to_numpy() > 0) & (truth.to_numpy() < k))
        room = widths(truth.to_numpy(float), np.ones((1, len(told))), hidden, small)
        assert (room >= k).all(), (item, room)


def test_no_share_is_published_of_a_group(review, written):
    shares = rows_of(written.annex, "Tỉ lệ trả lời từng câu")
    assert {row["Nhóm"] for row in shares} <= {None, ""}


def test_a_report_of_a_hidden_unit_holds_no_number_of_it(review, tmp_path):
    found = review.levels_by("unit", review.scales)
    hidden = [unit for unit, part in found.groupby("level") if not part["shown"].any()]
    assert hidden
    for unit in hidden:
        document = docx.Document(str(report.write(review, tmp_path, unit=unit).document))
        words = "\n".join(paragraph.text for paragraph in document.paragraphs)
        assert "ít người trả lời, kết quả riêng không công bố" in words
        assert "n = " not in words


def test_a_unit_that_is_shown_is_told_as_the_whole_schools_report_tells_it(review, written, tmp_path):
    units = [row for row in rows_of(written.annex, "Theo đơn vị") if row["Được công bố"] == "có"]
    labels = {str(unit.label): unit.id for unit in review.study.units}
    unit = labels[units[0]["Giá trị nhóm"]]
    own = report.write(review, tmp_path, unit=unit)
    facts = json.loads(own.ledger.read_text(encoding="utf-8"))["ledger"]["facts"].values()
    told = {round(fact["values"]["estimate"], 9) for fact in facts if fact["key"].startswith("level by unit")}
    assert {round(row["Ước lượng"], 9) for row in units if labels[row["Giá trị nhóm"]] == unit} <= told


def test_no_code_and_no_words_of_a_person_are_in_any_file_or_trace(demo_study, review, written):
    from survey import store

    kept = store.stored(demo_study)
    secrets = {code for code in store.coded(demo_study)["code"].dropna() if len(code) > 4} | set(
        kept["mo_ho_tro"].dropna()
    )
    assert len(secrets) > 50
    content = written.ledger.read_text(encoding="utf-8")
    for path in (written.document, written.annex, written.summary, written.slides):
        content += unpacked(path.read_bytes())
    ledger, _ = ledger_of(written.document)
    content += "\n".join(trace(demo_study, ledger, [entry.id for entry in ledger.entries[:40]]))
    assert [secret for secret in secrets if secret in content] == []
