"""Mismatches: opened by reconciliations, answered by people, and moved by whatever changes a figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from app.db import Row, Session, prepared
from app.domain.ids import new_id
from app.domain.mismatch import ACTION_OF, NAMES, Cause, Need, State, Step, Transition, observed, transition
from app.domain.permission import Actor
from app.errors import Conflict, Finding, Invalid, Severity, Text, VersionConflict
from app.models import Mismatch, MismatchEntry
from app.services import audit, events, mismatch_queries

_MISMATCHES = Mismatch.__table__  # type: ignore[attr-defined]
_ADD = prepared(insert(_MISMATCHES))
_ADD_ENTRY = prepared(insert(MismatchEntry.__table__))  # type: ignore[attr-defined]
_OF_PERIOD = prepared(select(_MISMATCHES).where(_MISMATCHES.c.period == bindparam("month")))
_OF_UNIT = prepared(
    select(_MISMATCHES).where(
        _MISMATCHES.c.period == bindparam("month"), _MISMATCHES.c.unit_code == bindparam("unit")
    )
)
_CHANGES = ("reported", "ledger", "difference", "state", "resolution", "revision", "changed_at")
_SAVE = prepared(
    update(_MISMATCHES)
    .where(_MISMATCHES.c.id == bindparam("mismatch_id"), _MISMATCHES.c.revision == bindparam("was_revision"))
    .values({_MISMATCHES.c[name]: bindparam(f"new_{name}") for name in _CHANGES})
)

SHORTEST = 5
"""Characters of an explanation, as for those of warnings (domain.md section 2)."""

Figures = Mapping[str, int | None]


def take(
    session: Session,
    *,
    mismatch_id: str,
    step: Step,
    text: str,
    revision: int | None,
    by: Actor,
    now: datetime,
) -> Row:
    """Explain, confirm, dispute or resolve. `revision` is the one that the caller has read, None for any.

    Raises NotFound, Forbidden, Conflict for a closed mismatch, Invalid without the words that the step needs,
    VersionConflict when somebody else was faster.
    """
    row = mismatch_queries.get(session, mismatch_id=mismatch_id, by=by)
    by.check(ACTION_OF[step], row["report_path"])
    line = transition(State(row["state"]), step)
    if line is None:
        name = NAMES[State(row["state"])]
        raise Conflict(
            Text(f"该差异{name.zh}，不能进行此操作", f"The mismatch is {name.en}: this step is not possible"),
            code="wrong-status",
            status_now=row["state"],
        )
    if Need.TEXT in line.needs and len(text.strip()) < SHORTEST:
        raise Invalid(code="text-too-short", findings=[_too_short()])
    if revision is not None and revision != row["revision"]:
        raise VersionConflict(current_version=row["revision"])
    _move(session, row, line, text=text, role=by.role_at(row["report_path"]), by=by, now=now)
    thing = f"mismatch:{mismatch_id}"
    audit.record(session, by=by, action=f"mismatch.{step}", path=row["report_path"], thing=thing, now=now)
    return mismatch_queries.get(session, mismatch_id=mismatch_id, by=by)


def follow(
    session: Session, *, before: Row | None, after: Row, cause: Cause, by: Actor, now: datetime
) -> None:
    """Move the mismatches of a unit and period, whose figures were just rewritten from `before` to `after`.

    Costs one look-up, and none while the ledger says nothing or no figure has changed.
    """
    known, said = after["ledger"], after["reported"]
    if before is None or all(value is None for value in known.values()):
        return
    if before["ledger"] == known and before["reported"] == said:
        return
    for row in session.all(_OF_UNIT, month=after["period"], unit=after["unit_code"]):
        code = row["indicator"]
        _observe(session, row, said.get(code), known.get(code), cause, by=by, now=now)


def sighted(
    session: Session, period: str, found: Iterable[Mapping[str, Any]], *, by: Actor, now: datetime
) -> dict[tuple[str, str], Row]:
    """The mismatch of each figure in which a reconciliation of what is in force found a difference.

    Those that nobody has seen before are opened. By unit and indicator.
    """
    known = {(row["unit_code"], row["indicator"]): row for row in session.all(_OF_PERIOD, month=period)}
    fresh, entries = [], []
    for item in found:
        key = item["unit"], item["indicator"]
        if key in known:
            # A figure that was away for a while moves nothing when it comes back with what it was.
            known[key] = _observe(
                session, known[key], item["reported"], item["ledger"], Cause.LEDGER, by=by, now=now
            )
            continue
        known[key] = _opened(period, item, now)
        fresh.append(known[key])
        entries.append(_entry(known[key], Step.FOUND, "", by.role_at(""), by, now))
    session.many(_ADD, fresh)
    session.many(_ADD_ENTRY, entries)
    return known


def _opened(period: str, item: Mapping[str, Any], now: datetime) -> Row:
    return {
        "id": new_id(now),
        "period": period,
        "unit_code": item["unit"],
        **{name: item[name] for name in ("indicator", "reported", "ledger", "difference")},
        "state": State.OPEN.value,
        "resolution": None,
        "revision": 1,
        "opened_at": now,
        "changed_at": now,
    }


def _observe(
    session: Session,
    row: Row,
    reported: int | None,
    ledger: int | None,
    cause: Cause,
    *,
    by: Actor,
    now: datetime,
) -> Row:
    """What new figures make of a mismatch: it moves, or only shows them, or stays as it is."""
    if reported is None or ledger is None or (reported, ledger) == (row["reported"], row["ledger"]):
        return row
    step = observed(State(row["state"]), row["difference"], reported=reported, ledger=ledger, cause=cause)
    shown = {**row, "reported": reported, "ledger": ledger, "difference": reported - ledger}
    line = transition(State(row["state"]), step) if step else None
    if line is None:
        _save(session, row, shown)
        return shown
    return _move(session, row, line, shown=shown, role=by.role_at(""), by=by, now=now)


def _move(
    session: Session,
    row: Row,
    line: Transition,
    *,
    shown: Row | None = None,
    text: str = "",
    role: str,
    by: Actor,
    now: datetime,
) -> Row:
    moved = {
        **(shown or row),
        "state": line.target.value,
        "resolution": line.resolution and line.resolution.value,
        "revision": row["revision"] + 1,
        "changed_at": now,
    }
    _save(session, row, moved)
    session.run(_ADD_ENTRY, **_entry(moved, line.step, text, role, by, now))
    data = {name: moved[name] for name in ("id", "period", "indicator", "state", "resolution")}
    data |= {"unit": moved["unit_code"], "step": line.step.value}
    events.emit(session, "mismatch.moved", unit=moved["unit_code"], data=data, now=now)
    return moved


def _save(session: Session, before: Row, after: Row) -> None:
    """Compare and set: of two people exactly one wins."""
    values = {f"new_{name}": after[name] for name in _CHANGES}
    if session.run(_SAVE, mismatch_id=before["id"], was_revision=before["revision"], **values) != 1:
        raise VersionConflict()


def _entry(row: Row, step: Step, text: str, role: str, by: Actor, now: datetime) -> Row:
    return {
        "mismatch_id": row["id"],
        "number": row["revision"],
        "step": step.value,
        "state": row["state"],
        "text": text.strip(),
        "reported": row["reported"],
        "ledger": row["ledger"],
        "at": now,
        "by": by.id,
        "role": role,
    }


def _too_short() -> Finding:
    text = Text(f"请写明原因，至少{SHORTEST}个字", f"Say why, in at least {SHORTEST} characters")
    return Finding("text-too-short", "text-too-short", Severity.ERROR, "/text", text)
