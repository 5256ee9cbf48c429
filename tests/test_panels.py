"""What can be picked and what it shows: nothing impossible is offered, nothing hidden is told, every view says how sure it is."""

import itertools
import json

import pandas as pd
import pytest
from schools import everything_hidden, only_the_first, school

from analysis import change, charts, dashboard, explore, means, panels, proportions, suppress, views
from analysis.precision import published, rounded
from analysis.review import Review
from analysis.transitions import moves
from survey.errors import speak

HIDDEN = "không công bố"


@pytest.fixture(scope="module")
def review(demo_study):
    return Review.of(demo_study)


@pytest.fixture(scope="module")
def first_year(tmp_path_factory):
    return Review.of(school(tmp_path_factory.mktemp("first"), only_the_first))


@pytest.fixture(scope="module")
def all_hidden(tmp_path_factory):
    return Review.of(school(tmp_path_factory.mktemp("hidden"), everything_hidden))


def every(review) -> list[panels.Panel]:
    makes = (panels.levels, panels.shares, panels.changes, panels.moves, panels.targets)
    return [make(review) for make in makes] + [
        panel for page in dashboard.PAGES for _, panel in dashboard.panels_of(review, page)
    ]


def around(panel: panels.Panel, most: int = 5) -> list[tuple[panels.Picks, panels.Options]]:
    """The panel as it opens, and every control changed to some of its options."""
    start, options = panel.settled({})
    found = [(start, options)]
    for name, named in options.items():
        values = list(named.values())
        for value in values[:: max(1, len(values) // most)]:
            found.append(panel.settled(start | {name: value}))
    return found


# --- what is offered


@pytest.mark.slow
@pytest.mark.parametrize("source", ["review", "first_year", "all_hidden"])
def test_whatever_is_picked_there_is_a_chart_a_table_and_words(source, request):
    for panel in every(request.getfixturevalue(source)):
        if panel.nothing:
            continue
        for picks, options in around(panel):
            assert all(picks[name] in options[name].values() for name in options)
            view = panel.view(picks)
            assert view.figure.alt and "chưa có số liệu" not in view.figure.alt, (panel.name, picks)
            assert view.words and len(view.table), (panel.name, picks)


def test_a_pick_that_is_not_possible_any_more_gives_way_to_one_that_is(review):
    panel = panels.levels(review)
    picks, options = panel.settled({"scale": "nd3", "content": 3, "group": "unit", "level": "toan", "waves": "2027"})
    assert (picks["scale"], picks["level"], picks["waves"]) == ("nd3", "toan", "2027")
    moved, _ = panel.settled(picks | {"group": "role"})
    assert (moved["scale"], moved["level"], moved["waves"]) == ("nd3", "", "2027")  # there is no role of that name
    other, options = panel.settled(picks | {"content": 4})
    assert other["scale"] == "nd4" and list(options["scale"].values()) == ["nd4"]


def test_picks_from_elsewhere_do_no_harm(review):
    panel = panels.levels(review)
    assert panel.settled({"scale": "'; drop", "waves": ["x"], "level": {}, "more": 1})[0] == panel.settled({})[0]


def test_a_question_is_offered_only_for_the_waves_that_asked_it(review):
    options = panels.shares(review).settled({"item": "t_bang_tinh"})[1]  # "then": asked in 2027 and 2030 about 2025
    assert list(options["waves"].values()) == ["2027-2030", "2030", "2027"]
    offered = panels.moves(review).settled({"pair": "2025-2027"})[1]["item"].values()
    both = {
        item
        for item in offered
        for wave in (2025, 2027)
        if (review.shares.query("item == @item and wave == @wave")["n"] > 0).any()
    }
    assert set(offered) == both


def test_with_one_wave_there_is_no_change_to_pick(first_year):
    for make in (panels.changes, panels.moves):
        assert make(first_year).nothing == "Mới có một đợt (năm 2025): chưa thể nói về thay đổi."
    assert list(panels.levels(first_year).settled({})[1]["waves"]) == ["2025"]


def test_where_everything_is_hidden_nothing_is_told_and_it_says_why(all_hidden):
    view = panels.levels(all_hidden).view(panels.levels(all_hidden).settled({})[0])
    assert view.rows["estimate"].isna().all()
    assert any(HIDDEN in words for words in view.words)
    assert "Không công bố vì ít người trả lời (dưới 500)." in view.words


# --- what is shown is what the public calls say


def test_a_level_is_the_mean_of_the_scale(review):
    own = published(suppress(means(review.frame, ["ky_nang"], review.design, by=["wave"]), 5))
    shown = views.levels(review, "ky_nang").rows
    assert list(shown["estimate"]) == list(own["estimate"]) and list(shown["low"]) == list(own["low"])


def test_about_the_process_the_same_level_is_less_sure(review):
    people, process = views.levels(review, "ky_nang").rows, views.levels(review.analytic, "ky_nang").rows
    assert list(people["estimate"]) == list(process["estimate"])
    assert (process["se"] > people["se"]).all()
    assert list(process["target"].unique()) == ["analytic"]
    panel = panels.levels(review)
    assert panel.view(panel.settled({"target": "analytic"})[0]).table.equals(
        views.levels(review.analytic, "ky_nang").table
    )


def test_a_group_over_the_waves_is_each_wave_suppressed_on_its_own(review):
    rows = views.level_of_group(review, "ky_nang", "role", "giao_vien").rows.query("level == 'giao_vien'")
    each = [
        review.levels_by("role", ["ky_nang"], wave).query("level == 'giao_vien'")["estimate"].iloc[0]
        for wave in review.waves
    ]
    assert list(rows["estimate"]) == each


def test_the_change_is_that_of_the_public_call(review):
    own = published(change(review.frame, ["ky_nang"], review.design, between=(2025, 2030)))
    view = views.changes(review, (2025, 2030), ["ky_nang"])
    assert list(view.rows["estimate"]) == pytest.approx(list(own["estimate"]))
    assert view.words == [
        "Kỹ năng số chung: từ năm 2025 đến năm 2030 tăng 0,76 điểm (khoảng tin cậy 95%: +0,65 đến +0,87)."
    ]


# --- moves


def test_moves_are_the_shares_of_linked_people_by_their_earlier_answer(review):
    table = moves(review, "s_bang_tinh", (2025, 2027))
    frame = review.frame.dropna(subset=["person", "s_bang_tinh"])
    one, two = (frame[frame["wave"] == wave].set_index("person")["s_bang_tinh"] for wave in (2025, 2027))
    both = pd.DataFrame({"one": one, "two": two}).dropna()
    shown = table[table["shown"]]
    assert len(shown)
    for row in shown.itertuples():
        here = both[both["one"] == row.level]
        assert row.n == len(here) >= 5
        assert row.estimate == rounded((here["two"] == row.value).mean(), 2)


def test_moves_are_hidden_where_the_few_who_are_not_linked_could_be_found(review):
    """All but three linked: their three answers would be the published shares less the linked people's."""
    from dataclasses import replace

    frame = review.frame[review.frame["wave"].isin([2025, 2027])].dropna(subset=["s_bang_tinh"])
    twice = frame["person"].map(frame.dropna(subset=["person"])["person"].value_counts()) == 2
    alone = frame[~twice & (frame["wave"] == 2025)].head(3)
    few = replace(review, frame=pd.concat([frame[twice], alone]).reset_index(drop=True))
    assert not moves(few, "s_bang_tinh", (2025, 2027))["shown"].any()
    none = replace(review, frame=frame[twice].reset_index(drop=True))
    assert moves(none, "s_bang_tinh", (2025, 2027))["shown"].any()


# --- flagged answers beside all answers


def test_the_same_school_without_its_flagged_answers_never_tells_what_few_of_them_said(review):
    less = review.without_doubted
    assert less is not None
    for item, wave in itertools.product(review.scales, review.waves):
        every_, kept = (r.frame[r.frame["wave"] == wave][item].dropna() for r in (review, less))
        left = len(every_) - len(kept)
        row = less.levels.query("item == @item and wave == @wave").iloc[0]
        if 0 < left < review.study.smallest_base:
            assert not row["shown"] and pd.isna(row["estimate"])
    assert not less.levels_by("unit", ["ky_nang"])["shown"].any()  # groups stand on one way of counting alone
    assert not less.levels_by("role", ["ky_nang"])["shown"].any()
    assert less.reliability[["n", "alpha", "standardised", "omega"]].isna().all(axis=None)
    assert not moves(less, "nd1_khuyen_khich", (2025, 2027))["shown"].any()
    assert not less.exempt["shown"].any()


def test_many_flagged_answers_may_be_counted_or_left_out(review):
    """Six of a wave flagged, not all alike: both ways of counting are shown; four flagged: one."""
    from dataclasses import replace

    rows = review.frame[review.frame["wave"] == 2030].dropna(subset=["ky_nang"])
    for count, shown in ((6, True), (4, False)):
        less = replace(review, frame=review.frame.drop(rows.index[:count]))
        assert (("ky_nang", 2030) in review._tellable(less, "ky_nang")) is shown
    same = rows[rows["s_bang_tinh"] == 3].index[:6]  # six who all said the same: to leave them out tells it
    assert ("s_bang_tinh", 2030) not in review._tellable(replace(review, frame=review.frame.drop(same)), "s_bang_tinh")


def test_where_flagged_answers_cannot_be_told_apart_the_panel_says_so_and_offers_no_choice(review):
    panel = panels.changes(review)
    picks, options = panel.settled({})
    assert "doubted" not in options
    assert panel.view(picks).words[-1].startswith("Có câu trả lời bị đánh dấu, nhưng quá ít")


# --- widgets


@pytest.fixture
def english():
    yield
    speak("vi")


def test_a_board_shows_what_the_panel_says_of_its_picks(review):
    board = explore.levels(review)
    board.controls["scale"].value = "nd4"
    view = board.panel.view(board.picks)
    assert board.picks["scale"] == "nd4"
    assert board.picture.value == charts.picture(view.figure)
    assert all(f"<p>{words}</p>" in board.words.value for words in view.words)


def test_a_control_with_nothing_to_pick_is_not_there(review):
    board = explore.levels(review)
    board.controls["group"].value = ""
    assert board.controls["level"].layout.display == "none"
    board.controls["group"].value = "role"
    assert board.controls["level"].layout.display == "flex"


def test_picks_outlive_the_kernel_and_a_damaged_file_of_them_does_no_harm(review):
    board = explore.changes(review)
    board.controls["pair"].value = "2025-2030"
    assert explore.changes(review).picks["pair"] == "2025-2030"
    kept = review.study.folder / explore.KEPT
    assert json.loads(kept.read_text(encoding="utf-8"))["changes"]["pair"] == "2025-2030"
    for damaged in ("{", "[]", '{"changes": 3}', '{"changes": {"pair": ["x"], "content": {}}}'):
        kept.write_text(damaged, encoding="utf-8")
        assert explore.changes(review).picks["pair"] == "2025-2027"


def test_the_dashboard_writes_nothing(review):
    kept = review.study.folder / explore.KEPT
    kept.unlink(missing_ok=True)
    before = sorted(path.name for path in review.study.folder.iterdir())
    pages = explore.Pages(review)
    for page in dashboard.PAGES:
        pages.page.value = page
    assert sorted(path.name for path in review.study.folder.iterdir()) == before


def test_a_board_turns_into_english(review, english):
    board = explore.changes(review)
    board.controls["language"].value = "en"
    assert board.controls["pair"].description == "From → to"
    assert "from 2025 to 2027" in board.words.value


def test_a_failure_leaves_nothing_of_what_was_shown_before(review, monkeypatch):
    board = explore.changes(review)

    def fails(picks):
        raise RuntimeError("no")

    object.__setattr__(board.panel, "view", fails)
    with pytest.raises(RuntimeError):
        board.controls["chart"].value = "slopes"
    assert (board.picture.value, board.table.value) == ("", "")
    assert "Chương trình gặp lỗi" in board.words.value


@pytest.mark.slow
def test_what_is_written_in_the_study_is_never_read_as_html(tmp_path):
    def hostile(settings):
        settings["units"][1]["label"] = {"vi": "<img src=x onerror=alert(1)>", "en": "<b>"}
        settings["school"]["name"] = {"vi": "<script>alert(1)</script>", "en": "x"}

    review = Review.of(school(tmp_path, hostile))
    board = explore.levels(review)
    board.controls["group"].value = "unit"
    assert "<img src=x" not in board.table.value + board.words.value + board.picture.value
    page = dashboard.printed(review)
    assert "<script" not in page and "<img src=x" not in page


# --- one file


def test_more_units_than_a_chart_holds_are_looked_at_one_by_one(review):
    from dataclasses import replace

    many = replace(review, frame=review.frame.assign(unit=[f"u{at % 61}" for at in range(len(review.frame))]))
    offered = list(panels.levels(many).settled({"group": "unit"})[1]["level"].values())
    assert len(offered) == 61 and "" not in offered
    assert list(panels.shares(many).settled({})[1]["group"].values()) == ["", "role"]


def test_a_folder_that_may_only_be_read_is_said_and_does_no_harm(review, monkeypatch):
    def refused(path, content):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(explore.store, "write", refused)
    board = explore.moves(review)
    board.controls["pair"].value = "2025-2030"
    assert "Không ghi nhớ được lựa chọn: [Errno 13]" in board.status.value
    assert board.picks["pair"] == "2025-2030" and "<img" in board.picture.value


@pytest.mark.slow
def test_the_printed_dashboard_is_one_file_without_a_script_and_the_same_each_time(review):
    page = dashboard.printed(review)
    assert page == dashboard.printed(review)
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page
    assert page.count("<img alt=") == page.count('<details class="view"')
    for title in dashboard.PAGES.values():
        assert str(title) in page


def test_shares_of_groups_are_those_of_the_public_call(review):
    own = review.frame[review.frame["wave"] == 2030]
    values = {"nd7_an_toan": list(review.study.form.value_labels("nd7_an_toan"))}
    raw = proportions(own, ["nd7_an_toan"], review.design, by=["wave", "role"], values=values)
    shown = views.shares_of_groups(review, "nd7_an_toan", "role", 2030).rows
    both = shown[shown["shown"]].merge(raw, on=["level", "value"], suffixes=("", "_raw"))
    assert len(both) and list(both["estimate"]) == [rounded(share, 2) for share in both["estimate_raw"]]
