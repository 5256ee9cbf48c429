"""run.py: one command on a machine that has Python and nothing else."""

import ast
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run

PROJECT = Path(run.__file__).resolve().parent
SITE = "Lib/site-packages" if os.name == "nt" else "lib/python3.11/site-packages"
UP_TO_ROOT = "../../.." if os.name == "nt" else "../../../.."


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch):
    monkeypatch.setattr(run, "_english", False)


@pytest.fixture
def folder(tmp_path):
    """A freshly unpacked project in a folder with Vietnamese letters and a space; its packages exit with 7 and 3."""
    home = tmp_path / "Khảo sát 2026"
    for package, code in (("survey", 7), ("analysis", 3)):
        (home / package).mkdir(parents=True)
        (home / package / "__init__.py").write_text("")
        (home / package / "__main__.py").write_text(
            f"import os, sys\nprint({package!r}, sys.argv[1:], os.path.basename(os.getcwd()),"
            f" os.environ.get('PYTHONUTF8'), os.environ.get('PYTHONDONTWRITEBYTECODE'))\nsys.exit({code})\n",
            encoding="utf-8",
        )
    shutil.copy(PROJECT / "run.py", home)
    (home / "requirements.lock").write_text("mot==1.0 \\\n    --hash=sha256:00\nhai==2.0 ; os_name == 'no'\n")
    return home


class Installer:
    """Stands where venv and pip would be started; does what they do to the folder, and says what it is told to say."""

    def __init__(self, home: Path, monkeypatch):
        self.home, self.started, self.pip_says, self.venv_says = home, [], (0, ["Collecting mot==1.0"]), (0, [])
        self.version = "3.11 linux-x86_64"
        monkeypatch.setattr(run, "listen", self.listen)
        monkeypatch.setattr(run, "ask", self.ask)

    def ask(self, python: Path) -> tuple:
        return (self.version, SITE) if python.exists() else ("", "")

    def listen(self, command: list, home: Path, heard=None) -> tuple:
        tool = "venv" if "venv" in command else "pip"
        self.started.append(tool)
        code, said = self.venv_says if tool == "venv" else self.pip_says
        if tool == "venv" and code == 0:
            shutil.rmtree(home / ".venv", ignore_errors=True)
            (home / ".venv" / SITE).mkdir(parents=True)
            run.python_of(home / ".venv").parent.mkdir(exist_ok=True)
            run.python_of(home / ".venv").write_text("")
        for line in said:
            if heard:
                heard(line)
        return code, said

    def run_once(self) -> list:
        self.started = []
        run.set_up(self.home)
        return self.started


@pytest.fixture
def installer(folder, monkeypatch):
    return Installer(folder, monkeypatch)


# --- an old Python is told so


def test_python_too_old_is_told_which_one_to_install():
    with pytest.raises(run.Stop) as stopped:
        run.check_python((3, 8, 10, "final", 0), 64, "/usr/bin/python3.8")
    assert str(stopped.value) == (
        "Lỗi ở Python\n"
        "  Quy tắc: Khảo Sát Số cần Python 3.11, 3.12 hoặc 3.13, bản 64-bit.\n"
        "  Đã thấy: Python 3.8.10, 64-bit (/usr/bin/python3.8)\n"
        "  Cách sửa: Cài Python 3.13 từ https://www.python.org/downloads/ rồi: python3.13 run.py "
        "(Windows: py -3.13 run.py)"
    )


def test_python_too_old_is_told_in_english_when_asked(monkeypatch):
    monkeypatch.setattr(run, "_english", True)
    with pytest.raises(run.Stop) as stopped:
        run.check_python((3, 10, 1, "final", 0), 64, "python")
    assert str(stopped.value) == (
        "Error in Python\n"
        "  Rule: Khảo Sát Số needs 64-bit Python 3.11, 3.12 or 3.13.\n"
        "  Found: Python 3.10.1, 64-bit (python)\n"
        "  What to do: Install Python 3.13 from https://www.python.org/downloads/; python3.13 run.py "
        "(Windows: py -3.13 run.py)"
    )


def test_a_32_bit_python_is_refused_since_pandas_has_no_build_for_it():
    with pytest.raises(run.Stop):
        run.check_python((3, 13, 0), 32, "python")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 0), (3, 14, 0)])
