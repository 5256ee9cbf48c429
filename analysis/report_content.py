"""What a review report says, part by part of the state's outline: sentences, tables and charts with the facts they tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from analysis import facts, report_charts, report_chosen, report_tables, sentences
from analysis.blocks import Block, Contents, Heading, PageBreak, Paragraph, Place, Ref, Said, Signature
from analysis.bounds import bounds
from analysis.comparisons import FELL
from analysis.contents import Profile, profiles
from analysis.corroboration import corroborated
from analysis.precision import rounded
from analysis.projection import history, next_review, pace, project
from analysis.register import entries
from analysis.review import Review
from analysis.sentences import PRETEND, number, percent
from analysis.targets import STATUS, missing
from survey import store
from survey.errors import StudyError, Text
from survey.study import Target

FEW = 0.6  # of the people asked: with fewer answers the report says how far from them the truth may lie


def blocks(review: Review, unit: str = "") -> tuple[Block, ...]:
    """The whole report of a review, from its basis to its annex; the survey's results of one unit, where it is named."""
    parts: list[Iterable[Block]]
    if unit:
        parts = [_opening(review), _of_unit(review, unit)]
    else:
        parts = [_opening(review), _situation(review), _leadership(), _results(review)]
        parts += [_shortcomings(review), _lessons(), _direction(review)]
    return (*(block for part in parts for block in part), *_end(review), *_annex(review, unit))


def subject(review: Review, unit: str = "") -> str:
    """What the report is about: interim, final or yearly review of the movement."""
    study = review.study
    if _is_final(review):
        kind = Text("Tổng kết", "Final review of")
    elif review.wave in [phase.review_wave for phase in study.phases]:
        kind = Text("Sơ kết", "Interim review of")
    else:
        kind = Text(f"Đánh giá năm {review.wave}", f"Review of {review.wave}:")
    words = Text(f"{kind.vi}: {study.title.vi}", f"{kind.en.removesuffix(':')}: {study.title}")
    if study.movement:
        movement = study.movement.name
        words = Text(f"{kind.vi} Phong trào thi đua {movement.vi}", f"{kind.en} the {movement.en}")
    return f"{words} – {review.unit_labels()[_known(review, unit)]}" if unit else str(words)


def _is_final(review: Review) -> bool:
    return bool(review.study.phases) and review.wave == review.study.phases[-1].review_wave


def _known(review: Review, unit: str) -> str:
    names = [known.id for known in review.study.units]
    if unit in names:
        return unit
    raise StudyError(
        "--unit",
        rule=Text("--unit là mã một đơn vị trong study.yaml.", "--unit is the id of a unit in study.yaml."),
        found=unit,
        cure=Text(f"Chọn một trong: {', '.join(names)}.", f"Choose one of: {', '.join(names)}."),
    )


def _say(*parts: Said | Ref | str, style: str = "Noi dung") -> Paragraph:
    return Paragraph(tuple(Said(part) if isinstance(part, str) else part for part in parts), style)


def _head(level: int, vi: str, en: str) -> Heading:
    return Heading(level, str(Text(vi, en)))


def _place(key: str, vi: str, en: str) -> Place:
    return Place(key, str(Text(vi, en)))


# --- before the results


def _opening(review: Review) -> Iterator[Block]:
    study = review.study
    if study.pretend:
        made_up = Text("mọi số liệu dưới đây là giả định, để tập dượt.", "every figure below is made up.")
        yield _say(f"{PRETEND}: {made_up}", style="Ghi chu")
    for line in study.movement.basis if study.movement else ():
        yield _say(f"{Text('Căn cứ', 'Pursuant to')} {line};", style="Can cu")
    name = study.school.name
    yield _say(str(Text(f"{name.vi} báo cáo kết quả như sau:", f"{name} reports as follows:")))


