"""The bodies of `/mismatches`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.api.schemas.shapes import Body, Out, PeriodText, UnitCode

StateName = Literal["open", "explained", "confirmed", "disputed", "closed"]
Words = Field(max_length=2000)


class MismatchReasonIn(Body):
    """Why: at least five characters."""

    text: str = Words


class RemarkIn(Body):
    """Words that may be left out."""

    text: str = Field(default="", max_length=2000)


class EntryOut(Out):
    """One line of the thread: who did what, when, in which words, and how the figures stood then."""

    number: int
    step: Literal[
        "found", "explain", "confirm", "dispute", "resolve", "ledger_corrected", "report_corrected", "reopen"
    ]
    state: StateName
    text: str
    reported: int
    ledger: int
    at: datetime
    by: str
    role: str


class MismatchStateOut(Out):
    """A mismatch as it stands; difference = reported − ledger (positive: 多报)."""

    id: str
    period: PeriodText
    unit: UnitCode
    name: str
    indicator: str
    reported: int
    ledger: int
    difference: int
    state: StateName
    resolution: Literal["ledger_corrected", "report_corrected", "accepted"] | None
    text: str | None
    revision: int
    opened_at: datetime
    changed_at: datetime


class MismatchWithThreadOut(MismatchStateOut):
    """The same with everything that was said and done about it, oldest first."""

    thread: list[EntryOut]
    committed: bool


class MismatchStatePage(Out):
    """Mismatches in the order that was asked for."""

    items: list[MismatchStateOut]
    next: str | None
