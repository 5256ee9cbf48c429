"""python -m analysis: from answers to tables, charts and the review report, from the command line."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Annotated

import typer

from survey.errors import Text, UserError, run

MANY = 10  # files, of more of which only the number is told
DEMO = Path(__file__).parent.parent / "data" / "demo"
Folder = Annotated[Path, typer.Argument(help="Thư mục khảo sát / study folder")]
Without = Annotated[
    list[str] | None,
    typer.Option(help="Bỏ câu trả lời mang dấu này (duplicate, careless…) / leave out answers with this flag"),
]


def commands() -> typer.Typer:
    """The command line, in the language that is spoken."""
    app = typer.Typer(
        name="analysis",
        help=str(Text("Từ câu trả lời đến báo cáo.", "From answers to the report.")),
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for command, vi, en in (
        (
            report,
            "Viết báo cáo (Word, PDF), phụ lục (Excel), bản tóm tắt và trang chiếu của một kì đánh giá.",
            "Write the review report, its annex, summary and slides.",
        ),
        (
            tables,
            "Bảng số liệu (Excel) và biểu đồ (PNG) của mọi câu hỏi.",
            "Tables (Excel) and charts (PNG) of all questions.",
        ),
        (
            demo,
            "Khảo sát mô phỏng: bảng, biểu đồ, báo cáo 2027 và 2030.",
            "The pretend study: tables, charts, reports.",
        ),
        (
            movement,
            "Sáu chỉ tiêu và bảy nội dung trên một trang (HTML), cho hiệu trưởng và hội đồng.",
            "Six targets and seven contents on one page.",
        ),
        (
            targets,
            "Từng chỉ tiêu: kết quả, tốc độ cần có, dự báo, thêm bao nhiêu nữa thì đạt.",
            "Each target: status, pace, projection, what if.",
        ),
        (
            awards,
            "Đề xuất khen thưởng: việc còn phải làm, và dự thảo hồ sơ (Word).",
            "Nominations: what is left to do, and drafts of the dossier.",
        ),
        (
            measure,
            "Ghi lại tốc độ, độ ổn định Internet mà người phụ trách đo được.",
            "Record what was measured of the connection.",
        ),
        (
            check_document,
            "Đối chiếu một văn bản Word với thể thức Nghị định 30/2020/NĐ-CP.",
            "Hold a Word document against the decree on documents.",
        ),
        (
            feedback,
            "Trang để mỗi người tự xem mức của mình bên trung bình đã công bố (HTML, không gửi gì).",
            "A page on which people see their own levels.",
        ),
        (
            plan,
            "Trước một đợt: số câu trả lời như vậy cho biết chính xác đến đâu.",
            "Before a wave: how precise so many answers will be.",
        ),
        (
            evidence,
            "Ghi sổ các tệp minh chứng và lập danh mục (Excel).",
            "Record the files of evidence and list them (Excel).",
        ),
        (
            verify,
            "Kiểm tra một báo cáo đúng như dữ liệu; hoặc minh chứng và kho câu trả lời còn nguyên vẹn. Không sửa gì.",
            "Check that a report is what the data give; or that evidence and answers are whole. Changes nothing.",
        ),
        (
            trace,
            "Từ một mã trong báo cáo về đến câu trả lời và bảng tính.",
            "From an id in a report back to the answers and the sheet.",
        ),
        (
            index4725,
            "Bảng tự đánh giá theo bộ chỉ số 4725 (Excel), nộp trước 31/5.",
            "The self-assessment by index 4725 (Excel), due on 31 May.",
        ),
        (dashboard, "Mở trang xem kết quả trong trình duyệt (Voilà).", "Open the results page in the browser (Voilà)."),
    ):
        app.command(command.__name__.replace("_", "-"), help=str(Text(vi, en)))(command)
    return app


def _say(text: object) -> None:
    print(text, flush=True)


def _made(path: Path) -> None:
    _say(f"  → {path}")


def report(
    folder: Folder,
    review: Annotated[str, typer.Option(help="Năm của đợt, hoặc annual / a wave's year, or annual")] = "annual",
    unit: Annotated[str, typer.Option(help="Mã đơn vị: báo cáo của riêng đơn vị ấy / of one unit")] = "",
    template: Annotated[Path | None, typer.Option(help="Mẫu Word của trường / the school's own template")] = None,
    without: Without = None,
) -> None:
    _report(_review(folder, _wave(review), without), unit, template)


def _review(folder: Path, wave: int | None = None, without: list[str] | None = None):
    """The review of a study's wave: all that the tables, charts and reports share is worked out once in it."""
    from analysis.review import Review
    from survey.study import Study

    study = Study.open(folder)
    return Review.of(study if without is None else study.leaving_out(without), wave)


