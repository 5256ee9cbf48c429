"""A Word document -> PDF with LibreOffice, where this machine has it, and the pages on which its headings stand."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from survey.errors import Text, UserError

PLACES = (
    "C:/Program Files/LibreOffice/program/soffice.exe",
    "C:/Program Files (x86)/LibreOffice/program/soffice.exe",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)
PATIENCE = 180  # seconds; the first start of LibreOffice on a slow machine takes one minute
MISSING = Text(
    "Máy này chưa có LibreOffice, nên chưa có bản PDF: mở tệp Word và chọn Tệp → Lưu thành → PDF.",
    "LibreOffice is not installed, so there is no PDF: open the Word file and choose File → Save as → PDF.",
)


def program() -> str | None:
    """The path of LibreOffice; None where it is not installed."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    return found or next((place for place in PLACES if Path(place).exists()), None)


def convert(document: bytes, suffix: str = ".docx") -> bytes:
    """A document as PDF, with its headings as bookmarks. Raises UserError where LibreOffice does not do it."""
    options = json.dumps({"ExportBookmarks": {"type": "boolean", "value": "true"}})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        source = folder / f"document{suffix}"
        source.write_bytes(document)
        profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"  # beside a LibreOffice that is open
        command = [str(program()), profile, "--headless", "--convert-to", f"pdf:writer_pdf_Export:{options}"]
        if suffix != ".docx":
            command[-1] = "pdf"
        try:
            done = subprocess.run(
                [*command, "--outdir", name, str(source)], capture_output=True, encoding="utf-8", timeout=PATIENCE
            )
            words = done.stderr.strip()
        except (OSError, subprocess.TimeoutExpired) as error:
            words = type(error).__name__
        made = source.with_suffix(".pdf")
        if not made.exists():
            raise UserError(
                "LibreOffice",
                rule=Text("LibreOffice chuyển được tệp Word thành PDF.", "LibreOffice makes a PDF of the Word file."),
                found=words[-300:] or Text("không có tệp PDF", "no PDF"),
                cure=MISSING,
            )
        return made.read_bytes()


def pages(pdf: bytes) -> dict[str, int]:
    """Heading -> the page on which it stands, from 1."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(pdf))
    found: dict[str, int] = {}
    for entry in _flat(reader.outline):
        page = reader.get_destination_page_number(entry)
        if page is not None:
            found.setdefault(str(entry.title), page + 1)
    return found


def _flat(outline: list[Any]) -> Iterator[Any]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _flat(entry)
        else:
            yield entry
