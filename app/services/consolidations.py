"""Consolidation: a collecting unit's own report, drafted from, checked against and counted by those below it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import and_, bindparam, literal, select

from app.db import Row, Session, prepared
from app.domain.consolidation import (
    Part,
    collected,
    differences,
    findings,
    generated,
    left_out,
    rule_of,
    summed,
    summed_supplements,
)
from app.domain.content import LONGEST_NARRATIVE
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.workflow import Status
from app.errors import Conflict, Finding, Text
from app.models import Claim, ClaimEvidence, Figures, Report, ReportVersion, Unit
from app.services import aggregates, figures, forms, units
from app.services.periods import Policy

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_FILES = ClaimEvidence.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_INSIDE = (bindparam("path_from") < _PATH, bindparam("path_to") > _PATH)
_BELOW = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.status, _VERSIONS.c.content)
    .join(
        _VERSIONS,
        and_(
            _VERSIONS.c.form_code == _REPORTS.c.form_code,
            _VERSIONS.c.unit_code == _REPORTS.c.unit_code,
            _VERSIONS.c.period == _REPORTS.c.period,
            _VERSIONS.c.number == _REPORTS.c.version,
        ),
    )
    .join(_UNITS, _UNITS.c.code == _REPORTS.c.unit_code)
    .where(_REPORTS.c.period == bindparam("month"), *_INSIDE)
)
_SIDES = prepared(
    select(_FIGURES.c.unit_code, _FIGURES.c.evidenced, _FIGURES.c.ledger)
    .join(_UNITS, _UNITS.c.code == _FIGURES.c.unit_code)
    .where(_FIGURES.c.period == bindparam("month"), *_INSIDE)
)
_ATTACHED = prepared(
    select(
        _CLAIMS.c.id,
        _CLAIMS.c.unit_code,
        _CLAIMS.c.activity,
        _CLAIMS.c.title,
        _CLAIMS.c.status,
        _FILES.c.evidence_id,
    )
    .join(_FILES, _FILES.c.claim_id == _CLAIMS.c.id)
    .join(_UNITS, _UNITS.c.code == _CLAIMS.c.unit_code)
    .where(_CLAIMS.c.period == bindparam("month"), *_INSIDE)
    .order_by(_CLAIMS.c.unit_code, _CLAIMS.c.id)
)
_UNDER = _UNITS.alias("under")
_COLLECTORS = prepared(
    select(_FIGURES)
    .join(_UNITS, _UNITS.c.code == _FIGURES.c.unit_code)
    .where(
        _FIGURES.c.period.between(bindparam("first"), bindparam("last")),
        _UNITS.c.reports,
        _UNITS.c.level != "township",
        select(literal(1))
        .where(_UNDER.c.reports, _UNDER.c.report_path > _PATH + "/", _UNDER.c.report_path < _PATH + "0")
        .correlate(_UNITS)
        .exists(),
    )
)


def of_unit(session: Session, *, unit_code: str, period: Period, by: Actor) -> dict[str, Any]:
    """The answer of `GET /reports/{period}/{unit}/consolidation`. Raises NotFound, Forbidden, Conflict.

    What the accepted reports below the unit sum to, who is not in it, how the unit's own report differs from it,
    the items that the units wrote with their attachments, and those that are generated.
    """
    unit = units.get(session, unit_code)
    by.check(Action.READ_REPORT, unit["report_path"])
    form = forms.in_force(session, period)
    check_collects(session, unit, period, form)
    expected, stored = _expected(session, unit, period, form), _stored(session, unit, period)
    parts = _parts(expected, stored)
    total = summed(form, parts, left_out(form, unit["level"]))
    own = figures.get(session, str(period), unit_code)
    said = {code: value for code, value in ((own and own["reported"]) or {}).items() if value is not None}
    return {
        "period": str(period),
        "unit": unit_code,
        "form": form.id,
        "rule": rule_of(form, unit["level"]),
        "units": [_line(row, stored.get(row["code"])) for row in expected],
        "figures": total,
        "supplements": summed_supplements(form, parts),
        "differences": [found._asdict() for found in differences(form, said, total)],
        "items": _items(session, unit, period, form, parts),
        "generated": [
            {"item": number, "text": text}
            for number, text in generated(form, _sums(session, unit, period)).items()
        ],
    }


def draft(session: Session, place: Row, period: Period) -> dict[str, Any] | None:
    """The content that a collecting unit starts from, or None for a unit that collects from nobody.

    Figures are the sums of the accepted reports (R32), items (1) to (9) what the units wrote, the narrative what
    is generated for the others. A city whose counties lack a column keeps that column for itself.
    """
    form = forms.in_force(session, period)
    expected = _expected(session, place, period, form)
    if not expected:
        return None
    parts = _parts(expected, _stored(session, place, period))
    texts = generated(form, _sums(session, place, period)).values()
    return {
        "figures": summed(form, parts, left_out(form, place["level"])),
        "supplements": summed_supplements(form, parts),
        "activities": collected(form, parts),
        "narrative": "\n".join(texts)[:LONGEST_NARRATIVE],
    }


def check(
    session: Session, *, unit: Row, period: Period, form: FormVersion, said: Mapping[str, int]
) -> list[Finding]:
    """R32 or R33: what in a collecting unit's row is not the sum of the reports that it accepted."""
    expected = _expected(session, unit, period, form)
    if not expected:
        return []
    parts = _parts(expected, _stored(session, unit, period))
    return findings(form, unit["level"], said, summed(form, parts, left_out(form, unit["level"])))


