"""What brings staff to the form; never a person is named."""

from __future__ import annotations

import datetime as dt
import re
import subprocess

import pytest
import segno
from conftest import need_tool
from test_tracker import HALF, STUDY

from survey import invite
from survey.errors import StudyError
from survey.study import Study

LINK = "https://forms.gle/Abc123"


@pytest.fixture
def study(tmp_path) -> Study:
    text = STUDY.replace("ends: 2026-05-15,", f"ends: 2026-05-15, link: '{LINK}',")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    return Study.open(tmp_path)


def test_the_code_is_that_of_the_link():
    assert invite.qr(LINK, "png").startswith(b"\x89PNG")
    dark = sum(map(sum, segno.make(LINK, error="m", micro=False).matrix))
    drawn = sum(int(width) for width in re.findall(r"h(\d+)", invite.qr(LINK).decode()))
    assert drawn == dark


def test_the_message_says_who_until_when_and_how_long(study):
    assert invite.message(study, study.wave(2026)).vi == (
        "Kính gửi thầy cô, anh chị. Trường thử mời trả lời “Khảo sát năng lực số và ứng dụng công nghệ của cán bộ, giáo viên, "
        "nhân viên” đến hết ngày 15/05/2026, khoảng 9 phút trên điện thoại, không ghi tên.\nhttps://forms.gle/Abc123\nXin cảm ơn."
    )


def test_where_people_are_known_by_their_address_nothing_else_is_promised(study):
    known = study.model_copy(update={"linked_by": "email"})
    for said in (invite.message(known, known.wave(2026)).vi, invite.poster(known, known.wave(2026))):
        assert "không ghi tên" not in said


def test_the_reminder_names_units_and_small_ones_only_together(study):
    assert invite.reminder(study, study.wave(2026), HALF, dt.date(2026, 5, 13)).vi == (
        "Khảo sát còn 2 ngày. Cảm ơn những thầy cô, anh chị đã trả lời. Còn mong câu trả lời của: Tổ Toán (còn 5 người); các đơn "
        "vị dưới 5 người (còn 2 người).\nhttps://forms.gle/Abc123"
    )


def test_the_poster_escapes_what_the_study_says(study):
    odd = study.model_copy(update={"school": study.school.model_copy(update={"name": "<script>x</script>"})})
    odd._folder = study.folder
    assert "<script>" not in invite.poster(odd, odd.wave(2026))


@pytest.mark.parametrize(("link", "found"), [("", "không có link"), ("forms.gle/x", "link: forms.gle/x")])
def test_a_wave_without_a_link(tmp_path, link, found):
    (tmp_path / "study.yaml").write_text(
        STUDY.replace("ends: 2026-05-15,", f"ends: 2026-05-15, link: '{link}',"), encoding="utf-8"
    )
    study = Study.open(tmp_path)
    with pytest.raises(StudyError) as caught:
        invite.message(study, study.wave(2026))
    assert str(caught.value) == (
        f"Lỗi ở {tmp_path / 'study.yaml'}, waves 2026\n"
        "  Quy tắc: Đợt cần mời có link: địa chỉ biểu mẫu để trả lời.\n"
        f"  Đã thấy: {found}\n"
        "  Cách sửa: Trong Google Biểu mẫu: Gửi → biểu tượng liên kết → Sao chép, rồi ghi  link: https://forms.gle/…  vào đợt ấy."
    )


@pytest.mark.slow
@pytest.mark.browser
def test_the_poster_is_one_page(study, tmp_path):
    browser = need_tool("chromium")
    need_tool("pdftotext")
    (tmp_path / "a.html").write_text(invite.poster(study, study.wave(2026)), encoding="utf-8")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={tmp_path / 'a.pdf'}", "--no-pdf-header-footer",
         (tmp_path / "a.html").as_uri()], check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    words = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], check=True, capture_output=True).stdout.decode()
    assert words.count("\f") == 1
    assert "Đến hết ngày 15/05/2026" in words
