"""The variance of any estimate that is a sum over cells: strata, clusters, two stages, finite populations, calibration."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.codes import codes, first, joined
from analysis.cube import Counts
from analysis.design import Design
from survey.errors import DesignError, Text


@dataclass(frozen=True)
class Cells:
    """Cells of the cube as arrays, in domains (an item in a group), with the strata as they were sampled.

    A cell's domain is -1 where it belongs to none. Strata of two waves are two, PSUs of two strata are two.
    """

    design: Design
    domain: np.ndarray
    domains: int
    n: np.ndarray
    used: np.ndarray  # rows of positive weight
    w: np.ndarray
    w2: np.ndarray
    stratum: np.ndarray
    psu: np.ndarray  # the cell's own number where each row is a PSU
    ssu: np.ndarray  # the same for SSUs
    sampled: np.ndarray  # per stratum: n, in PSUs or rows
    population: np.ndarray  # per stratum: N; missing where the design has none
    psu_sampled: np.ndarray  # per PSU: m, in SSUs or rows
    psu_population: np.ndarray  # per PSU: M
    survey: np.ndarray  # per stratum: the number of its wave

    @classmethod
    def of(cls, counts: Counts | pd.DataFrame, design: Design, domain: np.ndarray, wave: str | None) -> Cells:
        """The arrays of a cube's cells. Every item's cells hold all rows, so the strata are counted in one item's."""
        counts = Counts.of(counts) if isinstance(counts, pd.DataFrame) else counts
        keys, key = counts.keys, counts.key
        of_wave = codes(keys, [wave] if wave else [])
        stratum_of = joined(of_wave, codes(keys, ["stratum"] if design.stratum else []))
        psu_of = joined(stratum_of, codes(keys, ["psu"])) if design.psu else np.zeros(len(keys), dtype=np.int64)
        ssu_of = joined(psu_of, codes(keys, ["ssu"])) if design.ssu else np.zeros(len(keys), dtype=np.int64)
        stratum, psu, ssu = stratum_of[key], psu_of[key], ssu_of[key]
        one = counts.item == 0
        strata, psus = stratum_of.max(initial=-1) + 1, psu_of.max(initial=-1) + 1
        if design.psu:
            sampled = np.bincount(first(stratum_of, psu_of, psus), minlength=strata).astype(float)
        else:
            sampled = np.bincount(stratum[one], counts.n[one], strata)
        if design.ssu:
            psu_sampled = np.bincount(first(psu_of, ssu_of, ssu_of.max(initial=-1) + 1), minlength=psus).astype(float)
        else:
            psu_sampled = np.bincount(psu[one], counts.n[one], psus)
        population, psu_population = np.full(strata, np.nan), np.full(psus, np.nan)
        if design.population:
            population = first(keys["population"].to_numpy(float), stratum_of, strata)
        if design.psu and design.psu_population:
            psu_population = first(keys["psu_population"].to_numpy(float), psu_of, psus)
        _require_room(keys, stratum_of, sampled, population, f"population={design.population!r}")
        _require_room(keys, psu_of, psu_sampled, psu_population, f"psu_population={design.psu_population!r}")
        cells = np.arange(len(key))
        return cls(
            design,
            domain,
            int(domain.max(initial=-1)) + 1,
            counts.n,
            counts.used,
            counts.w,
            counts.w2,
            stratum,
            psu if design.psu else cells,
            ssu if design.ssu else cells,
            sampled,
            population,
            psu_sampled,
            psu_population,
            first(of_wave, stratum_of, strata),
        )

    def keep(self, cells: np.ndarray) -> Cells:
        """Only these cells, in the same strata: the others' PSUs stay in as zeros."""
        fields = ("domain", "n", "used", "w", "w2", "stratum", "psu", "ssu")
        return replace(self, **{name: getattr(self, name)[cells] for name in fields})

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum of the values of each domain's cells."""
        return np.bincount(self.domain, values, self.domains)

    @cached_property
    def weight(self) -> np.ndarray:
        """The sum of the weights of each domain."""
        return self.sums(self.w)

    @cached_property
    def answers(self) -> np.ndarray:
        """The rows of each domain."""
        return self.sums(self.n)

    @cached_property
    def people(self) -> np.ndarray:
        """Those each domain stands for: the strata's people, times the domain's share of each stratum's rows."""
        if not self.design.population:
            return np.full(self.domains, np.nan)
        if self.design.psu:
            return self.weight
        return self.sums(self.n * (self.population / self.sampled)[self.stratum])

    @cached_property
    def simple_samples(self) -> tuple[np.ndarray, np.ndarray]:
        """The domains that are the sample of one stratum with equal weights, and that stratum's people."""
        if not self.design.corrected or self.design.psu or self.design.margins:
            return np.zeros(0, dtype=int), np.zeros(0, dtype=int)
        strata = np.bincount(self._parts.group, minlength=self.domains)
        stratum = first(self._parts.whole, self._parts.group, self.domains)
        n = self.answers
        with np.errstate(invalid="ignore", divide="ignore"):
            mean, square = self.weight / n, self.sums(self.w2) / n
            alike = np.abs(square - mean**2) <= 1e-12 * square
        chosen = np.flatnonzero((strata == 1) & alike & (n == self.sampled[stratum]))
        return chosen, self.population[stratum[chosen]].astype(int)

    @property
    def free(self) -> np.ndarray:
        """1 - n/N of each stratum: the share of the variance that is left."""
        return 1 - self.sampled / self.population if self.design.corrected else np.ones(len(self.sampled))

    @cached_property
    def _parts(self) -> _Units:
        """Domain x stratum."""
        return _Units.of(joined(self.domain, self.stratum), self.domain, self.stratum)

    @cached_property
    def _units(self) -> _Units:
        """Domain x PSU, each within its domain x stratum; where each row is a PSU, the cells themselves."""
        code = joined(self.domain, self.psu) if self.design.psu else np.arange(len(self.domain))
        return _Units.of(code, self._parts.code, self.psu)

    @cached_property
    def _seconds(self) -> _Units:
        """Domain x SSU, each within its domain x PSU."""
        code = joined(self.domain, self.ssu) if self.design.ssu else np.arange(len(self.domain))
        return _Units.of(code, self._units.code, self.ssu)

    @property
    def _summed(self) -> bool:
        """Whether every stage adds cells up to units, so that the spread inside a cell does not matter."""
        return self.design.psu is not None and (not self.design.psu_population or self.design.ssu is not None)

    @cached_property
    def _spread(self) -> np.ndarray:
        """Sum of (weight - mean weight)^2 in each cell; what is only rounding counts as none."""
        spread = self.w2 - self.w * self.w / self.n
        return np.where(spread > 1e-14 * self.n * self.w2, spread, 0.0)

    @cached_property
    def scatter(self) -> np.ndarray:
        """Sum of (1 - n/N) w^2 of each domain: the variance of a weight's total were every answer drawn by itself."""
        return self.sums(self.free[self.stratum] * self.w2)

    def variances(self, e: np.ndarray) -> np.ndarray:
        """The variance of sum(w e) of each domain; e has a number for each cell.

        Each stratum adds (1 - n/N) n / (n - 1) sum((z - mean z)^2), with z the sums of w e in its PSUs; those without a
        cell of the domain count as zeros; a lonely PSU (n = 1 of more) is taken about 0. Second stage: each PSU adds
        n/N (1 - m/M) m / (m - 1) of the same within it. R: `survey:::svyrecvar`.
        """
        z = self.w * e
        within = z if self._summed else e**2 * self._spread
        parts, units = self._parts, self._units
        clustered = self.design.psu is not None
        first_stage = units.squares(z, within, self.n, clustered, self.sampled[parts.whole], len(parts.group))
        variance = np.bincount(parts.group, self.free[parts.whole] * first_stage, self.domains)
        if not (clustered and self.design.corrected and self.design.psu_population):
            return variance
        left = 1 - self.psu_sampled / self.psu_population
        seconds, several = self._seconds, self.design.ssu is not None
        second_stage = seconds.squares(z, within, self.n, several, self.psu_sampled[units.whole], len(units.group))
        taken = (self.sampled / self.population)[parts.whole][units.group]
        return variance + np.bincount(parts.group[units.group], taken * left[units.whole] * second_stage, self.domains)

    def covariance(self, e: np.ndarray) -> np.ndarray:
        """The covariances of several sums of one domain; e has a row for each cell and a column for each sum."""
        own = np.array([self.variances(column)[0] for column in e.T])
        covariance = np.diag(own)
        for one, two in combinations(range(e.shape[1]), 2):
            both = self.variances(e[:, one] + e[:, two])[0]
            covariance[one, two] = covariance[two, one] = (both - own[one] - own[two]) / 2
        return covariance

    @cached_property
    def lonely(self) -> np.ndarray:
        """Whether a lonely PSU was taken about 0 in a domain."""
        alone = ((self.sampled == 1) & (self.free > 0))[self._parts.whole]
        return np.bincount(self._parts.group, alone, self.domains) > 0

    @cached_property
    def df(self) -> np.ndarray:
        """Of each domain: PSUs with an answer of positive weight, less strata with one."""
        counted = np.bincount(self._parts.code, self.used, len(self._parts.group)) > 0
        strata = np.bincount(self._parts.group, counted, self.domains)
        if not self.design.psu:
            return self.sums(self.used) - strata
        held = np.bincount(self._units.code, self.used, len(self._units.group)) > 0
        return np.bincount(self._parts.group[self._units.group], held, self.domains) - strata


