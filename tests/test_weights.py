"""Roster -> weights: cells, pooling, response."""

import pandas as pd
import pytest

from analysis import means, response, weigh
from analysis.weights import RAKED, diagnostics
from survey.errors import StudyError
from survey.study import Study


def school(rosters: dict[int, dict]) -> Study:
    units = sorted({unit for roster in rosters.values() for unit in roster})
    return Study.model_validate(
        {
            "id": "thu",
            "title": "Thử",
            "school": {"name": "Trường thử"},
            "units": [{"id": unit, "label": unit} for unit in units],
            "roles": [{"id": "gv", "label": "Giáo viên"}, {"id": "nv", "label": "Nhân viên"}],
            "waves": [
                {"id": wave, "opens": f"{wave}-05-01", "ends": f"{wave}-05-20", "roster": roster}
                for wave, roster in rosters.items()
            ],
        }
    )


def answers(*cells: tuple[int, str, str, int]) -> pd.DataFrame:
    """(wave, unit, role, how many) -> a row per answer."""
    return pd.DataFrame(
        [(wave, unit, role) for wave, unit, role, n in cells for _ in range(n)], columns=["wave", "unit", "role"]
    ).assign(y=1.0)


def test_each_answer_stands_for_its_cells_people():
    study = school({2025: {"toan": {"gv": 10}, "van": {"gv": 6}}})
    weighed = weigh(answers((2025, "toan", "gv", 8), (2025, "van", "gv", 6)), study)
    assert weighed.groupby("stratum")["weight"].first().to_dict() == {"gv/toan": 10 / 8, "gv/van": 1.0}
    assert weighed["weight"].sum() == 16


def test_small_cells_of_a_role_are_pooled_over_units():
    study = school({2025: {"toan": {"gv": 10}, "van": {"gv": 4}, "su": {"gv": 3}}})
    weighed = weigh(answers((2025, "toan", "gv", 8), (2025, "van", "gv", 3), (2025, "su", "gv", 3)), study)
    assert weighed.groupby("stratum")[["weight", "population"]].first().to_dict("index") == {
        "gv/*": {"weight": 7 / 6, "population": 7.0},
        "gv/toan": {"weight": 1.25, "population": 10.0},
    }


def test_a_pool_that_is_still_small_joins_the_smallest_stratum():
    study = school({2025: {"toan": {"gv": 12}, "van": {"gv": 8}, "vp": {"nv": 3}}})
    weighed = weigh(answers((2025, "toan", "gv", 9), (2025, "van", "gv", 6), (2025, "vp", "nv", 2)), study)
    assert weighed.groupby("stratum")["population"].first().to_dict() == {"gv/toan": 12.0, "gv/van": 11.0}


def test_people_of_a_cell_nobody_answered_for_are_still_counted():
    study = school({2025: {"toan": {"gv": 10}, "vp": {"nv": 2}}})
    weighed = weigh(answers((2025, "toan", "gv", 8)), study)
    assert weighed["weight"].sum() == pytest.approx(12)


def test_a_later_wave_changes_nothing_that_was_reported():
    rosters = {2025: {"toan": {"gv": 10}, "van": {"gv": 9}}, 2027: {"toan": {"gv": 10}, "van": {"gv": 9}}}
    first = answers((2025, "toan", "gv", 8), (2025, "van", "gv", 6))
    both = pd.concat([first, answers((2027, "toan", "gv", 8), (2027, "van", "gv", 2))], ignore_index=True)
    before, after = weigh(first, school(rosters)), weigh(both, school(rosters)).query("wave == 2025")
    pd.testing.assert_frame_equal(before, after)


def test_answers_from_nowhere_on_the_roster_are_left_out_and_counted():
    study = school({2025: {"toan": {"gv": 5}, "vp": {"nv": 1}}})
    given = answers((2025, "toan", "gv", 5), (2025, "toan", "nv", 1))
    assert len(weigh(given, study)) == 5
    assert response(given, study)[["unit", "people", "answers"]].values.tolist() == [
        ["", 6, 6],
        ["toan", 5, 6],
        ["vp", 1, 0],
    ]


