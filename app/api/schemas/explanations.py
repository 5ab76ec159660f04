"""The body of an explanation."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from app.api.schemas.shapes import Out, PeriodText, TextOut, UnitCode


class DaysOut(Out):
    """The days that a figure covers: after the one, up to and including the other."""

    after: date
    until: date


class RecordsOfFigureOut(Out):
    """Records of a roster by line, at most 100; null where a summary decides the figure."""

    count: int | None
    records: list[dict[str, Any]] | None


class ExcludedOut(Out):
    """Records that were left out, by reason: outside-window, not-yet-started, already-left, still-there,
    never-rectified, other-type, merged-spell, duplicate, village-organization, unit-not-reporting."""

    counts: dict[str, int] | None
    records: list[dict[str, Any]] | None


class IdentityOut(Out):
    """opening + added − left = total; `holds` is null where any of them is unknown."""

    opening: int | None
    added: int | None
    left: int | None
    total: int | None
    holds: bool | None


class BothIdentitiesOut(Out):
    """The identity on either side."""

    ledger: IdentityOut
    reported: IdentityOut


class PreviousOut(Out):
    """The same figure in the period before, and the records that came and went since."""

    window: DaysOut
    ledger: int | None
    came: RecordsOfFigureOut
    went: RecordsOfFigureOut


class HintOut(Out):
    """Another reading of the same records that gives exactly what was reported; a hypothesis."""

    code: str = Field(examples=["calendar-month"])
    message: TextOut
    value: int
    arithmetic: str = Field(examples=["120 + 17 = 137"])
    records: int | None


class ExplanationOut(Out):
    """A figure of the ledger, explained; difference = reported − ledger."""

    reconciliation: str
    period: PeriodText
    unit: UnitCode
    indicator: str
    ledger_import: str | None
    kind: Literal["summary", "members", "orgs"] | None
    has_records: bool
    window: DaysOut
    reported: int | None
    ledger: int | None
    difference: int | None
    counted: RecordsOfFigureOut
    excluded: ExcludedOut
    identity: BothIdentitiesOut
    previous: PreviousOut | None
    hints: list[HintOut]
