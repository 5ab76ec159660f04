"""The scope of a claim: the units of the reporter's own area, the files it may rest on, and who shares them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from app.db import Row, Session
from app.domain.claim import Place, finding
from app.domain.permission import Action, Actor
from app.domain.proof import Decision
from app.errors import Finding
from app.models import Claim, ClaimEvidence, Evidence, Unit
from app.models.unit import below

_UNITS = Unit.__table__  # type: ignore[attr-defined]
_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_USES = ClaimEvidence.__table__  # type: ignore[attr-defined]
_EVIDENCE = Evidence.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path


def area(session: Session, unit: Row, *, on: date) -> list[Place]:
    """The unit and what reports to it and to no other reporting unit: Foshan's area is without Shunde.

    Without units that had ended on the day; younger ones are in, because the register is one state of the
    divisions and not their history.
    """
    path = unit["report_path"]
    rows = session.all(
        select(_UNITS)
        .where(
            or_(path == _PATH, below(path, _PATH)),
            or_(_UNITS.c.valid_to.is_(None), _UNITS.c.valid_to > on),
        )
        .order_by(_PATH)
    )
    apart = [row["report_path"] + "/" for row in rows if row["reports"] and row["code"] != unit["code"]]
    own = [row for row in rows if not f"{row['report_path']}/".startswith(tuple(apart))] if apart else rows
    names = {row["code"]: row["name"] for row in own}
    return [_place(row, names) for row in own]


def _place(row: Row, names: dict[str, str]) -> Place:
    return Place(
        code=row["code"],
        name=row["name"],
        parent_name=names.get(row["report_parent"] or "", ""),
        level=row["level"],
        township_kind=row["township_kind"],
        agri_related=row["agri_related"],
    )


def known(session: Session, codes: Collection[str]) -> set[str]:
    """Those of the codes that the register has."""
    rows = session.all(select(_UNITS.c.code).where(_UNITS.c.code.in_(sorted(codes)))) if codes else []
    return {row["code"] for row in rows}


def files(session: Session, ids: Sequence[str], unit: Row, by: Actor) -> tuple[list[Row], list[Finding]]:
    """The named files, and a finding for each that is not there or was not sent by who may send for the unit."""
    rows = session.all(
        select(_EVIDENCE, _UNITS.c.report_path)
        .join(_UNITS, _UNITS.c.code == _EVIDENCE.c.unit_code)
        .where(_EVIDENCE.c.id.in_(sorted(set(ids))))
    )
    usable = {row["id"]: row for row in rows if by.may(Action.WRITE_EVIDENCE, row["report_path"])}
    missing = [i for i, each in enumerate(ids) if each not in usable]
    return list(usable.values()), [finding("evidence-unknown", f"/evidence/{i}") for i in missing]


def shared_findings(session: Session, used: Sequence[Row], unit: Row) -> list[Finding]:
    """A finding when another unit sent or uses a file of the same content; whose it is stays untold."""
    hashes = sorted({row["sha256"] for row in used})
    return [finding("file-shared", "/evidence")] if sharing_units(session, hashes, unit) else []


def sharing_units(session: Session, hashes: Sequence[str], unit: Row) -> list[str]:
    """The other units that sent or use a file with one of these hashes; who collects from the unit is not one."""
    above = unit["report_path"].split("/")
    same: ColumnElement[bool] = _EVIDENCE.c.sha256.in_(hashes)
    sent = session.all(
        select(_EVIDENCE.c.unit_code).where(same, _EVIDENCE.c.unit_code.not_in(above)).distinct()
    )
    claimed = session.all(
        select(_CLAIMS.c.unit_code)
        .join(_USES, _USES.c.claim_id == _CLAIMS.c.id)
        .join(_EVIDENCE, _EVIDENCE.c.id == _USES.c.evidence_id)
        .where(same, _CLAIMS.c.unit_code != unit["code"], _CLAIMS.c.status != Decision.REJECTED.value)
        .distinct()
    )
    return sorted({row["unit_code"] for row in (*sent, *claimed)})
