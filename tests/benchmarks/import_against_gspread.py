"""20,000 answers of 60 questions: a whole pull through gspread, beside bare gspread that reads the same values.

    python tests/benchmarks/import_against_gspread.py [answers] [questions]

Both read over HTTP from the stand-in, which runs in a process of its own. Prints the ratio of the times and the most memory
that the pulling process ever held.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve()
PROJECT = HERE.parents[2]
KEY, TAB = "1LonLam", "Câu trả lời biểu mẫu 1"


def study(folder: Path, questions: int) -> None:
    """A study of so many questions: half choices, the rest numbers, several choices and open text."""
    kinds = [
        "type: single, choices: muc",
        "type: single, choices: muc",
        "type: single, choices: muc",
        "type: several, choices: kho, other: true",
        "type: number",
        "type: long_text",
    ]
    asked = "".join(f"      - {{id: q{n}, title: Câu hỏi số {n}, {kinds[n % 6]}}}\n" for n in range(questions - 2))
    (folder / "phieu.yaml").write_text(
        "id: lon\ntitle: Lớn\nchoices:\n"
        "  muc: {order: agreement, options: [{value: 1, label: Không đồng ý}, {value: 2, label: Đồng ý}]}\n"
        '  kho: {options: [{value: a, label: "Mạng yếu, chậm"}, {value: b, label: Thiếu máy}]}\n'
        "sections:\n  - id: s\n    title: S\n    questions:\n"
        "      - {id: ma, type: code, use: code, title: Mã}\n"
        "      - {id: dv, type: single, choices: units, use: unit, title: Đơn vị}\n" + asked,
        encoding="utf-8",
    )
    (folder / "study.yaml").write_text(
        "id: lon\ntitle: Lớn\nschool: {name: Tỉnh}\nquestionnaire: phieu.yaml\nunits: [{id: a, label: Trường A}]\n"
        f"waves: [{{id: 2026, opens: 2026-05-01, ends: 2026-05-31, source: {{sheet: {KEY}}}}}]\n",
        encoding="utf-8",
    )


def rows(answers: int, questions: int) -> list[list[object]]:
    words = ["Đồng ý", "Không đồng ý"]
    kinds = [
        lambda n, q: words[(n + q) % 2],
        lambda n, q: words[(n * q) % 2],
        lambda n, q: words[(n // 7 + q) % 2],
        lambda n, q: "Thiếu máy, Mạng yếu, chậm" if (n + q) % 3 else "Thiếu máy",
        lambda n, q: (n + q) % 40,
        lambda n, q: f"Ý kiến số {n} về câu {q}." if (n + q) % 5 == 0 else None,
    ]
    header: list[object] = ["Dấu thời gian", "Mã", "Đơn vị", *(f"Câu hỏi số {n}" for n in range(questions - 2))]
    body = [
        [46_143 + n / answers * 20, f"AB{n:05d}", "Trường A", *(kinds[q % 6](n, q) for q in range(questions - 2))]
        for n in range(answers)
    ]
    return [header, *body]


def serve(answers: int, questions: int) -> None:
    """The stand-in's process: says where it is, and serves until its input ends."""
    sys.path.insert(0, str(HERE.parents[1]))
    from sheets_stand_in import Book, serving

    with serving({KEY: Book({TAB: rows(answers, questions)})}) as server, tempfile.TemporaryDirectory() as folder:
        print(json.dumps(server.environment(Path(folder))), flush=True)
        sys.stdin.read()


def bare() -> float:
    """Seconds in which gspread alone reads the values."""
    import os

    import gspread
    from google.oauth2.service_account import Credentials

    own = Credentials.from_service_account_file(
        os.environ["KHAOSATSO_CREDENTIALS"], scopes=["https://www.googleapis.com/auth/spreadsheets"]
    )

    class Client(gspread.HTTPClient):
        def request(self, method, endpoint, *args, **kwargs):
            here = endpoint.replace("https://sheets.googleapis.com", os.environ["KHAOSATSO_SHEETS_URL"])
            return super().request(method, here, *args, **kwargs)

    start = time.perf_counter()
    values = (
        gspread.Client(own, http_client=Client)
        .open_by_key(KEY)
        .worksheet(TAB)
        .get(value_render_option="UNFORMATTED_VALUE")
    )
    assert len(values) > 1
    return time.perf_counter() - start


def pulled(folder: str) -> float:
    """Seconds of a whole pull into an empty store."""
    sys.path.insert(0, str(PROJECT))
    from survey.pull import pull
    from survey.study import Study

    start = time.perf_counter()
    pull(Study.open(folder))
    return time.perf_counter() - start


def most() -> float:
    """The most megabytes that this program has held; getrusage would count those of the process that started it, too."""
    status = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def measured(work: str, *arguments: str, env: dict[str, str]) -> dict[str, float]:
    """Seconds and the most megabytes of a process of its own."""
    import os

    done = subprocess.run(
        [sys.executable, HERE, work, *arguments],
        env=os.environ | env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def compare(answers: int = 20_000, questions: int = 60) -> dict[str, float]:
    """ratio: a pull's time to bare gspread's; megabytes: the most that the pulling process held."""
    command = [sys.executable, HERE, "serve", str(answers), str(questions)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as server,
    ):
        assert server.stdin and server.stdout
        env = json.loads(server.stdout.readline())
        study(Path(folder), questions)
        alone = measured("bare", env=env)
        first = measured("pulled", folder, env=env)
        again = measured("pulled", folder, env=env)
        server.stdin.close()
    return {
        "bare_seconds": alone["seconds"],
        "ratio": first["seconds"] / alone["seconds"],
        "ratio_again": again["seconds"] / alone["seconds"],
        "bare_megabytes": alone["megabytes"],
        "megabytes": max(first["megabytes"], again["megabytes"]),
    }


if __name__ == "__main__":
    work = sys.argv[1] if len(sys.argv) > 1 else ""
    if work == "serve":
        serve(int(sys.argv[2]), int(sys.argv[3]))
    elif work in ("bare", "pulled"):
        seconds = bare() if work == "bare" else pulled(sys.argv[2])
        print(json.dumps({"seconds": seconds, "megabytes": most()}))
    else:
        for name, value in compare(*map(int, sys.argv[1:3])).items():
            print(f"{name:>16} {value:10.1f}")
