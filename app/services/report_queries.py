"""Reports as people read them: one, a list, its versions, and what changed between two of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, tuple_

from app.db import Row, Session, prepared
from app.domain.difference import difference
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.workflow import Status
from app.errors import NotFound
from app.models import OutboxEvent, Report, ReportVersion, Unit
from app.models.trail import IS_BACK
from app.models.unit import below, within
from app.services import coverage, forms, standing, units, versions
from app.services.coverage import evidence_of
from app.services.periods import Policy
from app.services.reports import Saved
from app.services.standing import Standing
from app.services.steps import is_final

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_EVENTS = OutboxEvent.__table__  # type: ignore[attr-defined]
_CAME_BACK = prepared(select(_EVENTS.c.data).where(_EVENTS.c.unit == bindparam("of_unit"), IS_BACK))


def whole(session: Session, *, unit: str, period: str, policy: Policy, by: Actor) -> Saved:
    """A report as the caller may see it. Raises NotFound when there is none, or it is somebody else's draft."""
    at, report = _visible(session, unit, period, by)
    version = versions.shown(session, report, at.unit["report_path"], by)
    form, month = forms.get(session, report["form_code"], report["form_version"]), Period.parse(period)
    proofs = coverage.proofs(session, unit, month, form)
    return Saved(
        report=versions.as_of(report, version),
        unit=at.unit,
        content=version["content"],
        findings=version["findings"] if report["findings"] is None else report["findings"],
        author=version["author"],
        deadline=at.due(month, form, policy).instant,
        evidence=evidence_of(form, version["content"], proofs, policy, closed=is_final(at.figures)),
        figures=at.figures,
    )


def compared(
    session: Session, *, unit: str, period: str, first: int | None, second: int | None, by: Actor
) -> dict[str, Any]:
    """The cells in which two versions of a report differ: {from, to, cells}. Raises NotFound.

    Without numbers: the version that was returned or reopened last, and the one that the caller sees now.
    """
    if first is None or second is None:
        at, report = _visible(session, unit, period, by)
        first = _returned(session, unit, period)
        second = int(versions.shown(session, report, at.unit["report_path"], by)["number"])
    old, new = (version(session, unit=unit, period=period, number=n, by=by) for n in (first, second))
    return {"from": first, "to": second, "cells": difference(old["content"], new["content"])}


def _returned(session: Session, unit: str, period: str) -> int:
    """The version that came back last, as the events of the unit say, which are few and indexed."""
    told = [row["data"] for row in session.all(_CAME_BACK, of_unit=unit)]
    found = [int(data["version"]) for data in told if data["period"] == period]
    if not found:
        raise NotFound()
    return max(found)


def version(session: Session, *, unit: str, period: str, number: int, by: Actor) -> Row:
    """One saved version with its content. Raises NotFound."""
    at, report = _visible(session, unit, period, by)
    return versions.get(session, report, at.unit["report_path"], number, by=by)


def version_list(session: Session, *, unit: str, period: str, by: Actor) -> list[Row]:
    """Every saved version that the caller may see, oldest first, without content. Raises NotFound."""
    at, report = _visible(session, unit, period, by)
    return versions.listed(session, report, at.unit["report_path"], by=by)


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
    """Reports that the caller may read, by period and unit, after a (period, unit); drafts only one's own.

    Raises Forbidden for who may read no report at all, and NotFound for a subtree that is out of reach.
    """
    by.check_role(Action.READ_REPORT)
    conditions: list[ColumnElement[bool]] = [
        or_(
            and_(
                within(by.reach(Action.READ_REPORT), _UNITS.c.report_path), _REPORTS.c.status != Status.DRAFT
            ),
            within(by.reach(Action.READ_DRAFT), _UNITS.c.report_path),
        )
    ]
    equal = {"period": period, "unit_code": unit, "status": status, "timeliness": timeliness}
    conditions += [_REPORTS.c[name] == value for name, value in equal.items() if value is not None]
    if inside is not None:
        path = units.get(session, inside)["report_path"]
        by.check(Action.READ_REPORT, path)
        conditions.append(or_(_UNITS.c.report_path == path, below(path, _UNITS.c.report_path)))
    if after is not None:
        conditions.append(tuple_(_REPORTS.c.period, _REPORTS.c.unit_code) > tuple_(*after))
    statement = (
        select(_REPORTS, _UNITS.c.name, _UNITS.c.report_path, _VERSIONS.c.draft)
        .join(_UNITS, _UNITS.c.code == _REPORTS.c.unit_code)
        .join(_VERSIONS, and_(*(_VERSIONS.c[name] == _REPORTS.c[name] for name in _KEY), _IS_CURRENT))
        .where(*conditions)
        .order_by(_REPORTS.c.period, _REPORTS.c.unit_code)
        .limit(limit)
    )
    return [_as_seen(session, row, by) for row in session.all(statement)]


_KEY = ("form_code", "unit_code", "period")
_IS_CURRENT = _VERSIONS.c.number == _REPORTS.c.version


def _as_seen(session: Session, row: Row, by: Actor) -> Row:
    """A returned report that its unit is working on shows to others as it was when it was sent."""
    if not row["draft"] or versions.is_own(row["report_path"], by):
        return row
    return versions.as_of(row, versions.shown(session, row, row["report_path"], by))


def _visible(session: Session, unit: str, period: str, by: Actor) -> tuple[Standing, Row]:
    at = standing.of(session, unit, period)
    by.check(Action.READ_REPORT, at.unit["report_path"])
    if at.report is None:
        raise NotFound()
    if at.report["status"] == Status.DRAFT and not versions.is_own(at.unit["report_path"], by):
        raise NotFound()
    return at, at.report