def _report(review, unit: str = "", template: Path | None = None) -> None:
    from analysis import report as writing

    _say(Text(f"Đang viết báo cáo {review.wave}…", f"Writing the report {review.wave}…"))
    written = writing.write(review, unit=unit, template=template, with_pdf=True)
    for path in written.files:
        _made(path)
    for note in written.notes:
        _say(f"  ! {note}")


def _wave(review: str) -> int | None:
    if review == "annual":
        return None
    if review.isdecimal() and review.isascii():
        return int(review)
    raise UserError(
        "--review",
        rule=Text("--review là năm của một đợt, hoặc annual (đợt mới nhất).", "--review is a wave's year, or annual."),
        found=review,
        cure=Text("Ví dụ: --review 2027", "For example: --review 2027"),
    )


def tables(folder: Folder, without: Without = None) -> None:
    _tables(_review(folder, None, without))


def _tables(review) -> None:
    import pandas as pd

    from analysis import tables as tabling
    from survey import store

    study = review.study
    _say(Text("Đang tính bảng số liệu…", "Working out the tables…"))
    sheets = {
        str(Text("Tỉ lệ", "Shares")): tabling.estimates_table(review, review.shares),
        str(Text("Trung bình", "Means")): tabling.estimates_table(review, pd.concat([review.levels, review.means])),
    }
    if len(review.waves) > 1:
        sheets[str(Text("Thay đổi", "Changes"))] = tabling.estimates_table(review, review.changes)
    book = tabling.workbook(sheets, title=str(study.title), pretend=study.pretend)
    _made(store.write(study.folder / "tables" / "bang-so-lieu.xlsx", book))
    _draw(review)


def _draw(review) -> None:
    """The charts of a review as PNG files."""
    from analysis import charts
    from analysis.report_charts import phase_bands, skill_items
    from survey import store

    study, folder = review.study, review.study.folder / "charts"
    items = skill_items(review)
    note = str(Text(f"Nguồn: khảo sát {study.title.vi}", f"Source: survey {study.title}"))
    if items:
        shares = review.shares_of(items)
        now = shares[shares["wave"] == review.wave]
        figure = charts.likert(
            now,
            {item: review.label(item) for item in items},
            study.form.value_labels(items[0]),
            note=note,
            pretend=study.pretend,
        )
        _made(store.write(folder / "muc-do.png", charts.png(figure)))
    primary = [item for item in study.primary if item in review.scales]
    labels = {item: review.label(item) for item in review.scales}
    if primary and len(review.waves) > 1:
        levels = review.levels[review.levels["item"].isin(primary)]
        figure = charts.trend(levels, labels, phases=phase_bands(review), note=note, pretend=study.pretend)
        _made(store.write(folder / "xu-huong.png", charts.png(figure)))
    if primary and "unit" in review.frame:
        whole = review.levels[(review.levels["item"] == primary[0]) & (review.levels["wave"] == review.wave)]
        by_unit = review.by_unit[review.by_unit["item"] == primary[0]]
        figure = charts.units(by_unit, review.unit_labels(), whole=whole, note=note, pretend=study.pretend)
        _made(store.write(folder / "don-vi.png", charts.png(figure)))


def demo(folder: Annotated[Path, typer.Argument()] = Path("data/demo")) -> None:
    last = _review(folder)
    if last.study.pretend:
        _pretend_evidence(last.study)
    _tables(last)
    interim = _review(folder, 2027)
    for one in (interim, last):
        _report(one)
        _movement(one)
    _say(Text("Xong. Mở các tệp trên để xem.", "Done. Open the files above."))


def movement(
    folder: Folder,
    review: Annotated[str, typer.Option(help="Năm của đợt, hoặc annual / a wave's year, or annual")] = "annual",
    without: Without = None,
) -> None:
    _movement(_review(folder, _wave(review), without))


