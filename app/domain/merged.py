"""Sums of sums: the parts of a country, each added up alone, put together without a look at their units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from app.domain.ratio import Ratio

Body = Mapping[str, Any]


def merged(parts: Sequence[Body]) -> dict[str, Any]:
    """What `aggregate` answers for the units of all parts together, from its answers for disjoint parts.

    The parts follow one form, view and vintage, and there is at least one; what is provisional in one of them is so
    in the whole. `units` and `separate` are left out:
    who wants them has them in the parts. Lists of units come in code order.
    """
    first = parts[0]
    if len(parts) == 1:
        return {name: value for name, value in first.items() if name not in {"units", "separate"}}
    return {
        "provisional": any(part["provisional"] for part in parts),
        **{name: first[name] for name in ("vintage", "view")},
        "units_expected": sum(part["units_expected"] for part in parts),
        "cells": {code: _cell([part["cells"][code] for part in parts]) for code in first["cells"]},
        "ratios": {code: _ratio([part["ratios"][code] for part in parts]) for code in first["ratios"]},
    }


def _cell(cells: Sequence[Body]) -> dict[str, Any]:
    return {name: _joined([cell[name] for cell in cells]) for name in cells[0]}


def _joined(values: Sequence[Any]) -> Any:
    """Lists end to end in code order, numbers added; over no value null, never 0."""
    if isinstance(values[0], list):
        return sorted(chain.from_iterable(values))
    return _sum(values)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _ratio(ratios: Sequence[Body]) -> dict[str, Any]:
    """Numerators and denominators added: a ratio of sums, never a mean of ratios."""
    made: dict[str, Any] = {}
    for basis in ("", "all_units_"):
        parts = [_sum(ratio[basis + name] for ratio in ratios) for name in ("numerator", "denominator")]
        made |= {basis + name: value for name, value in Ratio(*parts).as_json().items()}
    counts = ("units_expected", "units_with_both", "units_without_denominator")
    return {**made, **{name: _joined([ratio[name] for ratio in ratios]) for name in counts}}
