"""From a wave's source to the store: read, bind, compare, correct, clean, keep. Nothing is kept unless every wave is right."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from survey import csv_file, exports, pseudonym, redact, store
from survey.clean import FINDINGS, Cleaned, clean, coded, times
from survey.columns import EMAIL, SUBMITTED, bind, check_own, merged, place
from survey.corrections import COLUMNS, FILE, correct
from survey.errors import StudyError, Text
from survey.history import Difference, compare, fingerprints, missing, prints
from survey.ledger import Ledger, Pull
from survey.questionnaire import Questionnaire, plain, tidy
from survey.raw import Raw
from survey.redact import DECISIONS
from survey.store import OTHER
from survey.study import Study, Wave
from survey.withdrawal import require_same_key, without_withdrawn

VERSION = "khaosatso 2"  # of the reader: raised when the same sheet would be read otherwise
HEADERS = ("wave", "header", "question")  # columns.csv: what a person said a header is; no question: leave it out

Tell = Callable[[Text], None]


@dataclass(frozen=True)
class Pulled:
    """What one wave brought: rows in the sheet, respondents kept, what differs from the last time, what was noticed."""

    wave: int
    rows: int
    respondents: int
    difference: Difference
    findings: pd.DataFrame

    @property
    def new(self) -> bool:
        """Whether any answer differs from the last time."""
        return not self.difference.same

    @property
    def counts(self) -> dict[str, int]:
        """The same in numbers, with words for people."""
        found = self.difference
        return {
            str(Text("đợt", "wave")): self.wave,
            str(Text("hàng", "rows")): self.rows,
            str(Text("câu trả lời", "answers")): self.respondents,
            str(Text("mới", "new")): len(found.new),
            str(Text("đã sửa", "changed")): len(found.changed),
            str(Text("không còn", "gone")): len(found.vanished),
            str(Text("như cũ", "as before")): len(found.unchanged),
        }


@dataclass(frozen=True)
class Tables:
    """What people decided, in the tables beside study.yaml."""

    headers: dict[int, dict[str, str | None]]  # wave -> header -> question, or None: left out
    corrections: pd.DataFrame
    redactions: pd.DataFrame
    names: tuple[str, ...]  # names.txt: of the staff, one in a line, to be found in open text

    @classmethod
    def of(cls, study: Study) -> Tables:
        headers: dict[int, dict[str, str | None]] = {}
        for line in csv_file.read(study.folder / "columns.csv", HEADERS).to_dict("records"):
            wave = next((known.id for known in study.waves if str(known.id) == line["wave"]), None)
            if wave is None:
                raise _no_such_wave(study, line["wave"])
            headers.setdefault(wave, {})[line["header"]] = line["question"] or None
        return cls(
            headers,
            csv_file.read(study.folder / FILE, COLUMNS),
            csv_file.read(study.folder / "redactions.csv", DECISIONS),
            _names(study.folder / "names.txt"),
        )


def _names(path: Path) -> tuple[str, ...]:
    try:
        return tuple(filter(None, map(tidy, path.read_text("utf-8-sig").splitlines()))) if path.exists() else ()
    except UnicodeDecodeError:
        raise StudyError(
            str(path),
            rule=Text(
                "Tệp họ tên là văn bản mã UTF-8, mỗi dòng một người.",
                "The file of names is text in UTF-8, one in a line.",
            ),
            found=Text("chữ theo mã khác", "text in another encoding"),
            cure=Text("Mở bằng Notepad, lưu lại với mã UTF-8.", "Open it in a text editor and save it as UTF-8."),
        ) from None


def _no_such_wave(study: Study, found: str) -> StudyError:
    return StudyError(
        str(study.folder / "columns.csv"),
        rule=Text("Cột wave là một đợt có trong study.yaml.", "The column wave is a wave of study.yaml."),
        found=found or Text("ô trống", "an empty cell"),
        cure=Text("Sửa hoặc xóa dòng ấy.", "Mend or delete that line."),
    )


@dataclass(frozen=True)
class Ready:
    """One wave, ready to be kept."""

    change: store.Change
    record: Pull
    pulled: Pulled
    redactions: pd.DataFrame
    own: set[str]  # headers on which the study had its own word


def pull(
    study: Study, waves: Sequence[int] = (), tell: Tell = lambda text: None, *, kept: bool = False
) -> list[Pulled]:
    """Import the waves (all that have a source, if none is named) and return what each brought.

    `kept`: read no source, but make the answers again of the snapshots that the store has. Raises SheetError or
    StudyError in words; the store then is as it was.
    """
    store.refuse_tracked(study)
    _refuse_linking(study)
    read = {} if kept else _read(study, waves, tell)
    sent = {wave: _submissions(study.wave(wave), tell) for wave in read}
    with store.locked(study):
        raws = _kept(study, waves) if kept else read
        early = store.early(study)
        before = Ledger() if early else store.ledger(study)
        tables = Tables.of(study)
        ready = [_prepared(study, study.wave(wave), raw, sent.get(wave), before, tables) for wave, raw in raws.items()]
        key = ""
        if study.linked_by == "email":
            secret = pseudonym.load_key(study.id, study.folder)
            require_same_key(study, before, secret)
            key = pseudonym.fingerprint(secret)
        records = () if kept else tuple(one.record for one in ready)
        after = before.model_copy(
            update={"headers": _headers(before, ready), "pulls": before.pulls + records, "key": key or before.key}
        )
        store.commit(study, before, [one.change for one in ready], after, gone=tuple(early.values()))
        _keep_redactions(study, tables, ready)
    return [one.pulled for one in ready]


def _refuse_linking(study: Study) -> None:
    """Named data stand for themselves: they are joined to nobody's answers, in no wave."""
    if study.form.identified and study.linked_by != "none":
        raise StudyError(
            f"{study.folder / 'study.yaml'}, linked_by",
            rule=Text("Phiếu có họ tên thì không ghép người qua các đợt.", "A form that names people links nobody."),
            found=f"linked_by: {study.linked_by}",
            cure=Text("Ghi linked_by: none.", "Write linked_by: none."),
        )


