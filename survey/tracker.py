"""The response tracker: how many have answered, where, since when, which units to remind; never who."""

from __future__ import annotations

import datetime as dt
import math
from statistics import NormalDist

import pandas as pd

from survey.errors import Text
from survey.study import Study, Wave

SMALLEST = 5  # people: a smaller unit is spoken of together with the other small ones, for its missing are easily named
ENOUGH = 0.8  # of a unit: whoever has so many is not reminded
BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = ".:-=+*#@"
Z = NormalDist().inv_cdf(0.975)


def cells(responses: pd.DataFrame, study: Study, wave: int) -> pd.DataFrame:
    """Each place of the roster: unit, role, asked, answered, missing (people), rate; a last row without a unit counts the
    answers that have no place.

    responses: wave, submitted (a day), unit, role, as store.responses gives.
    """
    here = responses[responses["wave"] == wave]
    given = here.groupby(["unit", "role"], dropna=False).size()
    roster = study.wave(wave).roster
    rows = [
        (unit, role, count, int(given.get((unit, role), 0)))
        for unit, counts in roster.items()
        for role, count in counts.items()
        if count
    ]
    table = pd.DataFrame(rows, columns=["unit", "role", "asked", "answered"])
    strangers = len(here) - int(table["answered"].sum())
    if strangers and rows:
        table.loc[len(table)] = [None, None, 0, strangers]
    return _rated(table)


def until(responses: pd.DataFrame, today: dt.date) -> pd.DataFrame:
    """The responses that were there on a day; those of an unknown day among them."""
    days = pd.to_datetime(responses["submitted"])
    return responses[~(days > pd.Timestamp(today))]


def units(responses: pd.DataFrame, study: Study, wave: int) -> pd.DataFrame:
    """The same by unit: unit, asked, answered, missing, rate, in the study's order."""
    table = (
        cells(responses, study, wave)
        .groupby("unit", sort=False, dropna=False)[["asked", "answered"]]
        .sum()
        .reset_index()
    )
    return _rated(table)


def _rated(table: pd.DataFrame) -> pd.DataFrame:
    missing = (table["asked"] - table["answered"]).clip(lower=0)
    return table.assign(missing=missing, rate=(table["answered"] / table["asked"]).where(table["asked"] > 0))


def shown(places: pd.DataFrame, study: Study) -> pd.DataFrame:
    """The units (or cells) as a table for people: names, whole numbers, rates in percent."""
    labels = {
        "unit": {unit.id: str(unit.label) for unit in study.units},
        "role": {role.id: str(role.label) for role in study.roles},
    }
    outside = str(Text("ngoài danh sách", "off the roster"))
    heads = {"unit": Text("Đơn vị", "Unit"), "role": Text("Vai trò", "Role")}
    table = {
        str(heads[name]): [labels[name].get(one, outside) for one in places[name]] for name in heads if name in places
    }
    table[str(Text("Danh sách", "Roster"))] = places["asked"].astype(int).astype(str).tolist()
    table[str(Text("Trả lời", "Answers"))] = places["answered"].astype(int).astype(str).tolist()
    table[str(Text("Tỉ lệ", "Rate"))] = ["–" if math.isnan(rate) else _percent(rate) for rate in places["rate"]]
    return pd.DataFrame(table)


def shown_days(days: pd.DataFrame) -> pd.DataFrame:
    """The days as a table for people."""
    return pd.DataFrame(
        {
            str(Text("Ngày", "Day")): days["day"].dt.strftime("%d/%m/%Y"),
            str(Text("Trả lời", "Answers")): days["answers"],
            str(Text("Cộng dồn", "So far")): days["cumulative"],
            str(Text("Tỉ lệ", "Rate")): ["–" if math.isnan(rate) else _percent(rate) for rate in days["rate"]],
        }
    )


def remind(responses: pd.DataFrame, study: Study, wave: int) -> tuple[list[tuple[str, int]], int]:
    """The units to remind, those with most people missing first, and how many are missing in all small units together.

    A unit is reminded when fewer than 80 % of it have answered. Units of fewer than five people are never named.
    """
    table = units(responses, study, wave)
    late = table[(table["rate"] < ENOUGH) & table["unit"].notna()]
    small = late["asked"] < SMALLEST
    named = late[~small].sort_values("missing", ascending=False, kind="stable")
    return list(zip(named["unit"], named["missing"].astype(int), strict=True)), int(late["missing"][small].sum())


def daily(responses: pd.DataFrame, study: Study, wave: int, today: dt.date) -> pd.DataFrame:
    """Each day of the fieldwork until today or its end: day, answers, cumulative, rate (of the roster).

    Answers from before or after stand with the nearest day; those of an unknown day count in no day.
    """
    here, about = responses[responses["wave"] == wave], study.wave(wave)
    asked = _asked(about)
    last = max(min(today, about.ends), about.opens)
    days = pd.date_range(about.opens, last, name="day")
    known = pd.to_datetime(here["submitted"]).dropna().clip(days[0], days[-1])
    counts = known.dt.normalize().value_counts().reindex(days, fill_value=0)
    whole = counts.cumsum()
    rates = whole / asked if asked else whole * math.nan
    return pd.DataFrame(
        {"day": days, "answers": counts.to_numpy(), "cumulative": whole.to_numpy(), "rate": rates.to_numpy()}
    )


