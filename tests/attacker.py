"""A reader who wants to know what single people answered: he has what is published, and knows how many of each unit and role
answered. Written apart from what guards the tables; of that nothing is imported."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Cell = tuple[str, str]  # unit, role


@dataclass(frozen=True)
class Table:
    """A published table of shares: of the whole ("", ""), of ("unit", "toan") or ("role", "giao_vien")."""

    group: str
    level: str
    shares: tuple[float, ...]  # of each answer, as printed

    def holds(self, cell: Cell) -> bool:
        return self.group == "" or cell[("unit", "role").index(self.group)] == self.level


@dataclass(frozen=True)
class Reader:
    """people: how many of each cell answered. weights: of one person of each cell in each table, as the rule has it.

    step: how finely the shares are printed in (groups, the whole); 0: exactly.
    """

    people: dict[Cell, int]
    tables: tuple[Table, ...]
    weights: dict[Cell, float] | None = None
    step: tuple[float, float] = (0.01, 0.001)

    def can_be(self, goal: np.ndarray) -> float:
        """The most of goal x (answers of cells) over everything that gives the tables as printed."""
        cells, size = list(self.people), len(self.tables[0].shares)
        rows, low, high = [], [], []
        for place, cell in enumerate(cells):
            row = np.zeros((len(cells), size))
            row[place] = 1
            rows.append(row.ravel())
            low.append(self.people[cell])
            high.append(self.people[cell])
        for table in self.tables:
            weight = np.array([(self.weights or {}).get(c, 1.0) * table.holds(c) for c in cells])
            base = float(weight @ [self.people[c] for c in cells])
            step = self.step[table.group == ""]
            for answer, share in enumerate(table.shares):
                row = np.zeros((len(cells), size))
                row[:, answer] = weight / base
                rows.append(row.ravel())
                room = step / 2 + 1e-7
                least = 0.0 if share > 1e-9 else -room  # a share that is printed above 0 is of somebody
                low.append(max(share - room, least))
                high.append(share + room)
        found = milp(
            -goal.ravel(),
            constraints=LinearConstraint(np.array(rows), low, high),
            bounds=Bounds(0, np.repeat([self.people[c] for c in cells], size)),
            integrality=np.ones(len(cells) * size),
        )
        assert found.status == 0, found.message  # an attack that was not made has found nothing, and proves nothing
        return float(-found.fun)

    def knows(self, cells: list[Cell], answer: int) -> bool:
        """Whether these people can only all have given the answer."""
        goal = np.zeros((len(self.people), len(self.tables[0].shares)))
        goal[[list(self.people).index(cell) for cell in cells]] = 1
        goal[:, answer] = 0
        return self.can_be(goal) < 0.5

    def knows_table(self, cells: list[Cell], truth: np.ndarray) -> bool:
        """Whether the answers of these people together can only be as they are."""
        for answer, count in enumerate(truth):
            goal = np.zeros((len(self.people), len(truth)))
            goal[[list(self.people).index(cell) for cell in cells], answer] = 1
            if self.can_be(goal) > count + 0.5 or -self.can_be(-goal) < count - 0.5:
                return False
        return True


def found(truth: dict[Cell, np.ndarray], tables: tuple[Table, ...], k: int, **settings) -> list[str]:
    """Everybody of a cell of fewer than k people whose answer the reader knows, and hidden tables that he knows.

    truth: of each cell how many gave each answer. Nothing where the whole answered as one.
    """
    people = {cell: int(counts.sum()) for cell, counts in truth.items() if counts.sum()}
    whole = sum(truth.values())
    if (np.asarray(whole) > 0).sum() < 2 or not tables:
        return []
    reader = Reader(people, tables, **settings)
    told = []
    for cell in people:
        gave = np.flatnonzero(truth[cell])
        if people[cell] < k and len(gave) == 1 and reader.knows([cell], int(gave[0])):
            told.append(f"{cell[0]}, {cell[1]}: answer {gave[0]}")
    if settings:
        return told
    seen = {(table.group, table.level) for table in tables}
    for place, group in enumerate(("unit", "role")):
        for level in sorted({cell[place] for cell in people}):
            own = [cell for cell in people if cell[place] == level]
            if (group, level) not in seen and len(own) < len(people):
                counts = sum(truth[cell] for cell in own)
                if reader.knows_table(own, np.asarray(counts)):
                    told.append(f"table of {level}: {np.asarray(counts).tolist()}")
    return told


MOST = 400_000  # sums of one convolution; beyond it the reader's arithmetic is not tried


def beliefs(truth: dict[Cell, np.ndarray], tables: tuple[Table, ...], k: int) -> dict[Cell, np.ndarray] | None:
    """How probable each answer is of one person of each cell of fewer than k people, every possible assignment of answers to
    people being as likely; None where that is too much arithmetic.

    Counted out person by person in whole numbers: the units' ways to split their answers over the roles, convolved up to the
    roles' published counts. Hidden units are one unit, hidden roles one role.
    """
    shown = {(t.group, t.level) for t in tables}
    if ("", "") not in shown:
        return {}
    unit = {c: c[0] if ("unit", c[0]) in shown else "" for c in truth}
    role = {c: c[1] if ("role", c[1]) in shown else "" for c in truth}
    n, answers, wanted = defaultdict(int), defaultdict(int), defaultdict(int)
    for cell, counts in truth.items():
        n[unit[cell], role[cell]] += int(counts.sum())
        answers[unit[cell]] = answers[unit[cell]] + counts
        wanted[role[cell]] = wanted[role[cell]] + counts
    roles = sorted(wanted, key=lambda one: -int(np.sum(wanted[one])))[1:]  # the largest has what is left
    goal = tuple(int(x) for one in roles for x in wanted[one])
    units = sorted(answers, key=lambda one: sum(n[one, r] for r in roles))
    ways = {}
    for one in units:
        ways[one] = splits([n[one, r] for r in roles], answers[one])
        if ways[one] is None:
            return None
    before = [{(0,) * len(goal): 1}]
    for one in units[:-1]:
        before.append(convolved(before[-1], ways[one], goal))
        if before[-1] is None:
            return None
    after = [{goal: 1}]  # what is still wanted behind each unit, from the last one backwards
    for one in units[:0:-1]:
        step = defaultdict(int)
        if len(after[-1]) * len(ways[one]) > MOST:
            return None
        for state, weight in after[-1].items():
            for way, own in ways[one].items():
                left = tuple(a - b for a, b in zip(state, way, strict=True))
                if min(left, default=0) >= 0:
                    step[left] += weight * own
        after.append(step)
    told = {}
    for place, one in enumerate(units):
        mass, total = [0] * len(goal), 0
        behind = after[len(units) - 1 - place]
        if min(len(before[place]), len(behind)) * len(ways[one]) > MOST:
            return None
        for way, own in ways[one].items():
            if len(before[place]) <= len(behind):
                pairs = sum(
                    w * behind.get(tuple(map(sum, zip(s, way, strict=True))), 0) for s, w in before[place].items()
                )
            else:
                pairs = sum(
                    w * before[place].get(tuple(a - b for a, b in zip(s, way, strict=True)), 0)
                    for s, w in behind.items()
                )
            mass = [m + own * pairs * x for m, x in zip(mass, way, strict=True)]
            total += own * pairs
        mean = np.array([m / total for m in mass]).reshape(len(roles), len(answers[one]))
        for cell in truth:
            if unit[cell] == one and 0 < truth[cell].sum() < k:
                own_mean = mean[roles.index(role[cell])] if role[cell] in roles else answers[one] - mean.sum(axis=0)
                told[cell] = own_mean / n[one, role[cell]]
    return told


def splits(people: list[int], total: np.ndarray) -> dict[tuple[int, ...], int] | None:
    """How so many people of each role can have given answers out of `total`, and in how many ways: people are not alike."""
    found = {(): 1}
    for count in people:
        each = [x for x in product(*(range(min(count, int(t)) + 1) for t in total)) if sum(x) == count] if count else [
            (0,) * len(total)
        ]  # fmt: skip
        if len(found) * len(each) > MOST // 10:
            return None
        found = {before + x: 1 for before in found for x in each}
    ways = {}
    for way in found:
        parts = np.array(way, dtype=int).reshape(len(people), len(total))
        left = np.asarray(total) - parts.sum(axis=0)
        if (left >= 0).all():
            ways[way] = math.prod(multinomial(x) for x in [*parts, left])
    return ways


def multinomial(counts) -> int:
    return math.factorial(int(sum(counts))) // math.prod(math.factorial(int(x)) for x in counts)


def convolved(sums: dict, ways: dict, most: tuple[int, ...]) -> dict | None:
    if len(sums) * len(ways) > MOST:
        return None
    found = defaultdict(int)
    for state, weight in sums.items():
        for way, own in ways.items():
            both = tuple(a + b for a, b in zip(state, way, strict=True))
            if all(a <= b for a, b in zip(both, most, strict=True)):
                found[both] += weight * own
    return dict(found)
