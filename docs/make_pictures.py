"""Make the pictures of the README and the handbook from the demo: python docs/make_pictures.py

Needs the demo (python run.py demo), and for the pages and the notebook: libreoffice, pdftoppm, chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from analysis import charts, views
from analysis.chart_sheet import Chart
from analysis.report_charts import phase_bands, skill_items
from analysis.review import Review
from survey import store, tracker
from survey.study import Study

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "data/demo"
PICTURES = ROOT / "docs/pictures"


def charts_of_the_demo() -> None:
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


def dashboard(sizes: dict[str, tuple[int, int]]) -> None:
    """The second page of the dashboard, in windows of the given sizes."""
    from playwright.sync_api import sync_playwright

    command = [sys.executable, "-m", "analysis", "dashboard", DEMO, "--port=8972", "--no-browser"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        with sync_playwright() as playwright:
            program = shutil.which("chromium")
            chromium = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            for name, (width, height) in sizes.items():
                tab = chromium.new_page(viewport={"width": width, "height": height})
                tab.goto(address)
                tab.get_by_role("button", name="Kỹ năng và ứng dụng").click(timeout=60_000)
                tab.wait_for_function("document.querySelectorAll('.kss-board img').length == 4")
                tab.wait_for_timeout(500)
                tab.screenshot(path=PICTURES / name)
            chromium.close()
    finally:
        server.terminate()
        server.communicate()


def drawn(review: Review) -> dict[str, tuple[str, str, Chart]]:
    """Name -> heading, what it answers, and the chart, of every kind that there is."""
    study, form = review.study, review.study.form
    labels = {item: review.label(item) for item in review.scales}
    primary, pretend = [item for item in study.primary if item in review.scales], study.pretend
    skills = skill_items(review)[:6]
    attitudes = [item for item in form.items(order="agreement") if item in review.items][:6]
    now = review.shares_of(skills + attitudes).query("wave == @review.wave")
    first = review.pairs[0]
    judged = review.changes[review.changes["wave"] == f"{first[0]}→{first[1]}"]
    verdicts = {row.item: row.verdict for row in judged.itertuples()}
    ends = review.levels[review.levels["wave"].isin(first)]
    days = {wave: tracker.daily(store.responses(study), study, wave, study.wave(wave).ends) for wave in review.waves}
    return {
        "likert": ("Thanh hai phía", "Mỗi việc: bao nhiêu người đã tự làm được?", charts.likert(
            now[now["item"].isin(skills)], {i: review.label(i) for i in skills}, form.value_labels(skills[0]), pretend=pretend)),
        "likert-aside": ("Thanh hai phía, mức giữa và “không áp dụng” để riêng", "Nghiêng về bên nào, không kể người đứng giữa?",
            charts.likert(now[now["item"].isin(attitudes)], {i: review.label(i) for i in attitudes},
                form.value_labels(attitudes[0]), aside=3, exempt=review.exempt, pretend=pretend)),
        "trend": ("Xu hướng", "Qua các đợt và hai giai đoạn, mức thay đổi ra sao?", charts.trend(
            review.levels[review.levels["item"].isin(primary)], labels, phases=phase_bands(review), pretend=pretend)),
        "slope": ("Đường dốc", "Từ đợt này đến đợt kia, thang đo nào tăng, giảm?", charts.slope(
            ends, labels, verdicts=verdicts, pretend=pretend)),
        "changes": ("Thay đổi", "Thay đổi bao nhiêu, chắc chắn đến đâu?", charts.changes(
            judged, labels, small=study.small, pretend=pretend)),
        "units": ("Các đơn vị", "Các đơn vị ở mức nào, so với toàn trường?", charts.units(
            review.levels_by("unit", primary[:1]), review.unit_labels(),
            whole=review.levels.query("item == @primary[0] and wave == @review.wave"), pretend=pretend)),
        "moves": ("Chuyển mức", "Ai chọn mức nào nay ở mức nào?", views.moves(review, skills[1], first).figure),
        "targets": ("Chỉ tiêu", "Mỗi chỉ tiêu đã đi đến đâu?", views.targets(review).figure),
        "pace": ("Tiến độ một chỉ tiêu", "Đi như vậy có kịp hạn không?", views.pace(review, 4).figure),
        "response": ("Đường trả lời", "Mỗi ngày thêm bao nhiêu người trả lời?", charts.response(days, pretend=pretend)),
    }  # fmt: skip


def gallery(review: Review) -> str:
    """The page of all charts."""
    parts = [
        "# Các biểu đồ · The charts\n",
        "Mọi biểu đồ của sổ tay, bảng theo dõi và báo cáo, vẽ từ trường mô phỏng `data/demo` (`python docs/make_pictures.py`). "
        "Dưới mỗi hình là lời thay cho hình, có trong mọi nơi hình xuất hiện.\n",
        "*Every chart as the pretend school makes it; below each its text alternative.*\n",
    ]
    for name, (heading, question, chart) in drawn(review).items():
        call = name.split("-")[0]
        parts.append(
            f"## {heading} · `charts.{call}`\n\n{question}\n\n![{heading}](pictures/chart-{name}.png)\n\n> {chart.alt}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    charts_of_the_demo()
    pages()
    dashboard({"bang-theo-doi.png": (1280, 900), "bang-theo-doi-dien-thoai.png": (390, 844)})
    review = Review.of(Study.open(DEMO), 2027)
    for name, (_, _, chart) in drawn(review).items():
        (PICTURES / f"chart-{name}.png").write_bytes(charts.png(chart, dpi=100))
    (ROOT / "docs/gallery.md").write_text(gallery(review), encoding="utf-8")
