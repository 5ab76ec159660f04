"""Excuses (免报): whoever collects from a unit lets it off a month, with a reason, and may take that back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.completeness import UnitState, is_submitted
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.workflow import CLOSED
from app.errors import Conflict, Forbidden, NotFound, Text
from app.models import Excuse, Unit
from app.services import audit, events, forms, standing, units
from app.services.standing import Standing

_EXCUSES = Excuse.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_OF_UNIT = (_EXCUSES.c.period == bindparam("month"), _EXCUSES.c.unit_code == bindparam("unit"))
_GET = prepared(select(_EXCUSES).where(*_OF_UNIT))
_OF_PERIOD = prepared(select(_EXCUSES.c.unit_code).where(_EXCUSES.c.period == bindparam("month")))
_BEFORE = prepared(
    select(_EXCUSES.c.unit_code, _EXCUSES.c.period)
    .join(_UNITS, _UNITS.c.code == _EXCUSES.c.unit_code)
    .where(
        _EXCUSES.c.period < bindparam("month"),
        or_(bindparam("path") == _PATH, (bindparam("path_from") < _PATH) & (bindparam("path_to") > _PATH)),
    )
)
_insert = insert(_EXCUSES)
_SET = prepared(
    _insert.on_conflict_do_update(
        index_elements=["period", "unit_code"],
        set_={name: _insert.excluded[name] for name in ("reason", "set_at", "set_by")},
    )
)
_LIFT = prepared(delete(_EXCUSES).where(*_OF_UNIT))


def of_period(session: Session, period: Period) -> set[str]:
    """The units that are let off a month, whether or not they reported all the same."""
    return {row["unit_code"] for row in session.all(_OF_PERIOD, month=str(period))}


def before(session: Session, path: str, period: Period) -> dict[str, set[Period]]:
    """The months before this one that units at and below a report path were let off, by unit."""
    found: dict[str, set[Period]] = {}
    rows = session.all(_BEFORE, month=str(period), path=path, path_from=path + "/", path_to=path + "0")
    for row in rows:
        found.setdefault(row["unit_code"], set()).add(Period.parse(row["period"]))
    return found


def shown(session: Session, unit_code: str, period: Period) -> Row | None:
    """Why a unit is let off, by whom and since when; None where it is not."""
    row = session.one(_GET, month=str(period), unit=unit_code)
    return {name: row[name] for name in ("reason", "set_at", "set_by")} if row else None


def excuse(session: Session, *, period: Period, unit_code: str, reason: str, by: Actor, now: datetime) -> Row:
    """Let a unit off a month: by a reviewer of the unit that it reports to, never by itself.

    Raises NotFound, Forbidden, and Conflict where no report is expected, one was submitted, or the period is
    closed for the unit.
    """
    at = _standing(session, period, unit_code, by)
    _check_expected(session, at.unit, period)
    if at.report and is_submitted(UnitState(unit_code, at.report["status"], at.report["timeliness"])):
        raise Conflict(
            Text("该单位已报送本期报表，无需免报", "The unit has reported; there is nothing to let it off"),
            code="already-reported",
        )
    session.run(_SET, period=str(period), unit_code=unit_code, reason=reason, set_at=now, set_by=by.id)
    _trail(session, "excuse.set", at.unit, period, by=by, now=now, after=digest([reason]))
    return _answer(session, period, unit_code)


def lift(session: Session, *, period: Period, unit_code: str, by: Actor, now: datetime) -> Row:
    """Take an excuse back; what it was is the answer. Raises NotFound, Forbidden, Conflict in a closed period."""
    at = _standing(session, period, unit_code, by)
    was = _answer(session, period, unit_code)
    session.run(_LIFT, month=str(period), unit=unit_code)
    _trail(session, "excuse.lifted", at.unit, period, by=by, now=now, before=digest([was["reason"]]))
    return was


def _standing(session: Session, period: Period, unit_code: str, by: Actor) -> Standing:
    at = standing.of(session, unit_code, str(period))
    by.check(Action.EXCUSE_UNIT, at.unit["report_path"])
    above = at.unit["report_parent"]
    if above is None or not by.may(Action.EXCUSE_UNIT, units.get(session, above)["report_path"]):
        raise Forbidden()
    if at.figures and at.figures["closed_under"]:
        raise Conflict(CLOSED, code="period-closed", closed_under=at.figures["closed_under"])
    return at


def _check_expected(session: Session, unit: Row, period: Period) -> None:
    cut_off = forms.in_force(session, period).window(period).end
    has_ended = unit["valid_to"] is not None and unit["valid_to"] <= cut_off
    if not unit["reports"] or unit["valid_from"] > cut_off or has_ended:
        raise Conflict(
            Text("该单位本期不是填报单位", "No report is expected of this unit in this period"),
            code="not-expected",
        )


def _answer(session: Session, period: Period, unit_code: str) -> Row:
    found = shown(session, unit_code, period)
    if found is None:
        raise NotFound()
    return {"period": str(period), "unit": unit_code, **found}


def _trail(
    session: Session,
    happened: str,
    unit: Row,
    period: Period,
    *,
    by: Actor,
    now: datetime,
    before: str | None = None,
    after: str | None = None,
) -> None:
    audit.record(
        session,
        by=by,
        action=happened,
        path=unit["report_path"],
        thing=f"excuse:{period}/{unit['code']}",
        now=now,
        before=before,
        after=after,
    )
    data = {"period": str(period), "unit": unit["code"]}
    events.emit(session, happened, unit=unit["code"], data=data, now=now)
