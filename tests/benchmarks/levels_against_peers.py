"""How long do all shares, means, standard errors and intervals take, beside a bare group-by of the same cells and beside peers?

    python tests/benchmarks/levels_against_peers.py [--people 60000] [--items 40] [--peer-items 1]

A province: 60,000 staff of 1,000 schools (the PSUs, in 50 strata) x 6 waves x 40 items, by wave and role, from a Parquet file.
A school: 80 staff in strata with a finite-population correction, from a pandas frame. svy and R survey are timed on a few
items and counted for all; the smallest of three runs is taken. Ratios are printed, nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from analysis import Design, levels

R = """
suppressMessages(library(survey)); suppressMessages(library(stats)); options(survey.lonely.psu = "adjust")
a <- read.csv("{csv}"); t <- proc.time()[["elapsed"]]
d <- svydesign(ids = ~school, strata = ~stratum, weights = ~w, data = a)
for (q in c({items})) {{
  svyby(as.formula(paste0("~", q)), ~wave + role, d, svymean)
  svyby(as.formula(paste0("~factor(", q, ")")), ~wave + role, d, svymean)
}}
cat(proc.time()[["elapsed"]] - t)
"""


def answers(people: int, items: int, schools: int) -> pd.DataFrame:
    random = np.random.default_rng(1)
    school = random.integers(0, schools, people)
    role = random.choice(["teacher", "manager", "employee"], people, p=[0.7, 0.1, 0.2])
    waves = []
    for wave in range(2025, 2031):
        frame = {"wave": wave, "school": school, "stratum": school % 50, "role": role, "w": 1 + 0.1 * (school % 7)}
        waves.append(pd.DataFrame(frame | {f"q{i}": random.integers(1, 6, people, dtype="int8") for i in range(items)}))
    return pd.concat(waves, ignore_index=True)


def best(run: Callable[[], object], times: int = 3) -> float:
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        spent.append(time.perf_counter() - start)
    return min(spent)


def province(people: int, items: int, peer_items: int) -> None:
    names = [f"q{i}" for i in range(items)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.parquet"
        frame = answers(people, items, schools=1000)
        frame.to_parquet(file)
        few = frame[["wave", "school", "stratum", "role", "w", *names[:peer_items]]]
        few.to_csv(Path(folder) / "few.csv", index=False)
        del frame
        relation = duckdb.connect().sql(f"from '{file}'")
        design = Design("w", "stratum", "school")

        def bare() -> None:
            for name in names:
                relation.query(
                    "t",
                    f"select wave, role, stratum, school, {name}, count(*) n, sum(w) w, sum(w * w) w2 from t group by all",
                ).to_arrow_table()

        ours = best(lambda: levels(relation, names, design, by=["wave", "role"]))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"province: {people:,} people x 6 waves x {items} items x 3 roles: {ours:.2f} s, peak {memory:.2f} GB")
        print(f"  / bare DuckDB group-by of the same cells: {ours / best(bare):.2f}")
        for peer, spent in (("svy", svy(few, names[:peer_items])), ("R survey", r_survey(folder, names[:peer_items]))):
            if spent is not None:
                print(f"  {peer} / ours: {spent * items / peer_items / ours:.0f} ({peer_items} of {items} items timed)")


def svy(frame: pd.DataFrame, items: list[str]) -> float:
    import svy as package

    data = pl.from_pandas(frame)

    def run() -> None:
        sample = package.Sample(data, package.Design(wgt="w", stratum="stratum", psu="school"))
        for item in items:
            sample.estimation.mean(item, by=["wave", "role"])
            sample.estimation.prop(item, by=["wave", "role"], ci_method="wilson")

    return best(run)


def r_survey(folder: str, items: list[str]) -> float | None:
    if shutil.which("Rscript") is None:
        return None
    script = R.format(csv=Path(folder) / "few.csv", items=", ".join(f'"{item}"' for item in items))
    return float(subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=True).stdout)


def school(items: int) -> None:
    frame = answers(80, items, schools=6).assign(w=1.0)
    frame["population"] = frame.groupby(["wave", "school"])["w"].transform("size") + 3
    names = [f"q{i}" for i in range(items)]
    keys = ["wave", "role", "school", "population"]

    def bare() -> None:
        long = frame.assign(w2=frame["w"] ** 2).melt([*keys, "w", "w2"], names)
        long.groupby(["variable", *keys, "value"], dropna=False).agg(n=("w", "size"), w=("w", "sum"), w2=("w2", "sum"))

    design = Design("w", "school", None, "population")
    ours = best(lambda: levels(frame, names, design, by=["wave", "role"]), 10)
    print(f"school: 80 people x 6 waves x {items} items x 3 roles: {1000 * ours:.0f} ms")
    print(f"  / bare pandas group-by of the same cells: {ours / best(bare, 10):.1f}")


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("--people", type=int, default=60_000)
    asked.add_argument("--items", type=int, default=40)
    asked.add_argument("--peer-items", type=int, default=1)
    given = asked.parse_args()
    school(given.items)
    province(given.people, given.items, given.peer_items)