def _situation(review: Review) -> Iterator[Block]:
    study = review.study
    yield _head(1, "I. ĐẶC ĐIỂM TÌNH HÌNH", "I. SITUATION")
    roster = study.wave(review.wave).roster
    people = {role.id: sum(counts.get(role.id, 0) for counts in roster.values()) for role in study.roles}
    if whole := sum(people.values()):
        each = ", ".join(f"{str(r.label).lower()} {number(people[r.id], 0)}" for r in study.roles if people[r.id])
        told = number(whole, 0)
        counts = people | {"people": whole, "units": len(roster)}
        fact = facts.one(f"roster {review.wave}", f"review.study.wave({review.wave}).roster", counts)
        yield _say(Said(str(Text(
            f"Tại thời điểm khảo sát năm {review.wave}, {study.school.name.vi} có {told} người thuộc diện khảo sát "
            f"({each}), ở {number(len(roster), 0)} đơn vị.",
            f"At the time of the {review.wave} survey, {study.school.name} had {told} people to ask ({each}), in "
            f"{len(roster)} units.",
        )), (fact,)))  # fmt: skip
    yield _place("tinh_hinh", "quy mô lớp, học sinh; thuận lợi, khó khăn.", "classes and students; conditions.")


def _leadership() -> Iterator[Block]:
    yield _head(1, "II. CÔNG TÁC LÃNH ĐẠO, CHỈ ĐẠO, TUYÊN TRUYỀN", "II. LEADERSHIP AND COMMUNICATION")
    yield _place(
        "lanh_dao",
        "văn bản đã ban hành, phân công, hình thức tuyên truyền, kiểm tra.",
        "documents, tasks, communication, checks.",
    )


def _results(review: Review) -> Iterator[Block]:
    yield _head(1, "III. KẾT QUẢ THỰC HIỆN", "III. RESULTS")
    parts = (
        (Text("Kết quả theo các nội dung thi đua", "Results by content"), list(_contents(review))),
        (Text("Kết quả thực hiện các chỉ tiêu", "Targets"), list(_targets(review))),
        (Text("Kết quả khảo sát", "Survey results"), list(_survey(review))),
        (Text("Điển hình, khen thưởng", "Good examples and awards"), list(_examples(review))),
        (Text("Số liệu nhà trường chọn thêm", "Figures that the school chose"), list(report_chosen.blocks(review))),
    )
    for place, (words, found) in enumerate(((words, found) for words, found in parts if found), start=1):
        yield Heading(2, f"{place}. {words}")
        yield from found


# --- results by content


def _contents(review: Review) -> Iterator[Block]:
    for profile in profiles(review):
        content = profile.content
        yield _say(f"{Text('Nội dung', 'Content')} {content.id}. {content.title}", style="Noi dung dam")
        if said := list(content_sentences(review, profile)):
            yield _say(*said)
        for practice in profile.practices:
            yield _say(f"- {Text('Cách làm hay', 'Good practice')}: {practice.title}{_whose(review, practice.unit)}.")
        for quote in profile.quotes:
            yield _say(f"- {Text('Ý kiến', 'In people’s words')}: “{quote}”")
        yield _place(f"noi_dung_{content.id}", "việc đã làm, minh chứng.", "what was done, evidence.")


def _whose(review: Review, unit: str | None) -> str:
    labels = review.unit_labels()
    return f" ({labels[unit]})" if unit in labels else ""


def content_sentences(review: Review, profile: Profile) -> Iterator[Said]:
    """What the figures say on one content: its targets, level, change, spread over the units, what staff name most."""
    for row in profile.targets.itertuples():
        words = f"{Text('Chỉ tiêu', 'Target')} {row.target} ({row.label}): {str(STATUS[row.status]).lower()}."
        yield Said(words, (facts.target(row),))
    if profile.level is None:
        if not len(profile.targets):
            yield Said(str(Text("Khảo sát không hỏi về nội dung này.", "The survey does not ask about this content.")))
        return
    title = Text("Mức tự đánh giá", "Self-rated level")
    yield Said(sentences.level(profile.level, title), (facts.level(profile.level),))
    if profile.change is not None and bool(profile.level.shown):
        yield Said(sentences.change(profile.change, title), (facts.change(profile.change),))
    if len(profile.spread) > 1:
        yield _spread(profile)
    if len(profile.themes):
        yield _themes(review, profile.themes.head(3))


def _spread(profile: Profile) -> Said:
    """From the lowest to the highest unit, without names: this is no league table."""
    ends = [profile.spread.iloc[0], profile.spread.iloc[-1]]
    low, high = (number(end["estimate"]) for end in ends)
    count, hidden = len(profile.spread), profile.hidden
    unseen = Text("")
    if hidden:
        unseen = Text(f"; không công bố kết quả của {hidden} đơn vị", f"; {hidden} units are not published")
    rows = tuple(profile.spread.itertuples())
    words = Text(
        f"Giữa {count} đơn vị, mức trung bình từ {low} đến {high} điểm{unseen.vi}.",
        f"Across {count} units the means run from {low} to {high} points{unseen.en}.",
    )
    counted = facts.one(
        f"units of {profile.scale}",
        f"review.levels_by('unit', [{profile.scale!r}])",
        {"shown": count, "hidden": hidden},
    )
    return Said(str(words), (facts.group(rows[0]), facts.group(rows[-1]), counted))


