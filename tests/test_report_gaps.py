"""A report on an incomplete study says what cannot be said; it neither falls over nor pretends."""

import shutil

import docx
import pytest
import yaml

from analysis import report
from analysis.review import Review
from analysis.verification import verify
from survey.study import Study

pytestmark = pytest.mark.slow  # each writes a report of a study of its own


def words_of(path):
    document = docx.Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


def altered(study, folder, change):
    """A copy of a study with the same answers, and another study.yaml."""
    shutil.copytree(study.folder, folder, ignore=shutil.ignore_patterns("reports", "passages"))
    path = folder / "study.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(settings)
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8", newline="\n")
    return Study.open(folder)


@pytest.fixture
def written_of(demo_study, tmp_path):
    def write(change, wave):
        study = altered(demo_study, tmp_path / "Trường khác", change)
        written = report.write(Review.of(study, wave))
        assert verify(written.document).whole
        return words_of(written.document)

    return write


def test_one_wave_tells_levels_and_no_change(written_of):
    words = written_of(lambda settings: None, 2025)
    assert "Mới có một đợt khảo sát (năm 2025): báo cáo này nêu mức, chưa thể nói về thay đổi." in words
    assert "Kĩ năng" not in words and " tăng " not in words and " giảm " not in words


def test_targets_without_figures_are_not_judged(written_of):
    words = written_of(lambda settings: settings.update(figures=[]), 2027)
    assert "Trong 6 chỉ tiêu của kế hoạch: 6 chưa đủ căn cứ." in words
    assert (
        words.count("chưa đủ căn cứ: chưa có số liệu đến ngày 31/12/2027.") == 6
        or words.count("chưa có số liệu đến ngày") == 6
    )
    assert "Chưa đạt" not in words


def test_a_third_of_the_staff_answered(written_of):
    def three_times_the_people(settings):
        for wave in settings["waves"]:
            for counts in wave["roster"].values():
                counts.update({role: 3 * people for role, people in counts.items()})

    words = written_of(three_times_the_people, 2027)
    assert "Đợt khảo sát năm 2027: 69/240 người trả lời hợp lệ (28,8%)." in words
    assert (
        "Chỉ 28,8% số người được hỏi trả lời trong đợt năm 2027; người không trả lời có thể khác người trả lời, nên chưa thể "
        "coi các số dưới đây là của toàn trường."
    ) in words
    # 69 of 240 people gave 2,127 on average, on a scale of 0 to 4:
    # 69 x 2,127 / 240 = 0,61, and (69 x 2,127 + 171 x 4) / 240 = 3,46
    assert (
        "Kỹ năng số chung: dù những người ấy trả lời thế nào, trung bình toàn trường nằm trong 0,61–3,46 điểm." in words
    )


def test_a_study_without_a_movement_and_a_roster(written_of):
    def bare(settings):
        for name in ("movement", "figures", "phases", "primary"):
            settings.pop(name, None)
        for wave in settings["waves"]:
            wave.pop("roster")

    words = written_of(bare, 2027)
    assert "Chưa có danh sách nhân sự: không biết tỉ lệ trả lời, số liệu chỉ nói về những người đã trả lời." in words
    assert "Chỉ tiêu" not in words and "Nội dung 1" not in words
    assert "Đánh giá năm 2027" in words


def test_a_school_so_small_that_everything_is_hidden(written_of):
    words = written_of(lambda settings: settings.update(smallest_base=500), 2027)
    assert "không công bố" in words
    assert " tăng 0," not in words and "n = " not in words
