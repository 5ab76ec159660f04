"""What was reported against what the ledger says, cell by cell."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from app.reconcile.columns import SEVEN

Figures = Mapping[str, int | None]


class Cell(TypedDict):
    """A cell that only one side has, or none."""

    unit: str
    indicator: str
    reported: int | None
    ledger: int | None


class Mismatch(TypedDict):
    """A cell in which both sides have a figure, not the same; difference = reported − ledger (多报 > 0)."""

    unit: str
    indicator: str
    reported: int
    ledger: int
    difference: int
    state: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The cells of one period, all lists by unit and then in the order of the indicators.

    `summary` counts cells: compared = matched + mismatched, and with missing_in_ledger (reported, and blank
    or absent in the ledger) and not_reported (nothing reported, whatever the ledger says) they are all cells.
    """

    summary: dict[str, int]
    mismatches: list[Mismatch]
    missing_in_ledger: list[Cell]
    not_reported: list[Cell]

    def as_json(self) -> dict[str, Any]:
        """The comparison as the HTTP contract writes it."""
        return {
            "summary": self.summary,
            "mismatches": self.mismatches,
            "missing_in_ledger": self.missing_in_ledger,
            "not_reported": self.not_reported,
        }


def compare(
    reported: Mapping[str, Figures],
    ledger: Mapping[str, Figures],
    *,
    expected_units: Iterable[str] | None = None,
    indicators: Sequence[str] = SEVEN,
) -> Comparison:
    """Compare the figures of each expected unit; without `expected_units`, of each unit that either side has.

    An explicit 0 is a figure; None and an absent code are blanks.
    """
    units = sorted(set(expected_units) if expected_units is not None else reported.keys() | ledger.keys())
    mismatches: list[Mismatch] = []
    missing: list[Cell] = []
    silent: list[Cell] = []
    for unit, indicator, said, known in _cells(units, indicators, reported, ledger):
        if said is None:
            silent.append(Cell(unit=unit, indicator=indicator, reported=None, ledger=known))
        elif known is None:
            missing.append(Cell(unit=unit, indicator=indicator, reported=said, ledger=None))
        elif said != known:
            mismatches.append(mismatch(unit, indicator, said, known))
    return comparison(len(units) * len(indicators), mismatches, missing, silent)


def _cells(
    units: Collection[str],
    indicators: Sequence[str],
    reported: Mapping[str, Figures],
    ledger: Mapping[str, Figures],
) -> Iterator[tuple[str, str, int | None, int | None]]:
    nothing: Figures = {}
    for unit in units:
        said, known = reported.get(unit, nothing), ledger.get(unit, nothing)
        for indicator in indicators:
            yield unit, indicator, said.get(indicator), known.get(indicator)


def mismatch(unit: str, indicator: str, reported: int, ledger: int) -> Mismatch:
    """A fresh mismatch, which nobody has explained yet."""
    return Mismatch(
        unit=unit,
        indicator=indicator,
        reported=reported,
        ledger=ledger,
        difference=reported - ledger,
        state="open",
    )


def comparison(cells: int, mismatches: list[Mismatch], missing: list[Cell], silent: list[Cell]) -> Comparison:
    """The comparison of so many cells, of which those listed are not equal."""
    compared = cells - len(missing) - len(silent)
    summary = {
        "compared": compared,
        "matched": compared - len(mismatches),
        "mismatched": len(mismatches),
        "missing_in_ledger": len(missing),
        "not_reported": len(silent),
    }
    return Comparison(summary, mismatches, missing, silent)