def _themes(review: Review, themes: pd.DataFrame) -> Said:
    rows = review.shares_of(list(themes["item"]))
    now = rows[(rows["wave"] == review.wave) & (rows["value"] == 1)]
    named = "; ".join(f"{row.label} ({percent(row.share, 0)})" for row in themes.itertuples())
    words = Text(f"Được nêu nhiều nhất: {named}.", f"Named most: {named}.")
    return Said(str(words), tuple(facts.share(row) for row in now.itertuples()))


def contents_in_words(review: Review) -> str:
    """What the figures say on each content of the movement, as a text."""
    said = [
        [f"{p.content.id}. {p.content.title}", *(sentence.words for sentence in content_sentences(review, p))]
        for p in profiles(review)
    ]
    return "\n\n".join("\n".join(lines) for lines in said)


# --- targets


def _targets(review: Review) -> Iterator[Block]:
    targets = review.targets
    if not len(targets):
        return
    final = [str(Text("Kết luận khi tổng kết.", "The final verdict."))] if _is_final(review) else []
    yield _say(
        *final, target_summary(targets), f"{Text('Kết quả từng chỉ tiêu ở', 'Each target is in')}", Ref("chi_tieu"), "."
    )
    yield report_tables.targets(targets)
    if len(review.waves) > 1:
        yield report_tables.targets_by_wave(review)
    if chart := report_charts.targets(targets):
        yield chart
    beside = {row.target: row for row in corroborated(review).itertuples()}
    for row in targets.itertuples():
        if said := [*_doubts(row), *_beside(beside[row.target]), *_ahead(review, row)]:
            yield _say(f"{Text('Chỉ tiêu', 'Target')} {row.target}.", *said)


def target_summary(targets: pd.DataFrame) -> Said:
    """How many targets are met, not met, without cases, without grounds."""
    counts = {status: int((targets["status"] == status).sum()) for status in STATUS}
    joined = ", ".join(f"{number(counts[s], 0)} {str(words).lower()}" for s, words in STATUS.items() if counts[s])
    whole = len(targets)
    words = Text(f"Trong {whole} chỉ tiêu của kế hoạch: {joined}.", f"Of the {whole} targets: {joined}.")
    call = "review.targets['status'].value_counts()"
    return Said(str(words), (facts.one("targets counted", call, counts | {"targets": whole}),))


def _doubts(row: Any) -> Iterator[Said]:
    if row.doubts:
        yield Said(str(row.doubts), (facts.target(row),))


def _beside(row: Any) -> Iterator[Said]:
    """The register beside what staff say; nothing where there is nothing to compare."""
    if row.verdict == "open":
        return
    values = {name: getattr(row, name) for name in ("value", "share", "low", "high", "n", "verdict")}
    fact = facts.one(f"corroboration {row.target}", "corroborated(review)", values)
    yield Said(f"{Text('Đối chiếu với khảo sát', 'Beside the survey')}: {_lower(row.words)}", (fact,))


def _lower(words: object) -> str:
    text = str(words)
    return text[:1].lower() + text[1:]


def _ahead(review: Review, row: Any) -> Iterator[Said]:
    """The pace that an unmet target needs, and where its counts lead; nothing once all is over."""
    movement = review.study.movement
    target = next(t for t in (movement.targets if movement else ()) if t.id == row.target)
    by = next_review(review.study, review.until, target)
    if row.status != "not_met" or target.rule == "judged" or by is None:
        return
    known = history(entries(review.study), target.id, review.until)
    found, led = pace(known, target, by), project(known, by)
    fact = facts.one(
        f"projection {target.id}", f"project(history(entries(review.study), {target.id}, review.until), {by!r})",
        {"needed": found.needed, "observed": found.observed, "estimate": led.estimate, "low": led.low, "high": led.high,
         "dates": len(known)},
    )  # fmt: skip
    day = sentences.day(by)
    words = Text(f"Đến {day}: {found.words.vi}; {led.words.vi}.", f"Until {day}: {found.words.en}; {led.words.en}.")
    yield Said(str(words), (fact,))