def counted(session: Session, unit: Row, period: Period, form: FormVersion) -> Row:
    """The unit with the register's counts of all that reports to it beside its own: what its row is held against."""
    expected = _expected(session, unit, period, form)
    counts = ("counties_count", "townships_count")
    return unit | {name: sum(row[name] or 0 for row in (unit, *expected)) for name in counts}


def sides(
    session: Session, unit: Row, period: Period, form: FormVersion
) -> tuple[dict[str, int], dict[str, int]]:
    """What evidence covers below a collecting unit, and what the ledger says of it, each summed by indicator."""
    rows = {row["unit_code"]: row for row in session.all(_SIDES, **_within(unit, period))}
    found = [rows[row["code"]] for row in _expected(session, unit, period, form) if row["code"] in rows]
    return _added(row["evidenced"] or {} for row in found), _added(row["ledger"] or {} for row in found)


def lift(session: Session, *, first: str, last: str, policy: Policy) -> None:
    """Count anew, from one period to another, what rests on others: the evidence and the ledger of every
    collecting unit that has filed. What the ledger says of such a unit itself counts where it says nothing below."""
    for stored in session.all(_COLLECTORS, first=first, last=last):
        unit = units.get(session, stored["unit_code"])
        period = Period.parse(stored["period"])
        form = forms.get(session, stored["form_code"], stored["form_version"])
        evidenced, ledger = sides(session, unit, period, form)
        figures.refresh(
            session,
            unit=unit["code"],
            period=stored["period"],
            form=form,
            before=stored,
            policy=policy,
            evidenced=evidenced,
            ledger=ledger or stored["ledger"],
        )


def _expected(session: Session, unit: Row, period: Period, form: FormVersion) -> list[Row]:
    found = units.contributors(session, unit, on=form.window(period).end)
    return [row for row in found if row["code"] != unit["code"]]


def _stored(session: Session, unit: Row, period: Period) -> dict[str, Row]:
    return {row["unit_code"]: row for row in session.all(_BELOW, **_within(unit, period))}


def _within(unit: Row, period: Period) -> dict[str, str]:
    path = unit["report_path"]
    return {"month": str(period), "path_from": path + "/", "path_to": path + "0"}


def _parts(expected: Iterable[Row], stored: Mapping[str, Row]) -> list[Part]:
    accepted = [
        (row, stored[row["code"]]["content"])
        for row in expected
        if row["code"] in stored and stored[row["code"]]["status"] == Status.ACCEPTED
    ]
    return [
        Part(row["code"], row["name"], c["figures"], c["supplements"], c["activities"]) for row, c in accepted
    ]


def _line(unit: Row, stored: Row | None) -> dict[str, Any]:
    status = stored["status"] if stored and stored["status"] != Status.DRAFT else None
    return {
        "unit": unit["code"],
        "name": unit["name"],
        "status": status,
        "included": status == Status.ACCEPTED,
    }


def _items(
    session: Session, unit: Row, period: Period, form: FormVersion, parts: list[Part]
) -> list[dict[str, Any]]:
    """Every entry of an item, unit by unit in code order, with the files that its claims rest on."""
    items_of = {activity.code: activity.items for activity in form.activities}
    files: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in session.all(_ATTACHED, **_within(unit, period)):
        shown = {
            "claim": row["id"],
            "title": row["title"],
            "status": row["status"],
            "evidence": row["evidence_id"],
        }
        for number in items_of.get(row["activity"], ()):
            files.setdefault((row["unit_code"], number), []).append(shown)
    return [
        {
            "item": entry["item"],
            "unit": part.unit,
            "name": part.name,
            "done": entry["done"],
            "count": entry["count"],
            "text": entry["text"],
            "attachments": files.get((part.unit, entry["item"]), []),
        }
        for number in sorted(form.entered_items)
        for part in parts
        for entry in part.activities
        if entry["item"] == number
    ]


def _sums(session: Session, unit: Row, period: Period) -> dict[str, Any]:
    return aggregates.of_unit(session, unit=unit, period=period)


def _added(many: Iterable[Mapping[str, int | None]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in many:
        for code, value in one.items():
            if value is not None:
                total[code] = total.get(code, 0) + value
    return total


def check_collects(session: Session, unit: Row, period: Period, form: FormVersion) -> None:
    """Raises Conflict where nobody reports to the unit."""
    if not _expected(session, unit, period, form):
        raise Conflict(
            Text("没有单位向该单位报送，无可汇总", "Nobody reports to this unit: there is nothing to sum"),
            code="nobody-reports",
        )
