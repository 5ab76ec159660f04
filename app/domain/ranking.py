"""Units ranked by a ratio: exact, ties together, nobody ranked who has nothing to be ranked by."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from app.domain.ratio import Ratio
from app.errors import Text

NOT_RANKED = Text("不参与排名", "takes no part")
"""Nothing to divide by: Shenzhen has no townships, and that is no fault of its own."""
NOT_REPORTED = Text("未报", "did not report")


class Candidate(NamedTuple):
    """A unit with the effective, unrounded parts of its ratio."""

    unit: str
    name: str
    ratio: Ratio
    is_reported: bool


def ranking(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    """One row per unit, JSON-ready, the highest ratio first (domain.md 7, item 7).

    Equal ratios share a rank, the next one is as if each had its own (1, 1, 3), and they are listed by code.
    Then come those without a denominator, then those that did not report, each by code and without a rank.
    Ratios are compared as fractions: what prints alike need not be equal.
    """
    everybody = sorted(candidates, key=lambda candidate: candidate.unit)
    reported = [c for c in everybody if c.is_reported]
    rated = [(_value(c.ratio), c) for c in reported if _value(c.ratio) is not None]
    ordered = sorted(rated, key=lambda pair: -(pair[0] or 0))
    return [
        *_ranked(ordered),
        *(_row(None, c, NOT_RANKED) for c in reported if _value(c.ratio) is None),
        *(_row(None, c, NOT_REPORTED) for c in everybody if not c.is_reported),
    ]


def _ranked(ordered: list[tuple[Fraction | None, Candidate]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for _, equals in groupby(ordered, key=itemgetter(0)):
        rank = len(rows) + 1
        rows += [_row(rank, candidate, None) for _, candidate in equals]
    return rows


def _value(ratio: Ratio) -> Fraction | None:
    if ratio.numerator is None or not ratio.denominator:
        return None
    return Fraction(ratio.numerator, ratio.denominator)


def _row(rank: int | None, candidate: Candidate, remark: Text | None) -> dict[str, Any]:
    return {
        "rank": rank,
        "unit": candidate.unit,
        "name": candidate.name,
        **candidate.ratio.as_json(),
        "remark": remark._asdict() if remark else None,
    }