# --- the survey


def _survey(review: Review) -> Iterator[Block]:
    yield _say(*_taking_part(review))
    if cautions := list(_cautions(review)):
        yield _say(*cautions)
    yield _say(limits(review))
    primary = [item for item in review.study.primary if item in review.scales] or review.scales
    if len(review.waves) == 1:
        only = review.waves[0]
        yield _say(str(Text(
            f"Mới có một đợt khảo sát (năm {only}): báo cáo này nêu mức, chưa thể nói về thay đổi.",
            f"There is one wave only ({only}): this report tells levels, nothing can be said of change.",
        )))  # fmt: skip
    changes = review.changes[review.changes["item"].isin(primary)]
    for _, part in changes.groupby("item", sort=False):
        yield _say(
            *(Said(sentences.change(row, review.label(row.item)), (facts.change(row),)) for row in part.itertuples())
        )
    levels = review.levels[review.levels["item"].isin(primary)]
    if len(levels):
        yield report_tables.levels(review, levels)
    for pair, part in changes.groupby("wave", sort=False):
        yield report_tables.changes(review, str(pair), part)
    slopes = review.slopes[review.slopes["item"].isin(primary)]
    if (slopes["statistic"] == "difference of slopes").any():
        yield report_tables.slopes(review, slopes)
    yield from report_charts.of_survey(review, primary)


def _taking_part(review: Review) -> Iterator[Said]:
    for row in whole_school(review).itertuples():
        told = f"{number(row.answers, 0)}/{number(row.people, 0)}"
        yield Said(str(Text(
            f"Đợt khảo sát năm {row.wave}: {told} người trả lời hợp lệ ({percent(row.rate)}).",
            f"Survey of {row.wave}: {told} people gave valid answers ({percent(row.rate)}).",
        )), (facts.response(row),))  # fmt: skip
    if review.unplaced:
        words = Text(
            f"Trong đó {number(review.unplaced, 0)} câu trả lời có đơn vị hoặc vai trò ngoài danh sách nhân sự, không tính.",
            f"Of these, {number(review.unplaced, 0)} have a unit or role that the roster does not, and are not counted.",
        )
        yield Said(str(words), (facts.one("answers off the roster", "review.unplaced", {"unplaced": review.unplaced}),))
    if doubted := doubts(review):
        yield doubted


def whole_school(review: Review) -> pd.DataFrame:
    """The rows of review.response that are of the whole school, where its people are known."""
    response = review.response
    return response[(response[response.columns[1]] == "") & response["people"].notna()]


def doubts(review: Review) -> Said | None:
    """What was flagged among the answers of the review's wave, and whether the results count it; None where nothing was."""
    words = {name: str(label) for name, label in review.study.flag_labels.items()}
    counts = [f"{words[name]} {number(count, 0)}" for name, count in review.flagged.items() if count]
    if not counts:
        return None
    out = [words[name] for name in review.study.leave_out if review.flagged[name]]
    used = Text("kết quả tính cả những câu trả lời ấy", "the results count them")
    if out:
        used = Text(f"kết quả không tính: {', '.join(out)}", f"the results leave out: {', '.join(out)}")
    said = Text(
        f"Câu trả lời cần xem lại: {'; '.join(counts)}; {used.vi}.",
        f"Answers to doubt: {'; '.join(counts)}; {used.en}.",
    )
    return Said(str(said), (facts.one("answers flagged", "review.flagged", review.flagged, (review.wave,)),))


