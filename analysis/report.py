"""The review report: a Word document in the state's format and an Excel annex, from one review's estimates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import report_layout as layout
from analysis import sentences, tables
from analysis.evidence import Ledger, versions
from analysis.review import Review
from analysis.sentences import PRETEND, number, percent
from survey import store
from survey.errors import Text, spoken


@dataclass(frozen=True)
class Report:
    """The files of one report."""

    document: Path
    annex: Path


def write(review: Review, folder: Path | None = None) -> Report:
    """Write the report of a review into `folder` (the study's `reports`); the same answers give the same bytes."""
    folder = folder or review.study.folder / "reports"
    ledger = Ledger(store.snapshots(review.study))
    name = f"bao-cao-{review.wave}" if spoken() == "vi" else f"report-{review.wave}"
    document = store.write(folder / f"{name}.docx", _document(review, ledger))
    annex = store.write(folder / f"{name}-{Text('phu-luc', 'annex')}.xlsx", annex_of(review, ledger))
    return Report(document, annex)


def _document(review: Review, ledger: Ledger) -> bytes:
    study = review.study
    document = layout.blank()
    layout.heading(document, study.school, "BC", review.until.year)
    layout.title(document, str(Text("BÁO CÁO", "REPORT")), subject(review))
    layout.page_numbers(document, study.pretend)
    if study.pretend:
        _say(
            document,
            f"{PRETEND}: {Text('mọi số liệu dưới đây là giả định, để tập dượt.', 'every figure below is made up.')}",
            "Ghi chu",
        )
    for line in study.movement.basis if study.movement else ():
        _say(document, f"{Text('Căn cứ', 'Pursuant to')} {line};", "Can cu")
    for part in (_situation, _leadership, _results, _survey, _examples, _shortcomings, _direction):
        part(document, review, ledger)
    layout.signature(document, study.school)
    document.add_page_break()
    _annex_pages(document, review)
    return layout.packed(document, f"{Text('Báo cáo', 'Report')} {review.wave}")


def subject(review: Review) -> str:
    """What the report is about: interim, final or yearly review of the movement."""
    study = review.study
    reviews = [phase.review_wave for phase in study.phases]
    if reviews and review.wave == reviews[-1]:
        kind = Text("Tổng kết", "Final review of")
    elif review.wave in reviews:
        kind = Text("Sơ kết", "Interim review of")
    else:
        kind = Text(f"Đánh giá năm {review.wave}", f"Review of {review.wave}:")
    if not study.movement:
        return f"{kind} {study.title}"
    movement = study.movement.name
    return str(Text(f"{kind.vi} Phong trào thi đua {movement.vi}", f"{kind.en} the {movement.en}"))


def _say(document, words: str, style: str = "Noi dung") -> None:
    document.add_paragraph(words, style=f"KSS {style}")


def _head(document, vi: str, en: str, level: int = 1) -> None:
    _say(document, str(Text(vi, en)), f"Muc {level}")


def _human(document, vi: str, en: str) -> None:
    """A place where only a person can write."""
    _say(document, str(Text(f"[Nhà trường bổ sung: {vi}]", f"[The school adds: {en}]")), "Cho nguoi viet")


def _situation(document, review: Review, ledger: Ledger) -> None:
    study = review.study
    _head(document, "I. ĐẶC ĐIỂM TÌNH HÌNH", "I. SITUATION")
    roster = study.wave(review.wave).roster
    people = {r.id: sum(counts.get(r.id, 0) for counts in roster.values()) for r in study.roles}
    if sum(people.values()):
        parts = ", ".join(
            f"{str(role.label).lower()}: {number(people[role.id], 0)}" for role in study.roles if people[role.id]
        )
        whole = number(sum(people.values()), 0)
        _say(document, str(Text(
            f"Tại thời điểm khảo sát năm {review.wave}, {study.school.name.vi} có {whole} cán bộ, giáo viên, nhân viên "
            f"({parts}), sinh hoạt tại {number(len(roster), 0)} đơn vị.",
            f"At the time of the {review.wave} survey, {study.school.name} had {whole} staff ({parts}) in {len(roster)} units.",
        )))  # fmt: skip
    _human(document, "quy mô lớp, học sinh; thuận lợi, khó khăn.", "classes and students; conditions.")


def _leadership(document, review: Review, ledger: Ledger) -> None:
    _head(document, "II. CÔNG TÁC LÃNH ĐẠO, CHỈ ĐẠO, TUYÊN TRUYỀN", "II. LEADERSHIP AND COMMUNICATION")
    _human(document, "văn bản đã ban hành, phân công, hình thức tuyên truyền, kiểm tra.", "documents, tasks, checks.")


def _results(document, review: Review, ledger: Ledger) -> None:
    _head(document, "III. KẾT QUẢ THỰC HIỆN", "III. RESULTS")
    study = review.study
    if study.movement and study.movement.contents:
        _head(document, "1. Kết quả theo các nội dung thi đua", "1. Results by content", 2)
        for content in study.movement.contents:
            _say(document, f"{Text('Nội dung', 'Content')} {content.id}. {content.title}.")
            for sentence in content_sentences(review, content.id, ledger):
                _say(document, sentence)
            _human(document, "việc đã làm, minh chứng.", "what was done, evidence.")
    if len(review.targets):
        _head(document, "2. Kết quả thực hiện các chỉ tiêu", "2. Targets", 2)
        _say(document, target_summary(review.targets))
        caption = Text("Bảng 1. Kết quả thực hiện các chỉ tiêu", "Table 1. Targets")
        layout.table(document, str(caption), tables.target_table(review.targets), (40, 24, 27, 26, 19, 24))


def content_sentences(review: Review, content: int, ledger: Ledger) -> Iterator[str]:
    """What the survey says on one content: level now, and change of each pair of waves that ends with the review."""
    for scale in review.study.form.scales:
        if scale.content != content or scale.id not in review.scales:
            continue
        levels, changes = review.levels, review.changes
        for row in levels[(levels["item"] == scale.id) & (levels["wave"] == review.wave)].itertuples():
            yield f"{sentences.level(row, scale.title)} [{ledger.cite(row)}]"
        for row in changes[changes["item"] == scale.id].itertuples():
            if str(row.wave).endswith(str(review.wave)):
                yield f"{sentences.change(row, scale.title)} [{ledger.cite(row)}]"


def contents_in_words(review: Review) -> str:
    """What the survey says on each content of the movement, as a text."""
    ledger = Ledger(store.snapshots(review.study))
    contents = review.study.movement.contents if review.study.movement else ()
    said = [[f"{content.id}. {content.title}", *content_sentences(review, content.id, ledger)] for content in contents]
    return "\n\n".join("\n".join(lines) for lines in said)


def target_summary(targets: pd.DataFrame) -> str:
    """How many targets are met, not met, without cases, without grounds."""
    counts = targets["status"].value_counts()
    whole = len(targets)
    parts = [
        f"{number(counts[status], 0)} {str(words).lower()}"
        for status, words in tables.STATUS.items()
        if status in counts
    ]
    joined = ", ".join(parts)
    return str(Text(f"Trong {whole} chỉ tiêu của kế hoạch: {joined}.", f"Of the {whole} targets: {joined}."))


def doubts(review: Review) -> str:
    """What was flagged among the answers of the review's wave, and whether the results count it; "" where nothing was."""
    words = {name: str(label) for name, label in review.study.flag_labels.items()}
    counts = [f"{words[name]} {number(count, 0)}" for name, count in review.flagged.items() if count]
    if not counts:
        return ""
    out = [words[name] for name in review.study.leave_out if review.flagged[name]]
    used = Text("kết quả tính cả những câu trả lời ấy", "the results count them")
    if out:
        used = Text(f"kết quả không tính: {', '.join(out)}", f"the results leave out: {', '.join(out)}")
    return str(
        Text(
            f"Câu trả lời cần xem lại: {'; '.join(counts)}; {used.vi}.",
            f"Answers to doubt: {'; '.join(counts)}; {used.en}.",
        )
    )


def _survey(document, review: Review, ledger: Ledger) -> None:
    _head(document, "3. Kết quả khảo sát cán bộ, giáo viên, nhân viên", "3. Staff survey", 2)
    for row in _whole_school(review).itertuples():
        rate = percent(row.rate)
        _say(document, str(Text(
            f"Đợt khảo sát năm {row.wave}: {number(row.answers, 0)} người trả lời trên {number(row.people, 0)} người ({rate}).",
            f"Survey of {row.wave}: {number(row.answers, 0)} of {number(row.people, 0)} people answered ({rate}).",
        )))  # fmt: skip
    if review.unplaced:
        _say(document, str(Text(
            f"Trong đó {number(review.unplaced, 0)} câu trả lời có đơn vị hoặc vai trò ngoài danh sách nhân sự, không được tính.",
            f"Of these, {number(review.unplaced, 0)} answers have a unit or role that the roster does not, and are not counted.",
        )))  # fmt: skip
    if doubted := doubts(review):
        _say(document, doubted)
    _say(document, limits(review))
    primary = [item for item in review.study.primary if item in review.scales] or review.scales
    changes = review.changes[review.changes["item"].isin(primary)]
    for row in changes.itertuples():
        _say(document, f"{sentences.change(row, review.label(row.item))} [{ledger.cite(row)}]")
    levels = review.levels[review.levels["item"].isin(primary)]
    for row in levels.itertuples():
        ledger.cite(row)
    caption = Text(
        "Bảng 2. Điểm trung bình các đợt (khoảng tin cậy 95%)", "Table 2. Means of the waves (95% intervals)"
    )
    width = 58 if len(review.waves) < 5 else 34
    columns = [(160 - width) // max(1, len(review.waves))] * len(review.waves)
    if len(levels):
        layout.table(document, str(caption), tables.level_table(review, levels), [width, *columns])
    for place, (pair, part) in enumerate(changes.groupby("wave", sort=False), start=3):
        words = str(pair).replace("→", "–")
        layout.table(
            document,
            f"{Text('Bảng', 'Table')} {place}. {Text('Thay đổi', 'Change')} {words}",
            tables.change_table(review, part),
            (58, 24, 42, 36),
        )
    _charts(document, review, primary)


def _whole_school(review: Review) -> pd.DataFrame:
    response = review.response
    return response[(response[response.columns[1]] == "") & response["people"].notna()]


def limits(review: Review) -> str:
    """How the numbers were made, and what they cannot bear."""
    k = review.study.smallest_base
    return str(Text(
        "Số liệu được tính theo trọng số từ danh sách nhân sự (đơn vị và vai trò), có hiệu chỉnh tổng thể hữu hạn; khoảng tin "
        "cậy giả định việc không trả lời là ngẫu nhiên trong từng nhóm. Kết quả tự đánh giá không thay cho số liệu hành chính. "
        f"Nhóm dưới {k} người trả lời không công bố. Mã trong ngoặc vuông (ví dụ [E001]) dẫn tới dòng cùng mã trong phụ lục "
        "Excel.",
        "Figures are weighted to the roster (unit and role) with finite-population correction; intervals assume that not "
        "answering is random within each group. Self-assessment does not replace administrative figures. Groups of fewer than "
        f"{k} answers are not published. A code in square brackets (such as [E001]) leads to its row in the Excel annex.",
    ))  # fmt: skip


def _charts(document, review: Review, primary: list[str]) -> None:
    from analysis import charts

    pretend = review.study.pretend
    labels = {item: review.label(item) for item in review.scales}
    levels = review.levels[review.levels["item"].isin(primary)]
    place = 1
    if len(review.waves) > 1 and levels["shown"].any():
        figure = charts.trend(levels, labels, phases=phase_bands(review), pretend=pretend)
        caption = Text("Điểm trung bình qua các đợt, khoảng tin cậy 95%", "Means over the waves, 95% intervals")
        words = "; ".join(sentences.level(row, f"{row.wave}, {labels[row.item]}") for row in levels.itertuples())
        layout.picture(document, charts.png(figure), f"{Text('Hình', 'Figure')} {place}. {caption}", words)
        place += 1
    skills = skill_items(review)
    if skills:
        shares = review.shares_of(skills)
        now = shares[shares["wave"] == review.wave]
        if now["shown"].any():
            values = review.study.form.value_labels(skills[0])
            figure = charts.likert(now, {item: review.label(item) for item in skills}, values, pretend=pretend)
            caption = Text(f"Mức độ thực hành năm {review.wave}", f"Practice in {review.wave}")
            said = Text(
                "Tỉ lệ từng mức của từng kỹ năng; số liệu ở phụ lục Excel.", "Shares of each level; see the annex."
            )
            layout.picture(document, charts.png(figure), f"{Text('Hình', 'Figure')} {place}. {caption}", str(said))


def skill_items(review: Review, most: int = 12) -> list[str]:
    """The ordered-practice items that share the first one's choices, at most as many as a page's chart holds."""
    form = review.study.form
    items = [item for item in review.items if item in form.questions and form.questions[item].choices is not None]
    for order in ("practice", "agreement", "frequency"):
        kind = [item for item in items if form.choices_of(form.questions[item]).order == order]
        if kind:
            first = form.value_labels(kind[0])
            return [item for item in kind if form.value_labels(item) == first][:most]
    return []


def phase_bands(review: Review) -> list[tuple[str, int, int]]:
    """Label, first and last wave of each phase that the review's waves touch; 2027 is in both."""
    bands = []
    for phase in review.study.phases:
        waves = [wave for wave in review.study.waves_of(phase.id) if wave in review.waves]
        if len(waves) > 1:
            bands.append((str(phase.label), waves[0], waves[-1]))
    return bands


def _examples(document, review: Review, ledger: Ledger) -> None:
    _head(document, "4. Điển hình, khen thưởng", "4. Good examples and awards", 2)
    _human(document, "tập thể, cá nhân, mô hình hay; số đã khen.", "collectives, individuals, practices; awards.")


def _shortcomings(document, review: Review, ledger: Ledger) -> None:
    _head(document, "IV. HẠN CHẾ, NGUYÊN NHÂN", "IV. SHORTCOMINGS AND CAUSES")
    missed = review.targets[review.targets["status"] == "not_met"]
    for row in missed.itertuples():
        share = percent(row.value) if not pd.isna(row.value) else tables.STATUS["not_met"]
        _say(
            document,
            f"- {Text('Chưa đạt chỉ tiêu', 'Target not met')} “{row.label}”: {share} ({Text('yêu cầu', 'asked')} {row.rule}).",
        )
    _human(document, "hạn chế khác; nguyên nhân khách quan, chủ quan.", "other shortcomings; causes.")
    _head(document, "V. BÀI HỌC KINH NGHIỆM", "V. LESSONS")
    _human(document, "bài học rút ra.", "lessons.")


def _direction(document, review: Review, ledger: Ledger) -> None:
    _head(document, "VI. PHƯƠNG HƯỚNG, NHIỆM VỤ THỜI GIAN TỚI", "VI. DIRECTION")
    _human(document, "phương hướng giai đoạn sau.", "the next phase.")
    _head(document, "VII. KIẾN NGHỊ, ĐỀ XUẤT", "VII. PROPOSALS")
    _human(document, "kiến nghị; đề xuất khen thưởng (kèm tờ trình, biên bản).", "proposals; awards.")
    name = review.study.school.name
    _say(document, str(Text(f"Trên đây là báo cáo của {name.vi}./.", f"This is the report of {name}./.")))


def _annex_pages(document, review: Review) -> None:
    _head(document, "PHỤ LỤC", "ANNEX")
    response = _whole_school(review)
    if len(response):
        layout.table(
            document,
            str(Text("Phụ lục 1. Tỉ lệ trả lời", "Annex 1. Response")),
            tables.response_table(review),
            (34, 42, 42, 42),
        )
    reliable = tables.reliability_table(review)
    if len(reliable):
        caption = Text("Phụ lục 2. Độ tin cậy của thang đo", "Annex 2. Reliability of the scales")
        layout.table(document, str(caption), reliable, (80, 20, 20, 40))
    _say(document, str(Text("Phụ lục 3. Dữ liệu và cách tính lại", "Annex 3. Data, and how to repeat")), "Ten bang")
    for wave, digest in store.snapshots(review.study).items():
        if wave in review.waves:
            _say(document, f"{Text('Đợt', 'Wave')} {wave}: SHA-256 {digest}", "Ghi chu")
    command = f"python run.py analysis report --review {review.wave} data/{review.study.folder.name}"
    _say(document, f"{Text('Lệnh', 'Command')}: {command}", "Ghi chu")


def annex_of(review: Review, ledger: Ledger) -> bytes:
    """The Excel annex: ledger, levels, changes, slopes, shares, targets, response, versions."""
    form = review.study.form
    book = ledger.table()
    words = [str(form.label(item)) if isinstance(item, str) else "" for item in book["item"]]
    names = {
        "ledger": Text("Sổ số liệu", "Ledger"),
        "levels": Text("Mức", "Levels"),
        "changes": Text("Thay đổi", "Changes"),
        "slopes": Text("Độ dốc từng giai đoạn", "Slopes of the phases"),
        "shares": Text("Tỉ lệ trả lời từng câu", "Shares"),
        "units": Text("Theo đơn vị", "By unit"),
        "targets": Text("Chỉ tiêu", "Targets"),
        "response": Text("Tham gia", "Response"),
        "versions": Text("Phiên bản", "Versions"),
    }
    sheets = {
        "ledger": book.assign(title=words),
        "levels": tables.estimates_table(review, review.levels),
        "changes": tables.estimates_table(review, review.changes),
        "slopes": tables.estimates_table(review, review.slopes),
        "shares": tables.estimates_table(review, review.shares),
        "units": tables.estimates_table(review, review.by_unit),
        "targets": tables.target_table(review.targets),
        "response": tables.response_table(review),
        "versions": versions(),
    }
    return tables.workbook(
        {str(names[key]): frame for key, frame in sheets.items()},
        title=f"{Text('Phụ lục báo cáo', 'Annex')} {review.wave}",
        pretend=review.study.pretend,
    )
