"""One file with the whole study, and the study made again of it."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile

import pandas as pd
import pytest
from conftest import need_tool
from test_withdrawal import ROWS, make

from survey import backup, store
from survey.errors import StudyError
from survey.pull import pull
from survey.study import Study


@pytest.fixture
def study(tmp_path) -> Study:
    return make(tmp_path / "Khảo sát 2026", ROWS)


def test_a_study_comes_back_as_it_was(study, tmp_path):
    (study.folder / "corrections.csv").write_text("wave;row;question;from;to;reason;who;date\n", encoding="utf-8")
    (study.folder / "reports").mkdir()
    (study.folder / "reports/a.docx").write_bytes(b"x")
    path = backup.save(study, tmp_path / "sao lưu.zip")
    again = backup.restore(path, tmp_path / "máy mới" / "Khảo sát")
    pd.testing.assert_frame_equal(store.stored(again), store.stored(study))
    assert store.faults(again) == []
    held = {p.relative_to(again.folder).as_posix() for p in again.folder.rglob("*") if p.is_file()}
    assert {"study.yaml", "phieu.yaml", "store.json", "corrections.csv", "tra-loi.csv"} <= held
    assert "reports/a.docx" not in held
    assert pull(again)[0].difference.same


def test_a_folder_that_holds_files_is_not_written_into(study, tmp_path):
    path = backup.save(study, tmp_path / "a.zip")
    with pytest.raises(StudyError) as caught:
        backup.restore(path, study.folder)
    assert str(caught.value) == (
        f"Lỗi ở {study.folder}\n"
        "  Quy tắc: Khôi phục vào một thư mục mới hoặc trống.\n"
        "  Đã thấy: thư mục đã có tệp\n"
        "  Cách sửa: Chọn tên thư mục khác."
    )


def changed(content: bytes, name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, data if part == name else old.read(part))
    return out.getvalue()


def with_climbing_name(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        import hashlib

        archive.writestr(backup.SUMS, json.dumps({"../ngoài.txt": hashlib.sha256(b"x").hexdigest()}))
        archive.writestr("../ngoài.txt", b"x")
    return out.getvalue()


@pytest.mark.parametrize("harm", ["cut", "another answer", "no archive", "a name that climbs", "no sums"])
def test_a_damaged_backup_writes_nothing(study, tmp_path, harm):
    path = backup.save(study, tmp_path / "a.zip")
    content = path.read_bytes()
    snapshot = next(study.folder.glob("raw/*/*.json")).relative_to(study.folder).as_posix()
    path.write_bytes(
        {"cut": content[:-100], "another answer": changed(content, snapshot, b"{}"), "no archive": b"x",
         "a name that climbs": with_climbing_name(content), "no sums": changed(content, backup.SUMS, b"[")}[harm]
    )  # fmt: skip
    with pytest.raises(StudyError) as caught:
        backup.restore(path, tmp_path / "moi")
    assert str(caught.value).startswith(f"Lỗi ở {path}\n  Quy tắc: Bản sao lưu phải còn nguyên vẹn.\n")
    assert not (tmp_path / "moi").exists()
    assert not (tmp_path / "ngoài.txt").exists()
    assert not list(tmp_path.glob(".restore-*"))


def test_a_damaged_store_is_not_backed_up(study, tmp_path):
    held = next(study.folder.glob("answers/*.parquet"))
    held.write_bytes(b"x")
    with pytest.raises(StudyError) as caught:
        backup.save(study, tmp_path / "a.zip")
    assert str(caught.value) == (
        f"Lỗi ở {held}\n"
        "  Quy tắc: Chỉ sao lưu một kho còn nguyên vẹn.\n"
        "  Đã thấy: tệp hỏng hoặc đã bị sửa\n"
        f"  Cách sửa: Xem: python run.py survey check-store {study.folder}"
    )


def test_a_backup_of_real_answers_does_not_lie_where_git_follows(study, tmp_path):
    need_tool("git")
    subprocess.run(["git", "init", "-q", tmp_path / "git"], check=True)
    with pytest.raises(StudyError, match="git"):
        backup.save(study, tmp_path / "git" / "a.zip")
