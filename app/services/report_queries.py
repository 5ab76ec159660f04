"""Reports as people read them: one, a list, its versions, and what changed between two of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, tuple_

from app.db import Row, Session, prepared
from app.domain.content import masked
from app.domain.difference import difference
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import Report, ReportVersion, Unit
from app.models.unit import below, within
from app.services import forms, periods, units
from app.services.reports import Saved

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]

_REPORT = prepared(
    select(_REPORTS, _UNITS.c.report_path, _UNITS.c.name, _UNITS.c.report_parent)
    .join(_UNITS, _UNITS.c.code == _REPORTS.c.unit_code)
    .where(_REPORTS.c.unit_code == bindparam("unit"), _REPORTS.c.period == bindparam("month"))
)
_OF_REPORT = (_VERSIONS.c.unit_code == bindparam("unit"), _VERSIONS.c.period == bindparam("month"))
_VERSION = prepared(select(_VERSIONS).where(*_OF_REPORT, _VERSIONS.c.number == bindparam("number")))
_ALL_VERSIONS = prepared(
    select(
        _VERSIONS.c.number,
        _VERSIONS.c.draft,
        _VERSIONS.c.content_hash,
        _VERSIONS.c.author,
        _VERSIONS.c.received_at,
    )
    .where(*_OF_REPORT)
    .order_by(_VERSIONS.c.number)
)


def visible(session: Session, *, unit: str, period: str, by: Actor) -> Row:
    """A report that the caller may read. Raises NotFound when there is none, or it is somebody else's draft."""
    place = units.get(session, unit)
    by.check(Action.READ_REPORT, place["report_path"])
    report = session.one(_REPORT, unit=unit, month=period)
    if report is None or not _may_see(report, by):
        raise NotFound()
    return report


def whole(session: Session, *, unit: str, period: str, policy: periods.Policy, by: Actor) -> Saved:
    """A report as it stands; its content is masked for all but the unit itself."""
    place = units.get(session, unit)
    report = visible(session, unit=unit, period=period, by=by)
    form = forms.get(session, report["form_code"], report["form_version"])
    current = version(session, report, report["version"], by=by)
    findings = current["findings"] if report["findings"] is None else report["findings"]
    due = periods.deadline(session, unit=place, period=Period.parse(period), form=form, policy=policy)
    return Saved(report, place, form, current["content"], findings, due.instant)


def compared(
    session: Session, *, unit: str, period: str, first: int, second: int, by: Actor
) -> list[dict[str, Any]]:
    """The cells in which two versions of a report differ."""
    report = visible(session, unit=unit, period=period, by=by)
    old, new = (content(session, report, number=number, by=by) for number in (first, second))
    return difference(old, new)


def content(session: Session, report: Row, *, number: int | None = None, by: Actor) -> dict[str, Any]:
    """A version's content, the current one by default; the contact is masked for all but the unit itself."""
    row = version(session, report, number or report["version"], by=by)
    return dict(row["content"])


def version(session: Session, report: Row, number: int, *, by: Actor) -> Row:
    """One saved version. Raises NotFound; a draft version is its author's unit's own."""
    row = session.one(_VERSION, unit=report["unit_code"], month=report["period"], number=number)
    own = by.may(Action.READ_DRAFT, report["report_path"])
    if row is None or (row["draft"] and not own):
        raise NotFound()
    return row if own else {**row, "content": masked(row["content"])}


def versions(session: Session, report: Row, *, by: Actor) -> list[Row]:
    """Every version the caller may read, oldest first, without its content."""
    own = by.may(Action.READ_DRAFT, report["report_path"])
    rows = session.all(_ALL_VERSIONS, unit=report["unit_code"], month=report["period"])
    return [row for row in rows if own or not row["draft"]]


def listed(
    session: Session,
    *,
    by: Actor,
    period: str | None,
    unit: str | None,
    inside: str | None,
    status: str | None,
    timeliness: str | None,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Row]:
    """Reports the caller may read, by period and unit, after a (period, unit); drafts only one's own."""
    conditions: list[ColumnElement[bool]] = [
        or_(
            and_(within(by.reach(Action.READ_REPORT), _UNITS.c.report_path), _REPORTS.c.status != "draft"),
            within(by.reach(Action.READ_DRAFT), _UNITS.c.report_path),
        )
    ]
    equal = {"period": period, "unit_code": unit, "status": status, "timeliness": timeliness}
    conditions += [_REPORTS.c[name] == value for name, value in equal.items() if value is not None]
    if inside is not None:
        path = units.get(session, inside)["report_path"]
        conditions.append(or_(_UNITS.c.report_path == path, below(path, _UNITS.c.report_path)))
    if after is not None:
        conditions.append(tuple_(_REPORTS.c.period, _REPORTS.c.unit_code) > tuple_(*after))
    statement = (
        select(_REPORTS, _UNITS.c.name)
        .join(_UNITS, _UNITS.c.code == _REPORTS.c.unit_code)
        .where(*conditions)
        .order_by(_REPORTS.c.period, _REPORTS.c.unit_code)
        .limit(limit)
    )
    return session.all(statement)


def _may_see(report: Row, by: Actor) -> bool:
    return report["status"] != "draft" or by.may(Action.READ_DRAFT, report["report_path"])