def _read(study: Study, waves: Sequence[int], tell: Tell) -> dict[int, Raw]:
    chosen = [study.wave(wave) for wave in waves] or [wave for wave in study.waves if wave.source]
    if not chosen:
        raise StudyError(
            f"{study.folder / 'study.yaml'}, waves",
            rule=Text("Ít nhất một đợt phải có source.", "At least one wave has a source."),
            found=Text("không đợt nào có source", "no wave has a source"),
            cure=Text(
                "Thêm  source: {sheet: MÃ_TRANG_TÍNH}  hoặc  source: {export: sheets/2027.zip}  vào một đợt.",
                "Add  source: {sheet: SHEET_KEY}  or  source: {export: sheets/2027.zip}  to a wave.",
            ),
        )
    raws = {}
    for wave in chosen:
        tell(Text(f"Đợt {wave.id}: đang đọc câu trả lời…", f"Wave {wave.id}: reading the answers…"))
        raws[wave.id] = read(study, wave, tell)
    return raws


def _kept(study: Study, waves: Sequence[int]) -> dict[int, Raw]:
    """The snapshots that the answers of these waves (of all) were made of."""
    digests = store.early_snapshots(study) or store.snapshots(study)
    chosen = [study.wave(wave).id for wave in waves] or list(digests)
    missing_ = [wave for wave in chosen if wave not in digests] or ([] if chosen else [wave.id for wave in study.waves])
    if missing_:
        raise StudyError(
            str(study.folder),
            rule=Text(
                "Làm lại từ bản chụp thì đợt ấy phải đã được nhập.", "A wave that is made again has been imported."
            ),
            found=Text(f"chưa nhập: {', '.join(map(str, missing_))}", f"not imported: {', '.join(map(str, missing_))}"),
            cure=Text(
                f"Chạy: python run.py survey pull {study.folder}", f"Run: python run.py survey pull {study.folder}"
            ),
        )
    return {wave: store.snapshot(study, wave, digests[wave]) for wave in chosen}


def read(study: Study, wave: Wave, tell: Tell = lambda text: None) -> Raw:
    """The response sheet of a wave, from its export or through Google."""
    source = wave.source
    if source is None:
        raise StudyError(
            f"{study.folder / 'study.yaml'}, waves {wave.id}",
            rule=Text("Đợt cần nhập phải có source.", "A wave that is imported has a source."),
            found=Text("không có source", "no source"),
            cure=Text(
                "Thêm  source: {sheet: MÃ_TRANG_TÍNH}  hoặc  source: {export: TỆP}.",
                "Add  source: {sheet: SHEET_KEY}  or  source: {export: FILE}.",
            ),
        )
    if source.export is not None:
        raw = exports.read(study.folder / Path(source.export), source.timezone, tab=source.tab)
        return replace(raw, month_first=source.month_first)
    from survey import sheets  # gspread is paid for only by those who read a Google Sheet

    assert source.sheet is not None
    return sheets.read(source.sheet, source.tab, tell=tell)


def _submissions(wave: Wave, tell: Tell) -> list[dt.datetime] | None:
    """When the Form's own responses were sent; None where the wave names no Form."""
    if wave.source is None or wave.source.form is None:
        return None
    from survey import sheets

    return sheets.submissions(wave.source.form, tell=tell)


