"""Make the pictures of the README and the handbook from the demo: python docs/make_pictures.py

Needs the demo (python run.py demo), and for the pages and the notebook: libreoffice, pdftoppm, chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "data/demo"
PICTURES = ROOT / "docs/pictures"
CHROMIUM = [
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=40000",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",  # nothing but the page's own server is asked
]  # fmt: skip


def charts() -> None:
    """The charts as the demo makes them."""
    for name in ("xu-huong", "muc-do", "don-vi"):
        shutil.copy(DEMO / "charts" / f"{name}.png", PICTURES)


def pages(first: int = 1, last: int = 4) -> None:
    """Pages of the interim report, as LibreOffice prints them."""
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        document = DEMO / "reports/bao-cao-2027.docx"
        convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", folder, document]
        subprocess.run(convert, check=True, capture_output=True)
        for page in (first, last):
            target = PICTURES / f"bao-cao-trang-{page}"
            pdf = Path(folder) / "bao-cao-2027.pdf"
            subprocess.run(
                ["pdftoppm", "-r", "70", "-png", "-singlefile", "-f", str(page), "-l", str(page), pdf, target],
                check=True,
            )


def notebook(width: int, height: int, name: str) -> None:
    """Notebook 02 as a page (Voilà), in a window of the given size."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    page = ROOT / "notebooks/04_ky_nang_so.ipynb"
    voila = [sys.executable, "-m", "voila", page, f"--port={port}", "--no-browser", "--VoilaExporter.language_code=vi"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    server = subprocess.Popen(voila, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(f"http://127.0.0.1:{port}/voila/static/favicon.ico")
        with tempfile.TemporaryDirectory() as folder:
            shot = [f"--user-data-dir={folder}", f"--window-size={width},{height}", f"--screenshot={PICTURES / name}"]
            subprocess.run([*CHROMIUM, *shot, f"http://127.0.0.1:{port}/"], check=True, capture_output=True, timeout=90)
    finally:
        server.terminate()
        server.wait()


def _wait(address: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.3)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    charts()
    pages()
    notebook(1000, 1010, "so-02.png")
    notebook(390, 844, "so-02-dien-thoai.png")
