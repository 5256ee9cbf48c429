"""python -m survey: the instrument and its answers, from the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from survey.errors import Text, UserError, run

# Each command imports what it needs: `--help` answers in a fraction of the time that pandas takes to load.


def commands() -> typer.Typer:
    """The command line, in the language that is spoken."""
    app = typer.Typer(
        name="survey",
        help=str(Text("Phiếu hỏi và câu trả lời.", "The questionnaire and its answers.")),
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    for command, vi, en in (
        (init, "Tạo một khảo sát mới: hỏi vài câu, hoặc đọc tệp XLSX đơn vị – số người.", "Make a new study."),
        (doctor, "Kiểm tra cài đặt, khảo sát, đăng nhập, trang tính; nói việc cần làm tiếp.", "Check everything."),
        (sign_in, "Đăng nhập Google bằng trình duyệt, chỉ để xem trang tính.", "Sign in to Google with the browser."),
        (check, "Kiểm tra một tệp phiếu hỏi.", "Check a questionnaire file."),
        (mapping, "Câu nào ứng với năng lực nào của khung năng lực (Markdown).", "Items by competence frameworks."),
        (schema, "Lược đồ JSON để trình soạn thảo gợi ý và kiểm tra khi viết YAML.", "JSON Schemas for editors."),
        (codebook, "Bảng mã của phiếu: mỗi cột, mã, nhãn (CSV, Markdown, Excel, DDI).", "Write the codebook."),
        (paper, "Phiếu giấy để in (Word), cùng thứ tự và mã câu với biểu mẫu.", "Write the form on paper (Word)."),
        (
            draft,
            "Dựng thảo phiếu hỏi từ tệp câu trả lời của một biểu mẫu có sẵn.",
            "Draft a questionnaire of an export.",
        ),
        (pull, "Nhập câu trả lời từ Google Trang tính hoặc tệp đã tải về.", "Import the answers."),
        (columns, "Cột lạ trong trang tính là câu nào: gợi ý, rồi hỏi từng cột.", "Say what unknown columns are."),
        (log, "Mỗi lần nhập: lúc nào, từ đâu, bao nhiêu câu trả lời mới, đổi, mất.", "Every import so far."),
        (
            status,
            "Mỗi đợt, mỗi đơn vị: bao nhiêu người được hỏi, bao nhiêu đã trả lời.",
            "Who was asked, who answered.",
        ),
        (form, "Tạo biểu mẫu Google từ phiếu hỏi: tệp Apps Script, hoặc Forms API.", "Make the Google Form."),
        (preview, "Xem và trả lời thử phiếu trên máy này, không cần Google.", "See and try the form on this machine."),
        (invite, "Mã QR, lời mời, áp phích, lời nhắc theo đơn vị.", "QR code, invitation, poster, reminder by units."),
        (link, "Cùng một người qua các đợt: ghép được bao nhiêu, cặp nào cần xem.", "The same people over the waves."),
        (forget, "Rút câu trả lời của một người, theo mã người ấy đã đặt.", "Take a person's answers back."),
        (check_store, "Kiểm tra kho: mọi tệp còn đúng như lúc ghi không.", "Is the store as it was written?"),
        (backup, "Sao lưu cả khảo sát vào một tệp .zip.", "Save the whole study in one .zip."),
        (restore, "Khôi phục một bản sao lưu vào thư mục mới.", "Make a study's folder of a backup."),
        (simulate, "Viết câu trả lời mô phỏng cho khảo sát tập dượt.", "Write pretend answers for a pretend study."),
        (demo, "Khảo sát mô phỏng: viết câu trả lời rồi nhập vào kho.", "The pretend study: simulate, then import."),
    ):
        app.command(command.__name__.replace("_", "-"), help=str(Text(vi, en)))(command)
    return app


def _say(text: object) -> None:
    print(text, flush=True)


def _study_folder(folder: Path):
    from survey.study import Study

    return Study.open(folder)


def init(
    folder: Path,
    school: Annotated[str, typer.Option(help="Tên trường / school")] = "",
    place: Annotated[str, typer.Option(help="Địa danh / place")] = "",
    units: Annotated[Path | None, typer.Option(help="XLSX: đơn vị, quản lý, giáo viên, nhân viên")] = None,
    wave: Annotated[int, typer.Option(help="Năm của đợt đầu / year of the first wave")] = 0,
    source: Annotated[str, typer.Option(help="Mã trang tính Google hoặc tệp / sheet key or file")] = "-",
) -> None:
    import datetime as dt

    from survey import init as new

    def ask(question: Text, default: str) -> str:
        try:
            return typer.prompt(str(question), default=default, show_default=bool(default))
        except typer.Abort:
            raise UserError(
                "survey init",
                rule=Text("Các câu hỏi cần được trả lời.", "The questions need answers."),
                found=Text("dừng giữa chừng", "stopped"),
                cure=Text(
                    "Chạy lại, hoặc đưa sẵn --school, --place, --units, --wave, --source.",
                    "Run again, or give --school, --place, --units, --wave, --source.",
                ),
            ) from None

    school = school or ask(Text("Tên trường", "School"), "")
    place = place or ask(Text("Địa danh (ghi trên văn bản)", "Place (for documents)"), "")
    roster = new.roster_from_xlsx(units) if units else new.ask_roster(ask)
    wave = new.year(wave) if wave else new.ask_year(ask, dt.date.today())
    if source == "-":
        source = ask(
            Text("Mã trang tính câu trả lời (Enter nếu chưa có)", "Key of the response sheet (Enter: none yet)"), ""
        )
    path = new.write(folder, new.study(school, place, roster, wave, source))
    _say(Text(f"Đã viết {path}.", f"Wrote {path}."))
    _say(Text(f"Việc tiếp theo: python run.py survey doctor {folder}", f"Next: python run.py survey doctor {folder}"))


def doctor(folder: Path) -> None:
    from survey import doctor as physician

    for check_ in physician.examine(folder):
        _say(f"{'✓' if check_.right else '✗'} {check_.name}: {check_.seen}")
        if not check_.right:
            _say(f"→ {Text('Việc cần làm tiếp', 'Next thing to do')}: {check_.next}")
            raise typer.Exit(1)
    _say(Text("Mọi thứ sẵn sàng.", "Everything is ready."))


def sign_in(client: Annotated[Path, typer.Argument(help="JSON của OAuth client / of the OAuth client")]) -> None:
    from survey import signin

    path = signin.browser(client)
    _say(Text(f"Đã đăng nhập; giữ kín tệp {path}.", f"Signed in; keep the file {path} to yourself."))


def check(
    questionnaire: Path,
    study: Annotated[
        Path | None, typer.Option(help="Khảo sát đã dùng phiếu này: so với lời đã hỏi / the study that has asked it")
    ] = None,
    before: Annotated[Path | None, typer.Option(help="Phiếu của đợt trước / the file of an earlier wave")] = None,
) -> None:
    from survey import advice as reading
    from survey import store
    from survey.questionnaire import Questionnaire

    form = Questionnaire.load(questionnaire)
    earlier = Questionnaire.load(before) if before else None
    asked = store.ledger(_study_folder(study)).headers if study else {}
    advice = reading.advise(form, {**(reading.before(earlier) if earlier else {}), **asked})
    advice += reading.recoded(form, earlier) if earlier else []
    for one in advice:
        _say(f"! {one}")
    length = f"{reading.longest(form):.0f}"
    _say(
        Text(
            f"{questionnaire}: {len(form.questions)} câu, {len(form.sections)} phần, {len(form.scales)} thang đo, khoảng "
            f"{length} phút; " + (f"{len(advice)} điều cần xem." if advice else "không có lỗi."),
            f"{questionnaire}: {len(form.questions)} questions, {len(form.sections)} sections, {len(form.scales)} scales, about "
            f"{length} minutes; " + (f"{len(advice)} things to look at." if advice else "no fault."),
        )
    )
    if advice:
        raise typer.Exit(1)


def mapping(questionnaire: Path, out: Annotated[Path | None, typer.Option(help="Tệp .md / the file")] = None) -> None:
    from survey import store
    from survey.frameworks import page
    from survey.questionnaire import Questionnaire

    text = page(Questionnaire.load(questionnaire))
    _say(store.write(out, text.encode()) if out else text)


def schema(folder: Annotated[Path, typer.Argument(help="Thư mục ghi vào / where to")] = Path(".")) -> None:
    from survey import store
    from survey.schema import schemas

    for name, text in schemas().items():
        _say(store.write(folder / name, text.encode()))


def codebook(
    folder: Path,
    out: Annotated[
        Path | None, typer.Option(help="Tệp .csv, .md, .xlsx hoặc .xml (DDI) / a .csv, .md, .xlsx or .xml (DDI)")
    ] = None,
) -> None:
    from survey import codebook as coding
    from survey import csv_file, ddi, store

    study = _study_folder(folder)
    path, words = out or study.folder / "codebook.csv", {name: str(text) for name, text in coding.headings().items()}
    forms = {
        ".csv": lambda: csv_file.text(coding.codebook(study.form).rename(columns=words)),
        ".md": lambda: coding.markdown(study.form).encode(),
        ".xlsx": lambda: coding.xlsx(study.form),
        ".xml": lambda: ddi.ddi(study),
    }
    suffix = path.suffix.lower() or ".csv"
    if suffix not in forms:
        raise UserError(
            "--out",
            rule=Text(
                "Bảng mã có bốn dạng: .csv, .md, .xlsx, .xml (DDI).", "A codebook is .csv, .md, .xlsx or .xml (DDI)."
            ),
            found=path.name,
            cure=Text(
                "Đổi đuôi tệp, ví dụ --out bang-ma.xlsx", "Change the file's suffix, for example --out codebook.xlsx"
            ),
        )
    _say(store.write(path, forms[suffix]()))


def paper(
    folder: Path,
    wave: Annotated[int | None, typer.Option(help="Chỉ các phần hỏi ở đợt này / only what this wave asks")] = None,
    out: Annotated[Path | None, typer.Option(help="Tệp .docx / the .docx")] = None,
) -> None:
    from survey import paper as printing
    from survey import store

    study = _study_folder(folder)
    form = study.form if wave is None else study.form.of_wave(study.wave(wave).id)
    _say(store.write(out or study.folder / "phieu-giay.docx", printing.paper(form, study.school.name)))


def draft(
    export: Path, study: Annotated[Path | None, typer.Option(help="Thư mục khảo sát mới / new study")] = None
) -> None:
    import shutil
    from dataclasses import replace

    from survey import draft as drafting
    from survey import exports, store
    from survey import init as new

    raw = exports.read(export)
    raw = replace(raw, month_first=drafting.month_first(raw))
    heading = str(
        Text(
            f"Bản thảo dựng từ {export.name}. Cần xem lại bằng tay: loại câu (type), thứ tự và mã lựa chọn, "
            "tiêu đề tiếng Anh, thang đo (scales).",
            f"Drafted from {export.name}. To be finished by hand: types, order and codes of choices, scales.",
        )
    )
    text = drafting.as_yaml(drafting.draft(raw, export.stem), heading)
    if study is None:
        new.refuse_existing(Path(f"{export.stem}.yaml"))
        _say(store.write(Path(f"{export.stem}.yaml"), text.encode()))
        return
    content = drafting.study_of(export, export.stem, raw)
    _say(new.write(study, content))
    _say(store.write(study / "questionnaire.yaml", text.encode()))
    if export.resolve() != (study / export.name).resolve():
        shutil.copyfile(export, study / export.name)
    _say(Text(f"Việc tiếp theo: python run.py survey pull {study}", f"Next: python run.py survey pull {study}"))


def pull(
    folder: Path,
    wave: Annotated[list[int] | None, typer.Option(help="Chỉ các đợt này / only these")] = None,
    kept: Annotated[
        bool, typer.Option("--kept", help="Từ bản chụp đã có, không cần mạng / of the kept snapshots")
    ] = False,
) -> None:
    from survey.pull import pull as importing

    study = _study_folder(folder)
    for pulled in importing(study, wave or [], _say, kept=kept):
        found = pulled.difference
        state = Text(
            f"{len(found.new)} mới, {len(found.changed)} đã sửa, {len(found.vanished)} không còn, {len(found.unchanged)} như cũ",
            f"{len(found.new)} new, {len(found.changed)} changed, {len(found.vanished)} gone, {len(found.unchanged)} as before",
        )
        if found.moved:
            state = Text("không đổi so với lần trước, chỉ xếp lại hàng", "unchanged but for the order of the rows")
        elif found.same:
            state = Text("không đổi so với lần trước", "unchanged")
        _say(
            Text(
                f"Đợt {pulled.wave}: {pulled.rows} hàng, {pulled.respondents} câu trả lời dùng được; {state.vi}.",
                f"Wave {pulled.wave}: {pulled.rows} rows, {pulled.respondents} usable answers; {state.en}.",
            )
        )
        for _, now, questions in found.changed:
            names = ", ".join(questions)
            _say(Text(f"  · hàng {now} đã sửa: {names}", f"  · row {now} changed: {names}"))
        for finding in pulled.findings.itertuples():
            _say(
                "  · "
                + " – ".join(filter(None, (str(_FINDINGS[str(finding.rule)]), str(finding.question))))
                + f": {finding.found}"
            )
    _remind_of_keeping(study)


def _remind_of_keeping(study) -> None:
    import datetime as dt

    if study.keep_until and dt.date.today() > study.keep_until:
        day = f"{study.keep_until:%d/%m/%Y}"
        _say(
            Text(
                f"! Đã quá hạn lưu câu trả lời ({day}): lập biên bản rồi xóa thư mục {study.folder} và các bản sao lưu.",
                f"! The answers were to be kept until {day}: delete the folder {study.folder} and its backups.",
            )
        )


_FINDINGS = {
    "missing_column": Text("câu này không có trong trang tính", "this question has no column"),
    "no_consent": Text(
        "không đồng ý tham gia (không đưa vào câu trả lời)", "did not agree to take part (left out of the answers)"
    ),
    "off_roster": Text(
        "đơn vị và vai trò không có trên danh sách nhân sự của đợt (không được tính)",
        "not on the wave's roster (not counted)",
    ),
    "answered_though_skipped": Text("trả lời câu lẽ ra không hỏi", "answered though not asked"),
    "untitled_column": Text(
        "cột không có tiêu đề (bỏ qua), số ô có chữ", "a column without a title, left out; its cells"
    ),
    "two_columns": Text(
        "hai cột của một câu, không ai trả lời cả hai (đã gộp), số ô ở cột sau",
        "two columns of one question, nobody answered both (joined); cells of the second",
    ),
    "vanished": Text(
        "câu trả lời không còn trong trang tính (vẫn còn trong bản chụp)",
        "no longer in the sheet (still in the snapshot)",
    ),
    "only_in_form": Text("có trong Biểu mẫu mà không có trong trang tính", "in the Form and not in the sheet"),
    "only_in_sheet": Text("có trong trang tính mà không có trong Biểu mẫu", "in the sheet and not in the Form"),
    "corrected": Text("ô được sửa theo corrections.csv", "cells corrected by corrections.csv"),
    "correction_without_answer": Text(
        "dòng sửa mà câu trả lời không còn trong trang tính, hàng", "a correction whose answer is gone; row"
    ),
}


def status(
    folder: Path,
    wave: Annotated[int | None, typer.Option(help="Đợt xem kĩ / the wave to look at")] = None,
    today: Annotated[str, typer.Option(help="Coi như hôm nay là ngày này, 2027-05-12 / as if today were")] = "",
) -> None:
    import datetime as dt

    from rich.console import Console

    from survey import store, tracker

    study = _study_folder(folder)
    day = _day(today) if today else dt.date.today()
    answers, console = store.responses(study), Console()
    rows = []
    for known in study.waves:
        people = sum(sum(counts.values()) for counts in known.roster.values())
        count = int((answers["wave"] == known.id).sum())
        rows.append((str(known.id), str(people), str(count), f"{100 * count / people:.0f}%" if people else "–"))
    headings = (Text("Đợt", "Wave"), Text("Danh sách", "Roster"), Text("Trả lời", "Answers"), Text("Tỉ lệ", "Rate"))
    console.print(_table(*map(str, headings), rows=rows))
    held = store.waves(study)
    if not held:
        _say(
            Text(
                f"Chưa nhập đợt nào: python run.py survey pull {folder}",
                f"No wave yet: python run.py survey pull {folder}",
            )
        )
        return
    begun = [known for known in held if study.wave(known).opens <= day] or held
    chosen = study.wave(wave).id if wave else begun[-1]
    if study.pretend and day < study.wave(chosen).opens:
        day = study.wave(chosen).ends  # a pretend wave to come is looked at as if it were over
    answers = tracker.until(answers, day)
    places = tracker.units(answers, study, chosen)
    if len(places):
        shown = tracker.shown(places, study)
        shown = shown.rename(columns={shown.columns[0]: str(Text(f"Đợt {chosen}: đơn vị", f"Wave {chosen}: unit"))})
        console.print(_table(*shown.columns, rows=shown.to_numpy().tolist()))
    days = tracker.daily(answers, study, chosen, day)
    first, last = (f"{days['day'].iloc[place]:%d/%m}" for place in (0, -1))
    by_day = Text("Từng ngày", "By day")
    _say(f"{by_day}: {first} |{tracker.curve(days, sys.stdout.encoding)}| {last}")
    for sentence in tracker.in_words(answers, study, chosen, day):
        _say(sentence)


def _table(*headings: str, rows: Sequence[Sequence[str]]):
    from rich.table import Table

    table = Table()
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    for row in rows:
        table.add_row(*row)
    return table


def _day(text: str):
    import datetime as dt

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UserError(
            "--today",
            rule=Text("Ngày viết năm-tháng-ngày.", "A day is written year-month-day."),
            found=text,
            cure=Text("Ví dụ: --today 2027-05-12", "For example: --today 2027-05-12"),
        ) from None


def columns(folder: Path, wave: Annotated[int, typer.Option(help="Đợt / wave")]) -> None:
    from survey import columns as binding
    from survey import csv_file, store
    from survey.pull import HEADERS, Tables, read

    study = _study_folder(folder)
    asked = study.wave(wave)
    own = {**asked.columns, **Tables.of(study).headers.get(wave, {})}
    unknown = binding.unknown(read(study, asked, _say), study.form, own, store.ledger(study).headers)
    if not unknown:
        _say(Text("Mọi cột đều đã biết.", "Every column is known."))
        return
    path = study.folder / "columns.csv"
    table = csv_file.read(path, HEADERS)
    for header, best in unknown.items():
        _say(
            f"“{binding.shown(header)}”"
            + (f" → {best[0]} ({best[1]}%): “{study.form.questions[best[0]].title}”" if best else "")
        )
        question = typer.prompt(
            str(Text("Là câu nào? (mã câu; - để bỏ qua cột)", "Which question? (its id; - leaves the column out)")),
            default=best[0] if best else "-",
        ).strip()
        table.loc[len(table)] = [str(wave), header, "" if question == "-" else study.form.known(question).id]
    _say(store.write(path, csv_file.text(table)))


def log(folder: Path) -> None:
    from survey import store

    for pull_ in store.ledger(_study_folder(folder)).pulls:
        time = f"{pull_.time:%d/%m/%Y %H:%M} UTC"
        _say(
            Text(
                f"{time} · đợt {pull_.wave} · {pull_.source} · {pull_.rows} hàng, {pull_.answers} câu trả lời: {pull_.new} mới, "
                f"{pull_.changed} đã sửa, {pull_.vanished} không còn, {pull_.unchanged} như cũ · {pull_.snapshot[:16]}",
                f"{time} · wave {pull_.wave} · {pull_.source} · {pull_.rows} rows, {pull_.answers} answers: {pull_.new} new, "
                f"{pull_.changed} changed, {pull_.vanished} vanished, {pull_.unchanged} as before · {pull_.snapshot[:16]}",
            )
        )


def invite(
    folder: Path,
    wave: Annotated[int, typer.Option(help="Đợt / wave")],
    today: Annotated[str, typer.Option(help="Coi như hôm nay là ngày này / as if today were")] = "",
) -> None:
    import datetime as dt

    from survey import invite as inviting
    from survey import store

    study = _study_folder(folder)
    asked, day = study.wave(wave), _day(today) if today else dt.date.today()
    address = inviting.link_of(study, asked)
    made = {
        "ma-qr.svg": inviting.qr(address),
        "ma-qr.png": inviting.qr(address, "png"),
        "loi-moi.txt": str(inviting.message(study, asked)).encode("utf-8-sig"),
        "ap-phich.html": inviting.poster(study, asked).encode(),
    }
    if asked.opens <= day <= asked.ends:
        made["loi-nhac.txt"] = str(inviting.reminder(study, asked, store.responses(study), day)).encode("utf-8-sig")
    for name, content in made.items():
        _say(store.write(study.folder / "invite" / str(wave) / name, content))


Asked = Annotated[str, typer.Option(help="Phiếu khác: students, targets, nominations / another questionnaire")]


def form(
    folder: Path,
    wave: Annotated[int, typer.Option(help="Đợt / wave")],
    questionnaire: Asked = "",
    once: Annotated[
        bool, typer.Option("--once", help="Mỗi người một câu trả lời (phải đăng nhập) / one answer each")
    ] = False,
    edits: Annotated[bool, typer.Option("--edits", help="Cho sửa sau khi gửi / answers may be changed")] = False,
    reader: Annotated[str, typer.Option(help="Thư của tài khoản đọc trang tính / who reads the sheet")] = "",
    client: Annotated[
        Path | None, typer.Option(help="Tạo ngay bằng Forms API với JSON này / make it now by the Forms API")
    ] = None,
) -> None:
    from survey import forms, store
    from survey.forms_script import script

    study = _study_folder(folder).asking(questionnaire)
    plan = forms.of_wave(study, study.wave(wave), once=once, edits=edits)
    if client:
        _publish(plan, client)
        return
    path = store.write(study.folder / "forms" / f"{plan.id}.gs", script(plan, reader).encode())
    _say(path)
    _say(
        Text(
            "Mở tệp ấy bằng Notepad, chép tất cả; vào https://script.google.com → Dự án mới → dán đè → chọn hàm taoBieuMau → "
            "Chạy. Nhật ký thực thi cho liên kết và mã trang tính để ghi vào study.yaml.",
            "Open that file in a text editor, copy everything; at https://script.google.com → New project → paste over → choose "
            "taoBieuMau → Run. The execution log gives the link and the sheet's key for study.yaml.",
        )
    )


def preview(
    folder: Path,
    wave: Annotated[int, typer.Option(help="Đợt; bỏ trống: đợt sắp tới / wave")] = 0,
    questionnaire: Asked = "",
    port: Annotated[int, typer.Option(help="Cổng / port")] = 8765,
    share: Annotated[
        bool, typer.Option("--share", help="Cho điện thoại cùng Wi-Fi mở được / for phones nearby")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Mở trình duyệt / open the browser")] = True,
    out: Annotated[Path | None, typer.Option(help="Tệp câu trả lời thử (.csv) / file of the answers")] = None,
) -> None:
    import contextlib
    import datetime as dt
    import socket
    import webbrowser

    from survey import forms
    from survey import preview as page

    study = _study_folder(folder).asking(questionnaire)
    coming = next((one for one in study.waves if one.ends >= dt.date.today()), study.waves[-1])
    plan = forms.of_wave(study, study.wave(wave) if wave else coming)
    path = out or study.folder / "pilot" / f"{plan.id}.csv"
    server = page.serve(page.app(plan, page.keeper(path, plan)), "0.0.0.0" if share else "127.0.0.1", port)
    host = socket.gethostbyname(socket.gethostname()) if share else "127.0.0.1"
    address = f"http://{host}:{server.server_port}/"
    _say(Text(f"Phiếu “{plan.title}”: {address}", f"Form “{plan.title}”: {address}"))
    _say(
        Text(
            f"Câu trả lời thử ghi vào {path}; nhập bằng source: {{export: …}}. Dừng: Ctrl+C.",
            f"Trial answers go to {path}; import them with source: {{export: …}}. Stop: Ctrl+C.",
        )
    )
    if browser:
        webbrowser.open(address)
    with contextlib.suppress(KeyboardInterrupt), contextlib.closing(server.socket):
        server.serve_forever()


def _publish(plan, client: Path) -> None:
    from survey import forms_api, signin

    kept = signin.folder() / signin.KEPT[signin.MAKING]
    made = forms_api.publish(
        plan, signin.badge(kept if kept.exists() else signin.browser(client, signin.MAKING), signin.MAKING)
    )
    _say(Text(f"Đã tạo biểu mẫu. Sửa: {made['edit']}", f"The form is made. Edit: {made['edit']}"))
    _say(Text(f"Trả lời: {made['answer']}", f"Answer: {made['answer']}"))
    _say(Text("Forms API không làm được những việc sau; làm bằng tay:", "The Forms API cannot do these; by hand:"))
    for number, step in enumerate(forms_api.by_hand(plan), start=1):
        _say(f"  {number}. {step}")


def link(folder: Path) -> None:
    import pandas as pd

    from survey import csv_file, simulate, store
    from survey.link import COUNTS, DOUBTFUL, error_rates
    from survey.link import link as find

    study = _study_folder(folder)
    found = store.linked(study)
    for name, words in COUNTS.items():
        _say(f"{found.counts[name]:>6}  {words}")
    path = study.folder / "links.csv"
    decided = csv_file.read(path, DOUBTFUL)
    open_ = found.doubtful.astype(str)
    if len(open_):
        table = pd.concat([decided[decided["decision"] != ""], open_], ignore_index=True)
        store.write(path, csv_file.text(table))
        _say(
            Text(
                f"{len(open_)} cặp cần xem: mở {path}, ghi “cùng người” hoặc “khác người” ở cột decision.",
                f"{len(open_)} pairs to look at: open {path}, write “same” or “different” under decision.",
            )
        )
    if study.form.used_as("code") and any(wave.roster for wave in study.waves):
        typed = [simulate.typed_codes(study, seed=seed) for seed in range(20)]
        rates = [error_rates(find(one).person, one["person"]) for one in typed]
        false, missed = (100 * sum(getattr(rate, name) for rate in rates) / len(rates) for name in ("false", "missed"))
        _say(
            Text(
                f"Ước lượng trên 20 bộ dữ liệu mô phỏng theo danh sách của trường: ghép nhầm {_decimal(false)}% số cặp đã ghép, "
                f"bỏ sót {_decimal(missed)}% số cặp đúng (phần lớn vì không ghi mã).",
                f"Estimated on 20 sets of pretend answers for this roster: {false:.1f}% of the links are wrong, {missed:.1f}% of "
                "the true ones are missed (mostly no code was given).",
            )
        )


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def forget(
    folder: Path,
    code: Annotated[str, typer.Argument(help="Mã người ấy đã đặt; - để gõ vào sau / the code; - to be asked")] = "-",
    unit: Annotated[
        str | None, typer.Option(help="Mã đơn vị, khi hai người cùng mã / unit, where two have one code")
    ] = None,
) -> None:
    from survey.withdrawal import forget as withdraw

    study = _study_folder(folder)
    if code == "-":  # a code on the command line stays in the shell's history
        code = typer.prompt(str(Text("Mã", "Code")), hide_input=True)
    receipt = withdraw(study, code, unit=unit)
    counts = ", ".join(f"{wave}: {count}" for wave, count in receipt.rows.items())
    _say(
        Text(
            f"Biên nhận {receipt.number}, ngày {receipt.date:%d/%m/%Y}: đã rút câu trả lời (đợt: số hàng) {counts}.\n"
            "Còn phải làm bằng tay: xóa hàng ấy trong Google Trang tính và Biểu mẫu, trong tệp đã tải về (export), và các bản "
            "sao lưu đã có từ trước.",
            f"Receipt {receipt.number}, {receipt.date:%d/%m/%Y}: answers taken out (wave: rows) {counts}.\n"
            "Left to do by hand: delete the row in the Google Sheet and Form, in a downloaded export, and the backups made "
            "before.",
        )
    )


def check_store(folder: Path) -> None:
    from survey import store

    study = _study_folder(folder)
    faults = store.faults(study)
    for fault in faults:
        _say(f"✗ {study.folder / fault.file}: {fault.found}")
    if faults:
        raise typer.Exit(1)
    held, pulls = store.waves(study), store.ledger(study).pulls
    _say(
        Text(
            f"✓ Kho còn nguyên vẹn: {len(held)} đợt, {len(pulls)} lần nhập.",
            f"✓ The store is whole: {len(held)} waves, {len(pulls)} imports.",
        )
    )


def backup(folder: Path, out: Annotated[Path | None, typer.Option(help="Tệp .zip / the .zip")] = None) -> None:
    import datetime as dt

    from survey import backup as archive

    study = _study_folder(folder)
    path = archive.save(study, out or Path(f"{study.id}-{dt.date.today():%Y-%m-%d}.zip"))
    _say(
        Text(
            f"Đã sao lưu: {path}. Tệp này có cả mã tự đặt: giữ nơi chỉ người phụ trách mở được.",
            f"Saved: {path}. It holds people's codes: keep it where only the one in charge can open it.",
        )
    )


def restore(archive: Path, folder: Path) -> None:
    from survey import backup as archives

    study = archives.restore(archive, folder)
    _say(Text(f"Đã khôi phục vào {study.folder}.", f"Restored into {study.folder}."))


def simulate(folder: Path, seed: int = 2025) -> None:
    from survey import simulate as pretending

    study = _study_folder(folder)
    if not study.pretend:
        raise UserError(
            f"{folder / 'study.yaml'}",
            rule=Text(
                "Chỉ viết câu trả lời mô phỏng cho khảo sát có pretend: true.", "Only a study with pretend: true."
            ),
            found="pretend: false",
            cure=Text(
                "Dùng data/demo, hoặc thêm pretend: true vào một bản sao; không trộn với câu trả lời thật.",
                "Use data/demo, or a copy with pretend: true; never mix with real answers.",
            ),
        )
    for path in pretending.write(study, seed=seed):
        _say(Text(f"Câu trả lời MÔ PHỎNG: {path}", f"PRETEND answers: {path}"))


def demo(folder: Annotated[Path, typer.Argument()] = Path("data/demo")) -> None:
    simulate(folder)
    pull(folder)


def main(arguments: list[str]) -> object:
    """Run one command; its exit code, or an error that `run` puts into words."""
    return commands()(arguments or ["--help"], prog_name="python run.py survey", standalone_mode=False)


if __name__ == "__main__":
    sys.exit(run("survey", main, sys.argv[1:]))
