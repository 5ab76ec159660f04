"""Claims as people read them: one, and those of a report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam, select

from app.db import Row, Session, prepared
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import Claim, ClaimEvidence, ClaimUnit, Evidence, Unit
from app.services import claim_scope, units

_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_COVERED = ClaimUnit.__table__  # type: ignore[attr-defined]
_USES = ClaimEvidence.__table__  # type: ignore[attr-defined]
_EVIDENCE = Evidence.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]

_GET = prepared(
    select(_CLAIMS, _UNITS.c.report_path)
    .join(_UNITS, _UNITS.c.code == _CLAIMS.c.unit_code)
    .where(_CLAIMS.c.id == bindparam("id"))
)
_OF_REPORT = prepared(
    select(_CLAIMS, _UNITS.c.report_path)
    .join(_UNITS, _UNITS.c.code == _CLAIMS.c.unit_code)
    .where(_CLAIMS.c.unit_code == bindparam("unit"), _CLAIMS.c.period == bindparam("month"))
    .order_by(_CLAIMS.c.id)
)


def get(session: Session, *, claim_id: str, by: Actor) -> Row:
    """A claim with its units and files. Raises NotFound, Forbidden."""
    row = session.one(_GET, id=claim_id)
    if row is None:
        raise NotFound()
    by.check(Action.READ_EVIDENCE, row["report_path"])
    return _whole(session, [row], by)[0]


def listed(session: Session, *, period: str, unit: str, by: Actor) -> list[Row]:
    """The claims under a unit's period, oldest first. Raises NotFound, Forbidden."""
    by.check(Action.READ_EVIDENCE, units.get(session, unit)["report_path"])
    return _whole(session, session.all(_OF_REPORT, unit=unit, month=period), by)


def _whole(session: Session, claims: list[Row], by: Actor) -> list[Row]:
    """The claims with units, files and, for who decides, the other units within reach that share a file."""
    ids = [claim["id"] for claim in claims]
    covered = session.all(select(_COVERED).where(_COVERED.c.claim_id.in_(ids))) if ids else []
    used = session.all(_used_by(ids)) if ids else []
    return [
        {
            **claim,
            "units": _of(claim, covered, "unit_code"),
            "evidence": _of(claim, used, "evidence_id"),
            "shared_with": _shared(session, claim, _of(claim, used, "sha256"), by),
        }
        for claim in claims
    ]


def _used_by(ids: list[str]) -> Select[Any]:
    return (
        select(_USES.c.claim_id, _USES.c.evidence_id, _EVIDENCE.c.sha256)
        .join(_EVIDENCE, _EVIDENCE.c.id == _USES.c.evidence_id)
        .where(_USES.c.claim_id.in_(ids))
    )


def _of(claim: Row, rows: Iterable[Row], name: str) -> list[str]:
    return sorted(row[name] for row in rows if row["claim_id"] == claim["id"])


def _shared(session: Session, claim: Row, hashes: list[str], by: Actor) -> list[str]:
    if not by.may(Action.DECIDE_CLAIM, claim["report_path"]):
        return []
    unit = {"code": claim["unit_code"], "report_path": claim["report_path"]}
    return [
        code
        for code in claim_scope.sharing_units(session, hashes, unit)
        if by.may(Action.DECIDE_CLAIM, units.get(session, code)["report_path"])
    ]
