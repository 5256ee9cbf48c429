"""What brings staff to the form: a QR code, a message for Zalo and e-mail, a poster, a reminder by units."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pandas as pd

from survey import tracker
from survey.advice import longest
from survey.errors import StudyError, Text
from survey.study import Study, Wave

LINK = re.compile(r"https://\S{4,2000}")
POSTER = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<style>
@page {{ size: A4; margin: 20mm; }}
body {{ font-family: "Times New Roman", serif; color: #111; text-align: center; max-width: 170mm; margin: 0 auto;
  padding: 8mm 4mm; }}
.school {{ font-size: 16pt; text-transform: uppercase; letter-spacing: .04em; }}
h1 {{ font-size: 32pt; line-height: 1.2; margin: 14mm 0 8mm; text-wrap: balance; }}
svg {{ width: 115mm; height: 115mm; max-width: 80vw; max-height: 80vw; }}
p {{ font-size: 18pt; line-height: 1.4; margin: 6mm 0; text-wrap: balance; }}
.link {{ font-size: 12pt; overflow-wrap: anywhere; }}
</style></head>
<body>
<div class="school">{school}</div>
<h1>{title}</h1>
<div role="img" aria-label="{alt}">{code}</div>
<p><strong>{until}</strong></p>
<p>{promise}</p>
<p class="link">{link}</p>
</body></html>
"""


def link_of(study: Study, wave: Wave) -> str:
    """The address of the wave's form; raises StudyError where the study does not say it."""
    if LINK.fullmatch(wave.link):
        return wave.link
    raise StudyError(
        f"{study.folder / 'study.yaml'}, waves {wave.id}",
        rule=Text(
            "Đợt cần mời có link: địa chỉ biểu mẫu để trả lời.", "A wave to invite to has link: the form's address."
        ),
        found=Text(
            f"link: {wave.link}" if wave.link else "không có link", f"link: {wave.link}" if wave.link else "no link"
        ),
        cure=Text(
            "Trong Google Biểu mẫu: Gửi → biểu tượng liên kết → Sao chép, rồi ghi  link: https://forms.gle/…  vào đợt ấy.",
            "In Google Forms: Send → the link icon → Copy, then write  link: https://forms.gle/…  to that wave.",
        ),
    )


def qr(link: str, kind: str = "svg") -> bytes:
    """The QR code of a link, readable with a fifth of it dirty (level M): "svg", or "png" of about 1,000 pixels."""
    import segno

    code, out = segno.make(link, error="m", micro=False), io.BytesIO()
    if kind == "png":
        code.save(out, kind="png", scale=max(1, 1000 // (code.symbol_size()[0])), border=4)
    else:
        code.save(out, kind="svg", border=4, xmldecl=False, omitsize=True, svgclass=None, lineclass=None)
    return out.getvalue()


def message(study: Study, wave: Wave) -> Text:
    """A short message for Zalo or e-mail. It promises only what the study keeps."""
    link, length, unnamed = link_of(study, wave), round(longest(study.form)), _unnamed(study)
    return Text(
        f"Kính gửi thầy cô, anh chị. {study.school.name.vi} mời trả lời “{study.form.title.vi}” đến hết ngày "
        f"{wave.ends:%d/%m/%Y}, khoảng {length} phút trên điện thoại{unnamed.vi}.\n{link}\nXin cảm ơn.",
        f"Dear colleagues, {study.school.name} asks you to answer “{study.form.title}” until {wave.ends:%d/%m/%Y}: about "
        f"{length} minutes on a phone{unnamed.en}.\n{link}\nThank you.",
    )


def _unnamed(study: Study) -> Text:
    """That no names are asked for; nothing where people are known by their addresses."""
    return Text("") if study.linked_by == "email" else Text(", không ghi tên", ", without names")


def reminder(study: Study, wave: Wave, responses: pd.DataFrame, today: dt.date) -> Text:
    """A reminder for all, with the units that are behind; never a person, and small units only together."""
    late, few = tracker.remind(tracker.until(responses, today), study, wave.id)
    link, days = link_of(study, wave), (wave.ends - today).days
    labels = {unit.id: unit.label for unit in study.units}
    vi = [f"{labels[unit].vi} (còn {missing} người)" for unit, missing in late]
    en = [f"{labels[unit]} ({missing} missing)" for unit, missing in late]
    if few:
        vi.append(f"các đơn vị dưới {tracker.SMALLEST} người (còn {few} người)")
        en.append(f"units of under {tracker.SMALLEST} people ({few} missing)")
    if not vi:
        return Text(
            f"Cảm ơn thầy cô, anh chị: đơn vị nào cũng đã trả lời gần đủ. Ai chưa trả lời vẫn còn {days} ngày.\n{link}",
            f"Thank you: nearly everybody in every unit has answered. Whoever has not still has {days} days.\n{link}",
        )
    return Text(
        f"Khảo sát còn {days} ngày. Cảm ơn những thầy cô, anh chị đã trả lời. Còn mong câu trả lời của: {'; '.join(vi)}.\n{link}",
        f"{days} days are left. Thank you to all who have answered. Still hoped for: {'; '.join(en)}.\n{link}",
    )


def poster(study: Study, wave: Wave) -> str:
    """An A4 page to print and hang up: HTML that needs nothing else."""
    from survey.errors import spoken

    link, length = link_of(study, wave), round(longest(study.form))
    until = Text(f"Đến hết ngày {wave.ends:%d/%m/%Y}", f"Until {wave.ends:%d/%m/%Y}")
    unnamed = _unnamed(study)
    promise = Text(
        f"Quét mã bằng điện thoại. Khoảng {length} phút{unnamed.vi}.",
        f"Scan with a phone. About {length} minutes{unnamed.en}.",
    )
    parts = {
        "language": spoken(),
        "title": study.form.title,
        "school": study.school.name,
        "alt": Text("Mã QR dẫn tới biểu mẫu", "QR code that leads to the form"),
        "until": until,
        "promise": promise,
        "link": link,
    }
    return POSTER.format(**{name: html.escape(str(part)) for name, part in parts.items()}, code=qr(link).decode())
