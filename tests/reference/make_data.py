"""The data behind the reference numbers: a seeded stratified sample, a seeded cluster sample. Run once; the CSVs are kept."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def stratified() -> pd.DataFrame:
    """3 strata of 40, 25 and 15 people with 30, 20 and 15 (a census) answers; some answers missing."""
    random = np.random.default_rng(20251006)
    parts = []
    for h, (population, n) in {"A": (40, 30), "B": (25, 20), "C": (15, 15)}.items():
        y = np.round(random.normal({"A": 3.1, "B": 2.6, "C": 3.8}[h], 0.9, n), 3)
        q = np.clip(np.rint(y), 1, 5)
        g = random.choice(["m", "f"], n)
        parts.append(pd.DataFrame({"h": h, "N": population, "w": population / n, "y": y, "q": q, "g": g}))
    frame = pd.concat(parts, ignore_index=True)
    frame.loc[random.choice(len(frame), 6, replace=False), "y"] = np.nan
    return frame


def clustered() -> pd.DataFrame:
    """2 strata of 30 and 20 schools, 9 and 7 of them in the sample, 5 to 12 people of each, unequal weights."""
    random = np.random.default_rng(20270521)
    rows = []
    school = 0
    for h, (schools, drawn) in {"U": (30, 9), "R": (20, 7)}.items():
        for _ in range(drawn):
            school += 1
            effect = random.normal(0, 0.5)
            for _ in range(random.integers(5, 13)):
                y = round(3 + effect + random.normal(0, 0.8), 3)
                rows.append((h, school, schools, round(random.uniform(1, 6), 2), y, int(np.clip(round(y), 1, 5))))
    return pd.DataFrame(rows, columns=["h", "psu", "M", "w", "y", "q"])


def two_stage() -> pd.DataFrame:
    """2 strata of 12 and 9 schools, 5 and 4 drawn; of their 6 to 10 teachers some drawn, of two schools all."""
    random = np.random.default_rng(20281120)
    rows = []
    school = 0
    for h, (schools, drawn) in {"U": (12, 5), "R": (9, 4)}.items():
        for place in range(drawn):
            school += 1
            staff = int(random.integers(6, 11))
            taken = staff if place == 0 else int(random.integers(3, staff))
            effect = random.normal(0, 0.4)
            for _ in range(taken):
                y = round(3 + effect + random.normal(0, 0.7), 3)
                hours = int(random.integers(10, 25))
                w = schools / drawn * staff / taken
                rows.append((h, school, schools, staff, w, y, hours, int(np.clip(round(y), 1, 5))))
    return pd.DataFrame(rows, columns=["h", "psu", "M", "staff", "w", "y", "hours", "q"])


def panel() -> pd.DataFrame:
    """Three waves (2025, 2027, 2030) of 2 strata of people; most answer more than once, nobody changes strata."""
    random = np.random.default_rng(20300601)
    rows = []
    for h, people in {"A": 40, "B": 25}.items():
        level = random.normal(3, 0.6, people)
        for wave, shift in {2025: 0.0, 2027: 0.25, 2030: 0.9}.items():
            for person in np.flatnonzero(random.random(people) < 0.8):
                y = round(level[person] + shift + random.normal(0, 0.5), 3)
                rows.append((wave, h, f"{h}{person:02d}", people, round(random.uniform(1, 2), 2), y))
    return pd.DataFrame(rows, columns=["wave", "h", "person", "N", "w", "y"])


def scale() -> pd.DataFrame:
    """Five items on five points of 90 people in 2025 and 80 in 2027; item f drifts, item e hardly belongs."""
    random = np.random.default_rng(20260915)
    rows = []
    for wave, people in {2025: 90, 2027: 80}.items():
        level = random.normal(3 + 0.3 * (wave == 2027), 0.8, people)
        for one in level:
            loads = {"a": 1.0, "b": 0.9, "c": 0.7, "e": 0.3, "f": 0.8}
            y = {i: 3 + b * (one - 3) + random.normal(0, 0.7) for i, b in loads.items()}
            y["f"] += 0.9 * (wave == 2027)
            rows.append({"wave": wave} | {i: int(np.clip(round(v), 1, 5)) for i, v in y.items()})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    scale().to_csv(HERE / "scale.csv", index=False)
    two_stage().to_csv(HERE / "two_stage.csv", index=False)
    panel().to_csv(HERE / "waves.csv", index=False)
    stratified().to_csv(HERE / "stratified.csv", index=False)
    clustered().to_csv(HERE / "clustered.csv", index=False)
