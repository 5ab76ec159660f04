"""Exact ratios of whole numbers: half-up rounding by integers, and the words shown to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NO_RATIO = "—"
"""What is shown where there is nothing to divide by: neither 0% nor an error."""

RATIO_DECIMALS = 12


def half_up(numerator: int, denominator: int, decimals: int = 0) -> int:
    """The quotient in units of 10**-decimals, ties away from zero: half_up(100, 16, 1) is 63, for 6.3.

    Integers only, so no binary fraction can tip a tie. ValueError unless the denominator is positive.
    """
    if denominator <= 0:
        raise ValueError("a ratio needs a positive denominator")
    scale: int = 10**decimals
    rounded = (2 * abs(numerator) * scale + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def format_quotient(numerator: int, denominator: int, decimals: int) -> str:
    """The quotient with exactly `decimals` places, half-up: format_quotient(1, 16, 3) is 0.063."""
    rounded = half_up(numerator, denominator, decimals)
    digits = str(abs(rounded)).zfill(decimals + 1)
    sign = "-" if rounded < 0 else ""
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"


def format_percent(numerator: int | None, denominator: int | None, decimals: int = 1) -> str:
    """A percentage, half-up: 1 of 16 is 6.3%. NO_RATIO where a part is missing or the denominator is 0."""
    if numerator is None or not denominator:
        return NO_RATIO
    return format_quotient(100 * numerator, denominator, decimals) + "%"


class Ratio(NamedTuple):
    """Two sums over the same units; None where no unit has both. The pair is the exact value: rank on it."""

    numerator: int | None
    denominator: int | None

    @property
    def decimal(self) -> str | None:
        """The ratio itself (not per cent) to twelve places, half-up, without trailing zeros; None for 0/0.

        Exact where the fraction ends within twelve places; the pair of integers is exact always.
        """
        if self.numerator is None or not self.denominator:
            return None
        return format_quotient(self.numerator, self.denominator, RATIO_DECIMALS).rstrip("0").rstrip(".")

    @property
    def display(self) -> str:
        """What a circular prints: one decimal, half-up, or NO_RATIO."""
        return format_percent(self.numerator, self.denominator)

    def as_json(self) -> dict[str, int | str | None]:
        """The ratio as the HTTP contract writes it."""
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "ratio": self.decimal,
            "display": self.display,
        }


def complete_pairs(
    numerators: Sequence[int | None], denominators: Sequence[int | None]
) -> tuple[Sequence[int], Sequence[int]]:
    """The numerators and the denominators of those units that have both; both come in one order of the units."""
    if None not in numerators and None not in denominators:
        return numerators, denominators  # type: ignore[return-value]
    pairs = zip(numerators, denominators, strict=True)
    complete = [(n, d) for n, d in pairs if n is not None and d is not None]
    return [n for n, _ in complete], [d for _, d in complete]


def reporting_basis(numerators: Sequence[int], denominators: Sequence[int]) -> Ratio:
    """Sum over sum of the units that have both parts; both None when there is no such unit."""
    return Ratio(sum(numerators), sum(denominators)) if numerators else Ratio(None, None)


def all_units_basis(reporting: Ratio, denominators: Sequence[int | None]) -> Ratio:
    """A lower bound over all units: one outside the reporting basis adds its denominator, and 0 above.

    This is 未报单位按未开展计. `denominators` holds each unit's own, else its last known one; a unit for
    which nobody knows one adds nothing.
    """
    known = [d for d in denominators if d is not None]
    return Ratio(reporting.numerator or 0, sum(known)) if known else Ratio(None, None)


def points(before: Ratio, now: Ratio) -> tuple[int, int] | None:
    """The change of a ratio in percentage points (百分点) as an exact fraction; None where one has no value.

    From 1/16 to 1/8 it is 100/16. It is taken from the unrounded ratios, so it may differ by a tenth from the
    difference of the two rounded ones that are printed.
    """
    if before.numerator is None or now.numerator is None or not before.denominator or not now.denominator:
        return None
    difference = now.numerator * before.denominator - before.numerator * now.denominator
    return 100 * difference, now.denominator * before.denominator


def format_points(change: tuple[int, int] | None) -> str | None:
    """Percentage points with their sign and one decimal, half away from zero: +6.3, -0.1, 0.0."""
    if change is None:
        return None
    shown = format_quotient(*change, 1)
    return "0.0" if shown == "-0.0" else f"+{shown}" if change[0] > 0 and shown != "0.0" else shown
