"""The dashboard served on this machine by Voila: read-only, without code, and nothing is fetched from elsewhere."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path

from analysis import webpage
from survey.errors import Text, spoken
from survey.study import Study

ROOT = Path(__file__).parent.parent
TEMPLATES = Path(__file__).parent / "jupyter"


def notebook(study: Study, wave: int) -> dict:
    """The notebook that Voila serves: one cell, that shows the dashboard of a study's review."""
    title = f"{Text('Tổng quan', 'Overview')} {wave} – {study.school.name}"
    code = (
        "from analysis.explore import dashboard_of\n"
        f"dashboard_of({str(study.folder.resolve())!r}, {wave}, {spoken()!r})"
    )
    cell: dict = {
        "cell_type": "code",
        "id": "dashboard",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": code,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"title": title, "house_style": webpage.style(), "kernelspec": kernel}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}


def serve(study: Study, wave: int, *, port: int, ip: str, browser: bool) -> None:
    """Serve the dashboard until it is stopped (Ctrl+C). Without the token of the printed address nobody sees anything."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join([str(TEMPLATES), *filter(None, [os.environ.get("JUPYTER_PATH")])])
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.environ["JUPYTER_WIDGETS_ECHO"] = "0"  # each visitor has a kernel alone: no other page has to hear of a pick
    from traitlets.config import Config
    from voila.app import Voila

    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory() as folder:  # nothing else is in it, so nothing else can be asked for
        page = Path(folder) / "dashboard.ipynb"
        page.write_text(json.dumps(notebook(study, wave), ensure_ascii=False), encoding="utf-8")
        settings = Config()
        settings.Voila.update(ip=ip, port=port, open_browser=browser, log_level="ERROR")
        settings.VoilaExporter.language_code = spoken()
        settings.VoilaConfiguration.update(
            template="khaosatso",
            theme="light",
            file_allowlist=[],
            extension_allowlist=["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager"],
        )
        app = Voila(token=token, config=settings)
        app.initialize([str(page)])
        print(
            Text(
                f"Bảng theo dõi: http://localhost:{port}/?token={token}",
                f"Dashboard: http://localhost:{port}/?token={token}",
            ),
            flush=True,
        )
        print(Text("Dừng: Ctrl+C.", "Stop: Ctrl+C."), flush=True)
        app.start()
