"""A questionnaire drafted from somebody's own Form, and the whole chain on real exports."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from analysis.precision import rounded
from survey import draft
from survey.questionnaire import Questionnaire
from survey.raw import from_rows
from survey.study import Study

ROOT = Path(__file__).parent.parent


def drafted(*columns: list[object]) -> dict[str, dict]:
    """Columns (header first) -> id -> question, of a draft that loads."""
    rows = [list(row) for row in zip(*columns, strict=True)]
    content = draft.draft(from_rows(rows, "x.csv", "Asia/Ho_Chi_Minh"), "Thử")
    Questionnaire.model_validate(content)
    return {
        q["id"]: q | {"list": content["choices"].get(q.get("choices"))} for q in content["sections"][0]["questions"]
    }


def test_types_are_guessed_from_what_people_wrote():
    found = drafted(
        ["Dấu thời gian", *["29/08/2026 09:40:00"] * 6],
        ["Mức hài lòng", 1, 2, 5, 4, 4, 3],
        ["Số giờ", "12,5", "3", "40", "8", "16", "20"],
        ["Có đồng ý không?", "Đồng ý", "Rất đồng ý", "Đồng ý", "Phân vân", "Đồng ý", "Đồng ý"],
        [
            "Thiết bị",
            "Máy tính, Điện thoại",
            "Điện thoại",
            "Máy tính",
            "Máy tính, Điện thoại",
            "Điện thoại, Máy tính",
            "Máy tính",
        ],
        ["Ngày tập huấn", "1/2/1990", "15/3/1988", "2/2/1979", "9/9/1991", "3/4/1985", "7/7/1987"],
        ["Họ và tên", "A", "A", "B", "B", "A", "A"],
        ["Góp ý", *[f"Một câu góp ý dài hơn sáu mươi chữ để không ai nhầm với lựa chọn, số {n}" for n in range(6)]],
    )
    assert {name: question["type"] for name, question in found.items()} == {
        "muc_hai_long": "linear",
        "so_gio": "number",
        "co_dong_y_khong": "single",
        "thiet_bi": "several",
        "ngay_tap_huan": "date",
        "ho_va_ten": "text",
        "gop_y": "long_text",
    }


def test_a_known_ladder_is_put_in_order_with_its_missing_steps():
    found = drafted(["Hài lòng", "Đồng ý", "Rất đồng ý", "Đồng ý", "Phân vân", "Đồng ý", "Phân vân"])["hai_long"][
        "list"
    ]
    assert [option["label"] for option in found["options"]] == [
        "Rất không đồng ý", "Không đồng ý", "Phân vân", "Đồng ý", "Rất đồng ý",
    ]  # fmt: skip
    assert found["order"] == "agreement"


def test_the_email_column_is_no_question():
    assert "dia_chi_email" not in drafted(["Địa chỉ email", "a@b.vn", "c@d.vn"], ["Câu", "có", "không"])


def run(package: str, *arguments: object) -> str:
    said = subprocess.run([sys.executable, "-W", "error", "-m", package, *map(str, arguments)], cwd=ROOT, capture_output=True,
                          text=True, encoding="utf-8")  # fmt: skip
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("export", "answers", "item"),
    [
        ("form-exports/classroom_observations.csv", 14, "core_action_2_overall_does_t"),
        ("carpentries/instructor_training_post_2018.csv", 967, "recommend"),
    ],
)
def test_a_real_export_goes_the_whole_way_to_estimates_and_a_chart(shared_data, tmp_path, export, answers, item):
    folder = tmp_path / "khảo sát"
    run("survey", "draft", shared_data / export, "--study", folder)
    run("survey", "pull", folder)
    run("analysis", "tables", folder)
    assert (folder / "charts/muc-do.png").stat().st_size > 20_000
    study = Study.open(folder)
    assert len(study.answers()) == answers
    source = pd.read_csv(shared_data / export, dtype=str)
    title = study.form.questions[item].title.vi
    words = next(source[column] for column in source if " ".join(column.split()) == title).dropna()
    expected = words.value_counts(normalize=True)
    book = openpyxl.load_workbook(folder / "tables/bang-so-lieu.xlsx", read_only=True)
    head, *rows = book["Tỉ lệ"].iter_rows(values_only=True)
    column = {name: place for place, name in enumerate(head)}
    ours = {row[column["Trả lời"]]: row[column["Ước lượng"]] for row in rows if row[column["Mã"]] == item}
    assert {word for word, share in ours.items() if share} == set(expected.index)
    for word, share in expected.items():
        assert ours[word] == rounded(share, 3)  # as it is published


def test_the_mean_of_a_real_item_is_the_mean_of_its_numbers(shared_data, tmp_path):
    folder = tmp_path / "khảo sát"
    run("survey", "draft", shared_data / "carpentries/instructor_training_post_2018.csv", "--study", folder)
    run("survey", "pull", folder)
    from analysis import means

    frame = Study.open(folder).answers()
    numbers = pd.read_csv(shared_data / "carpentries/instructor_training_post_2018.csv")["LikelyToRecommend"].dropna()
    row = means(frame, ["likelytorecommend"]).iloc[0]
    assert (row["n"], row["estimate"]) == (len(numbers), pytest.approx(numbers.mean(), rel=1e-12))
    # those who left the question empty are in the sample and outside the base, as in R: svymean(~y, d, na.rm = TRUE)
    z = (numbers - numbers.mean()) / len(numbers)
    assert row["se"] == pytest.approx(np.sqrt(967 / 966 * (z**2).sum()), rel=1e-12)
