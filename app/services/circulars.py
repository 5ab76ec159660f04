"""Circulars: drafted from the figures, edited, signed, published, and corrected by the next edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from app.db import Row, Session, prepared
from app.domain.canonical import digest
from app.domain.circular import corrected, draft
from app.domain.circular_life import CircularState, CircularStep, target
from app.domain.circular_number import number as next_number
from app.domain.ids import new_id
from app.domain.period import Period, china_date
from app.domain.permission import Action, Actor
from app.errors import Conflict, Forbidden, Text, VersionConflict
from app.models import Circular, Unit
from app.services import audit, circular_facts, circular_queries, events, forms, units
from app.services.periods import Policy, check_begun

_CIRCULARS = Circular.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_CIRCULARS))
_LAST = prepared(
    select(_CIRCULARS)
    .where(_CIRCULARS.c.unit_code == bindparam("unit"), _CIRCULARS.c.period == bindparam("month"))
    .order_by(_CIRCULARS.c.edition.desc())
    .limit(1)
)
_NUMBERED = prepared(
    select(func.count().label("number")).where(
        _CIRCULARS.c.unit_code == bindparam("unit"),
        _CIRCULARS.c.published_at.is_not(None),
        _CIRCULARS.c.dated.between(bindparam("first"), bindparam("last")),
    )
)
_STAMPS = (
    "state",
    "version",
    "content",
    "content_hash",
    "reason",
    "submitted_at",
    "submitted_by",
    "approved_at",
    "approved_by",
    "approver",
    "published_at",
    "published_by",
    "number",
    "dated",
)
_MOVE = prepared(
    update(_CIRCULARS)
    .where(
        _CIRCULARS.c.id == bindparam("which"),
        _CIRCULARS.c.state == bindparam("was_state"),
        _CIRCULARS.c.version == bindparam("was_version"),
    )
    .values({_CIRCULARS.c[name]: bindparam(f"new_{name}") for name in _STAMPS})
)

_RETIRE = prepared(
    update(_CIRCULARS)
    .where(_CIRCULARS.c.id == bindparam("which"), _CIRCULARS.c.state == CircularState.PUBLISHED.value)
    .values(state=CircularState.CORRECTED.value)
)
_HAPPENED = {
    CircularStep.EDIT: "edited",
    CircularStep.SUBMIT: "submitted",
    CircularStep.RETURN: "returned",
    CircularStep.APPROVE: "approved",
    CircularStep.PUBLISH: "published",
}
"""What the audit calls each step."""


def create(
    session: Session, *, period: Period, unit_code: str, policy: Policy, by: Actor, now: datetime
) -> Row:
    """Draft the circular of a unit and a period that has begun. Raises NotFound, Forbidden, Conflict.

    There is one per unit and period: a later word about the same month is a correction (`restate`).
    """
    unit = units.get(session, unit_code)
    by.check(Action.WRITE_CIRCULAR, unit["report_path"])
    last = session.one(_LAST, unit=unit_code, month=str(period))
    if last is not None:
        raise Conflict(
            Text(
                "本期已有通报，请修改草稿；已印发的请发更正",
                "The period has a circular already: edit the draft, or correct what was published",
            ),
            code="circular-exists",
            headers={"Location": f"/api/v1/circulars/{last['id']}"},
        )
    check_begun(forms.in_force(session, period), period, now)
    content = draft(circular_facts.gathered(session, unit=unit, period=period, policy=policy, by=by))
    return _add(session, unit, str(period), 1, content, {}, by=by, now=now)


def edit(
    session: Session,
    circular_id: str,
    *,
    blocks: Sequence[Mapping[str, Any]],
    contact: str | None,
    version: int | None,
    by: Actor,
    now: datetime,
) -> Row:
    """Replace the paragraphs of named blocks; tables, numbers of the attachments and headings stay generated.

    Raises VersionConflict when the draft changed since it was read, Conflict when it is no draft.
    """
    row = _writable(session, circular_id, by)
    if version is not None and version != row["version"]:
        raise VersionConflict(current_version=row["version"])
    texts = {block["code"]: list(block["paragraphs"]) for block in blocks}
    known = [block["code"] for block in row["content"]["blocks"]]
    if unknown := sorted(texts.keys() - set(known)):
        raise Conflict(
            Text("通报没有这个部分", "The circular has no such block"),
            code="unknown-block",
            count=len(unknown),
        )
    edited = [b | {"paragraphs": texts.get(b["code"], b["paragraphs"])} for b in row["content"]["blocks"]]
    content = row["content"] | {"blocks": edited, "contact": contact}
    return _move(session, row, CircularStep.EDIT, _worded(content), by=by, now=now)


def submit(session: Session, circular_id: str, *, by: Actor, now: datetime) -> Row:
    """送审: hand a draft in for the leader's decision; from now on nothing in it changes."""
    row = _writable(session, circular_id, by)
    stamps = {"submitted_at": now, "submitted_by": by.id, "reason": None}
    return _move(session, row, CircularStep.SUBMIT, stamps, by=by, now=now)


def send_back(session: Session, circular_id: str, *, reason: str, by: Actor, now: datetime) -> Row:
    """Return it to its writer with a reason; an approval is void."""
    row = _writable(session, circular_id, by)
    void = dict.fromkeys(("submitted_at", "submitted_by", "approved_at", "approved_by", "approver"))
    return _move(session, row, CircularStep.RETURN, {**void, "reason": reason}, by=by, now=now)


