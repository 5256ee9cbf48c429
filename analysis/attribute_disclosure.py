"""What published counts of answers tell of single people: whose answer is found, or as good as found; which hidden table is.

The reader knows how many of each combination of groups (unit x role) answered, and every published table. Whatever answers
of these people give the same tables are possible to him.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.special import gammaln

SURE = 0.90  # so probable an answer counts as told,
BEYOND = 0.01  # unless a published share of the person's group says nearly as much (half a point is lost in rounding)
NEAR = 1e-9
CLOSE = 1e-6  # of a fit, in people
NODES = 2_000  # of one branch and bound; what is not solved by then counts as found
STATES = 2_000_000  # splits x states of the exact posterior, above which it is fitted
SWEEPS = 500
TRIED = 60  # groups of one table, of which each is tried before one is hidden


@dataclass(frozen=True)
class Answered:
    """The answers to one question in one wave. A cell is a combination of groups in which somebody answered.

    counts: cells x answers, in people. groups: groups x cells, whether a group's table holds the cell; the whole holds all.
    way: of each group the number of its grouping (all units 0, all roles 1, ...).
    """

    counts: np.ndarray
    groups: np.ndarray
    way: np.ndarray

    @cached_property
    def n(self) -> np.ndarray:
        """People in each cell."""
        return self.counts.sum(axis=1)

    @cached_property
    def tables(self) -> np.ndarray:
        """Groups x answers: what the table of each group says."""
        return self.groups.astype(int) @ self.counts

    @cached_property
    def _read(self) -> dict[bytes, Reader]:
        return {}

    def reader(self, shown: np.ndarray) -> Reader:
        """Who sees the tables of these groups."""
        if shown.tobytes() not in self._read:
            self._read[shown.tobytes()] = Reader(self, shown)
        return self._read[shown.tobytes()]

    def next_to_hide(self, shown: np.ndarray, k: int, cost: np.ndarray) -> list[int]:
        """The group to hide next: the unit (else the role) after which the reader finds least; none where he finds nothing.

        k: people of cells of fewer than k are guarded. cost: of hiding each group; infinite: never. Of very many groups none is
        tried; hidden is the cheapest group of each find.
        """
        found = self.reader(shown).finds(k)
        free = np.flatnonzero(shown & np.isfinite(cost))
        free = free[np.argsort(cost[free], kind="stable")]
        if not found or not len(free):
            return []
        if len(free) > TRIED:
            own = [[group for group in free if (self.groups[group] & cells).any()] or free for cells in found]
            return sorted({int(groups[0]) for groups in own})
        for way in self.by_size:
            choices = [int(group) for group in free if self.way[group] == way]
            left = [len(self.reader(shown & (np.arange(len(shown)) != group)).finds(k)) for group in choices]
            if left and min(left) < len(found):
                return [choices[int(np.argmin(left))]]
        return [int(free[0])]

    @cached_property
    def by_size(self) -> list[int]:
        """The groupings, those of many groups first: one unit of ten is less of a loss than one role of three."""
        ways, groups = np.unique(self.way, return_counts=True)
        return [int(way) for way in ways[np.argsort(-groups, kind="stable")]]


@dataclass(frozen=True)
class Reader:
    """A reader of the tables of the `shown` groups. Cells that no shown table tells apart are one class to him."""

    answered: Answered
    shown: np.ndarray

    def finds(self, k: int) -> list[np.ndarray]:
        """What he finds, each as the cells that it is about: answers of people of cells of fewer than k, hidden tables.

        Nothing where the whole answered as one, and says so.
        """
        if (self.answered.counts.sum(axis=0) > 0).sum() < 2:
            return []
        small = (self.answered.n > 0) & (self.answered.n < k)
        guarded = np.bincount(self.of_cell, small, len(self.n)) > 0
        told = [c for c in np.flatnonzero(guarded).tolist() if self._is_found(c) or self._is_all_but_found(c)]
        return [self.of_cell == c for c in told] + [self.answered.groups[g] for g in self.hidden_tables_found]

    # --- classes

    @cached_property
    def _seen(self) -> np.ndarray:
        return self.answered.groups[self.shown]

    @cached_property
    def of_cell(self) -> np.ndarray:
        """The class of each cell."""
        _, inverse = np.unique(self._seen.T, axis=0, return_inverse=True)
        return inverse.ravel()

    @cached_property
    def counts(self) -> np.ndarray:
        """Classes x answers."""
        counts = np.zeros((self.of_cell.max(initial=-1) + 1, self.answered.counts.shape[1]), dtype=int)
        np.add.at(counts, self.of_cell, self.answered.counts)
        return counts

    @cached_property
    def n(self) -> np.ndarray:
        return self.counts.sum(axis=1)

    @cached_property
    def _within(self) -> list[frozenset[int]]:
        """The shown tables that each class is in."""
        return [frozenset(np.flatnonzero(self._seen[:, cell]).tolist()) for cell in self._cell_of]

    # --- found for certain

    def _is_found(self, c: int) -> bool:
        """Whether a class can only have answered as it did, all alike."""
        if c not in self._known:
            gave = np.flatnonzero(self.counts[c])
            self._known[c] = len(gave) == 1 and self._cannot_differ(c, int(gave[0]))
        return self._known[c]

    @cached_property
    def _known(self) -> dict[int, bool]:
        return {}

    def _cannot_differ(self, c: int, value: int) -> bool:
        if next(self._exchanges(c, value), None):
            return False
        others = np.zeros(self.counts.shape)
        others[c] = 1
        others[c, value] = 0
        most = self._extreme(-others.ravel(), self._seen[:, self._cell_of])
        return most is None or -most < 0.5

    @cached_property
    def _cell_of(self) -> np.ndarray:
        """A cell of each class."""
        return np.unique(self.of_cell, return_index=True)[1]

    def _exchanges(self, c: int, value: int) -> Iterator[tuple[int, int, int]]:
        """Exchanges of answers that change a class and no shown table: with b, while d exchanges back with e.

        c gives `value` to b for another answer; where a table holds one of the two, d and e, which differ in just these
        tables, exchange the same two answers the other way.
        """
        has, places, holding = self.counts > 0, self._places, self._holding
        for b in dict.fromkeys(
            b for table in sorted(self._within[c], key=lambda t: len(holding[t])) for b in holding[table]
        ):
            wanted = [w for w in np.flatnonzero(has[b]) if w != value] if b != c else []
            if not wanted:
                continue
            less, more = self._within[c] - self._within[b], self._within[b] - self._within[c]
            few = min((holding[table] for table in less), key=len, default=range(len(self.n)))
            for d in few:
                tables = self._within[d]
                if d == c or not less <= tables or more & tables:
                    continue
                e = places.get(tables - less | more)
                if e is not None and e != b and has[e, value] and has[d, wanted].any():
                    yield b, d, e

    @cached_property
    def _places(self) -> dict[frozenset[int], int]:
        return {tables: c for c, tables in enumerate(self._within)}

    @cached_property
    def _holding(self) -> list[list[int]]:
        """The classes that each shown table holds."""
        seen = self._seen[:, self._cell_of]
        return [np.flatnonzero(row).tolist() for row in seen]

    def _extreme(self, goal: np.ndarray, seen: np.ndarray, n: np.ndarray | None = None) -> float | None:
        """The least of goal x answers over all answers that give the shown tables; None where that was not solved.

        seen: shown tables x classes (or parts of classes of n people).
        """
        n = self.n if n is None else n
        values = self.counts.shape[1]
        tables = sparse.kron(sparse.csr_array(seen.astype(float)), sparse.eye_array(values))
        people = sparse.kron(sparse.eye_array(len(n)), np.ones((1, values)))
        known = np.concatenate([self.answered.tables[self.shown].ravel(), n])
        found = milp(
            goal,
            constraints=LinearConstraint(sparse.vstack([tables, people]).tocsr(), known, known),
            bounds=Bounds(0, np.repeat(n, values)),
            integrality=np.ones(len(goal)),
            options={"node_limit": NODES, "mip_rel_gap": 0},
        )
        return float(found.fun) if found.status == 0 else None

    # --- hidden tables

    @cached_property
    def hidden_tables_found(self) -> list[int]:
        """Hidden groups whose table the shown ones leave only one way to be."""
        people = self.answered.groups @ self.answered.n
        hidden = np.flatnonzero(~self.shown & (people > 0) & (people < self.answered.n.sum()))
        return [int(group) for group in hidden if self._is_table_found(self.answered.groups[group])]

    def _is_table_found(self, group: np.ndarray) -> bool:
        inside = np.bincount(self.of_cell[group], self.answered.n[group], len(self.n)).astype(int)
        mixed = (self.counts > 0).sum(axis=1) > 1
        if (mixed & (inside > 0) & (inside < self.n)).any():
            return False  # who of the class belongs to the group is not told
        truth = group.astype(int) @ self.answered.counts
        part = np.concatenate([np.arange(len(self.n))] * 2)
        n = np.concatenate([inside, self.n - inside])
        part, belongs, n = part[n > 0], (np.arange(len(part)) < len(self.n))[n > 0], n[n > 0]
        for value in np.flatnonzero(truth):
            goal = np.zeros((len(n), len(truth)))
            goal[belongs, value] = 1
            least = self._extreme(goal.ravel(), self._seen[:, self._cell_of[part]], n)
            if least is not None and least < truth[value] - 0.5:
                return False
        return True

    # --- as good as found

    def _is_all_but_found(self, c: int) -> bool:
        return bool(as_good_as_told(self.posterior[c], self._told[c]).any())

    @cached_property
    def _told(self) -> np.ndarray:
        """Classes x answers: the largest share that a shown table of the class itself says of an answer."""
        tables = self.answered.tables[self.shown]
        shares = tables / np.maximum(tables.sum(axis=1, keepdims=True), 1)
        told = [shares[sorted(within)].max(axis=0) if within else np.zeros(shares.shape[1]) for within in self._within]
        return np.array(told)

    @cached_property
    def posterior(self) -> np.ndarray:
        """Classes x answers: how probable an answer is of one of the class, when all possible answers are equally so.

        Exact for tables of the whole, of one grouping and of a second one, up to a size; else the fit of the tables without
        interaction (iterative proportional fitting), which is what the exact one tends to as groups become many.
        """
        exact = self._exact()
        return (self._fitted() if exact is None else exact) / np.maximum(self.n, 1)[:, None]

    def _fitted(self) -> np.ndarray:
        tables, seen, way = (
            self.answered.tables[self.shown],
            self._seen[:, self._cell_of],
            self.answered.way[self.shown],
        )
        answers = np.eye(self.counts.shape[1])
        margins = [(seen[way == one].astype(float), answers, tables[way == one]) for one in np.unique(way)]
        return fitted(np.ones(self.counts.shape), self.n, margins)

    def _exact(self) -> np.ndarray | None:
        """The expected answers of each class; None where the tables are of another kind, or too many."""
        placed = self._two_ways()
        if placed is None:
            return None
        part, kind = placed  # the unit (or all hidden ones) and the role (or all hidden ones) of each class
        kinds = np.bincount(kind, self.n)
        tracked = [
            k for k in range(len(kinds)) if k != int(np.argmax(kinds))
        ]  # what is left of a unit is the last one's
        totals = np.zeros((part.max() + 1, self.counts.shape[1]), dtype=int)
        np.add.at(totals, part, self.counts)
        if not tracked:
            return totals[part] * (self.n / totals.sum(axis=1)[part])[:, None]
        n = np.zeros((len(totals), len(kinds)), dtype=int)
        np.add.at(n, (part, kind), self.n)
        values = self.counts.shape[1]
        if any(math.prod(math.comb(int(p) + values - 1, int(p)) for p in people) > STATES for people in n[:, tracked]):
            return None
        wanted = np.concatenate([self.counts[kind == k].sum(axis=0) for k in tracked])
        sums = math.prod(math.comb(int(kinds[k]) + values - 1, values - 1) for k in tracked)
        if sums > STATES or math.prod(int(count) + 1 for count in wanted) >= 2**62:
            return None
        expected = _expected([_splits(*unit) for unit in zip(totals, n[:, tracked], strict=True)], wanted)
        if expected is None:
            return None
        of_kinds = np.zeros((len(totals), len(kinds), values))
        of_kinds[:, tracked] = np.array(expected).reshape(len(totals), len(tracked), values)
        of_kinds[:, int(np.argmax(kinds))] = totals - of_kinds.sum(axis=1)
        return of_kinds[part, kind]

    def _two_ways(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Of each class its place in the two groupings, where there are no more and each class is in one group of each."""
        ways = [way for way in np.unique(self.answered.way) if not self.answered.groups[self.answered.way == way].all()]
        whole = self.shown & self.answered.groups.all(axis=1)
        if len(ways) > 2 or not whole.any():
            return None
        places = []
        for way in (way for way in self.answered.by_size if way in ways):  # units, then roles
            own = np.flatnonzero(self.answered.way[self.shown] == way)
            if (self.answered.groups[self.answered.way == way].sum(axis=0) > 1).any():
                return None
            seen = self._seen[own][:, self._cell_of]
            places.append(
                np.where(seen.any(axis=0), seen.argmax(axis=0), len(own)) if len(own) else np.zeros(len(self.n), int)
            )
        while len(places) < 2:
            places.append(np.zeros(len(self.n), int))
        return tuple(np.unique(place, return_inverse=True)[1].ravel() for place in places)  # type: ignore[return-value]