def _cautions(review: Review) -> Iterator[Said]:
    """Where few answered: that they need not be like the others, and within what the truth lies whoever kept silent."""
    row = next(whole_school(review).query("wave == @review.wave").itertuples(), None)
    if row is None:
        yield Said(str(Text(
            "Chưa có danh sách nhân sự: không biết tỉ lệ trả lời, số liệu chỉ nói về những người đã trả lời.",
            "There is no roster: the response rate is not known, the figures speak of those who answered only.",
        )))  # fmt: skip
        return
    if row.rate >= FEW:
        return
    yield Said(str(Text(
        f"Chỉ {percent(row.rate)} số người được hỏi trả lời trong đợt năm {review.wave}; người không trả lời có thể khác người "
        "trả lời, nên chưa thể coi các số dưới đây là của toàn trường.",
        f"Only {percent(row.rate)} of those asked answered in {review.wave}; those who did not may be different, so the "
        "figures below cannot be taken as the whole school's.",
    )), (facts.response(row),))  # fmt: skip
    now = review.frame[review.frame["wave"] == review.wave]
    shown = review.levels[(review.levels["wave"] == review.wave) & review.levels["shown"].astype(bool)]
    for scale in review.study.form.scales:
        if scale.id in review.study.primary and scale.id in set(shown["item"]):
            ends = _ends(review, scale.items[0])
            told = bounds(now, [scale.id], int(row.people), ends=ends).iloc[0]
            reach = [rounded(told[end]) for end in ("low", "high")]
            call = f"bounds(now, [{scale.id!r}], {int(row.people)}, ends={ends})"
            fact = facts.one(
                f"bounds {review.wave} {scale.id}", call, {"low": reach[0], "high": reach[1]}, (review.wave,)
            )
            low, high = map(number, reach)
            yield Said(str(Text(
                f"{scale.title.vi}: dù những người ấy trả lời thế nào, trung bình toàn trường nằm trong {low}–{high} điểm.",
                f"{scale.title}: whatever they would have said, the school's mean lies within {low}–{high} points.",
            )), (fact,))  # fmt: skip


def _ends(review: Review, item: str) -> tuple[float, float]:
    codes = [float(code) for code in review.study.form.value_labels(item)]
    return min(codes), max(codes)


def limits(review: Review) -> Said:
    """How the numbers were made, and what they cannot bear."""
    k = review.study.smallest_base
    how = Text(
        "Mỗi người trả lời được tính như nhau; điểm của một thang đo là trung bình cộng của điểm trung bình từng câu. Khoảng tin "
        "cậy có hiệu chỉnh theo số người trong danh sách và giả định rằng trong phạm vi được tính (toàn trường, một đơn vị, một "
        "vai trò) việc không trả lời là ngẫu nhiên; vì vậy kết quả các đơn vị gộp theo số người có thể khác kết quả toàn trường.",
        "Everybody who answered counts the same; a scale's mean is the average of the means of its questions. Intervals are "
        "corrected for the people on the roster and assume that within what is described (the school, a unit, a role) not "
        "answering is random; so units put together by their people may differ from the whole school.",
    )
    if review.design.population is None:
        how = Text(
            "Mỗi người trả lời được tính như nhau; khoảng tin cậy coi người trả lời như được chọn ngẫu nhiên.",
            "Everybody who answered counts the same; intervals take those who answered as if drawn at random.",
        )
    words = Text(
        f"{how.vi} Kết quả tự đánh giá không thay cho số liệu hành chính. Không công bố số liệu của nhóm dưới {k} người trả lời "
        "và những số liệu mà từ đó suy ra được câu trả lời của từng người. "
        "Mã trong ngoặc vuông dẫn tới dòng cùng mã của sổ số liệu (phụ lục Excel).",
        f"{how.en} Self-assessment does not replace administrative figures. Figures of fewer than {k} answers, and figures from "
        "which single people's answers could be found, are not published. "
        "A code in square brackets leads to its row of the ledger in the Excel annex.",
    )
    return Said(str(words), (facts.one("smallest base", "review.study.smallest_base", {"k": k}),))


# --- of one unit


def _of_unit(review: Review, unit: str) -> Iterator[Block]:
    label = review.unit_labels()[_known(review, unit)]
    yield _head(1, "I. VIỆC ĐÃ LÀM", "I. WHAT WAS DONE")
    yield _place("viec_da_lam", "việc đã làm, minh chứng.", "what was done, evidence.")
    yield _head(1, "II. KẾT QUẢ KHẢO SÁT", "II. SURVEY RESULTS")
    found = review.levels_by("unit", review.scales) if "unit" in review.frame else pd.DataFrame(columns=["level"])
    own = found[found["level"] == unit]
    if not len(own) or not own["shown"].any():
        yield _say(str(Text(
            f"{label.vi}: ít người trả lời, kết quả riêng không công bố; mời xem báo cáo chung của nhà trường.",
            f"{label}: few answers, its own results are not published; see the report of the whole school.",
        )))  # fmt: skip
    else:
        yield _say(limits(review))
        yield report_tables.unit(review, own)
    yield _head(1, "III. HẠN CHẾ, BÀI HỌC, ĐỀ XUẤT", "III. SHORTCOMINGS, LESSONS, PROPOSALS")
    yield _place("de_xuat", "hạn chế, bài học, đề xuất.", "shortcomings, lessons, proposals.")


