"""The answer of `/aggregates/sdmx`."""

from __future__ import annotations

from app.api.schemas.shapes import Out, PeriodText, UnitCode


class TakenKey(Out):
    """A report, by its key."""

    period: PeriodText
    unit: UnitCode


class TableDifferenceOut(TakenKey):
    """A cell in which the table and the report differ; difference = table − reported, null without a report."""

    indicator: str
    table: int
    reported: int | None
    difference: int | None


class TakenOut(Out):
    """What became of a table: drafts that were saved, reports that agree, cells that differ."""

    form: str
    created: list[TakenKey]
    matched: list[TakenKey]
    differing: list[TableDifferenceOut]
    ignored: dict[str, int]
    committed: bool