Margin = tuple[np.ndarray, np.ndarray, np.ndarray]  # groups x cells, answers x values, and the table: groups x values


def fitted(possible: np.ndarray, n: np.ndarray, margins: Sequence[Margin]) -> np.ndarray:
    """The likeliest answers of each cell of n people, given tables: iterative proportional fitting (cells x answers).

    possible: 1 where people of a cell can have given an answer, else 0. Within a margin no cell is in two groups, and no answer
    in two values; what is in none is left as it is. R: `loglin(..., fit = TRUE)`. Deming and Stephan (1940).
    """
    x = possible * (n / np.maximum(possible.sum(axis=1), 1))[:, None]
    outside = [1 - np.outer(groups.sum(axis=0), values.sum(axis=1)) for groups, values, _ in margins]
    held = [sparse.csr_array(groups) for groups, _, _ in margins]
    for _ in range(SWEEPS):
        before = x
        for groups, (_, values, table), rest in zip(held, margins, outside, strict=True):
            with np.errstate(invalid="ignore", divide="ignore"):
                factor = np.nan_to_num(table / (groups @ x @ values), posinf=0)
            x = x * (groups.T @ factor @ values.T + rest)
        x = x * (n / np.maximum(x.sum(axis=1), NEAR))[:, None]
        if np.abs(x - before).max(initial=0) < CLOSE:
            break
    return x