def _movement(review) -> None:
    from analysis import movement as page
    from survey import store

    path = review.study.folder / "reports" / f"phong-trao-{review.wave}.html"
    _made(store.write(path, page.page(review).encode()))


def targets(
    folder: Folder,
    until: Annotated[str, typer.Option(help="Tính đến ngày / as of, 2027-06-30; bỏ trống: hôm nay")] = "",
    more: Annotated[list[int] | None, typer.Option(help="Thêm bao nhiêu trường hợp / so many more")] = None,
) -> None:
    from analysis import movement as page
    from analysis import projection, register
    from analysis import targets as judging
    from survey.study import Study

    study, day = Study.open(folder), _date("--until", until) if until else dt.date.today()
    table, known = register.entries(study), {t.id: t for t in (study.movement.targets if study.movement else ())}
    for row in judging.targets(study, day).itertuples():
        _say(f"{row.target}. {row.label}\n   {row.words}" + (f" {row.doubts}" if row.doubts else ""))
        if ahead := page.ahead(study, row.target, table, day):
            _say(f"   {ahead}")
        if row.status == "not_met" and known[row.target].rule != "judged":
            steps = more or [judging.missing(known[row.target], row.numerator, row.denominator)]
            for line in projection.what_if(known[row.target], row.numerator, row.denominator, steps)["words"]:
                _say(f"   {line}")


def awards(
    folder: Folder,
    occasion: Annotated[str, typer.Option(help="so_ket_2027, tong_ket_2030, hang_nam")] = "so_ket_2027",
) -> None:
    from analysis import awards as judging
    from analysis import report_awards
    from survey.study import Study

    study = Study.open(folder)
    table = judging.nominations(study)
    if len(table):
        _made(judging.offer_ticks(study, table))
    written = report_awards.write(study, occasion)
    listed = judging.checklist(study, table, judging.ticks(study, table))
    for line in listed[(table["occasion"] == occasion).to_numpy()].itertuples():  # no name on the screen
        _say(f"{line.id}: {line.open or Text('đủ căn cứ để xét', 'ready to be decided')}")
    for path in written:
        _made(Path(path))


def measure(
    folder: Folder,
    place: Annotated[str, typer.Option(help="Nơi đo / where")],
    down: Annotated[float | None, typer.Option(min=0, help="Tải xuống, Mb/s / download")] = None,
    up: Annotated[float | None, typer.Option(min=0, help="Tải lên, Mb/s / upload")] = None,
    breaks: Annotated[int | None, typer.Option(min=0, help="Số lần mất kết nối trong ngày / breaks that day")] = None,
    line: Annotated[bool, typer.Option(help="Có đường truyền cố định / there is a fixed line")] = True,
    date: Annotated[str, typer.Option(help="Ngày đo, 2027-05-31; bỏ trống: hôm nay / the day")] = "",
) -> None:
    from analysis import register
    from survey.study import Study

    day = _date("--date", date) if date else dt.date.today()
    _made(register.measure(Study.open(folder), register.Measurement(day, place, line, down, up, breaks)))


