"""One file with everything that a study's folder holds, and the folder made again of it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from survey import store
from survey.errors import StudyError, Text
from survey.study import Study

SUMS = "SHA256.json"
KEPT = (
    "*.yaml",
    "*.yml",
    "*.csv",
    "*.txt",
    "store.json",
    "raw/*/*.json",
    "answers/*.parquet",
    "codes/*.parquet",
    "evidence.json",
    "evidence/**/*",
)
MOST = 4 * 1024**3  # bytes that a backup may hold unpacked


def save(study: Study, path: Path) -> Path:
    """Write the backup: the study, its tables, snapshots, answers and record, with the SHA-256 of each.

    It holds codes as the folder does: the same rule of where it may lie. Reports and charts are made anew and not in it.
    Raises StudyError where the store is not whole: a damaged backup would be found out too late.
    """
    if faults := store.faults(study):
        raise StudyError(
            str(study.folder / faults[0].file),
            rule=Text("Chỉ sao lưu một kho còn nguyên vẹn.", "Only a store that is whole is backed up."),
            found=faults[0].found,
            cure=Text(
                f"Xem: python run.py survey check-store {study.folder}",
                f"See: python run.py survey check-store {study.folder}",
            ),
        )
    store.refuse_tracked(study, path.resolve().parent)
    with store.locked(study):
        files = {file.relative_to(study.folder).as_posix(): file.read_bytes() for file in _files(study)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            SUMS, json.dumps({name: hashlib.sha256(data).hexdigest() for name, data in files.items()}, indent=1)
        )
        for name, data in files.items():
            archive.writestr(name, data)
    return store.write(path, content.getvalue())


def restore(path: Path, folder: Path) -> Study:
    """Make a study's folder of a backup; the folder must not exist yet. Raises StudyError where the backup is damaged."""
    if folder.exists() and any(folder.iterdir()):
        raise StudyError(
            str(folder),
            rule=Text("Khôi phục vào một thư mục mới hoặc trống.", "A backup is restored into a new or empty folder."),
            found=Text("thư mục đã có tệp", "the folder holds files"),
            cure=Text("Chọn tên thư mục khác.", "Choose another name for the folder."),
        )
    files = _checked(path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".restore-"))
    try:
        for name, content in files.items():
            store.write(made / PurePosixPath(name), content)
        study = Study.open(made)
        store.refuse_tracked(study, folder.resolve().parent)
        if faults := store.faults(study):
            raise _damaged(path, faults[0].file)
        for file in (made / "raw").glob("*/*.json"):
            file.chmod(0o444)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return Study.open(folder)


def _files(study: Study) -> list[Path]:
    """What is backed up; the exports that waves are read from, where they lie in the folder, among it."""
    found = {file for pattern in KEPT for file in study.folder.glob(pattern)}
    found |= {study.folder / wave.source.export for wave in study.waves if wave.source and wave.source.export}
    inside = study.folder.resolve()
    return sorted(f for f in found if f.is_file() and not f.name.startswith(".") and inside in f.resolve().parents)


def _checked(path: Path) -> dict[str, bytes]:
    """Name -> content of every file in a backup, each compared with its SHA-256."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > MOST:
                raise _damaged(path, Text("quá lớn", "too large"))
            sums = dict(json.loads(archive.read(SUMS)))
            files = {name: archive.read(name) for name in sums}
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        TypeError,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
    ) as error:
        raise _damaged(path, Text("không đọc được", f"cannot be read ({type(error).__name__})")) from None
    for name, sha256 in sums.items():
        climbs = (
            PurePosixPath(name).is_absolute()
            or ".." in PurePosixPath(name).parts
            or (os.name == "nt" and any(sign in name for sign in "\\:"))
        )
        if climbs or hashlib.sha256(files[name]).hexdigest() != sha256:
            raise _damaged(path, name)
    return files


def _damaged(path: Path, found: object) -> StudyError:
    return StudyError(
        str(path),
        rule=Text("Bản sao lưu phải còn nguyên vẹn.", "The backup is whole."),
        found=found,
        cure=Text("Dùng một bản sao lưu khác; chưa có gì được ghi.", "Use another backup; nothing has been written."),
    )
