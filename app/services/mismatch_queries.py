"""Mismatches as people read them: one with its thread, and lists.

Blind first (form setting `blind_first`): to who is only a reporter, a mismatch exists once the unit has sent its
report of the period, because it tells what the ledger says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from app.db import Row, Session
from app.domain.permission import Action, Actor
from app.domain.workflow import Status
from app.errors import NotFound
from app.models import Figures, Mismatch, MismatchEntry, Report, Unit
from app.models.unit import below, within
from app.services import forms, units

_MISMATCHES = Mismatch.__table__  # type: ignore[attr-defined]
_ENTRIES = MismatchEntry.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]
_FIGURES = Figures.__table__  # type: ignore[attr-defined]

_SIZE = func.abs(_MISMATCHES.c.difference)


class Sort(StrEnum):
    """The orders of a list."""

    UNIT = "unit"
    """By period, unit and indicator."""
    DIFFERENCE = "-difference"
    """The largest difference first, whichever side is larger."""
    OPENED = "opened_at"
    """The oldest first."""


ORDERS: dict[Sort, tuple[ColumnElement[Any], ...]] = {
    Sort.UNIT: (_MISMATCHES.c.period, _MISMATCHES.c.unit_code, _MISMATCHES.c.indicator),
    Sort.DIFFERENCE: (-_SIZE, _MISMATCHES.c.id),
    # An id begins with the millisecond in which it was made.
    Sort.OPENED: (_MISMATCHES.c.id,),
}
KEYS: dict[Sort, tuple[str, ...]] = {
    Sort.UNIT: ("period", "unit_code", "indicator"),
    Sort.DIFFERENCE: ("rank", "id"),
    Sort.OPENED: ("id",),
}
"""What a cursor holds in each order."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; None for anything. `older_than` are days since it was opened."""

    period: str | None = None
    within: str | None = None
    unit: str | None = None
    indicator: str | None = None
    state: str | None = None
    min_difference: int | None = None
    older_than: int | None = None


def get(session: Session, *, mismatch_id: str, by: Actor) -> Row:
    """A mismatch with its `thread`, oldest entry first. Raises NotFound, Forbidden."""
    row = session.one(_visible(session, by).where(_MISMATCHES.c.id == mismatch_id))
    if row is None:
        raise NotFound()
    by.check(Action.READ_MISMATCHES, row["report_path"])
    entries = select(_ENTRIES).where(_ENTRIES.c.mismatch_id == mismatch_id).order_by(_ENTRIES.c.number)
    return {**row, "thread": session.all(entries)}


def listed(
    session: Session,
    *,
    chosen: Filter,
    sort: Sort = Sort.UNIT,
    after: tuple[Any, ...] | None = None,
    limit: int,
    now: datetime,
    by: Actor,
) -> list[Row]:
    """Mismatches that the caller may see, after a key of the order. Raises Forbidden, and NotFound for a subtree
    that is out of reach."""
    by.check_role(Action.READ_MISMATCHES)
    reach = within(by.reach(Action.READ_MISMATCHES), _UNITS.c.report_path)
    statement = _visible(session, by).where(reach, *_conditions(session, chosen, now, by))
    order = ORDERS[sort]
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return session.all(statement.order_by(*order).limit(limit))


def _conditions(session: Session, chosen: Filter, now: datetime, by: Actor) -> list[ColumnElement[bool]]:
    equal = {
        "period": chosen.period,
        "unit_code": chosen.unit,
        "indicator": chosen.indicator,
        "state": chosen.state,
    }
    found = [_MISMATCHES.c[name] == value for name, value in equal.items() if value is not None]
    if chosen.within is not None:
        path = units.get(session, chosen.within)["report_path"]
        by.check(Action.READ_MISMATCHES, path)
        found.append(or_(_UNITS.c.report_path == path, below(path, _UNITS.c.report_path)))
    if chosen.min_difference is not None:
        found.append(_SIZE >= chosen.min_difference)
    if chosen.older_than is not None:
        found.append(_MISMATCHES.c.opened_at < now - timedelta(days=chosen.older_than))
    return found


def _visible(session: Session, by: Actor) -> Select[Any]:
    """Every mismatch that may exist for the caller, with its unit's name and the last words of its thread."""
    statement = (
        select(
            _MISMATCHES,
            (-_SIZE).label("rank"),
            _UNITS.c.name,
            _UNITS.c.report_path,
            _ENTRIES.c.text,
        )
        .join(_UNITS, _UNITS.c.code == _MISMATCHES.c.unit_code)
        .outerjoin(
            _ENTRIES,
            and_(_ENTRIES.c.mismatch_id == _MISMATCHES.c.id, _ENTRIES.c.number == _MISMATCHES.c.revision),
        )
    )
    return statement.where(_may_look(session)) if by.is_reporter_only else statement


def _may_look(session: Session) -> ColumnElement[bool]:
    """The unit has sent its report, or the form of the period lets it look before."""
    same = (_REPORTS.c.unit_code == _MISMATCHES.c.unit_code, _REPORTS.c.period == _MISMATCHES.c.period)
    sent = select(_REPORTS.c.unit_code).where(*same, _REPORTS.c.status != Status.DRAFT).exists()
    seeing = [form for form in forms.parse_all(session) if not form.blind_first]
    if not seeing:
        return sent
    is_seeing = or_(
        *(and_(_FIGURES.c.form_code == form.code, _FIGURES.c.form_version == form.version) for form in seeing)
    )
    figures = (
        _FIGURES.c.unit_code == _MISMATCHES.c.unit_code,
        _FIGURES.c.period == _MISMATCHES.c.period,
    )
    return or_(sent, select(_FIGURES.c.unit_code).where(*figures, is_seeing).exists())
