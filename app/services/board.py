"""The board of a month: every expected unit at a glance, the sums, and what the last reconciliation found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, select

from app.db import Row, Session, prepared
from app.domain.board import SETTLED, Case, blockers, next_action
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Actor
from app.domain.values import Flag
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
    `age_days` are full days since it was received or accepted, without a report since the deadline passed.
    """

    code: str
    name: str
    status: str | None
    is_excused: bool
    timeliness: str | None
    received_at: datetime | None
    warnings: int
    hints: int
    mismatches: int | None
    unrecorded: int | None
    figures: dict[str, int | None]
    age_days: int
    open_mismatches: int | None
    omitted_before: int | None
    blockers: list[dict[str, Any]]
    next_action: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The line as the HTTP contract writes it: without figures, which the sums have."""
        same = ("name", "timeliness", "received_at", "warnings", "hints", "mismatches", "unrecorded")
        more = ("age_days", "open_mismatches", "omitted_before", "blockers", "next_action")
        named = {name: getattr(self, name) for name in (*same, *more)}
        return {"unit": self.code, "state": self.state, **named}

    @property
    def state(self) -> str:
        """The status, or why there is none: excused (免报) or absent."""
        return "excused" if self.is_excused else self.status or "absent"


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

    def as_json(self) -> dict[str, Any]:
        """The board as the HTTP contract writes it."""
        states = Counter(line.state for line in self.lines)
        actions = Counter(line.next_action["code"] for line in self.lines)
        return {
            "period": str(self.period),
            "unit": self.unit["code"],
            "name": self.unit["name"],
            "form": self.form.id,
            "deadline": self.completeness["deadline"],
            "reconciliation": self.run["id"] if self.run else None,
            "states": dict(sorted(states.items())),
            "actions": dict(sorted(actions.items())),
            "items": [line.as_json() for line in self.lines],
        }


def of_unit(
    session: Session, *, unit_code: str, period: Period, policy: Policy, now: datetime, by: Actor
) -> Board:
    """The board of what reports to a unit, at an instant. Raises NotFound, Forbidden, Invalid."""
    complete = completeness.of_unit(session, unit_code=unit_code, period=period, policy=policy, by=by)
    unit = units.get(session, unit_code)
    sums = aggregates.of_unit(session, unit=unit, period=period, is_blind=by.is_reporter_only)
    run = reconciliations.latest(session, period=period, unit_code=unit_code, by=by)
    found = reconciliations.mismatches(session, run["id"]) if run else []
    return Board(
        unit=unit,
        period=period,
        form=forms.in_force(session, period),
        completeness=complete,
        lines=_lines(sums["units"], _reports(session, unit_code, period, by), run, found, complete, now),
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
    expected: Sequence[Row],
    reports: dict[str, Row],
    run: Row | None,
    found: Sequence[Row],
    complete: Mapping[str, Any],
    now: datetime,
) -> list[Line]:
    counts = _Ledger(expected, run, found)
    omitted = {each["unit"]: each["omitted_before"] for each in complete["omissions"]}
    excused = set(complete["lists"]["excused"])
    return [
        _line(
            unit,
            reports.get(code),
            counts.of(code),
            omitted.get(code),
            code in excused,
            complete["deadline"],
            now,
        )
        for code, unit in ((unit["unit"], unit) for unit in expected)
    ]


class _Ledger:
    """What the last reconciliation found, by unit."""

    def __init__(self, expected: Sequence[Row], run: Row | None, found: Sequence[Row]) -> None:
        sides = run["missing"] if run else {"missing_in_ledger": [], "not_reported": []}
        self.mismatches = Counter(row["unit_code"] for row in found)
        self.open = Counter(row["unit_code"] for row in found if row["state"] not in SETTLED)
        self.unrecorded = Counter(cell["unit"] for cell in sides["missing_in_ledger"])
        left_out = {cell["unit"] for cell in sides["not_reported"]}
        self.compared = {unit["unit"] for unit in expected} - left_out if run else set()

    def of(self, code: str) -> dict[str, Any]:
        """None where it compared nothing."""
        if code not in self.compared:
            return {"mismatches": None, "unrecorded": None, "open_mismatches": None}
        return {
            "mismatches": self.mismatches[code],
            "unrecorded": self.unrecorded[code],
            "open_mismatches": self.open[code],
        }


def _line(
    unit: Row,
    report: Row | None,
    ledger: dict[str, Any],
    omitted: int | None,
    is_excused: bool,
    deadline: datetime,
    now: datetime,
) -> Line:
    reasons = (report["reasons"] or []) if report else []
    case = Case(
        status=report["status"] if report else None,
        is_past_due=now > deadline,
        is_excused=is_excused,
        reasons=len(reasons),
        unproved=sum(Flag.PENDING in flags for flags in unit["flags"].values()),
        open_mismatches=ledger["open_mismatches"],
        unrecorded=ledger["unrecorded"],
    )
    return Line(
        **_reported(unit, report),
        **ledger,
        is_excused=is_excused,
        age_days=0 if is_excused else _age(report, deadline, now),
        omitted_before=omitted,
        blockers=blockers(case),
        next_action=next_action(case),
    )


def _age(report: Row | None, deadline: datetime, now: datetime) -> int:
    since = deadline if report is None else report["accepted_at"] or report["received_at"]
    return max(0, (now - since).days)


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