def as_good_as_told(posterior: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Where an answer is so probable that it counts as told, though no published share says nearly as much."""
    return (posterior >= SURE - NEAR) & (posterior > told + BEYOND + NEAR)


def _splits(total: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All ways in which kinds of n people can have given answers that are within `total`, the rest being the last kind's:
    (ways x (kinds x answers), the log of how many assignments of answers to people each way stands for)."""
    found, left, log = np.zeros((1, 0), dtype=int), total[None, :], np.zeros(1)
    for people in n:
        x = _compositions(int(people), total)
        place, way = np.nonzero((x[None, :, :] <= left[:, None, :]).all(axis=2))
        found, left = np.hstack([found[place], x[way]]), left[place] - x[way]
        log = log[place] + gammaln(people + 1) - gammaln(x[way] + 1).sum(axis=1)
    return found, log + gammaln(left.sum(axis=1) + 1) - gammaln(left + 1).sum(axis=1)


def _compositions(people: int, most: np.ndarray) -> np.ndarray:
    """All ways to give so many people an answer each, none more often than `most`."""
    found, left = np.zeros((1, 0), dtype=int), np.array([people])
    for place, limit in enumerate(most):
        room = most[place + 1 :].sum()
        way, x = np.nonzero(np.arange(limit + 1)[None, :] <= left[:, None])
        fits = left[way] - x <= room
        way, x = way[fits], x[fits]
        found, left = np.column_stack([found[way], x]), left[way] - x
    return found


def _expected(splits: list[tuple[np.ndarray, np.ndarray]], wanted: np.ndarray) -> list[np.ndarray] | None:
    """The mean split of each unit, over all choices of a split for each that add up to `wanted`; None where too many.

    A forward and a backward pass over the sums that can be reached; the unit of most splits (all hidden ones) comes last.
    """
    order = sorted(range(len(splits)), key=lambda unit: len(splits[unit][1]))
    forward = _reach([splits[unit] for unit in order], wanted)
    backward = _reach([splits[unit] for unit in order[::-1]], wanted)
    if forward is None or backward is None:
        return None
    expected = [np.zeros(len(wanted)) for _ in splits]
    for place, unit in enumerate(order):
        mass = _mass(forward[place], splits[unit], backward[len(order) - 1 - place], wanted)
        expected[unit] = mass @ splits[unit][0] / mass.sum()
    return expected


Sums = tuple[np.ndarray, np.ndarray]  # sums that can be reached, and the weight of the ways to each (scaled)


def _reach(splits: list[tuple[np.ndarray, np.ndarray]], wanted: np.ndarray) -> list[Sums] | None:
    """The sums before each unit, within `wanted`."""
    found: list[Sums] = [(np.zeros((1, len(wanted)), dtype=int), np.ones(1))]
    for x, log in splits[:-1]:
        states, weight = found[-1]
        if len(states) * len(x) > STATES:
            return None
        sums = (states[:, None, :] + x[None, :, :]).reshape(-1, len(wanted))
        mass = (weight[:, None] * np.exp(log - log.max())[None, :]).ravel()
        fits = (sums <= wanted).all(axis=1)
        _, first, inverse = np.unique(_codes(sums[fits], wanted), return_index=True, return_inverse=True)
        weight = np.bincount(inverse, mass[fits])
        found.append((sums[fits][first], weight / weight.max()))
    return found


def _mass(before: Sums, split: tuple[np.ndarray, np.ndarray], after: Sums, wanted: np.ndarray) -> np.ndarray:
    """The weight of each split of a unit, together with all that comes before and after it."""
    few, many = sorted((before, after), key=lambda sums: len(sums[1]))
    codes = _codes(many[0], wanted)
    sort = np.argsort(codes)
    codes, weight, (x, log) = codes[sort], many[1][sort], split
    mass = np.zeros(len(x))
    for state, own in zip(*few, strict=True):
        rest = wanted - state - x
        at = np.minimum(np.searchsorted(codes, _codes(rest, wanted)), len(codes) - 1)
        fits = (rest >= 0).all(axis=1) & (codes[at] == _codes(rest, wanted))
        mass += np.where(fits, own * weight[at], 0.0)
    return mass * np.exp(log - log.max())


def _codes(sums: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """A number for each row of counts, which are 0 to `wanted`."""
    return sums @ np.concatenate([[1], np.cumprod(wanted + 1)[:-1]])