def _compared_with_form(wave: Wave, sheet: pd.Series, sent: Sequence[dt.datetime] | None) -> pd.DataFrame:
    """A finding where the Form and its sheet do not hold the same responses: people edit sheets."""
    held = [time.to_pydatetime() for time in sheet.dropna()]
    counts = []
    if sent is not None:
        untimed = int(sheet.isna().sum())
        counts = [("only_in_form", missing(sent, held)), ("only_in_sheet", missing(held, sent) + untimed)]
    found = [(wave.id, "", rule, "", count) for rule, count in counts if count]
    return pd.DataFrame(found, columns=list(FINDINGS))


def usable(study: Study, wave: Wave, raw: Raw) -> Cleaned:
    """The answers of a sheet as an import would make them, without the store; raises SheetError in words."""
    own = {**wave.columns, **Tables.of(study).headers.get(wave.id, {})}
    return clean(raw, study.form, wave.id, own, seen=store.ledger(study).headers)


def _prepared(
    study: Study, wave: Wave, sheet: Raw, sent: Sequence[dt.datetime] | None, before: Ledger, tables: Tables
) -> Ready:
    form, code = study.form, study.form.used_as("code")
    own = {**wave.columns, **tables.headers.get(wave.id, {})}
    check_own(place(sheet, wave.id), sheet, form, own)
    sheet, bound = without_withdrawn(study, sheet, bind(sheet, form, wave.id, own, before.headers), before)
    held = before.waves.get(wave.id)
    last = store.snapshot(study, wave.id, held.snapshot) if held else None
    earlier = merged(last, held.bound, wave.id) if held and last else bound.frame.iloc[:0]
    now, then = prints(bound.frame, sheet), prints(earlier, last or sheet)
    difference = compare(then, now, code.id if code else None)
    rows: dict[int, int] = {}
    if difference.same and held and last and held.bound == bound.headers and _read_alike(last, sheet):
        raw, frame, names = (
            last,
            earlier,
            fingerprints(then),
        )  # sorted, or nothing new: the rows keep their first numbers
        rows = {new: old for old, new in difference.unchanged}
    else:
        raw, frame, names = sheet, bound.frame, fingerprints(now)
    anchors = _moved(held.anchors, difference, fingerprints(then), names) if held else {}
    corrected = correct(frame, tables.corrections, wave.id, names, anchors, str(study.folder / FILE), rows)
    cleaned = coded(raw, corrected.frame, form, wave.id, [*bound.findings, *corrected.findings])
    gone = [(wave.id, "", "vanished", ", ".join(map(str, difference.vanished)), len(difference.vanished))]
    findings = [cleaned.findings, pd.DataFrame(gone if difference.vanished else [], columns=list(FINDINGS))]
    findings.append(_compared_with_form(wave, times(sheet, bound.frame), sent))
    answers, codes = _separated(study, wave, raw, corrected.frame, cleaned.answers, names)
    answers, redactions = _redacted(form, wave, answers, tables)
    findings.append(_strangers(study, wave, answers))
    change = store.Change(wave.id, sheet, raw, answers, codes, bound.headers, corrected.anchors)
    pulled = Pulled(
        wave.id,
        len(sheet.frame),
        len(answers),
        difference,
        pd.concat([f for f in findings if len(f)] or findings[:1], ignore_index=True),
    )
    said = {plain(header) for header in own}
    ours = {header for header in bound.headers if plain(header) in said}
    return Ready(change, _record(study, wave, sheet, pulled), pulled, redactions, ours)


def _read_alike(one: Raw, two: Raw) -> bool:
    """Whether dates and numbers of both are to be read in the same way."""
    return (one.timezone, one.serial_dates, one.month_first) == (two.timezone, two.serial_dates, two.month_first)


def _record(study: Study, wave: Wave, sheet: Raw, pulled: Pulled) -> Pull:
    difference, consent = pulled.difference, study.form.used_as("consent")
    notice = f"{study.form.notice.vi}\n{consent.title.vi if consent else ''}"
    return Pull(
        time=dt.datetime.now(dt.UTC).replace(microsecond=0),
        wave=wave.id,
        source=sheet.source,
        reader=VERSION,
        snapshot=sheet.digest,
        rows=pulled.rows,
        answers=pulled.respondents,
        new=len(difference.new),
        changed=len(difference.changed),
        vanished=len(difference.vanished),
        unchanged=len(difference.unchanged),
        moved=difference.moved,
        consent=hashlib.sha256(notice.encode()).hexdigest(),
        purpose=(wave.purpose or study.purpose).vi,
    )


def _moved(anchors: dict[str, str], difference: Difference, then: pd.Series, now: pd.Series) -> dict[str, str]:
    """The anchors of corrections, where the answer has been edited since: the fingerprint is another, the answer the same."""
    edited = {then[old]: now[new] for old, new, _ in difference.changed}
    return {correction: edited.get(one, one) for correction, one in anchors.items()}