def approve(
    session: Session,
    circular_id: str,
    *,
    content_hash: str | None,
    approver: str | None,
    by: Actor,
    now: datetime,
) -> Row:
    """批准: sign this content. With `content_hash`, 412 when it is no longer the one that was read.

    `approver` names the leader who signed on paper, where somebody else enters it.
    """
    row = _writable(session, circular_id, by)
    if content_hash is not None and content_hash != row["content_hash"]:
        raise VersionConflict(code="content-changed", current_version=row["version"])
    stamps = {
        "submitted_at": row["submitted_at"] or now,
        "submitted_by": row["submitted_by"] or by.id,
        "approved_at": now,
        "approved_by": by.id,
        "approver": approver,
    }
    return _move(session, row, CircularStep.APPROVE, stamps, by=by, now=now)


def publish(
    session: Session,
    circular_id: str,
    *,
    number: str | None,
    dated: date | None,
    by: Actor,
    now: datetime,
) -> Row:
    """印发: number and date it, and never change it again; what it corrects becomes `corrected`.

    Without a number it gets the next of the unit's year, without a day today's. Conflict when not approved.
    """
    row = _writable(session, circular_id, by)
    target(CircularState(row["state"]), CircularStep.PUBLISH)
    day = dated or china_date(now)
    content = row["content"] | {
        "number": number or _next_number(session, row["unit_code"], day),
        "dated": day.isoformat(),
    }
    stamps = {
        **_worded(content),
        "number": content["number"],
        "dated": day,
        "published_at": now,
        "published_by": by.id,
    }
    published = _move(session, row, CircularStep.PUBLISH, stamps, by=by, now=now)
    if row["corrects"]:
        _retire(session, row["corrects"])
    return published


def restate(
    session: Session, circular_id: str, *, reason: str, policy: Policy, by: Actor, now: datetime
) -> Row:
    """更正: draft the next edition of a published circular, which names it and lists what changed.

    Raises Conflict for one that is not published, or whose correction is being written already.
    """
    row = _writable(session, circular_id, by)
    target(CircularState(row["state"]), CircularStep.RESTATE)
    last = session.one(_LAST, unit=row["unit_code"], month=row["period"])
    if last is None or last["id"] != row["id"]:
        raise Conflict(
            Text("更正稿已在起草", "A correction is being written already"),
            code="circular-exists",
            headers={"Location": f"/api/v1/circulars/{last['id'] if last else row['id']}"},
        )
    unit = units.get(session, row["unit_code"])
    period = Period.parse(row["period"])
    facts = circular_facts.gathered(session, unit=unit, period=period, policy=policy, by=by)
    content = corrected(draft(facts), row["content"], reason)
    more = {"corrects": row["id"], "reason": reason}
    return _add(session, unit, row["period"], row["edition"] + 1, content, more, by=by, now=now)


def _writable(session: Session, circular_id: str, by: Actor) -> Row:
    """One that the caller may move. Raises NotFound, or Forbidden where it can only be read."""
    row = circular_queries.get(session, circular_id, by=by)
    if not by.may(Action.WRITE_CIRCULAR, units.get(session, row["unit_code"])["report_path"]):
        raise Forbidden()
    return row


def _worded(content: Mapping[str, Any]) -> Row:
    return {"content": dict(content), "content_hash": digest(content)}


def _next_number(session: Session, unit_code: str, day: date) -> str:
    first, last = day.replace(month=1, day=1), day.replace(month=12, day=31)
    row = session.one(_NUMBERED, unit=unit_code, first=first, last=last)
    return next_number(day.year, (row["number"] if row else 0) + 1)


def _retire(session: Session, circular_id: str) -> None:
    session.run(_RETIRE, which=circular_id)


def _add(
    session: Session,
    unit: Row,
    period: str,
    edition: int,
    content: Mapping[str, Any],
    more: Row,
    *,
    by: Actor,
    now: datetime,
) -> Row:
    row: Row = {
        **dict.fromkeys(_STAMPS),
        "id": new_id(now),
        "unit_code": unit["code"],
        "period": period,
        "edition": edition,
        "state": CircularState.DRAFT.value,
        "version": 1,
        "vintage": content["vintage"],
        **_worded(content),
        "corrects": None,
        "created_at": now,
        "created_by": by.id,
        **more,
    }
    session.run(_ADD, **row)
    _trail(session, unit["report_path"], row, "created", None, by=by, now=now)
    return row


def _move(session: Session, row: Row, step: CircularStep, stamps: Row, *, by: Actor, now: datetime) -> Row:
    """Take a step by compare-and-set: whoever else was faster wins, and this one is refused."""
    state = target(CircularState(row["state"]), step).value
    moved = row | stamps | {"state": state, "version": row["version"] + 1}
    new = {f"new_{name}": moved[name] for name in _STAMPS}
    done = session.run(_MOVE, which=row["id"], was_state=row["state"], was_version=row["version"], **new)
    if not done:
        raise VersionConflict(current_version=row["version"])
    path = units.get(session, row["unit_code"])["report_path"]
    _trail(session, path, moved, _HAPPENED[step], row["content_hash"], by=by, now=now)
    return moved


def _trail(
    session: Session, path: str, row: Row, what: str, before: str | None, *, by: Actor, now: datetime
) -> None:
    audit.record(
        session,
        by=by,
        action=f"circular.{what}",
        path=path,
        thing=f"circular:{row['id']}",
        now=now,
        version=row["version"],
        before=before,
        after=row["content_hash"],
    )
    if what == "published":
        data = {
            "id": row["id"],
            "period": row["period"],
            "number": row["number"],
            "corrects": row["corrects"],
        }
        events.emit(session, "circular.published", unit=row["unit_code"], data=data, now=now)
