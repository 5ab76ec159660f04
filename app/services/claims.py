"""Claims: what files are to prove, filed by units and decided by reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, insert, update

from app.db import Row, Session, prepared
from app.domain.claim import Coverage, covered, date_findings, finding, parted, spellings
from app.domain.content import read_period
from app.domain.form import FormVersion
from app.domain.form_parts import Activity
from app.domain.ids import new_id
from app.domain.period import FIRST, Period
from app.domain.permission import Action, Actor
from app.domain.proof import Decision
from app.errors import Conflict, Finding, Forbidden, Invalid, Severity, Text
from app.models import Claim, ClaimEvidence, ClaimUnit
from app.services import audit, claim_scope, consolidations, events, figures, forms, steps, units
from app.services.claim_queries import get
from app.services.periods import Policy

LAST_PERIOD = "9999-12"

_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_CLAIMS))
_ADD_UNIT = prepared(insert(ClaimUnit.__table__))  # type: ignore[attr-defined]
_ADD_EVIDENCE = prepared(insert(ClaimEvidence.__table__))  # type: ignore[attr-defined]
_DECIDE = prepared(
    update(_CLAIMS)
    .where(_CLAIMS.c.id == bindparam("claim_id"), _CLAIMS.c.status == bindparam("was"))
    .values(
        status=bindparam("new_status"),
        decided_at=bindparam("new_decided_at"),
        decided_by=bindparam("new_decided_by"),
        reason=bindparam("new_reason"),
    )
)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a client sent: what is to be proved, for whom, by which files."""

    activity: str
    level: str
    dated: date
    title: str
    units: Sequence[str]
    pasted: str
    evidence: Sequence[str]


def file(session: Session, *, period: str, unit: str, statement: Statement, by: Actor, now: datetime) -> Row:
    """File a claim under a unit's period, whatever the state of its report.

    Units outside the area are left out, with a finding each; the others are kept. Raises NotFound, Forbidden,
    and Invalid with all findings when the date is out of range, a file is unknown, or no unit is left.
    """
    place = units.get(session, unit)
    by.check(Action.WRITE_EVIDENCE, place["report_path"])
    month, form = _opened(session, period, now)
    steps.check_claims_open(figures.get(session, period, unit), now)
    activity = next((each for each in form.activities if each.code == statement.activity), None)
    if activity is None:
        raise Invalid(code="claim-refused", findings=[finding("activity-unknown", "/activity")])
    files, stops = claim_scope.files(session, statement.evidence, place, by)
    stops = [*date_findings(form, month, activity, statement.dated), *stops, *_not_expected(place)]
    coverage = _coverage(session, place, activity, statement)
    if not coverage.codes:
        stops.append(finding("units-missing", "/units"))
    if stops:
        raise Invalid(code="claim-refused", findings=[*stops, *coverage.findings])
    shared = claim_scope.shared_findings(session, files, place)
    return _store(session, period, place, statement, coverage, [*coverage.findings, *shared], by=by, now=now)


def accept(
    session: Session, *, claim_id: str, reason: str | None, by: Actor, now: datetime, policy: Policy
) -> Row:
    """Let a claim count. Raises NotFound, Forbidden (one's own), Conflict when it is accepted already."""
    return _decide(session, claim_id, Decision.ACCEPTED, reason, by=by, now=now, policy=policy)


def reject(session: Session, *, claim_id: str, reason: str, by: Actor, now: datetime, policy: Policy) -> Row:
    """Let a claim count no more, with the reason. Raises as `accept`."""
    return _decide(session, claim_id, Decision.REJECTED, reason, by=by, now=now, policy=policy)


def _opened(session: Session, period: str, now: datetime) -> tuple[Period, FormVersion]:
    form = forms.in_force(session, max(Period.parse(period), FIRST))
    month, found = read_period(form, period, now)
    if month is None:
        raise Invalid(code="period-invalid", findings=found)
    return month, form


def _not_expected(unit: Row) -> list[Finding]:
    if unit["reports"]:
        return []
    text = Text("该单位不是填报单位", "No report is expected of this unit")
    return [Finding("unit-not-reporting", "unit-not-reporting", Severity.ERROR, "/unit", text)]


def _coverage(session: Session, unit: Row, activity: Activity, statement: Statement) -> Coverage:
    gated = {gate.level for gate in activity.gates}
    level = statement.level if statement.level in gated else None
    named = [(text, f"/units/{i}") for i, text in enumerate(statement.units)]
    named += [(text, f"/pasted/{i}") for i, text in enumerate(parted(statement.pasted))]
    if not named and level in (None, "prefecture"):
        named = [(unit["code"], "/units")]
    codes = {code for text, _ in named for code in spellings(text)}
    return covered(
        named,
        claim_scope.area(session, unit, on=statement.dated),
        level=level,
        own=unit["code"],
        known=claim_scope.known(session, codes),
    )


def _store(
    session: Session,
    period: str,
    unit: Row,
    statement: Statement,
    coverage: Coverage,
    findings: Sequence[Finding],
    *,
    by: Actor,
    now: datetime,
) -> Row:
    row = {
        "id": new_id(now),
        "period": period,
        "unit_code": unit["code"],
        "activity": statement.activity,
        "level": statement.level,
        "dated": statement.dated,
        "title": statement.title,
        "status": Decision.PENDING.value,
        "findings": [found.as_json() for found in findings],
        "filed_at": now,
        "filed_by": by.id,
        "decided_at": None,
        "decided_by": None,
        "reason": None,
    }
    session.run(_ADD, **row)
    files = list(dict.fromkeys(statement.evidence))
    session.many(_ADD_UNIT, [{"claim_id": row["id"], "unit_code": code} for code in coverage.codes])
    session.many(_ADD_EVIDENCE, [{"claim_id": row["id"], "evidence_id": each} for each in files])
    _trail(session, "claim.filed", row, unit["report_path"], by, now)
    return {**row, "units": sorted(coverage.codes), "evidence": sorted(files), "shared_with": []}


def _decide(
    session: Session,
    claim_id: str,
    decision: Decision,
    reason: str | None,
    *,
    by: Actor,
    now: datetime,
    policy: Policy,
) -> Row:
    claim = get(session, claim_id=claim_id, by=by)
    by.check(Action.DECIDE_CLAIM, claim["report_path"])
    if claim["filed_by"] == by.id:
        raise Forbidden(
            Text("提交人不得审核自己提交的材料", "Whoever filed a claim does not decide it"), code="own-claim"
        )
    decided = {"status": decision.value, "decided_at": now, "decided_by": by.id, "reason": reason}
    same = claim["status"] == decision.value
    values = {f"new_{name}": value for name, value in decided.items()}
    if same or session.run(_DECIDE, claim_id=claim_id, was=claim["status"], **values) != 1:
        raise Conflict(
            Text("该材料已有审核结论，请刷新后重试", "The claim is decided already; read it again"),
            code="claim-decided",
            status_now=claim["status"],
        )
    row = {**claim, **decided}
    _trail(session, f"claim.{decision.value}", row, claim["report_path"], by, now)
    figures.recount(session, unit=claim["unit_code"], since=claim["dated"], policy=policy)
    consolidations.lift(session, first=f"{claim['dated']:%Y-%m}", last=LAST_PERIOD, policy=policy)
    return row


def _trail(session: Session, action: str, row: Row, path: str, by: Actor, now: datetime) -> None:
    audit.record(session, by=by, action=action, path=path, thing=f"claim:{row['id']}", now=now)
    data = {"id": row["id"], "period": row["period"], "unit": row["unit_code"]}
    events.emit(session, action, unit=row["unit_code"], data=data, now=now)