def _date(option: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError(
            option,
            rule=Text("Ngày viết năm-tháng-ngày.", "A day is written year-month-day."),
            found=text,
            cure=Text(f"Ví dụ: {option} 2027-05-31", f"For example: {option} 2027-05-31"),
        ) from None


def check_document(document: Path) -> None:
    from analysis.report_check import RULES, check

    found = check(document)
    for departure in found:
        _say(f"✗ {departure}")
    if found:
        raise typer.Exit(1)
    _say(
        Text(
            f"✓ {document}: đúng thể thức ({len(RULES)} điều).",
            f"✓ {document}: as the decree asks ({len(RULES)} rules).",
        )
    )


def feedback(
    folder: Folder,
    wave: Annotated[int | None, typer.Option(help="Năm của đợt / a wave's year")] = None,
    out: Annotated[Path | None, typer.Option(help="Tệp để ghi / the file to write")] = None,
) -> None:
    from analysis import feedback as rating
    from survey import store
    from survey.study import Study

    study = Study.open(folder)
    content = rating.page(study, wave)
    _made(store.write(out or folder / "reports" / rating.name_of(rating.wave_of(study, wave)), content.encode()))


def _pretend_evidence(study) -> None:
    """The evidence that a pretend study's figures name, recorded and listed."""
    from analysis import pretend_evidence

    written = pretend_evidence.write(study)
    _say(Text(f"Minh chứng MÔ PHỎNG: {len(written)} tệp mới.", f"PRETEND evidence: {len(written)} new files."))
    evidence(study.folder)


def evidence(
    folder: Folder,
    accept: Annotated[
        bool, typer.Option("--accept", help="Nhận nội dung mới, tệp đã bỏ / take changed files and those gone")
    ] = False,
) -> None:
    from analysis import custody, exhibits
    from analysis.register import entries
    from survey import store
    from survey.study import Study

    study = Study.open(folder)
    news = exhibits.record(study, accept=accept)
    taken = news[news["taken"]]
    for what, rows in taken.groupby("what", sort=False):
        if len(rows) > MANY:
            _say(f"+ {len(rows)} {Text('tệp', 'files')}: {custody.NEWS[what]}")
            continue
        for row in rows.itertuples():
            _say(f"+ {custody.shown(row.file)}: {custody.NEWS[what]}")
    given = exhibits.everything(study, entries(study))
    _findings(exhibits.check(study, given))
    left = len(news) - int(news["taken"].sum())
    if left:
        _say(
            Text(
                f"Chưa nhận {left} tệp đã đổi hoặc không còn. Xem lại; nếu đúng là thay có chủ ý, chạy lại với --accept.",
                f"{left} files that changed or are gone were not taken. Look; if that was meant, run again with --accept.",
            )
        )
    path = study.folder / "reports" / "danh-muc-minh-chung.xlsx"
    _made(store.write(path, exhibits.index_xlsx(study, given)))


def verify(
    path: Annotated[Path, typer.Argument(help="Báo cáo .docx, hoặc thư mục khảo sát / a report, or a study folder")],
    study: Annotated[Path | None, typer.Option(help="Thư mục khảo sát của báo cáo / the report's study")] = None,
) -> None:
    _verify_study(path) if path.is_dir() else _verify_report(path, study)


def _verify_report(path: Path, folder: Path | None) -> None:
    from analysis.verification import verify as held_against

    verdict = held_against(path, folder)
    whole = len(verdict.ledger.entries)
    _say(
        Text(
            f"{path.name}: {verdict.confirmed}/{whole} số liệu, câu, biểu đồ khớp với dữ liệu tính lại.",
            f"{path.name}: {verdict.confirmed} of {whole} figures, sentences and charts agree with the data.",
        )
    )
    for finding in verdict.findings:
        _say(str(finding))
    if not verdict.whole:
        raise typer.Exit(1)
    _say(Text("✓ Báo cáo đúng như dữ liệu.", "✓ The report is what the data give."))


def trace(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Mã trong báo cáo, E012 / an id of the report")],
    path: Annotated[
        Path, typer.Argument(metavar="REPORT", help="Báo cáo .docx, hoặc thư mục khảo sát / a report, or a study")
    ],
    study: Annotated[Path | None, typer.Option(help="Thư mục khảo sát của báo cáo / the report's study")] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Cả giá trị chưa làm tròn, chỉ cho người giữ dữ liệu / unrounded, for the keeper"),
    ] = False,
) -> None:
    from analysis import trace as walking
    from analysis import verification

    path = verification.newest(path) if path.is_dir() else path
    ledger, _ = verification.ledger_of(path)
    for line in walking.trace(verification.study_of(path, ledger, study), ledger, [id_], exact=exact):
        _say(line)


def _verify_study(folder: Path) -> None:
    from analysis import exhibits
    from survey import store
    from survey.study import Study

    study = Study.open(folder)
    wrong = _evidence_faults(study)
    for one in (study, *_registers(study)):
        wrong += _store_faults(one)
    if wrong:
        raise typer.Exit(1)
    files, waves = len(exhibits.recorded(study)), len(store.waves(study))
    _say(
        Text(
            f"✓ Minh chứng và kho câu trả lời còn nguyên vẹn: {files} tệp minh chứng, {waves} đợt.",
            f"✓ Evidence and answers are whole: {files} files of evidence, {waves} waves.",
        )
    )


def _registers(study) -> list:
    """The studies that hold the figures of the targets, and nominations, where there are such."""
    found = [study.register("targets"), study.register("nominations")]
    return [register for register in found if register]


