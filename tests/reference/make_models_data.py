"""Pretend data for models.R, written beside this file: ordinal.csv (answers in clusters) and panel.csv (people over waves)."""

import csv
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def write(name: str, rows: list[dict]) -> None:
    with (HERE / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def ordinal(rng: np.random.Generator) -> list[dict]:
    """Three strata of 20, 15 and 30 clusters, of which 8, 6 and 9 answered; one answer in fifteen is missing."""
    rows = []
    for stratum, drawn, clusters in (("A", 8, 20), ("B", 6, 15), ("C", 9, 30)):
        for psu in range(drawn):
            effect = rng.normal(0, 0.5)
            for _ in range(rng.integers(6, 13)):
                role, x = rng.choice(["admin", "lead", "teacher"], p=[0.3, 0.25, 0.45]), round(rng.normal(0, 1), 2)
                latent = {"admin": 0.0, "lead": 0.8, "teacher": -0.4}[role] + 0.5 * x + effect + rng.logistic()
                q = int(np.searchsorted([-2, -0.8, 0.5, 1.8], latent)) + 1
                weight = round(clusters / drawn * rng.uniform(0.6, 1.6), 3)
                answer = "" if rng.random() < 1 / 15 else q
                rows.append(
                    {
                        "h": stratum,
                        "psu": f"{stratum}{psu}",
                        "M": clusters,
                        "w": weight,
                        "role": role,
                        "x": x,
                        "q": answer,
                    }
                )
    return rows


def panel(rng: np.random.Generator) -> list[dict]:
    """Forty people over four waves, each answering with probability .8; some answers are not linked to a person."""
    rows = []
    for person in range(40):
        level = rng.normal(3.2, 0.5)
        for wave, shift in ((2025, 0), (2026, 0.1), (2027, 0.3), (2030, 0.2)):
            if rng.random() < 0.8:
                known = f"p{person:02d}" if rng.random() < 0.85 else f"row{person:02d}-{wave}"
                y = round(level + shift + rng.normal(0, 0.5), 2)
                rows.append({"person": known, "wave": wave, "w": round(rng.uniform(1, 2.5), 3), "y": y})
    return rows


if __name__ == "__main__":
    write("ordinal.csv", ordinal(np.random.default_rng(20251)))
    write("panel.csv", panel(np.random.default_rng(20252)))
