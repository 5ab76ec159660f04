"""The answer of `/aggregates/{unit}`: a range of months."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.api.schemas.shapes import Out, PeriodText, UnitCode


class RangeOut(Out):
    """What a range comes to: the sum of a flow, the last value of a stock; null once the series has ended."""

    kind: str
    value: int | None
    from_: PeriodText | None = Field(alias="from")
    to: PeriodText | None
    incomplete: list[PeriodText]
    is_broken: bool


class MonthOut(Out):
    """One month; a cell or a ratio that its form does not have is null."""

    period: PeriodText
    form: str
    provisional: bool
    breaks: list[dict[str, Any]]
    cells: dict[str, dict[str, Any] | None]
    ratios: dict[str, dict[str, Any] | None]
    balances: list[dict[str, Any]]


class RangeOfMonthsOut(Out):
    """Which months of which unit, and what each series comes to over them."""

    unit: UnitCode
    name: str
    from_: PeriodText = Field(alias="from")
    to: PeriodText
    range: dict[str, RangeOut]


class SeriesOut(RangeOfMonthsOut):
    """The months of a range."""

    items: list[MonthOut]


class ColumnsOut(RangeOfMonthsOut):
    """With `format=columns`: an array per value, all as long as `periods`, null where there is nothing."""

    periods: list[PeriodText]
    forms: list[str]
    provisional: list[bool]
    breaks: list[dict[str, Any]]
    codes: dict[str, dict[str, Any]]
    ratios: dict[str, dict[str, Any]]
    balances: list[dict[str, Any]]
