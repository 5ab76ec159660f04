"""The answer of `/board`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.api.schemas.shapes import Out, PeriodText, UnitCode


class BoardLineOut(Out):
    """One expected unit: where its report stands, for how long, and what has to happen next."""

    unit: UnitCode
    name: str
    state: str
    timeliness: str | None
    received_at: datetime | None
    age_days: int
    omitted_before: int | None
    blockers: list[dict[str, Any]]
    open_mismatches: int | None
    next_action: dict[str, Any]


class BoardOut(Out):
    """Every expected unit of a month at a glance, those that need attention named by their next action."""

    period: PeriodText
    unit: UnitCode
    deadline: datetime
    states: dict[str, int]
    items: list[BoardLineOut]
