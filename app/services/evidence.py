"""Evidence: rows over stored files, and who may read which."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, insert, select

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.permission import Action, Actor
from app.errors import Finding, Invalid, NotFound, Severity, Text, TooLarge
from app.models import ClaimEvidence, Unit
from app.models import Evidence as EvidenceRow
from app.services import audit, events, units
from app.storage import Blob

_EVIDENCE = EvidenceRow.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_USES = ClaimEvidence.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_EVIDENCE))
_USED = prepared(
    select(func.coalesce(func.sum(_EVIDENCE.c.size), 0).label("bytes")).where(
        _EVIDENCE.c.unit_code == bindparam("unit")
    )
)
_GET = prepared(
    select(
        _EVIDENCE,
        _UNITS.c.report_path,
        exists().where(_USES.c.evidence_id == _EVIDENCE.c.id).label("is_claimed"),
    )
    .join(_UNITS, _UNITS.c.code == _EVIDENCE.c.unit_code)
    .where(_EVIDENCE.c.id == bindparam("id"))
)


class Received(NamedTuple):
    """A file that is stored and judged: its content, its name and its media type."""

    blob: Blob
    filename: str
    media_type: str


def unit_for(session: Session, *, unit: str | None, size: int, quota: int, by: Actor) -> str:
    """The unit that a caller sends a file for, before a byte of it is read.

    The one unit of the caller's grant when none is named. Raises NotFound, Forbidden, Invalid when it must be
    named, TooLarge when `size` bytes more would exceed the quota.
    """
    by.check_role(Action.WRITE_EVIDENCE)
    code = unit or _own_unit(by)
    by.check(Action.WRITE_EVIDENCE, units.get(session, code)["report_path"])
    _check_quota(session, code, size, quota)
    return code


def add(session: Session, *, received: Received, unit: str, quota: int, by: Actor, now: datetime) -> Row:
    """Name a stored file by a row. Raises NotFound, Forbidden, TooLarge."""
    path = units.get(session, unit)["report_path"]
    by.check(Action.WRITE_EVIDENCE, path)
    _check_quota(session, unit, received.blob.size, quota)
    row = {
        "id": new_id(now),
        "unit_code": unit,
        **received.blob._asdict(),
        "media_type": received.media_type,
        "filename": received.filename,
        "uploaded_at": now,
        "uploaded_by": by.id,
    }
    session.run(_ADD, **row)
    audit.record(
        session,
        by=by,
        action="evidence.upload",
        path=path,
        thing=f"evidence:{row['id']}",
        now=now,
        after=received.blob.sha256,
    )
    events.emit(session, "evidence.uploaded", unit=unit, data={"id": row["id"]}, now=now)
    return row


def get(session: Session, *, evidence_id: str, by: Actor) -> Row:
    """A file's row. Its unit reads it at once, a reviewer once a claim rests on it. Raises NotFound."""
    row = session.one(_GET, id=evidence_id)
    if row is None:
        raise NotFound()
    path = row["report_path"]
    by.check(Action.READ_EVIDENCE, path)
    if not (row["is_claimed"] or by.may(Action.WRITE_EVIDENCE, path)):
        raise NotFound()
    return row


def _own_unit(by: Actor) -> str:
    codes = {grant.unit for grant in by.grants if by.may(Action.WRITE_EVIDENCE, grant.path)}
    if len(codes) == 1:
        return codes.pop()
    text = Text("请用 unit 参数指明材料所属单位", "Say with `unit` for which unit the file is")
    raise Invalid(
        text,
        code="missing-field",
        findings=[Finding("missing-field", "missing-field", Severity.ERROR, "/query/unit", text)],
    )


def _check_quota(session: Session, unit: str, size: int, quota: int) -> None:
    used = session.one(_USED, unit=unit)
    if used is not None and int(used["bytes"]) + size > quota:
        raise TooLarge(
            Text("本单位材料已达存储上限，请联系管理员", "The unit's quota of evidence is used up"),
            code="evidence-quota",
            limit=quota,
        )
