"""Nominations for awards: who was put forward, what speaks for them, how a unit voted, what the council ticked and decided.

Named data, from the register of nominations alone (Study.register): no answer of the survey is opened here.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from analysis.sentences import day, number, percent
from survey import store
from survey.errors import StudyError, Text
from survey.questionnaire import plain
from survey.study import Awards, Study

NOMINATIONS = ["id", "occasion", "unit", "kind", "nominee", "position", "criteria", "achievement", "evidence", "consent_date",
               "meeting", "present", "in_favour", "entered", "source", "invalid"]  # fmt: skip
COUNCIL = "council.csv"
TICKS = ["id", "eligible", "decision", "remark"]  # the council's own: the program never fills one
YES, NO = {"có", "yes", "khen", "đủ"}, {"không", "no", "không khen"}


def nominations(study: Study) -> pd.DataFrame:
    """One row per nomination that came with consent, in the order of entering: NOMINATIONS.

    id: D001, D002, …; criteria: their words, joined by "; "; invalid: why it goes into no document, "" where nothing is wrong.
    """
    register = study.register("nominations")
    if register is None or not store.waves(register):
        return pd.DataFrame(columns=NOMINATIONS)
    held = store.stored(register).sort_values(["submitted", "row"], kind="stable").reset_index(drop=True)
    units = {unit.id: str(unit.label) for unit in register.units}
    collective = held["loai"] == "tap_the"
    row = Text("hàng", "row")
    table = pd.DataFrame(
        {
            "id": [f"D{number_ + 1:03d}" for number_ in held.index],
            "occasion": held["dip"],
            "unit": held["don_vi"].map(units),
            "kind": held["loai"],
            "nominee": held["ten_tap_the"].where(collective, held["ho_ten"]).map(_name),
            "position": held["chuc_vu"].mask(collective, ""),
            "criteria": [_criteria(register, line) for line in held.to_dict("records")],
            "achievement": held["thanh_tich"],
            "evidence": held["minh_chung"],
            "consent_date": held["ngay_dong_y"],
            "meeting": held["ngay_hop"],
            "present": held["co_mat"],
            "in_favour": held["tan_thanh"],
            "entered": held["submitted"],
            "source": [f"{row} {one} ({wave})" for one, wave in zip(held["row"], held["wave"], strict=True)],
        }
    )
    table["invalid"] = [_invalid(line) for line in table.to_dict("records")]
    return table[NOMINATIONS]


def _name(text: object) -> str:
    return " ".join(unicodedata.normalize("NFC", str(text)).split()) if text is not None and not pd.isna(text) else ""


def _criteria(register: Study, line: Mapping[str, object]) -> str:
    """The words of the criteria that were ticked, and those of one's own."""
    found = []
    for question in ("tieu_chi_tap_the", "tieu_chi_ca_nhan"):
        choices = register.form.choices_of(register.form.questions[question]).valid
        found += [str(choice.label) for choice in choices if line.get(f"{question}.{choice.value}") == 1]
        own = line.get(question + store.OTHER)
        found += [str(own)] if isinstance(own, str) else []
    return "; ".join(found)


def _invalid(line: Mapping[str, object]) -> str:
    consent, entered = line["consent_date"], line["entered"]
    if not line["nominee"]:
        return str(Text("không ghi tên người hoặc tập thể", "names nobody"))
    if pd.isna(consent):
        return str(Text("không ghi ngày đồng ý", "no date of consent"))
    if pd.Timestamp(consent) > pd.Timestamp(entered):
        late = f"{day(pd.Timestamp(consent))} > {day(pd.Timestamp(entered))}"
        return str(Text(f"ngày đồng ý sau ngày đề xuất ({late})", f"consent dated after the nomination ({late})"))
    return ""


def tally(table: pd.DataFrame, awards: Awards) -> pd.DataFrame:
    """How units voted, on whole counts: id, present, in_favour, share, reached (missing where it is not judged), words.

    Where the study names no threshold, votes are shown and not judged: the law's own is for the council to say.
    """
    rows = []
    for line in table.itertuples():
        present, favour = (None if pd.isna(v) else int(v) for v in (line.present, line.in_favour))
        share, reached, words = (
            None,
            None,
            Text("thiếu số người dự hoặc số phiếu", "people present or votes are missing"),
        )
        if present is not None and favour is not None:
            votes = f"{number(favour, 0)}/{number(present, 0)}"
            if favour > present or present == 0:
                words = Text(f"{votes}: số phiếu lớn hơn số người dự", f"{votes}: more votes than people")
            else:
                share = favour / present
                reached = _reached(favour, present, awards)
                state = {None: Text("ngưỡng chưa khai báo", "no threshold is named"), True: Text("đạt ngưỡng", "reached"),
                         False: Text("chưa đạt ngưỡng", "not reached")}[reached]  # fmt: skip
                words = Text(f"{votes} = {percent(share)}: {state.vi}", f"{votes} = {percent(share)}: {state.en}")
        rows.append((line.id, present, favour, share, reached, str(words)))
    names = ["id", "present", "in_favour", "share", "reached", "words"]
    types = {"present": "Int64", "in_favour": "Int64", "share": "Float64", "reached": "boolean"}
    return pd.DataFrame(rows, columns=names).astype(types)


def _reached(favour: int, present: int, awards: Awards) -> bool | None:
    if awards.threshold is None:
        return None
    got, asked = 100 * favour, awards.threshold * present
    return got > asked if awards.rule == "more_than" else got >= asked