def test_supported_and_newer_pythons_go_on(version):
    run.check_python(version, 64, "python")


def test_a_newer_python_is_said_to_be_untested_in_one_line(installer, monkeypatch, capsys):
    monkeypatch.setattr(run, "NEWEST", (3, 10))
    installer.run_once()
    version = "{}.{}".format(*sys.version_info[:2])
    assert capsys.readouterr().out.splitlines()[0] == f"Python {version} chưa được thử với Khảo Sát Số; vẫn tiếp tục."


def test_python_3_6_can_read_the_file_to_its_end():
    tree = ast.parse((PROJECT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 6))
    annotations = [n.returns for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.returns]
    annotations += [n.annotation for n in ast.walk(tree) if isinstance(n, ast.arg) and n.annotation]
    # list[str] and str | None are evaluated when a def is read: an old Python would fall over them.
    assert all(isinstance(a, ast.Name | ast.Constant) for a in annotations)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "__future__"]


def test_only_the_standard_library_is_imported():
    tree = ast.parse((PROJECT / "run.py").read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


# --- what venv and pip say when they fail, and what the person reads

REFUSED = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken "
    "by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a "
    "new connection: [Errno 111] Connection refused')': /simple/mot/"
)
NO_NAME = REFUSED.replace("[Errno 111] Connection refused", "[Errno 11001] getaddrinfo failed")
PROXY = REFUSED.replace("'NewConnectionError(", "'ProxyError('Cannot connect to proxy.', NewConnectionError(")
SLOW = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by \"ReadTimeoutError(\"HTTPSConnectionPool(host='x', "
    'port=443): Read timed out. (read timeout=15)")": /simple/mot/'
)
NOTHING = "ERROR: No matching distribution found for mot==1.0"
MISMATCH = [
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions"
    ", please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with "
    "them.",
    "    mot==1.0 from file:///mot-1.0-py3-none-any.whl (from -r requirements.lock (line 1)):",
    "        Expected sha256 00",
    "             Got        11",
]
DEBIAN = """\
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv
""".splitlines()
NETWORK_CURE = (
    "  Cách sửa: Kiểm tra mạng; trường dùng proxy thì đặt biến HTTPS_PROXY hoặc cấu hình pip, "
    "rồi chạy lại: python run.py"
)


def network(found: str) -> str:
    return (
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Cài đặt lần đầu cần Internet để tải các gói.\n"
        f"  Đã thấy: {found}\n{NETWORK_CURE}"
    )


