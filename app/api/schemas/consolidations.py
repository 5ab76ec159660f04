"""The body of a consolidation."""

from __future__ import annotations

from typing import Literal

from app.api.schemas.shapes import Out, PeriodText, UnitCode


class PartOut(Out):
    """A unit below and whether its report is in the sum: only accepted ones are."""

    unit: UnitCode
    name: str
    status: str | None
    included: bool


class ColumnDifferenceOut(Out):
    """A column of the unit's own report that is not the sum of its parts."""

    indicator: str
    said: int
    summed: int


class AttachmentOut(Out):
    """A file behind an item."""

    claim: str
    title: str
    status: str
    evidence: str


class ItemOut(Out):
    """What one unit wrote about one item."""

    item: int
    unit: UnitCode
    name: str
    done: bool
    count: int | None
    text: str
    attachments: list[AttachmentOut]


class GeneratedOut(Out):
    """An item that is written from effective values."""

    item: int
    text: str


class ConsolidationOut(Out):
    """The sums of the accepted reports below a unit and what they are made of."""

    period: PeriodText
    unit: UnitCode
    form: str
    rule: Literal["R32", "R33"]
    units: list[PartOut]
    figures: dict[str, int]
    supplements: dict[str, int]
    differences: list[ColumnDifferenceOut]
    items: list[ItemOut]
    generated: list[GeneratedOut]
