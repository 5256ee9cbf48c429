"""Every table's denominator, worked out by a second route: counted in the sheet as it was read."""

from __future__ import annotations

import pandas as pd

from analysis.review import Review
from survey import store
from survey.questionnaire import plain


def base_by_two_routes(review: Review) -> pd.DataFrame:
    """Each item's base in the review's wave: item, n_table (of the table of shares), n_sheet (counted in the snapshot).

    The second route knows nothing of cleaning, weights or the cube: it opens the kept sheet, drops those who did not agree
    or whose unit and role the roster does not have, and counts the cells that hold words other than "does not apply". It
    differs where an import, a skip or a table has lost or doubled somebody. Hidden bases are left out.
    """
    form = review.study.form
    sheet = store.load_snapshot(store.snapshot_path(review.study, review.wave)).frame
    columns = {plain(header): header for header in sheet.columns}
    own = {question: plain(header) for header, question in review.study.wave(review.wave).columns.items()}

    def cells(question: str) -> pd.Series:
        headers = [own.get(question, ""), *map(plain, form.questions[question].headers)]
        found = [columns[header] for header in headers if header in columns]
        return sheet[found[0]] if found else pd.Series(None, index=sheet.index, dtype=object)

    counted = _belongs(review, cells, sheet.index)
    rows = []
    shown = review.shares[(review.shares["wave"] == review.wave) & review.shares["shown"]]
    for item, part in shown.groupby("item", sort=False):
        question = form.questions[str(item).split(".")[0]]
        words = cells(question.id)[counted]
        exempt = (
            {plain(c) for choice in form.choices_of(question).options if choice.missing for c in choice.wordings}
            if (question.choices)
            else set()
        )
        filled = words.map(lambda word, exempt=exempt: word is not None and plain(word) not in exempt)
        rows.append((item, int(part["n"].iloc[0]), int(filled.sum())))
    return pd.DataFrame(rows, columns=["item", "n_table", "n_sheet"])


def _belongs(review: Review, cells, index: pd.Index) -> pd.Series:
    """The sheet's rows that a result may count: agreed to take part, and on the roster."""
    form, wave = review.study.form, review.study.wave(review.wave)
    counted = pd.Series(True, index=index)
    consent = form.used_as("consent")
    if consent:
        yes = {
            plain(words)
            for choice in form.choices_of(consent).options
            if choice.value == 1
            for words in choice.wordings
        }
        counted &= cells(consent.id).map(lambda word: word is not None and plain(word) in yes)
    unit, role = form.used_as("unit"), form.used_as("role")
    if unit and role and wave.roster:
        known = [
            {plain(words): choice.value for choice in form.choices_of(question).options for words in choice.wordings}
            for question in (unit, role)
        ]
        pairs = zip(cells(unit.id), cells(role.id), strict=True)
        placed = [
            wave.roster.get(str(known[0].get(plain(u))), {}).get(str(known[1].get(plain(r))), 0) > 0 for u, r in pairs
        ]
        counted &= pd.Series(placed, index=index)
    if review.study.leave_out:
        kept = store.stored(review.study)
        doubted = review.study.flags()[list(review.study.leave_out)].any(axis=1) & (kept["wave"] == review.wave)
        counted[kept["row"][doubted]] = False
    return counted