def doubled(table: pd.DataFrame) -> dict[str, list[str]]:
    """Nomination -> others of the same nominee, kind and occasion: names compared without case and the place of tone marks."""
    key = [(plain(line.nominee), line.kind, line.occasion) for line in table.itertuples()]
    same: dict[tuple, list[str]] = {}
    for name, one in zip(key, table["id"], strict=True):
        same.setdefault(name, []).append(one)
    return {one: [other for other in ids if other != one] for ids in same.values() if len(ids) > 1 for one in ids}


# --- The council's own ticks


def ticks(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """council.csv beside the nominations: id, eligible, decision (true, false, or missing where blank), remark.

    Raises StudyError, naming the line, for an id that was not nominated, a doubled line, and a word that is neither yes nor no.
    """
    path, lines = study.folder / COUNCIL, _lines(study.folder / COUNCIL)
    known, seen = set(table["id"]), set()
    rows = []
    for place, line in enumerate(lines, start=2):
        one = line["id"].strip()
        if one not in known or one in seen:
            found = (
                Text("đề xuất không có", "no such nomination")
                if one not in known
                else Text("ghi hai lần", "written twice")
            )
            raise _wrong_tick(path, place, f"{one}: {found}")
        seen.add(one)
        rows.append((one, *(_tick(path, place, line[name]) for name in ("eligible", "decision")), line["remark"]))
    made = pd.DataFrame(rows, columns=TICKS).astype({"eligible": "boolean", "decision": "boolean"})
    return table[["id"]].merge(made, on="id", how="left")


def offer_ticks(study: Study, table: pd.DataFrame) -> Path:
    """Write council.csv with a line for each nomination; lines that are there stay as the council wrote them."""
    path = study.folder / COUNCIL
    lines = _lines(path)
    there = {line["id"].strip() for line in lines}
    lines += [{"id": one, "eligible": "", "decision": "", "remark": ""} for one in table["id"] if one not in there]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, TICKS, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return store.write(path, text.getvalue().encode("utf-8-sig"))


def _lines(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8-sig")
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in text.split("\n", 1)[0] else ",")
    if not set(TICKS) <= set(reader.fieldnames or ()):
        raise _wrong_tick(path, 1, ", ".join(reader.fieldnames or ()))
    return [{name: (line[name] or "") for name in TICKS} for line in reader if any(line.values())]


def _tick(path: Path, place: int, word: str) -> bool | None:
    said = plain(word)
    if not said:
        return None
    if said in YES or said in NO:
        return said in YES
    raise _wrong_tick(path, place, word)


def _wrong_tick(path: Path, place: int, found: str) -> StudyError:
    return StudyError(
        f"{path}, {Text('dòng', 'line')} {place}",
        rule=Text(
            "Mỗi dòng một đề xuất (id); eligible và decision là có, không, hoặc để trống.",
            "A line for each nomination (id); eligible and decision are yes, no, or empty.",
        ),
        found=found,
        cure=Text("Sửa dòng ấy, rồi chạy lại.", "Mend that line, then run again."),
    )


# --- What speaks for a nominee


def checklist(study: Study, table: pd.DataFrame, ticked: pd.DataFrame) -> pd.DataFrame:
    """A row per nomination: id, nominee, criteria, evidence, found (is it there), eligible (the council's tick), open (words).

    `open` says what still has to be done before the nomination can be decided on; "" where nothing has.
    """
    twice = doubled(table)
    rows = []
    for line, tick in zip(table.itertuples(), ticked.itertuples(), strict=True):
        there, others = _is_there(study, line.evidence), ", ".join(twice.get(line.id, []))
        todo = [
            (bool(line.invalid), Text(str(line.invalid))),
            (not line.criteria, Text("chưa chọn tiêu chí", "no criterion is ticked")),
            (not there, Text("chưa thấy minh chứng", "the evidence is not there")),
            (bool(others), Text(f"đề xuất trùng: {others}", f"put forward twice: {others}")),
            (pd.isna(tick.eligible), Text("hội đồng chưa xác nhận điều kiện", "the council has not ticked eligibility")),
        ]  # fmt: skip
        open_ = "; ".join(str(words) for is_open, words in todo if is_open)
        rows.append((line.id, line.nominee, line.criteria, line.evidence, there, tick.eligible, open_))
    names = ["id", "nominee", "criteria", "evidence", "found", "eligible", "open"]
    return pd.DataFrame(rows, columns=names).astype({"eligible": "boolean"})


def _is_there(study: Study, evidence: object) -> bool:
    """An https address, or a file of the evidence folder or the study's; nothing outside it."""
    name = _name(evidence)
    if not name or name.startswith("https://"):
        return bool(name)
    home = study.folder.resolve()
    paths = [(home / "evidence" / name).resolve(), (home / name).resolve()]
    return any(path.is_file() and path.is_relative_to(home) for path in paths)


def rewarded(table: pd.DataFrame, ticked: pd.DataFrame, occasion: str) -> pd.DataFrame:
    """The valid nominations of an occasion that the council found eligible and decided to reward."""
    yes = (ticked["eligible"].fillna(False) & ticked["decision"].fillna(False)).to_numpy(dtype=bool)
    chosen = table[yes & (table["occasion"] == occasion).to_numpy() & (table["invalid"] == "").to_numpy()]
    return chosen.reset_index(drop=True)
