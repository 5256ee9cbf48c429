"""The dashboard in a real browser, served by the real Voila: what it shows is what the kernel's own calls say."""

import io
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pypdf
import pytest
import websocket
from boards import Board, changed
from browsing import axe

from analysis import dashboard
from analysis.review import Review

ROOT = Path(__file__).parent.parent
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "projector": (1920, 1080)}
PAGES = {"overview": "Tổng quan", "skills": "Kỹ năng và ứng dụng", "change": "Thay đổi"}


@pytest.fixture(scope="module")
def review(demo_study):
    return Review.of(demo_study)


@pytest.fixture(scope="module")
def server(demo_study, tmp_path_factory):
    """The address of the served dashboard, with its token."""
    log = (tmp_path_factory.mktemp("voila") / "log").open("w")
    command = [sys.executable, "-m", "analysis", "dashboard", str(demo_study.folder), "--port=8967", "--no-browser"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | {"PYTHONUTF8": "1"}
    )
    try:
        yield re.search(r"http://\S+", process.stdout.readline())[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)
        log.close()


class Visit:
    """A page of the dashboard as a visitor opens it, with all that it asked for and complained of."""

    def __init__(self, chromium, address: str, size: tuple[int, int]):
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.tab = chromium.new_page(viewport={"width": size[0], "height": size[1]})
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("websocket", lambda socket: self.asked.append(socket.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.tab.goto(address)
        self.tab.wait_for_selector(".kss-board img", timeout=90_000)

    def turn_to(self, page: str) -> None:
        self.tab.get_by_role("button", name=PAGES[page], exact=True).click()
        heading = "Phong trào thi đua" if page == "overview" else PAGES[page]
        self.tab.get_by_role("heading", level=1, name=re.compile(heading)).wait_for(timeout=30_000)
        self.tab.wait_for_selector(".kss-board img")

    def boards(self, review, page: str) -> list[Board]:
        panels = [panel for _, panel in dashboard.panels_of(review, page)]
        found = self.tab.locator(".kss-board")
        self.tab.wait_for_function(
            f"document.querySelectorAll('.kss-board img').length == {len(panels)}", timeout=30_000
        )
        return [Board(found.nth(place), panel) for place, panel in enumerate(panels)]

    def outside(self) -> list[str]:
        return [
            url for url in self.asked if not re.match(r"(http|ws)://localhost:8967/|data:|blob:http://localhost", url)
        ]


@pytest.fixture(scope="module")
def visit(chromium, server):
    found = Visit(chromium, server, SIZES["laptop"])
    yield found
    found.tab.close()


pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.mark.parametrize("page", PAGES)
def test_every_control_of_a_page_shows_what_the_kernels_own_call_says(visit, review, page):
    visit.turn_to(page)
    for board in visit.boards(review, page):
        board.agrees()
        assert changed(board) > 0
    assert visit.complaints == []
    assert visit.outside() == []


def test_the_page_speaks_vietnamese_and_has_a_title(visit):
    assert visit.tab.evaluate("document.documentElement.lang") == "vi"
    assert visit.tab.title() == "Tổng quan 2030 – Trường THPT Minh Họa"


def test_no_code_is_in_the_page(visit):
    assert visit.tab.locator(".jp-InputArea, .jp-CodeCell-input, .cm-editor").count() == 0
    assert "dashboard_of" not in visit.tab.content()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_its_screen_and_has_no_serious_fault(visit, page, size):
    width, height = SIZES[size]
    visit.tab.set_viewport_size({"width": width, "height": height})
    visit.turn_to(page)
    assert visit.tab.evaluate("document.scrollingElement.scrollWidth") <= width
    outside = """width => [...document.querySelectorAll('.kss-page :is(select, button, img, p)')].filter(
        one => one.offsetParent && one.getBoundingClientRect().right > width + 1).map(one => one.outerHTML.slice(0, 80))"""
    assert visit.tab.evaluate(outside, width) == []
    small = """[...document.querySelectorAll('.kss-page select, .kss-page button')].filter(one => one.offsetParent
        && one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML.slice(0, 80))"""
    assert visit.tab.evaluate(small) == []
    assert axe(visit.tab) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_prints_as_a_whole_and_without_what_is_to_be_clicked(visit, review, page):
    visit.tab.set_viewport_size({"width": 1280, "height": 800})
    visit.turn_to(page)
    last = visit.boards(review, page)[-1].shown
    sheets = pypdf.PdfReader(io.BytesIO(visit.tab.pdf(format="A4"))).pages
    said = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    assert last["words"][0] in said and all(cell in said for cell in last["cells"][-3:])
    assert "Tải về" not in said and "Ngôn ngữ" not in said


def test_pages_and_picks_can_be_reached_by_the_keyboard_alone(visit, review):
    visit.tab.set_viewport_size({"width": 1280, "height": 800})
    visit.turn_to("overview")
    visit.tab.get_by_role("button", name=PAGES["overview"], exact=True).focus()
    visit.tab.keyboard.press("Tab")
    visit.tab.keyboard.press("Tab")
    assert visit.tab.evaluate("document.activeElement.textContent") == PAGES["change"]
    visit.tab.keyboard.press("Enter")
    visit.tab.get_by_role("heading", level=1, name=re.compile(PAGES["change"])).wait_for()
    board = visit.boards(review, "change")[0]
    for _ in range(20):
        visit.tab.keyboard.press("Tab")
        if (
            visit.tab.evaluate("document.activeElement.labels && document.activeElement.labels[0]?.textContent")
            == "Biểu đồ"
        ):
            break
    visit.tab.keyboard.press("ArrowDown")
    assert board.agrees()["picks"]["Biểu đồ"] == "Đường dốc"


def test_the_whole_dashboard_turns_into_english_and_back(visit):
    visit.turn_to("change")
    visit.tab.get_by_role("combobox", name="Ngôn ngữ", exact=True).select_option(label="English")
    visit.tab.get_by_role("heading", name="What rose, fell, did not change?").wait_for()
    assert visit.tab.get_by_role("button", name="Skills and adoption").count() == 1
    visit.tab.get_by_role("combobox", name="Language", exact=True).select_option(index=0)
    visit.tab.get_by_role("heading", name="Điều gì tăng, giảm, không đổi?").wait_for()


def test_the_files_of_a_view_can_be_had(visit, review):
    visit.turn_to("change")
    board = visit.boards(review, "change")[0]
    board.board.get_by_role("button", name="Tải về").click()
    for end, begins in (("PNG", b"\x89PNG"), ("SVG", b"<?xml"), ("XLSX", b"PK")):
        with visit.tab.expect_download() as got:
            board.board.get_by_role("link", name=end, exact=True).click()
        assert Path(got.value.path()).read_bytes().startswith(begins)


def test_without_the_token_nothing_is_told(server):
    with urllib.request.urlopen(server.partition("?")[0]) as answer:
        assert "/login" in answer.url
        assert "Minh Họa" not in answer.read().decode()


def test_only_this_machine_is_listened_to(server):
    listening = (
        Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text() if Path("/proc/net/tcp").exists() else ""
    )
    places = re.findall(rf"\d+: ([0-9A-F]+):{8967:04X} \S+ 0A ", listening)  # 0A: listens
    assert places == ["0100007F"]


def test_code_that_is_sent_to_the_kernel_is_not_run(visit, server, tmp_path):
    """What the widgets send is let through; a request to run something is not."""
    address = next(url for url in visit.asked if url.startswith("ws://"))
    address = re.sub("session_id=[^&]+", "session_id=another", address)  # else the page would take its own back
    headers = [f"{name}: {value}" for name, value in (("Cookie", cookies(visit)),)]
    socket = websocket.create_connection(address, header=headers)
    proof = tmp_path / "ran"
    head = {"msg_id": "1", "session": "1", "username": "", "version": "5.3", "date": "2027-01-01T00:00:00Z"}
    for kind, content in (
        ("execute_request", {"code": f"open({str(proof)!r}, 'w')", "silent": False}),
        ("kernel_info_request", {}),
    ):
        message = {"header": head | {"msg_type": kind}, "parent_header": {}, "metadata": {}, "content": content}
        socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
    heard, end = "", time.monotonic() + 10
    while "kernel_info_reply" not in heard and time.monotonic() < end:
        found = socket.recv()
        heard += found if isinstance(found, str) else found.decode("utf-8", "replace")
    socket.close()
    assert "kernel_info_reply" in heard and "execute_reply" not in heard
    assert not proof.exists()


def cookies(visit) -> str:
    return "; ".join(f"{one['name']}={one['value']}" for one in visit.tab.context.cookies())