# --- after the results


def _examples(review: Review) -> Iterator[Block]:
    practices = review.study.movement.practices if review.study.movement else ()
    for practice in practices:
        evidence = f"; {Text('minh chứng', 'evidence')}: {practice.evidence}" if practice.evidence else ""
        yield _say(f"- {practice.title}{_whose(review, practice.unit)}{evidence}.")
    yield _place("dien_hinh", "tập thể, cá nhân, mô hình hay; số đã khen.", "collectives, individuals, awards.")


def _shortcomings(review: Review) -> Iterator[Block]:
    yield _head(1, "IV. HẠN CHẾ, NGUYÊN NHÂN", "IV. SHORTCOMINGS AND CAUSES")
    for row in review.targets.itertuples():
        if row.status == "not_met" or row.status == "cannot_tell":
            yield _say(Said(f"- {row.label}: {_lower(row.words)}", (facts.target(row),)))
    changes = review.changes
    up_to_now = changes["wave"].map(lambda pair: str(pair).endswith(str(review.wave))).astype(bool)
    for row in changes[up_to_now & (changes["verdict"] == FELL)].itertuples():
        yield _say(Said(f"- {sentences.change(row, review.label(row.item))}", (facts.change(row),)))
    yield _place("han_che", "hạn chế khác; nguyên nhân khách quan, chủ quan.", "other shortcomings; causes.")


def _lessons() -> Iterator[Block]:
    yield _head(1, "V. BÀI HỌC KINH NGHIỆM", "V. LESSONS")
    yield _place("bai_hoc", "bài học rút ra.", "lessons.")


def _direction(review: Review) -> Iterator[Block]:
    yield _head(1, "VI. PHƯƠNG HƯỚNG, NHIỆM VỤ THỜI GIAN TỚI", "VI. DIRECTION")
    known = {t.id: t for t in (review.study.movement.targets if review.study.movement else ())}
    for row in review.targets[review.targets["status"] == "not_met"].itertuples():
        if said := _lacking(known[row.target], row):
            yield _say(said)
    yield _place("phuong_huong", "phương hướng giai đoạn sau.", "the next phase.")
    yield _head(1, "VII. KIẾN NGHỊ, ĐỀ XUẤT", "VII. PROPOSALS")
    yield _place("kien_nghi", "kiến nghị; đề xuất khen thưởng (kèm tờ trình, biên bản).", "proposals; awards.")


def _lacking(target: Target, row: Any) -> Said | None:
    """How many more cases an unmet target asks for."""
    if target.rule == "judged" or pd.isna(row.denominator):
        return None
    lacking = missing(target, int(row.numerator), int(row.denominator))
    fact = facts.one(
        f"lacking {target.id}", f"missing(target, {row.numerator}, {row.denominator})", {"lacking": lacking}
    )
    words = Text(
        f"- {row.label}: cần thêm {number(lacking, 0)} trường hợp để đạt.",
        f"- {row.label}: {number(lacking, 0)} more are needed.",
    )
    return Said(str(words), (fact,))


def _end(review: Review) -> Iterator[Block]:
    name = review.study.school.name
    yield _say(str(Text(f"Trên đây là báo cáo của {name.vi}./.", f"This is the report of {name}./.")))
    yield Signature()


def _annex(review: Review, unit: str) -> Iterator[Block]:
    yield PageBreak()
    yield _head(1, "PHỤ LỤC", "ANNEX")
    if len(whole_school(review)):
        yield report_tables.response(review)
    if (review.reliability["wave"] == review.wave).any():
        yield report_tables.reliability(review)
    yield _say(str(Text("Dữ liệu và cách tính lại", "Data, and how to repeat")), style="Ten bang")
    for wave, digest in store.snapshots(review.study).items():
        if wave in review.waves:
            yield _say(f"{Text('Đợt', 'Wave')} {wave}: SHA-256 {digest}", style="Ghi chu")
    folder = f"data/{review.study.folder.name}"
    only = f" --unit {unit}" if unit else ""
    yield _say(
        f"{Text('Viết lại', 'Write again')}: python run.py analysis report {folder} --review {review.wave}{only}",
        style="Ghi chu",
    )
    yield _say(f"{Text('Kiểm tra', 'Check')}: python run.py analysis verify {folder}/reports/….docx", style="Ghi chu")
    yield PageBreak()
    yield Contents()