def forecast(days: pd.DataFrame, about: Wave, today: dt.date) -> int:
    """How many will have answered at the end if it goes on as on the last three working days; at most everybody."""
    now = int(days["cumulative"].iloc[-1]) if len(days) else 0
    working = days[days["day"].dt.day_of_week < 5].tail(3)
    left = pd.bdate_range(max(today, about.opens) + dt.timedelta(days=1), about.ends)
    pace = working["answers"].mean() if len(working) else 0.0
    return min(now + round(pace * len(left)), max(_asked(about), now))


def precision(answered: int, asked: int) -> float:
    """Half the width, in percentage points, of a 95 % interval of a share near one half among `asked` people; 0 in a census.

    1.96 sqrt(0.25 / (n - 1) (1 - n / N)), as `analysis plan` has it: it assumes that not answering is random. Missing for
    fewer than two answers.
    """
    if answered >= asked > 0:
        return 0.0
    return 100 * Z * math.sqrt(0.25 / (answered - 1) * (1 - answered / asked)) if answered > 1 else math.nan


def curve(days: pd.DataFrame, encoding: str = "utf-8") -> str:
    """The days as a row of bars, the fullest day the highest; in plain signs where the console has no others."""
    try:
        BARS.encode(encoding)
        bars = BARS
    except (UnicodeEncodeError, LookupError):
        bars = PLAIN_BARS
    most = max(int(days["answers"].max()), 1) if len(days) else 1
    return "".join(" " if not n else bars[math.ceil(n / most * len(bars)) - 1] for n in days["answers"])


def in_words(responses: pd.DataFrame, study: Study, wave: int, today: dt.date) -> list[str]:
    """What the person in charge is told of a wave, in sentences."""
    about, asked = study.wave(wave), _asked(study.wave(wave))
    here = int((responses["wave"] == wave).sum())
    if not asked:
        return [
            str(
                Text(
                    f"Đợt {wave} chưa có danh sách nhân sự (roster) trong study.yaml: không tính được tỉ lệ.",
                    f"Wave {wave} has no roster in study.yaml: no rate can be given.",
                )
            )
        ]
    placed = int(cells(responses, study, wave)["answered"].sum())
    days = daily(responses, study, wave, today)
    said = [
        str(
            Text(
                f"Đã trả lời: {here}/{asked} ({_percent(here / asked)}).",
                f"Answered: {here} of {asked} ({here / asked:.0%}).",
            )
        )
    ]
    if today < about.opens:
        return [
            str(Text(f"Đợt {wave} mở ngày {about.opens:%d/%m/%Y}.", f"Wave {wave} opens on {about.opens:%d/%m/%Y}."))
        ]
    said.append(_precision_in_words(days, about, placed, asked, today))
    late, few = remind(responses, study, wave)
    names = {unit.id: unit.label for unit in study.units}
    listed = [Text(f"{names[unit].vi} (còn {missing})", f"{names[unit]} ({missing} missing)") for unit, missing in late]
    if few:
        listed.append(
            Text(f"các đơn vị dưới {SMALLEST} người (còn {few})", f"units of under {SMALLEST} people ({few} missing)")
        )
    if today > about.ends:
        said.append(
            str(Text(f"Đợt đã kết thúc ngày {about.ends:%d/%m/%Y}.", f"The wave ended on {about.ends:%d/%m/%Y}."))
        )
    elif listed:
        words = "; ".join(map(str, listed))
        said.append(str(Text(f"Nên nhắc: {words}.", f"To remind: {words}.")))
    else:
        said.append(str(Text("Không đơn vị nào cần nhắc.", "No unit needs reminding.")))
    return said


def _precision_in_words(days: pd.DataFrame, about: Wave, placed: int, asked: int, today: dt.date) -> str:
    now = precision(min(placed, asked), asked)
    if math.isnan(now):
        return str(Text("Chưa đủ câu trả lời để nói độ chính xác.", "Too few answers to tell how precise they are."))
    stop = Text(
        f"Nếu dừng hôm nay, một tỉ lệ của cả trường đúng đến ±{_points(now)} điểm %",
        f"Stopping today, a share is good to ±{now:.1f} points",
    )
    if today >= about.ends:
        return str(
            Text(
                f"Một tỉ lệ của cả trường đúng đến ±{_points(now)} điểm %.",
                f"A share of the whole school is good to ±{now:.1f} points.",
            )
        )
    later = forecast(days, about, today)
    then = precision(later, asked)
    return str(
        Text(
            f"{stop.vi}; theo nhịp này đến {about.ends:%d/%m} có khoảng {later} câu trả lời: ±{_points(then)} điểm %.",
            f"{stop.en}; at this pace about {later} answers by {about.ends:%d/%m}: ±{then:.1f} points.",
        )
    )


def _asked(wave: Wave) -> int:
    return sum(sum(counts.values()) for counts in wave.roster.values())


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _points(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