def _evidence_faults(study) -> int:
    """Say everything that is wrong with the evidence, and how many that is; where the register cannot be read, of study.yaml."""
    from analysis import exhibits
    from analysis.register import entries
    from survey.study import Registers

    wrong = 0
    try:
        given = exhibits.everything(study, entries(study))
    except UserError as error:
        _say(error)
        wrong, given = 1, entries(study.model_copy(update={"registers": Registers()}))
    try:
        return wrong + _findings(exhibits.check(study, given))
    except UserError as error:
        _say(error)
        return wrong + 1


def _store_faults(study) -> int:
    """Say everything in a store that is not as it was written, and how many that is."""
    from survey import store

    try:
        faults = store.faults(study)
    except UserError as error:
        _say(error)
        return 1
    for fault in faults:
        _say(f"✗ {study.folder / fault.file}: {fault.found}")
    return len(faults)


def _findings(found) -> int:
    """Say each finding by name, ✗ what is wrong, ? what is to be looked at; how many are wrong."""
    for row in found.itertuples():
        _say(f"{'✗' if row.wrong else '?'} {row.words}")
    return int(found["wrong"].sum())


def plan(
    folder: Annotated[Path | None, typer.Argument(help="Thư mục khảo sát / study folder")] = None,
    people: Annotated[int | None, typer.Option(min=1, help="Số người / people")] = None,
    answers: Annotated[int | None, typer.Option(min=1, help="Số câu trả lời / answers")] = None,
    rate: Annotated[float, typer.Option(min=0.05, max=1.0, help="Tỉ lệ trả lời / response rate")] = 0.8,
) -> None:
    from analysis import planning
    from survey.study import Study

    if people is None and folder is None:
        raise UserError(
            "plan",
            rule=Text("Cần thư mục khảo sát, hoặc --people.", "A study folder, or --people, is needed."),
            found=Text("không có gì", "neither"),
            cure=Text(
                "Ví dụ: analysis plan --people 80 --answers 60", "For example: analysis plan --people 80 --answers 60"
            ),
        )
    if answers is not None and people is not None and answers > people:
        raise UserError(
            "--answers",
            rule=Text("Số câu trả lời không quá số người.", "There are no more answers than people."),
            found=f"{answers} > {people}",
            cure=Text("Sửa --answers hoặc --people.", "Mend --answers or --people."),
        )
    if people is not None:
        _print_plan(planning.plan(people, [answers] if answers else None), {})
        _explain_plan()
        return
    study = Study.open(folder)  # type: ignore[arg-type]
    names = {unit.id: str(unit.label) for unit in study.units} | {role.id: str(role.label) for role in study.roles}
    _print_plan(planning.plan_groups(study, rate), names)
    _say("")
    _say(Text("Nếu tỉ lệ trả lời khác đi, cả trường:", "At other response rates, the whole school:"))
    whole = planning.plan_groups(study, 1.0).query("group == ''")["people"].item()
    _print_plan(planning.plan(int(whole)), {})
    _explain_plan()


def _print_plan(table, names: dict[str, str]) -> None:
    """The plan as a table on the screen."""
    from rich.console import Console
    from rich.table import Table

    from analysis.sentences import number, percent

    grid = Table(show_edge=False, pad_edge=False)
    heads = (
        *([Text("Nhóm", "Group")] if names else []),
        Text("Người", "People"),
        Text("Trả lời", "Answers"),
        Text("Sai số tỉ lệ", "Margin, share"),
        Text("Sai số điểm", "Margin, score"),
        Text("Nhận ra tỉ lệ đổi", "Sees share change"),
        Text("Nhận ra điểm đổi", "Sees score change"),
    )
    for head in heads:
        grid.add_column(str(head), justify="left" if str(head) == str(Text("Nhóm", "Group")) else "right")
    for row in table.itertuples():
        label = [names.get(row.level, str(Text("Cả trường", "Whole school")))] if names else []
        counts = [number(row.people, 0), f"{number(row.answers, 0)} ({percent(row.rate, 0)})"]
        hidden = str(Text("ẩn: ít người", "hidden: few"))
        points = [f"±{number(100 * row.margin_share, 1)}", f"±{number(row.margin_mean)}"]
        points += [number(100 * row.change_share, 1), number(row.change_mean)]
        grid.add_row(*label, *counts, *(points if getattr(row, "shown", True) else [hidden, "", "", ""]))
    Console(width=110).print(grid)