@dataclass(frozen=True)
class _Units:
    """Units (PSUs or strata of a domain) that cells are summed to: each cell's unit, and what each unit belongs to."""

    code: np.ndarray  # per cell
    group: np.ndarray  # per unit: the part it lies in
    whole: np.ndarray  # per unit: its stratum, PSU or SSU

    @classmethod
    def of(cls, code: np.ndarray, group: np.ndarray, whole: np.ndarray) -> _Units:
        units = code.max(initial=-1) + 1
        return cls(code, first(group, code, units), first(whole, code, units))

    def squares(
        self, z: np.ndarray, within: np.ndarray, n: np.ndarray, summed: bool, sampled: np.ndarray, parts: int
    ) -> np.ndarray:
        """n / (n - 1) sum((z - mean z)^2) of each part, from the sums of its units; a lonely unit: z^2.

        summed: cells are added up to units; else each cell is `n` units with sum z and inner spread `within`.
        """
        if summed:
            z = np.bincount(self.code, z, len(self.group))
            count, within = np.ones(len(z)), np.zeros(len(z))
        else:
            count = n
        total = np.bincount(self.group, z, parts)
        mean = total / sampled
        about = count * (z / count - mean[self.group]) ** 2 + within
        absent = sampled - np.bincount(self.group, count, parts)
        squares = np.bincount(self.group, about, parts) + absent * mean**2
        return np.where(sampled > 1, squares * sampled / np.maximum(sampled - 1, 1), total**2)


def _require_room(cells: pd.DataFrame, code: np.ndarray, sampled: np.ndarray, population: np.ndarray, where: str):
    over = np.flatnonzero(sampled > population)
    if len(over):
        place = int(np.flatnonzero(code == over[0])[0])
        name = next(
            (cells[c].iloc[place] for c in ("psu", "stratum") if c in cells and (c in where or c == "stratum")), 0
        )
        raise DesignError(
            f"Design({where})",
            rule=Text(
                "Số trả lời của một tầng không vượt tổng thể của tầng.",
                "A stratum's answers are within its population.",
            ),
            found=f"{name}: {sampled[over[0]]:g} > {population[over[0]]:g}",
            cure=Text(
                'Sửa tổng thể; bảng nhiều đợt thì thêm by=["wave"].',
                'Mend the population; with several waves add by=["wave"].',
            ),
        )
