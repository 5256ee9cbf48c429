"""Whatever breaks, the store is the last good state or the new one, never between; no answer is lost or doubled."""

from __future__ import annotations

import errno
import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from sheets_stand_in import CUT, DROP, Fault, page, refusal, serving, slow, trickling
from test_hostile_sheets import KEY, QUESTIONNAIRE, STUDY, an, binh, sheet, table

from survey import pull as pulling
from survey import sheets, store
from survey.errors import UserError
from survey.pull import pull
from survey.study import Study
from survey.withdrawal import forget

PROJECT = Path(__file__).resolve().parents[1]
BEFORE = sheet(an(), binh())
AFTER = sheet(an(gio=7), binh(), an(ma="HO0101"))


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    folder = tmp_path / "Khảo sát 2026"
    folder.mkdir()
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    (folder / "phieu.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    monkeypatch.setenv("KHAOSATSO_KEYS", str(tmp_path / "khoa"))
    return Study.open(folder)


@pytest.fixture
def google(tmp_path, monkeypatch):
    quick = functools.partial(
        sheets.Patience, connect=1, answer=0.2, first=0.01, longest=0.02, jitter=0, total=1, tries=3
    )
    monkeypatch.setattr(sheets, "Patience", quick)
    with serving({KEY: table(BEFORE)}) as server:
        for name, value in server.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield server


def held(study: Study) -> pd.DataFrame:
    """Everything that is held of the answers, but for the names of files."""
    assert store.faults(study) == []
    return store.stored(study).drop(columns=["snapshot"]).assign(code=store.coded(study)["code"])


# --- the network


FAULTS = {
    "busy": [refusal(429)] * 3,
    "busy for a second": [refusal(429, Retry_After="1")],
    "busy for an hour": [refusal(429, Retry_After="3600")],
    "an error": [refusal(500)],
    "a storm": [refusal(503)] * 9,
    "no answer": [slow(0.3)] * 3,
    "an answer by the drop": [trickling(0.1)] * 3,
    "a body cut short": [CUT],
    "bodies cut short": [CUT] * 3,
    "a page": [page()],
    "broken JSON": [Fault(200, body="[not json")],
    "another JSON": [Fault(200, body="[]")],
    "an empty object": [Fault(200, body="{}")],
    "a line dropped": [DROP],
    "lines dropped": [DROP] * 3,
    "a sign-in that has run out": [refusal(401)],
    "a sheet no longer shared": [refusal(403)],
    "a sheet deleted": [refusal(404)],
}
EXCHANGES = {"sign-in": ("token", 0), "the book": ("api", 0), "its tabs": ("api", 1), "the cells": ("api", 2)}


def test_a_reading_has_four_exchanges(google, study):
    pull(study)
    assert [len(google.requests(on)) for on in ("token", "api")] == [1, 3]


@pytest.mark.slow
@pytest.mark.parametrize("exchange", EXCHANGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_network_leaves_the_old_answers_or_the_new(google, study, fault, exchange):
    pull(study)
    before = held(study)
    google.books[KEY] = table(AFTER)
    on, place = EXCHANGES[exchange]
    google.fail(*[Fault()] * place, *FAULTS[fault], on=on)
    try:
        pull(study)
    except UserError as error:
        assert "Cách sửa" in str(error)
        pd.testing.assert_frame_equal(held(study), before)
    google.faults["api"].clear()
    google.faults["token"].clear()
    pull(study)
    assert held(study)["gio"].tolist() == [7, 3, 5]
    assert [one.rows for one in store.ledger(study).pulls][-1] == 3


# --- the disk


CALLS = [
    (os, "replace"),
    (os, "fsync"),
    (os, "fdopen"),
    (Path, "chmod"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "read_bytes"),
]


def failing(monkeypatch, owner: object, name: str, at: int) -> list[int]:
    """Let the call fail at its n-th use, as on a full disk; gives how often it was used."""
    whole, used = getattr(owner, name), [0]

    def call(*args, **kwargs):
        used[0] += 1
        if used[0] == at:
            raise OSError(errno.ENOSPC, "No space left on device", str(args[0]))
        return whole(*args, **kwargs)

    monkeypatch.setattr(owner, name, call)
    return used


@pytest.mark.slow
@pytest.mark.parametrize(("owner", "name"), CALLS, ids=lambda part: part if isinstance(part, str) else "")
@pytest.mark.parametrize("work", ["pull", "forget"])
def test_a_full_disk_at_any_moment_leaves_the_old_state_or_the_new(study, work, owner, name):
    study = exported(study, AFTER)
    ends = 2  # answers afterwards; three before
    at, reached = 0, True
    while reached:
        at += 1
        reset(study, AFTER)
        before = held(study)
        if work == "pull":
            (study.folder / "tra-loi.csv").write_bytes(csv_of(BEFORE))
        failed = False
        with pytest.MonkeyPatch.context() as patch:
            used = failing(patch, owner, name, at)
            try:
                pull(study) if work == "pull" else forget(study, "HO0101")
            except UserError as error:
                failed = True
                assert "Cách sửa" in str(error)
            reached = used[0] >= at
        assert all("lẽ ra đã xóa" in fault.found.vi for fault in store.faults(study))
        now = store.stored(study)
        assert len(now) == ends or (failed and now["q1"].tolist() == before["q1"].tolist())
        if len(now) != ends and work == "forget":
            forget(study, "HO0101")
        pull(study)
        assert len(held(study)) == ends
        assert not list(study.folder.rglob("*.part"))
    assert at > 1


def csv_of(rows: list[list[object]]) -> bytes:
    from survey.simulate import sheet_csv

    return sheet_csv(rows)


def exported(study: Study, rows: list[list[object]]) -> Study:
    """The same study, read from a file beside it."""
    text = (study.folder / "study.yaml").read_text(encoding="utf-8")
    (study.folder / "study.yaml").write_text(text.replace(f"sheet: {KEY}", "export: tra-loi.csv"), encoding="utf-8")
    (study.folder / "tra-loi.csv").write_bytes(csv_of(rows))
    return Study.open(study.folder)


def reset(study: Study, rows: list[list[object]]) -> None:
    import shutil

    for name in ("raw", "answers", "codes"):
        shutil.rmtree(study.folder / name, ignore_errors=True)
    (study.folder / "store.json").unlink(missing_ok=True)
    for state in (sheet(an(gio=9)), rows):  # the first leaves files that the next change takes away
        (study.folder / "tra-loi.csv").write_bytes(csv_of(state))
        pull(study)


# --- the power


KILLED = """
import json, os, random, signal, sys, time
sys.path[:0] = [{project!r}, {tests!r}]
import test_faults as t
from survey import store
from survey.pull import pull
from survey.study import Study

study = Study.open({folder!r})
folder = study.folder
states = [t.csv_of(t.BEFORE), t.csv_of(t.AFTER)]
t.reset(study, t.BEFORE)
good = []
for state in states:
    (folder / "tra-loi.csv").write_bytes(state)
    start = time.perf_counter()
    pull(study)
    took = time.perf_counter() - start
    good.append(t.held(study))
random.seed(7)
ends = {{"old": 0, "new": 0, "ended": 0}}
was = 1
for trial in range({trials}):
    (folder / "tra-loi.csv").write_bytes(states[1 - was])
    child = os.fork()
    if child == 0:
        pull(study)
        os._exit(0)
    time.sleep(random.uniform(0, 1.1 * took))
    os.kill(child, signal.SIGKILL)
    _, code = os.waitpid(child, 0)
    now = t.held(study)
    found = next(i for i, one in enumerate(good) if one.equals(now))
    ends["ended" if code == 0 else "new" if found != was else "old"] += 1
    was = found
(folder / "tra-loi.csv").write_bytes(states[1])
pull(study)
assert t.held(study).equals(good[1])
left = [str(path) for path in folder.rglob("*.part")]
print(json.dumps({{"ends": ends, "left": left, "pulls": len(store.ledger(study).pulls)}}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed by SIGKILL, which Windows does not have")
def test_killed_at_two_hundred_moments_the_store_is_always_whole(study):
    study = exported(study, BEFORE)
    program = KILLED.format(project=str(PROJECT), tests=str(PROJECT / "tests"), folder=str(study.folder), trials=200)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert sum(told["ends"].values()) == 200
    assert told["ends"]["old"] > 20  # killed before the one moment of change, and in many places
    assert told["ends"]["old"] + told["ends"]["new"] > 100
    assert told["left"] == []


def test_two_notebooks_at_once_keep_what_both_read(study):
    study = exported(study, AFTER)
    program = f"from survey.pull import pull; from survey.study import Study; pull(Study.open({str(study.folder)!r}))"
    both = [subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stderr=subprocess.PIPE) for _ in range(2)]
    assert [one.communicate()[1] for one in both] == [b"", b""]
    assert len(held(study)) == 3
    assert sorted((one.new, one.unchanged) for one in store.ledger(study).pulls) == [(0, 3), (3, 0)]


def test_a_store_that_another_program_holds(study, monkeypatch):
    from filelock import FileLock

    study = exported(study, BEFORE)
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    with FileLock(study.folder / ".lock"), pytest.raises(UserError) as caught:
        pulling.pull(study)
    assert str(caught.value) == (
        f"Lỗi ở {study.folder}\n"
        "  Quy tắc: Mỗi lúc chỉ một chương trình ghi vào kho.\n"
        "  Đã thấy: một sổ hay cửa sổ lệnh khác đang ghi\n"
        "  Cách sửa: Chờ việc ấy xong rồi chạy lại."
    )
