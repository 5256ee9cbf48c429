"""From a number in a report back to where it comes from: sentence, estimate, answers, sheet; nobody is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analysis.blocks import Fact
from analysis.evidence import Entry, Ledger
from analysis.review import Review
from analysis.sentences import number
from analysis.verification import recomputed
from survey import store
from survey.errors import Text, UserError
from survey.study import Study

HELD = 16  # digits of a SHA-256 that are shown


KEEPER = Text(
    "Giá trị chưa làm tròn: chỉ dành cho người giữ dữ liệu, không đưa ra ngoài.",
    "Unrounded values: for the keeper of the data alone, not to be passed on.",
)


def trace(study: Study, ledger: Ledger, ids: Sequence[str], *, exact: bool = False) -> list[str]:
    """Lines that walk an id of the ledger back. Raises UserError for an id that the ledger does not have.

    exact: also the numbers as they are computed, which the study's folder alone may hold.
    """
    known = ledger.by_id()
    strange = [id_ for id_ in ids if id_.strip("[] ").upper() not in known]
    if strange:
        first, last = ledger.entries[0].id, ledger.entries[-1].id
        raise UserError(
            "trace",
            rule=Text("Mã có trong sổ số liệu của báo cáo.", "The id is in the report's ledger."),
            found=", ".join(strange),
            cure=Text(f"Các mã từ {first} đến {last}.", f"Ids run from {first} to {last}."),
        )
    review = Review.of(study, int(ledger.origin["review"]))
    unrounded = _unrounded(study, ledger) if exact else {}
    entries = [known[id_.strip("[] ").upper()] for id_ in ids]
    return [
        *([str(KEEPER)] if exact else []),
        *(line for e in entries for line in _entry(review, ledger, e, unrounded)),
    ]


def _unrounded(study: Study, ledger: Ledger) -> Mapping[str, Fact]:
    """The facts of the same report, worked out again without rounding."""
    again, _ = recomputed(study, ledger, exact=True)
    return again[1].facts if again else {}


def _entry(review: Review, ledger: Ledger, entry: Entry, unrounded: Mapping[str, Fact]) -> Iterator[str]:
    yield f"{entry.id} · {entry.place}"
    yield f"  “{entry.words}”"
    for key in entry.facts:
        yield from _fact(review, ledger.facts[key])
        if key in unrounded and not ledger.facts[key].reason:
            yield f"  {Text('Giá trị chưa làm tròn', 'Unrounded')}: {unrounded[key].told}"
        yield from _data(review.study, ledger, ledger.facts[key])


def _fact(review: Review, fact: Fact) -> Iterator[str]:
    yield f"  {Text('Đại lượng', 'What')}: {fact.key}"
    yield f"  {Text('Lệnh tính', 'Call')}: {fact.call}"
    if fact.reason:
        yield f"  {Text('Không công bố', 'Not shown')}: {fact.reason}"
        return
    yield f"  {Text('Giá trị', 'Values')}: {fact.told}"
    if fact.method:
        yield f"  {Text('Phương pháp', 'Method')}: {fact.method}"
    yield from _cells(review, fact)


def _cells(review: Review, fact: Fact) -> Iterator[str]:
    """How many answers an estimate rests on: of the whole, and of each group that may be shown."""
    if fact.n is None or not fact.waves:
        return
    told = Text("số câu trả lời dùng được", "answers used")
    yield f"  {told}: {number(fact.n, 0)}"
    whole = review.response[review.response[review.response.columns[1]] == ""]
    for row in whole[whole["wave"].isin(fact.waves)].itertuples():
        vi = f"đợt {row.wave}: {number(row.answers, 0)} câu trả lời trên {number(row.people, 0)} người"
        en = f"wave {row.wave}: {number(row.answers, 0)} answers of {number(row.people, 0)} people"
        yield f"    {Text(vi, en)}"


def _data(study: Study, ledger: Ledger, fact: Fact) -> Iterator[str]:
    """The files that the answers are in, and whether they are still those of the report."""
    held = store.ledger(study).waves
    for wave in fact.waves:
        for name, words, now in (
            ("answers", Text("câu trả lời", "answers"), held[wave].answers.sha256 if wave in held else ""),
            ("snapshot", Text("bảng tính đã đọc", "sheet as read"), held[wave].snapshot if wave in held else ""),
        ):
            then = ledger.data.get(f"{name} {wave}", "")
            same = Text("còn nguyên", "as it was") if then == now else Text("ĐÃ ĐỔI", "CHANGED")
            yield f"    {words} {wave}: SHA-256 {then[:HELD]}… {same}"
    if not fact.waves:
        yield f"    {Text('số liệu chỉ tiêu, danh sách nhân sự trong', 'figures and roster in')} {study.folder / 'study.yaml'}"
