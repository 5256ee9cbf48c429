"""Pretend evidence for a pretend study: small PDF files, each of which says on its page that it is none."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath

from analysis.custody import FOLDER
from analysis.sentences import PRETEND, day
from survey import store
from survey.errors import StudyError, Text
from survey.study import Figure, Study


def write(study: Study) -> list[Path]:
    """Write the PDF files that the figures and good practices of study.yaml name and that are not there; what was written.

    The same figures give the same bytes. Raises StudyError for a study that is not `pretend`.
    """
    if not study.pretend:
        raise StudyError(
            str(study.folder / "study.yaml"),
            rule=Text(
                "Chỉ viết minh chứng mô phỏng cho khảo sát có pretend: true.",
                "Pretend evidence is written only for a study with pretend: true.",
            ),
            found="pretend: false",
            cure=Text(
                "Dùng data/demo; không trộn với minh chứng thật.", "Use data/demo; never mix with real evidence."
            ),
        )
    root, written = study.folder / FOLDER, []
    named = [(figure.evidence, words(figure)) for figure in study.figures]
    for practice in study.movement.practices if study.movement else ():
        named.append((practice.evidence, f"{PRETEND.vi} – {practice.title.vi}"))
    for evidence, line in named:
        name = PurePosixPath(evidence)
        plain = not name.is_absolute() and ".." not in name.parts and ":" not in evidence
        if plain and name.suffix.lower() == ".pdf" and not (root / name).exists():
            written.append(store.write(root / name, pdf(line)))
    return written


def words(figure: Figure) -> str:
    """DỮ LIỆU MÔ PHỎNG – minh chứng CT4 ngày 31/05/2027: 75/80."""
    counted = f"{figure.numerator}/{figure.denominator}" if figure.denominator is not None else figure.judged or "–"
    return f"{PRETEND.vi} – minh chứng CT{figure.target} ngày {day(figure.date)}: {counted}"


def pdf(line: str) -> bytes:
    """A page of PDF 1.4 with one line, without its accents: no font that every reader has holds them. They are in the title."""
    letters = unicodedata.normalize("NFD", line.replace("Đ", "D").replace("đ", "d").replace("–", "-"))
    plain = letters.encode("ascii", "ignore").decode()
    escaped = plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    drawn = f"BT /F1 16 Tf 40 360 Td ({escaped}) Tj ET"
    title = (b"\xfe\xff" + line.encode("utf-16-be")).hex()
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 420] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Title <{title}> >>",
    ]
    content, places = f"%PDF-1.4\n% {line}\n".encode(), []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R /Info 6 0 R >>\n"
    return content + f"{end}startxref\n{len(content)}\n%%EOF\n".encode()