PIP_TROUBLES = {
    "disk full": (
        [REFUSED, "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Cài đặt cần khoảng 2 GB trống trên đĩa.\n"
        "  Đã thấy: ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n"
        "  Cách sửa: Xóa bớt tệp hoặc chuyển thư mục này sang ổ khác, rồi chạy lại: python run.py",
    ),
    "disk full on Windows": (
        ["ERROR: Could not install packages due to an OSError: [WinError 112] Không đủ chỗ trên đĩa"],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Cài đặt cần khoảng 2 GB trống trên đĩa.\n"
        "  Đã thấy: ERROR: Could not install packages due to an OSError: [WinError 112] Không đủ chỗ trên đĩa\n"
        "  Cách sửa: Xóa bớt tệp hoặc chuyển thư mục này sang ổ khác, rồi chạy lại: python run.py",
    ),
    "network down": (
        [REFUSED, NOTHING],
        network("connection broken by, Failed to establish a new connection, Connection refused"),
    ),
    "no name resolution": (
        [NO_NAME, NOTHING],
        network("connection broken by, Failed to establish a new connection, getaddrinfo failed"),
    ),
    "proxy does not answer": (
        [PROXY, NOTHING],
        network("connection broken by, ProxyError, Failed to establish a new connection, Connection refused"),
    ),
    "network too slow": ([SLOW, NOTHING], network("connection broken by, ReadTimeoutError, Read timed out")),
    "a package is not the locked one": (
        [REFUSED, *MISMATCH],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Gói tải về phải đúng từng byte với requirements.lock.\n"
        "  Đã thấy: mot==1.0 from file:///mot-1.0-py3-none-any.whl (from -r requirements.lock (line 1)): "
        "Expected sha256 00 Got 11\n"
        "  Cách sửa: Chưa có gì được cài từ gói đó. Thử lại trên mạng khác; vẫn lỗi thì báo người quản trị, "
        "đừng bỏ qua.",
    ),
    "a file is in use on Windows": (
        ["ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: 'x.pyd'"],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Phải ghi được vào thư mục của chương trình.\n"
        "  Đã thấy: ERROR: Could not install packages due to an OSError: [WinError 5] Access is denied: 'x.pyd'\n"
        "  Cách sửa: Đóng JupyterLab và cửa sổ khác đang dùng thư mục này, hoặc chuyển nó vào Documents, "
        "rồi chạy lại: python run.py",
    ),
    "a path is too long on Windows": (
        ["HINT: This error might have occurred since this system does not have Windows Long Path support enabled."],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Windows chỉ nhận đường dẫn ngắn hơn 260 ký tự.\n"
        "  Đã thấy: HINT: This error might have occurred since this system does not have Windows Long Path support "
        "enabled.\n"
        "  Cách sửa: Chuyển thư mục này ra gần gốc ổ đĩa, ví dụ C:\\KhaoSat, rồi chạy lại: python run.py",
    ),
    "no build for this Python": (
        [NOTHING],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Mỗi gói phải có bản dựng sẵn cho Python và máy này.\n"
        "  Đã thấy: ERROR: No matching distribution found for mot==1.0\n"
        "  Cách sửa: Cài Python 3.13 bản 64-bit từ python.org, rồi chạy lại: python run.py",
    ),
    "something else": (
        ["một", "", "hai"],
        "Lỗi ở cài đặt các gói\n"
        "  Quy tắc: Bước này phải chạy xong không lỗi.\n"
        "  Đã thấy: một | hai\n"
        "  Cách sửa: Chạy lại: python run.py; vẫn lỗi thì gửi nguyên các dòng này cho người quản trị.",
    ),
}


@pytest.mark.parametrize("trouble", PIP_TROUBLES)
def test_pip_fails_and_the_person_reads_words(trouble, installer, capsys):
    said, message = PIP_TROUBLES[trouble]
    installer.pip_says = (1, said)
    assert run.main(["demo"], installer.home) == 1
    assert capsys.readouterr().err == message + "\n"
    assert not (installer.home / ".venv" / "khaosatso.json").exists()


@pytest.mark.parametrize("said", [DEBIAN, ["/usr/bin/python3: No module named venv"]])
def test_venv_module_missing(said, installer, capsys):
    installer.venv_says = (1, said)
    assert run.main(["demo"], installer.home) == 1
    assert capsys.readouterr().err == (
        "Lỗi ở .venv\n"
        "  Quy tắc: Python phải có sẵn các mô-đun venv và ensurepip.\n"
        f"  Đã thấy: {said[0]}\n"
        "  Cách sửa: Trên Debian/Ubuntu: sudo apt install python3-venv; nơi khác: cài lại Python từ python.org, "
        "rồi chạy lại: python run.py\n"
    )


def test_folder_not_writable(installer, capsys):
    installer.venv_says = (1, ["Error: [Errno 13] Permission denied: '/opt/khaosat/.venv'"])
    assert run.main(["demo"], installer.home) == 1
    assert capsys.readouterr().err == (
        "Lỗi ở .venv\n"
        "  Quy tắc: Phải ghi được vào thư mục của chương trình.\n"
        "  Đã thấy: Error: [Errno 13] Permission denied: '/opt/khaosat/.venv'\n"
        "  Cách sửa: Đóng JupyterLab và cửa sổ khác đang dùng thư mục này, hoặc chuyển nó vào Documents, "
        "rồi chạy lại: python run.py\n"
    )


def test_disk_full_while_run_py_itself_writes(installer, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run.os, "replace", full)
    assert run.main(["demo", "--lang", "en"], installer.home) == 1
    assert capsys.readouterr().err == (
        "Error in the program's folder\n"
        "  Rule: Setting up needs about 2 GB of free disk space.\n"
        "  Found: [Errno 28] No space left on device\n"
        "  What to do: Free some space, or move this folder to another disk, then run again: python run.py\n"
    )


def test_lock_missing(installer, capsys):
    (installer.home / "requirements.lock").unlink()
    assert run.main(["demo"], installer.home) == 1
    assert capsys.readouterr().err == (
        "Lỗi ở run.py\n"
        "  Quy tắc: requirements.lock phải nằm cạnh run.py.\n"
        f"  Đã thấy: không có {installer.home / 'requirements.lock'}\n"
        "  Cách sửa: Tải lại toàn bộ thư mục chương trình.\n"
    )


def test_ctrl_c_while_installing_ends_without_a_traceback(installer, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "listen", interrupted)
    assert run.main(["demo"], installer.home) == 1
    assert capsys.readouterr().err == "\nĐã dừng. Chạy lại lệnh này để làm tiếp.\n"


def test_every_trouble_is_told_in_english_too(monkeypatch):
    vietnamese = [str(run.explain("x", said)) for said, _ in PIP_TROUBLES.values()]
    monkeypatch.setattr(run, "_english", True)
    for text, (said, _) in zip(vietnamese, PIP_TROUBLES.values(), strict=True):
        english = str(run.explain("x", said))
        for line, other in zip(english.splitlines(), text.splitlines(), strict=True):
            assert line != other
        assert english.splitlines()[3].isascii()


# --- what is installed is remembered


def test_first_time_makes_and_installs_second_time_does_nothing(installer):
    assert installer.run_once() == ["venv", "pip"]
    assert installer.run_once() == []


def test_project_is_put_on_the_path_by_a_relative_ascii_line(installer):
    installer.run_once()
    line = (installer.home / ".venv" / SITE / "khaosatso.pth").read_bytes()
    assert line.decode("ascii").replace("\\", "/").split() == [UP_TO_ROOT]


def test_changed_lock_is_installed_into_the_same_venv(installer):
    installer.run_once()
    (installer.home / "requirements.lock").write_text("ba==3.0\n")
    assert installer.run_once() == ["pip"]
    assert installer.run_once() == []


def test_half_made_venv_is_made_again(installer):
    installer.run_once()
    (installer.home / ".venv" / "khaosatso.json").unlink()
    assert installer.run_once() == ["venv", "pip"]


@pytest.mark.parametrize("stamp", ["", "{", "[]", "{}"])
def test_unreadable_stamp_counts_as_half_made(stamp, installer):
    installer.run_once()
    (installer.home / ".venv" / "khaosatso.json").write_text(stamp)
    assert installer.run_once() == ["venv", "pip"]


def test_venv_whose_python_no_longer_runs_is_made_again(installer):
    installer.run_once()
    run.python_of(installer.home / ".venv").unlink()
    assert installer.run_once() == ["venv", "pip"]


def test_venv_whose_python_became_another_version_is_made_again(installer):
    installer.run_once()
    installer.version = "3.12 linux-x86_64"
    assert installer.run_once() == ["venv", "pip"]


def test_update_that_fails_before_copying_keeps_the_old_packages(installer):
    installer.run_once()
    (installer.home / "requirements.lock").write_text("ba==3.0\n")
    installer.pip_says = (1, [REFUSED, NOTHING])
    with pytest.raises(run.Stop):
        installer.run_once()
    installer.pip_says = (0, [])
    assert installer.run_once() == ["pip"]


def test_update_that_dies_while_copying_is_made_again_from_nothing(installer):
    installer.run_once()
    (installer.home / "requirements.lock").write_text("ba==3.0\n")
    installer.pip_says = (1, ["Installing collected packages: ba", "ERROR: [Errno 28] No space left on device"])
    with pytest.raises(run.Stop):
        installer.run_once()
    installer.pip_says = (0, [])
    assert installer.run_once() == ["venv", "pip"]


def test_pip_uses_the_hashes_and_the_persons_own_settings(folder, monkeypatch):
    commands = []
    monkeypatch.setattr(run, "listen", lambda command, *_: commands.append(command) or (0, []))
    run.install(Path("python"), "", folder, folder)
    assert commands[0][1:4] == ["-m", "pip", "install"]
    assert commands[0][-3:] == ["--require-hashes", "-r", "requirements.lock"]
    assert not [part for part in commands[0] if "index" in str(part) or "://" in str(part)]


# --- progress

PIP_TALKS = """\
Ignoring hai: markers 'os_name == "no"' don't match your environment
Collecting mot-goi==1.0 (from -r requirements.lock (line 1))
  Downloading mot_goi-1.0-py3-none-any.whl (12.3 MB)
Processing /kho/ba_goi-2.0-py3-none-any.whl (from -r requirements.lock (line 4))
Requirement already satisfied: bon==3.0 in /x (from -r requirements.lock (line 5)) (3.0)
Installing collected packages: mot-goi, ba_goi
""".splitlines()
LOCK = "mot-goi==1.0 \\\n    --hash=sha256:00\n    # via x==y\nhai==2.0 ; os_name == 'no'\nba-goi==2.0\nbon==3.0\n"


def test_progress_on_a_terminal_is_one_line_written_over(tmp_path, capsys):
    progress = run.Progress(LOCK, tmp_path, terminal=True)
    for line in PIP_TALKS:
        progress.hear(line)
    progress.close()
    shown = capsys.readouterr().out
    assert "\n" not in shown
    assert [part.rstrip() for part in shown.split("\r")][1:6] == [
        "Tải gói 1/3: mot-goi",
        "Tải gói 1/3: mot-goi (12.3 MB)",
        "Tải gói 2/3: ba_goi",
        "Tải gói 3/3: bon",
        "Chép các gói vào .venv (một vài phút)",
    ]


def test_progress_elsewhere_is_a_line_for_every_twentieth_package(tmp_path, capsys):
    progress = run.Progress("".join(f"goi{n}==1\n" for n in range(45)), tmp_path, terminal=False)
    for n in range(45):
        progress.hear(f"Collecting goi{n}==1 (from -r requirements.lock (line {n}))")
    progress.close()
    assert capsys.readouterr().out.splitlines() == ["Tải gói 20/45: goi19", "Tải gói 40/45: goi39"]


# --- what was asked is run


@pytest.fixture
def ready(folder, monkeypatch):
    """The folder after set-up; the Python of these tests stands for that of .venv."""
    monkeypatch.setattr(run, "set_up", lambda home: Path(sys.executable))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return folder


@pytest.mark.parametrize(
    ("typed", "code", "heard"),
    [
        (["survey", "pull", "data/x"], 7, "survey ['pull', 'data/x']"),
        (["survey", "--lang", "en", "pull", "--wave", "w1"], 7, "survey ['pull', '--wave', 'w1', '--lang', 'en']"),
        (["analysis", "--help"], 3, "analysis ['--help']"),
        (["dashboard", "data/x"], 3, "analysis ['dashboard', 'data/x']"),
        (["demo"], 7, "survey ['demo', 'data/demo']"),
        (["--lang=en", "demo"], 7, "survey ['demo', 'data/demo', '--lang', 'en']"),
    ],
)
def test_commands_pass_through_and_keep_their_exit_code(typed, code, heard, ready, capfd):
    assert run.main(typed, ready) == code
    assert capfd.readouterr().out == f"{heard} {ready.name} 1 None\n"


def test_demo_goes_on_to_the_analysis_when_the_survey_went_well(ready, capfd):
    (ready / "survey" / "__main__.py").write_text("")
    assert run.main(["demo"], ready) == 3
    assert capfd.readouterr().out == f"analysis ['demo', 'data/demo'] {ready.name} 1 None\n"


@pytest.mark.parametrize(
    ("typed", "started"),
    [
        ([], [["-m", "survey", "demo", "data/demo"], ["-m", "analysis", "demo", "data/demo"], "lab"]),
        (["lab", "--no-browser"], ["lab"]),
        (["test", "-m", "not slow", "--lang", "en"], [["-m", "pytest", "-m", "not slow"]]),
    ],
)
def test_what_each_command_starts(typed, started, ready, monkeypatch):
    calls = []
    monkeypatch.setattr(run, "start", lambda python, home, arguments: calls.append(arguments) or 0)
    assert run.main(typed, ready) == 0
    open_lab = [
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={ready}",
        *run.QUIET_LAB,
        "notebooks/00_bat_dau.ipynb",
        *typed[1:],
    ]
    assert calls == [open_lab if call == "lab" else call for call in started]


@pytest.mark.parametrize("typed", [["--help"], ["-h"], ["help"], ["--lang", "en", "--help"]])
def test_help_is_vietnamese_then_english_and_sets_nothing_up(typed, folder, capsys):
    assert run.main(typed, folder) == 0
    shown = capsys.readouterr().out
    assert 0 < shown.index("cài đặt (chỉ lần đầu)") < shown.index("set up (first time only)")
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("typed", [["khong-co"], ["demo", "thua"], ["--lang"]])
def test_unknown_command_shows_the_help_and_exits_with_2(typed, folder, capsys):
    assert run.main(typed, folder) == 2
    shown = capsys.readouterr().err
    assert shown == f"Không có lệnh này: {' '.join(typed)}\n\n{run.HELP}\n"
    assert not (folder / ".venv").exists()


def test_every_command_stands_in_the_help_twice():
    for command in ("demo", "lab", "dashboard", "survey", "analysis", "test"):
        assert run.HELP.count(f"python run.py {command} ") == 2


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii"])
def test_consoles_that_know_no_vietnamese_do_not_crash(encoding, folder):
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    asked = [sys.executable, folder / "run.py", "--help"]
    shown = subprocess.run(asked, env=environment, capture_output=True, check=True)
    assert "khảo sát bằng Google Forms" in shown.stdout.decode("utf-8")


def test_an_old_pythons_ascii_console_gets_letters_without_marks(monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    run.say("Đã dừng: khảo sát")
    console.seek(0)
    assert console.read() == "Da dung: khao sat\n"


# --- for real, without packages


@pytest.mark.slow
def test_real_venv_in_a_vietnamese_folder_survives_a_move_and_is_made_again_when_broken(folder):
    (folder / "requirements.lock").write_text("# nothing\n")

    def run_it(home: Path) -> tuple:
        done = subprocess.run([sys.executable, home / "run.py", "survey", "a"], capture_output=True, encoding="utf-8")
        return done.returncode, done.stdout.splitlines(), done.stderr

    heard = "survey ['a'] {} 1 None"
    assert run_it(folder) == (
        7,
        [
            "Cài đặt lần đầu: cần Internet, 2 GB đĩa, vài phút.",
            "Cài đặt xong; lần sau không cần mạng.",
            heard.format("Khảo sát 2026"),
        ],
        "",
    )
    assert run_it(folder) == (7, [heard.format("Khảo sát 2026")], "")

    moved = folder.rename(folder.with_name("Đã chuyển"))
    assert run_it(moved) == (7, [heard.format("Đã chuyển")], "")
    # The .pth alone brings the project in, from any folder and without the folder's name in it.
    elsewhere = [run.python_of(moved / ".venv"), "-c", "import survey; print(ascii(survey.__file__))"]
    found = subprocess.run(elsewhere, cwd=folder.parent, capture_output=True, encoding="utf-8", check=True).stdout
    assert Path(ast.literal_eval(found)).parent == moved / "survey"

    (moved / ".venv" / "pyvenv.cfg").unlink()
    code, lines, _ = run_it(moved)
    assert (code, lines[0]) == (7, "Thư mục .venv chưa xong hoặc không chạy được nữa: làm lại.")
    stamp = json.loads((moved / ".venv" / "khaosatso.json").read_text())
    assert stamp["python"].startswith("{}.{} ".format(*sys.version_info[:2]))


# --- the double click on Windows


def test_bat_is_short_ascii_with_windows_line_ends():
    text = (PROJECT / "khoi-dong.bat").read_bytes()
    text.decode("ascii")
    assert text.count(b"\r\n") == text.count(b"\n") <= 20


def test_bat_hands_over_to_run_py_with_its_arguments_and_exit_code():
    lines = (PROJECT / "khoi-dong.bat").read_text(encoding="ascii").splitlines()
    assert 'cd /d "%~dp0"' in lines
    assert "%PY% run.py %*" in lines
    assert lines[lines.index("%PY% run.py %*") + 1 :][:3] == [
        'set "CODE=%ERRORLEVEL%"',
        'if not "%CODE%"=="0" pause',
        "exit /b %CODE%",
    ]
