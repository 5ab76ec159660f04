"""Steps: whether a report can take one now, by the table of its life."""

from __future__ import annotations

from datetime import datetime

from app.db import Row
from app.domain.closing import is_reopened
from app.domain.permission import Action, Actor
from app.domain.workflow import (
    CLOSED,
    NOT_CLOSED,
    TRANSITIONS,
    Need,
    Status,
    Step,
    Transition,
    allowed,
    transition,
)
from app.errors import Conflict, Forbidden, NotFound, Text
from app.services import versions

_ACTION_OF = {line.step: line.action for line in TRANSITIONS}
"""The permission that each step needs, whatever the status."""


def line_of(status: Status, step: Step) -> Transition:
    """The line of the table for a step. Raises Conflict where the status does not know it."""
    line = transition(status, step)
    if line is None:
        refused = next(each for each in allowed(status, lambda _: True) if each.step is step)
        raise Conflict(refused.because[0], code="wrong-status", status_now=status.value)
    return line


def check_taken(step: Step, report: Row | None, unit: Row, author: str, by: Actor) -> Transition:
    """The line along which a caller takes a report that exists.

    `author` saved what would be reviewed. Raises NotFound (also for a draft of another unit), Forbidden, and
    Conflict for the wrong status.
    """
    path = unit["report_path"]
    by.check(_ACTION_OF[step], path)
    if report is None or (report["status"] == Status.DRAFT and not versions.is_own(path, by)):
        raise NotFound()
    line = line_of(Status(report["status"]), step)
    if Need.OTHER_HANDS in line.needs and author == by.id:
        raise Forbidden(
            Text("报送人不得审核自己报送的报表", "Whoever submitted a report does not review it"),
            code="own-report",
        )
    return line


def check_open(line: Transition, figures: Row | None, now: datetime) -> None:
    """Refuse a step in a closed period, or one that only a closed period knows. Raises Conflict.

    A unit writes while a reopening lasts; what came of it can be reviewed at any time.
    """
    if Need.CLOSED in line.needs and not is_final(figures):
        raise Conflict(NOT_CLOSED, code="wrong-status", status_now=line.source.value)
    if Need.OPEN not in line.needs or not is_closed(figures, now):
        return
    assert figures is not None
    if figures["reopening"] and line.action is Action.REVIEW_REPORT:
        return
    raise Conflict(CLOSED, code="period-closed", closed_under=figures["closed_under"])


def is_final(figures: Row | None) -> bool:
    """Whether a close made the figures of a unit final."""
    return figures is not None and figures["closed_under"] is not None


def is_closed(figures: Row | None, now: datetime) -> bool:
    """Whether the period is closed for the unit of this row, and not opened for it now."""
    if figures is None or figures["closed_under"] is None:
        return False
    return not is_reopened(figures["reopening"], now)


def check_not_expired(report: Row, now: datetime) -> None:
    """Refuse to write into a report whose reopening has come to its end. Raises Conflict."""
    ends = [reason["expires_at"] for reason in report["reasons"] or () if "expires_at" in reason]
    if report["status"] == Status.RETURNED and ends and datetime.fromisoformat(ends[-1]) < now:
        raise Conflict(
            Text("重新开放已到期，请联系上级再次开放", "The reopening has ended; ask for another one"),
            code="reopening-expired",
            expired_at=ends[-1],
        )


def check_claims_open(figures: Row | None, now: datetime) -> None:
    """Refuse a claim under a closed period unless it is opened for the unit. Raises Conflict."""
    if is_closed(figures, now):
        raise Conflict(CLOSED, code="period-closed")
