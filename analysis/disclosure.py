"""Counts that must not be found: how narrowly a reader can place a hidden count, and the cheapest further counts to hide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

CLOSE = 1e-6  # widths are compared with whole numbers of people
AT_ONCE = 8_000  # unknowns of one linear programme
LARGE = 2_000_000  # unknowns of one attack above which nothing is optimised
GLANCES = 12  # programmes that look at all cells together, before each is looked at by itself
FEW = 4_000  # unknowns of one attack below which looking at each cell by itself is as quick
ROUNDS = 200
NODES = 2_000  # of one branch and bound; a limit in seconds would not give the same table on every machine


@dataclass(frozen=True)
class Protection:
    """What is hidden in the end; whether it is the cheapest choice, or all there was to hide; the narrowest interval."""

    hidden: np.ndarray
    cheapest: bool
    narrowest: float  # in people; 0 where that is not known


def widths(
    counts: np.ndarray, sums: np.ndarray, hidden: np.ndarray, cells: np.ndarray, most: np.ndarray | None = None
) -> np.ndarray:
    """How many people wide the interval is into which a reader can place each of `cells` (their places): 0 is found.

    counts: people in each cell. sums: relations x cells, whose products with the counts everybody knows (a row of 1 for a
    total and -1 for its parts, giving 0; or of 1s, giving a known total). The reader also knows each count that is not
    `hidden`, that none is negative, and none above `most` (default: no limit). Two linear programmes for each cell: the
    most and the least that it can be. R: sdcTable, `attack()`.
    """
    counts, sums, hidden = np.asarray(counts, float), np.asarray(sums, float), np.asarray(hidden, bool)
    return _attack(counts, sums, hidden, np.asarray(cells, int), _room(counts, most))[0]


def protect(
    counts: np.ndarray,
    sums: np.ndarray,
    k: float | np.ndarray,
    *,
    unsafe: np.ndarray,
    hidden: np.ndarray | None = None,
    cost: np.ndarray | None = None,
    others: bool = True,
    most: np.ndarray | None = None,
) -> Protection:
    """The cheapest set of cells to hide so that no reader can place a hidden count within less than k people.

    counts, sums, most: as in `widths`. k: one number, or one for each cell. unsafe: cells that are hidden and must not be found;
    `hidden`: further cells that are hidden or never were shown, and that need no protecting of their own. cost: of hiding
    a cell (default its count plus 1; infinite: it is never hidden). others: what is hidden on the way must not be found
    either. Where not even hiding every cell leaves an interval of k, as wide a one as that leaves is asked for.

    Integer programme over cutting planes: the linear programmes of the attack give, by duality, an inequality that every
    safe choice meets and the present one does not (Fischetti and Salazar 2001, Management Science 47, 1008-1027); solved
    again by HiGHS until the attack finds nothing. Above a fixed size or number of rounds everything with a finite cost is
    hidden, which is always as safe as can be, and `cheapest` is False. The same tables give the same choice on every
    machine. Peer: R's sdcTable, `protectTable(method = "OPT")`.
    """
    counts, sums = np.asarray(counts, float), np.asarray(sums, float)
    unsafe = np.asarray(unsafe, bool)
    kept = np.zeros(len(counts), bool) if hidden is None else np.asarray(hidden, bool) & ~unsafe
    cost = counts + 1 if cost is None else np.asarray(cost, float)
    wanted = np.broadcast_to(np.asarray(k, float), counts.shape)
    start = unsafe | kept
    everything = start | np.isfinite(cost)
    room = _room(counts, most)
    chosen, rows, least = start, [], []
    reach = np.full(len(counts), np.nan)
    narrowest = np.inf
    for _ in range(ROUNDS):
        cells = np.flatnonzero(chosen & (unsafe | ~start)) if others else np.flatnonzero(unsafe)
        wide = _glance(counts, sums, chosen, cells, room, wanted)
        narrowest, cells = float(wide[wide >= wanted[cells]].min(initial=np.inf)), cells[wide < wanted[cells]]
        if len(cells) * chosen.sum() * 2 > LARGE:
            return Protection(everything, False, 0.0)
        found, reaches = _attack(counts, sums, chosen, cells, room)
        narrowest = min(narrowest, float(found.min(initial=np.inf)))
        narrow = found < wanted[cells] - CLOSE
        new = cells[narrow & np.isnan(reach[cells])]
        if len(new) * everything.sum() * 2 > LARGE:
            return Protection(everything, False, 0.0)
        reach[new] = _attack(counts, sums, everything, new, room)[0]
        asked = np.fmin(wanted, reach)[cells]
        open_ = found < asked - CLOSE
        if not open_.any():
            return Protection(chosen, True, narrowest)
        for cell, need, coefficients in zip(cells[open_], asked[open_], reaches[open_], strict=True):
            row = np.minimum(coefficients, need)  # no cell can give more than is asked
            if not start[cell]:
                row[cell] -= need  # asked for only where this cell is hidden
            rows.append(row)
            least.append(0.0 if not start[cell] else need)
        best = _cover(np.where(np.isfinite(cost), cost, 0), np.array(rows), np.array(least), start, everything)
        if best is None or (best == chosen).all():
            break
        chosen = best
    return Protection(everything, False, 0.0)


def _room(counts: np.ndarray, most: np.ndarray | None) -> np.ndarray:
    """How much more each count may be; without a limit, more than any known total leaves."""
    return counts.sum() + 1000.0 - counts if most is None else np.maximum(np.asarray(most, float) - counts, 0)


def _glance(
    counts: np.ndarray, sums: np.ndarray, hidden: np.ndarray, cells: np.ndarray, above: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """Widths that are certain at least: how far apart a few possible tables are, each far up in some cells and down in others.

    A province has thousands of combinations of groups, nearly all of which lie in wide intervals.
    """
    free = np.flatnonzero(hidden)
    low, high = np.zeros(len(counts)), np.zeros(len(counts))
    random = np.random.default_rng(0)
    for _ in range(GLANCES if len(cells) * len(free) * 2 > FEW else 0):
        left = cells[(high - low)[cells] < wanted[cells]]
        if not len(left):
            break
        goal = np.zeros(len(counts))
        goal[left] = random.choice([-1.0, 1.0], len(left))
        limits = np.column_stack([-counts[free], above[free]])
        solved = linprog(goal[free], A_eq=sparse.csr_array(sums[:, free]), b_eq=np.zeros(len(sums)), bounds=limits)
        assert solved.status == 0, solved.message
        low[free], high[free] = np.minimum(low[free], solved.x), np.maximum(high[free], solved.x)
    return (high - low)[cells]


def _attack(
    counts: np.ndarray, sums: np.ndarray, hidden: np.ndarray, cells: np.ndarray, above: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The width of each cell's interval, and a row of numbers whose sum over any hidden set is no less than its width."""
    free = np.flatnonzero(hidden)
    among = sums[:, free]
    limits = np.column_stack([-counts[free], above[free]])
    found, reaches = np.zeros(len(cells)), np.zeros((len(cells), len(counts)))
    step = max(1, AT_ONCE // max(1, 2 * len(free)))
    for first in range(0, len(cells), step):
        part = np.asarray(cells[first : first + step])
        ends = np.zeros((2 * len(part), len(counts)))
        ends[np.arange(0, len(ends), 2), part], ends[np.arange(1, len(ends), 2), part] = -1, 1
        equal = sparse.kron(sparse.eye_array(len(ends)), sparse.csr_array(among), format="csr")
        solved = linprog(
            ends[:, free].ravel(),
            A_eq=equal if len(sums) else None,
            b_eq=np.zeros(equal.shape[0]) if len(sums) else None,
            bounds=np.tile(limits, (len(ends), 1)),
            method="highs",
        )
        assert solved.status == 0, solved.message
        moved = (ends[:, free] * solved.x.reshape(len(ends), -1)).sum(axis=1)
        prices = solved.eqlin.marginals.reshape(len(ends), -1) if len(sums) else np.zeros((len(ends), 0))
        reduced = ends - prices @ sums
        reduced[np.abs(reduced) < 1e-9] = 0
        bound = np.where(reduced > 0, reduced * counts, -reduced * above)
        found[first : first + len(part)] = -(moved[::2] + moved[1::2])
        reaches[first : first + len(part)] = bound[::2] + bound[1::2]
    return found, reaches


def _cover(
    cost: np.ndarray, rows: np.ndarray, least: np.ndarray, start: np.ndarray, most: np.ndarray
) -> np.ndarray | None:
    """The cheapest set between `start` and `most` that meets every inequality; None where the search is cut short."""
    found = milp(
        cost,
        constraints=LinearConstraint(sparse.csr_array(rows), lb=least - CLOSE),
        bounds=Bounds(start.astype(float), most.astype(float)),
        integrality=np.ones(len(cost)),
        options={"node_limit": NODES, "mip_rel_gap": 0},
    )
    return found.x > 0.5 if found.status == 0 else None
