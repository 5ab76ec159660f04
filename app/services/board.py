"""The board of a month: every expected unit at a glance, the sums, and what the last reconciliation found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select

from app.db import Row, Session, prepared
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Actor
from app.errors import Severity
from app.models import Report, ReportVersion
from app.services import aggregates, completeness, forms, reconciliations, report_queries, units
from app.services.periods import Policy

_REPORTS = Report.__table__  # type: ignore[attr-defined]
_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_FINDINGS = prepared(
    select(_REPORTS.c.unit_code, _REPORTS.c.findings.label("rechecked"), _VERSIONS.c.findings)
    .join(
        _VERSIONS,
        and_(
            _VERSIONS.c.unit_code == _REPORTS.c.unit_code,
            _VERSIONS.c.period == _REPORTS.c.period,
            _VERSIONS.c.number == _REPORTS.c.version,
        ),
    )
    .where(_REPORTS.c.period == bindparam("month"))
)


@dataclass(frozen=True, slots=True)
class Line:
    """One expected unit. `status` is None while the reader may know of no report.

    `warnings` and `hints` count what its report's checks found. `mismatches` and `unrecorded` count cells of
    the last reconciliation, in which the ledger differs or has nothing; both are None where it compared none.
    """

    code: str
    name: str
    status: str | None
    timeliness: str | None
    received_at: datetime | None
    warnings: int
    hints: int
    mismatches: int | None
    unrecorded: int | None
    figures: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Board:
    """A unit's month, for one reader."""

    unit: Row
    period: Period
    form: FormVersion
    completeness: dict[str, Any]
    lines: list[Line]
    cells: dict[str, Any]
    ratios: dict[str, Any]
    run: Row | None
    mismatches: list[Row]


def of_unit(session: Session, *, unit_code: str, period: Period, policy: Policy, by: Actor) -> Board:
    """The board of what reports to a unit. Raises NotFound, Forbidden, Invalid."""
    complete = completeness.of_unit(session, unit_code=unit_code, period=period, policy=policy, by=by)
    unit = units.get(session, unit_code)
    sums = aggregates.of_unit(session, unit=unit, period=period)
    run = reconciliations.latest(session, period=period, unit_code=unit_code, by=by)
    found = reconciliations.mismatches(session, run["id"]) if run else []
    return Board(
        unit=unit,
        period=period,
        form=forms.in_force(session, period),
        completeness=complete,
        lines=_lines(sums["units"], _reports(session, unit_code, period, by), run, found),
        cells=sums["cells"],
        ratios=sums["ratios"],
        run=run,
        mismatches=found,
    )


def _reports(session: Session, unit_code: str, period: Period, by: Actor) -> dict[str, Row]:
    """The reports that the reader may see, by unit, with their findings: nobody else's drafts."""
    rows = report_queries.listed(
        session,
        by=by,
        period=str(period),
        unit=None,
        inside=unit_code,
        status=None,
        timeliness=None,
        after=None,
        limit=reconciliations.EVERY,
    )
    found = {row["unit_code"]: row for row in session.all(_FINDINGS, month=str(period))}
    return {row["unit_code"]: {**row, "findings": _current(found[row["unit_code"]])} for row in rows}


def _current(row: Row) -> list[Row]:
    """What was found when the version was saved, unless its rules have run again since."""
    found: list[Row] = row["findings"] if row["rechecked"] is None else row["rechecked"]
    return found


def _lines(
    expected: Sequence[Row], reports: dict[str, Row], run: Row | None, found: Sequence[Row]
) -> list[Line]:
    mismatches = Counter(row["unit_code"] for row in found)
    sides = run["missing"] if run else {"missing_in_ledger": [], "not_reported": []}
    unrecorded = Counter(cell["unit"] for cell in sides["missing_in_ledger"])
    left_out = {cell["unit"] for cell in sides["not_reported"]}
    compared = {unit["unit"] for unit in expected} - left_out if run else set()
    return [
        Line(
            **_reported(unit, reports.get(code)),
            mismatches=mismatches[code] if code in compared else None,
            unrecorded=unrecorded[code] if code in compared else None,
        )
        for code, unit in ((unit["unit"], unit) for unit in expected)
    ]


def _reported(unit: Row, report: Row | None) -> dict[str, Any]:
    severities = Counter(finding["severity"] for finding in report["findings"]) if report else Counter()
    return {
        "code": unit["unit"],
        "name": unit["name"],
        "status": report["status"] if report else None,
        "timeliness": report["timeliness"] if report else None,
        "received_at": report["received_at"] if report else None,
        "warnings": severities[Severity.WARNING],
        "hints": severities[Severity.INFO],
        "figures": unit["effective"],
    }
