"""The answer of `/rankings`."""

from __future__ import annotations

from app.api.schemas.shapes import Out, PeriodText, TextOut, UnitCode


class RankOut(Out):
    """One place in a ranking; `rank` is null for who takes no part or did not report, and `remark` says which."""

    rank: int | None
    unit: UnitCode
    name: str
    numerator: int | None
    denominator: int | None
    ratio: str | None
    display: str
    remark: TextOut | None


class RankingOut(Out):
    """Units by one ratio, the highest first; ties share a rank and are listed by code."""

    period: PeriodText
    unit: UnitCode
    form: str
    ratio: str
    ranked: int
    items: list[RankOut]