def test_more_answers_than_people_count_as_complete():
    study = school({2025: {"toan": {"gv": 5}}})
    weighed = weigh(answers((2025, "toan", "gv", 6)), study)
    assert weighed["weight"].tolist() == [1.0] * 6
    assert response(answers((2025, "toan", "gv", 6)), study)["rate"].tolist() == [1.2, 1.2]


def test_without_a_roster_the_answers_stand_for_themselves():
    weighed = weigh(answers((2025, "toan", "gv", 3)), school({2025: {}}))
    assert weighed["weight"].tolist() == [1.0, 1.0, 1.0]
    assert weighed["population"].isna().all()


def test_a_wave_without_a_roster_beside_one_that_has_it_is_told():
    study = school({2025: {"toan": {"gv": 5}}, 2027: {}})
    with pytest.raises(StudyError) as error:
        weigh(answers((2025, "toan", "gv", 5), (2027, "toan", "gv", 5)), study)
    assert str(error.value) == (
        "Lỗi ở study.yaml, waves 2027, roster\n"
        "  Quy tắc: Đã có danh sách nhân sự thì đợt nào cũng phải có.\n"
        "  Đã thấy: đợt này không có roster\n"
        "  Cách sửa: Ghi số người từng đơn vị, vai trò của đợt ấy."
    )


def test_raked_weights_fit_units_and_roles_where_the_cells_are_thin():
    study = school({2025: {"toan": {"gv": 10, "nv": 2}, "van": {"gv": 6, "nv": 2}}})
    given = answers((2025, "toan", "gv", 7), (2025, "van", "gv", 5), (2025, "van", "nv", 2), (2025, "toan", "nv", 1))
    raked = weigh(given, study, least=3, method="raking")
    assert raked.groupby("unit")["weight"].sum().to_dict() == pytest.approx({"toan": 12, "van": 8})
    assert raked.groupby("role")["weight"].sum().to_dict() == pytest.approx({"gv": 16, "nv": 4})
    row = means(raked.assign(y=range(15)), ["y"], RAKED).iloc[0]
    assert (row["n"], row["population"]) == (15, pytest.approx(20))
    assert row["method"] == "linearisation (weights, calibrated, fpc); t"


def test_a_unit_with_too_few_answers_is_raked_together_with_the_smallest_other():
    study = school({2025: {"toan": {"gv": 10}, "van": {"gv": 6}, "su": {"gv": 3}}})
    given = answers((2025, "toan", "gv", 8), (2025, "van", "gv", 5), (2025, "su", "gv", 1))
    raked = weigh(given, study, method="raking")
    assert raked.groupby("unit_margin")["weight"].sum().to_dict() == pytest.approx({"toan": 10, "*": 9})


def test_uneven_weights_cost_answers():
    # weights 1, 1, 4: mean 2, variance (1 + 1 + 4) / 3 = 2, cv^2 = 1/2
    row = diagnostics(pd.DataFrame({"wave": 2025, "weight": [1.0, 1, 4]})).iloc[0]
    assert row[["n", "people", "ratio"]].tolist() == [3, 6, 4]
    assert (row["deff"], row["n_effective"]) == (pytest.approx(1.5), pytest.approx(2))


def test_a_roster_of_two_roles_and_a_form_that_asks_none():
    study = school({2025: {"toan": {"gv": 10, "nv": 2}}})
    with pytest.raises(StudyError) as error:
        weigh(answers((2025, "toan", "gv", 8)).drop(columns="role"), study)
    assert str(error.value) == (
        "Lỗi ở study.yaml, waves, roster\n"
        "  Quy tắc: Danh sách nhân sự theo đơn vị và vai trò dùng với phiếu hỏi cả hai, hoặc khi chỉ có một đơn vị, một vai "
        "trò.\n"
        "  Đã thấy: phiếu không hỏi vai trò\n"
        "  Cách sửa: Ghi một vai trò (một đơn vị) duy nhất trong study.yaml, hoặc bỏ roster của các đợt."
    )