def _explain_plan() -> None:
    _say(
        Text(
            "Tỉ lệ tính bằng điểm phần trăm quanh 50%; điểm trên thang 1–5 với độ lệch chuẩn 0,8. Sai số: khoảng tin cậy 95%\n"
            "về chính những người này (trả lời đủ thì sai số bằng 0). Nhận ra: thay đổi nhỏ nhất giữa hai đợt mà bốn trong năm\n"
            "lần khảo sát sẽ thấy. Giả thiết: việc không trả lời là ngẫu nhiên.",
            "Shares in percentage points around 50 %; scores on a scale of 1 to 5 with a standard deviation of 0.8. Margin:\n"
            "95 % interval about these very people (0 when all answer). Sees: the smallest change between two waves that four\n"
            "surveys out of five would show. Assumed: not answering is random.",
        )
    )


def index4725(
    folder: Folder,
    until: Annotated[str, typer.Option(help="Tính đến ngày / as of, 2027-05-31")] = "",
    out: Annotated[Path | None, typer.Option(help="Tệp kết quả / file to write")] = None,
) -> None:
    from analysis import index4725 as index
    from analysis import register, self_assessment
    from survey import store
    from survey.study import Study

    study = Study.open(folder)
    entries = register.entries(study)
    date = _date("--until", until) if until else self_assessment.due(entries)
    scored = index.score(entries, date)
    _print_index(scored, index.levels(scored))
    _made(store.write(out or self_assessment.path(study, date), self_assessment.self_assessment(study, date)))


def _print_index(scored, levels) -> None:
    """The criteria and the groups' levels on the screen, with every question to the authority."""
    from rich.console import Console
    from rich.table import Table

    from analysis.index4725 import STATUS, given, out_of

    grid = Table(show_edge=False, pad_edge=False)
    for head, side in (
        (Text("Mã", "Code"), "left"),
        (Text("Tiêu chí", "Criterion"), "left"),
        (Text("Tối đa", "Maximum"), "right"),
        (Text("Tự chấm", "Own points"), "right"),
        (Text("Tình trạng", "Status"), "left"),
    ):
        grid.add_column(str(head), justify=side)  # type: ignore[arg-type]
    for row in scored.itertuples():
        most = str(Text("bắt buộc", "mandatory")) if row.mandatory else str(row.maximum)
        grid.add_row(row.code, row.label, most, given(row), str(STATUS[row.status]))
    Console(width=110).print(grid)
    for group in levels.itertuples():
        _say(f"{Text('Nhóm', 'Group')} {group.group}. {group.label}: {out_of(group)}; {group.words}.")
        if group.question:
            _say(f"  {Text('Câu hỏi gửi Sở', 'Question to the authority')}: {group.question}")


def dashboard(
    folder: Annotated[Path, typer.Argument(help="Thư mục khảo sát / study folder")] = DEMO,
    review: Annotated[str, typer.Option(help="Năm của đợt, hoặc annual / a wave's year, or annual")] = "annual",
    html: Annotated[
        Path | None, typer.Option(help="Viết ra một tệp HTML thay vì mở / write one HTML file instead")
    ] = None,
    port: Annotated[int, typer.Option(help="Cổng / port")] = 8866,
    ip: Annotated[
        str, typer.Option(help="Địa chỉ lắng nghe; mặc định chỉ máy này / address; this machine only")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Mở trình duyệt / open the browser")] = True,
) -> None:
    from survey import store
    from survey.study import Study

    if html is not None:
        from analysis import dashboard as board

        _made(store.write(html, board.printed(_review(folder, _wave(review))).encode()))
        return
    from analysis import server

    study, wave = Study.open(folder), _wave(review)
    held = store.waves(study)
    if not held or (wave or held[-1]) not in held:
        _review(folder, wave)  # says in words what is missing, before anything is served
    server.serve(study, wave or held[-1], port=port, ip=ip, browser=browser)


def main(arguments: list[str]) -> object:
    """Run one command; its exit code, or an error that `run` puts into words."""
    return commands()(arguments or ["--help"], prog_name="python run.py analysis", standalone_mode=False)


if __name__ == "__main__":
    sys.exit(run("analysis", main, sys.argv[1:]))