def _separated(
    study: Study, wave: Wave, raw: Raw, frame: pd.DataFrame, answers: pd.DataFrame, names: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The answers in the order in which they were sent, with the day and no time, no code, no address; and the codes."""
    order = answers[["submitted"]].assign(name=names).sort_values(["submitted", "name"], na_position="last").index
    day = answers["submitted"].dt.tz_convert(raw.timezone).dt.tz_localize(None).dt.normalize()
    code = study.form.used_as("code")
    codes = None
    if study.linked_by == "email":
        if EMAIL not in frame:
            raise _no_address(study, wave)
        key = pseudonym.load_key(study.id, study.folder)
        codes = frame[EMAIL].map(lambda cell: pseudonym.pseudonym(str(cell), key) if cell is not None else None)
    elif study.linked_by == "code" and code and code.id in answers:
        codes = answers[code.id]
    secret = [q.id for q in study.form.questions.values() if "code" in (q.type, q.use) and q.id in answers]
    kept = answers.drop(columns=secret).assign(submitted=day)
    return kept.loc[order], None if codes is None else pd.DataFrame({"code": codes.astype("str")}).loc[order]


def _redacted(
    form: Questionnaire, wave: Wave, answers: pd.DataFrame, tables: Tables
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers with what names a person covered in the words, and the table of what was found."""
    lines, texts = [], {}
    for name in answers.columns:
        question = form.questions.get(name.removesuffix(OTHER))
        if form.identified or question is None or not (question.type in ("text", "long_text") or name.endswith(OTHER)):
            continue
        found = redact.scan(answers[name], tables.names)
        table = redact.decisions(found, wave.id, name)
        # by the words alone: rows move when somebody sorts the sheet
        earlier = tables.redactions[tables.redactions["question"] == name]
        said: dict[tuple[str, str], str] = {}
        for line in earlier.to_dict("records"):  # of two decisions on the same words the safer one holds
            if said.get((line["kind"], line["found"])) not in ("che", "hide"):
                said[line["kind"], line["found"]] = line["decision"]
        keys = zip(table["kind"], table["found"], table["decision"], strict=True)
        table["decision"] = [said.get((kind, words), "") or usual for kind, words, usual in keys]
        texts[name] = redact.redact(answers[name], found, table)
        lines.append(table)
    return answers.assign(**texts), pd.concat(lines, ignore_index=True) if lines else tables.redactions.iloc[:0]


def _keep_redactions(study: Study, tables: Tables, ready: Sequence[Ready]) -> None:
    """Write what was found in open text to redactions.csv; a person's decision on it stays."""
    again = {str(one.change.wave) for one in ready}
    decided = tables.redactions
    found = [one.redactions for one in ready]
    table = pd.concat([decided[~decided["wave"].isin(again)], *found], ignore_index=True)
    if table.to_dict("records") != decided.to_dict("records"):
        store.write(study.folder / "redactions.csv", csv_file.text(table))


def _headers(before: Ledger, ready: Sequence[Ready]) -> dict[str, list[str]]:
    """Every header that a question has had, those of these sheets among them."""
    headers = {question: list(seen) for question, seen in before.headers.items()}
    for one in ready:
        for header, name in one.change.bound.items():
            if header in one.own:
                continue  # a person's word on one wave holds for that wave
            if name not in (SUBMITTED, EMAIL) and header not in headers.setdefault(name, []):
                headers[name].append(header)
    return headers


def _strangers(study: Study, wave: Wave, answers: pd.DataFrame) -> pd.DataFrame:
    """A finding where answers have no place on the wave's roster: no estimate counts them."""
    unit, role = study.form.used_as("unit"), study.form.used_as("role")
    if not (wave.roster and unit and role and {unit.id, role.id} <= set(answers)):
        return pd.DataFrame(columns=list(FINDINGS))
    pairs = zip(answers[unit.id], answers[role.id], strict=True)
    rows = sorted(answers.index[[not wave.roster.get(str(one), {}).get(str(other), 0) for one, other in pairs]])
    finding = [(wave.id, f"{unit.id}, {role.id}", "off_roster", ", ".join(map(str, rows)), len(rows))]
    return pd.DataFrame(finding if rows else [], columns=list(FINDINGS))


def _no_address(study: Study, wave: Wave) -> StudyError:
    return StudyError(
        f"{study.folder / 'study.yaml'}, linked_by",
        rule=Text(
            "Ghép người theo thư điện tử thì trang tính phải có cột “Địa chỉ email”.",
            "To link people by e-mail the sheet has the column “Email Address”.",
        ),
        found=Text(f"đợt {wave.id} không có cột ấy", f"wave {wave.id} has no such column"),
        cure=Text(
            "Ghi linked_by: code (theo mã tự đặt) hoặc linked_by: none (không ghép), rồi chạy lại.",
            "Write linked_by: code (by the code people make up) or linked_by: none, then run again.",
        ),
    )
