"""How the answers came about: the names of the weight, stratum, PSU and population columns, and what is inferred."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from survey.errors import DesignError, Text

Target = Literal["descriptive", "analytic"]
TARGETS: tuple[str, ...] = get_args(Target)


@dataclass(frozen=True)
class Design:
    """Names of columns of a frame, and the target of inference.

    weight: people of the population that a row stands for; none: every row counts the same.
    stratum: the parts of the population that were sampled, or answered, separately; none: one stratum.
    psu: primary sampling unit; none: each row is its own.
    population: size of the row's stratum in the population, in rows (in PSUs where `psu` is given); none: no
        finite-population correction.
    target: "descriptive" is about these people now (the correction applies; a full census has standard error 0);
        "analytic" is about the process that produced them (no correction).
    ssu: secondary sampling unit within the PSU; none: each row is its own. Only read where `psu_population` is given.
    psu_population: size of the row's PSU in the population, in SSUs: the second stage then has a correction of its own.
    margins: columns to whose population margins the weights were raked; the variance is then that of the residuals.
    base_weight: the weights before they were raked; none: every row the same.

    R: `survey::svydesign(ids = ~psu or ~1, strata = ~stratum, weights = ~weight, fpc = ~population)`, with two stages
    `svydesign(ids = ~psu + ssu, fpc = ~population + psu_population)`; for "analytic" the same without `fpc`; with margins
    `calibrate(design, ~unit + role, calfun = "raking")`.
    """

    weight: str | None = None
    stratum: str | None = None
    psu: str | None = None
    population: str | None = None
    target: Target = "descriptive"
    ssu: str | None = None
    psu_population: str | None = None
    margins: tuple[str, ...] = ()
    base_weight: str | None = None

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            near = get_close_matches(str(self.target), TARGETS, 1)
            raise DesignError(
                f"Design(target={self.target!r})",
                rule=Text(f"target là một trong: {', '.join(TARGETS)}.", f"target is one of: {', '.join(TARGETS)}."),
                found=repr(self.target),
                cure=Text(
                    f"Viết target={near[0]!r}." if near else "Viết đúng một trong hai tên ấy.",
                    f"Write target={near[0]!r}." if near else "Write one of these names.",
                ),
            )

    @property
    def corrected(self) -> bool:
        """Whether the finite-population correction applies."""
        return self.population is not None and self.target == "descriptive"

    @property
    def columns(self) -> list[str]:
        """Every column that the design names."""
        named = (self.weight, self.stratum, self.psu, self.population, self.ssu, self.psu_population, self.base_weight)
        return [*filter(None, named), *self.margins]
