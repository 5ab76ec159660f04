"""Circulars as they are read: by who writes them in every state, by those addressed once they were published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from app.db import Row, Session, prepared
from app.domain.circular_life import CircularState, allowed_steps
from app.domain.permission import Action, Actor
from app.errors import NotFound
from app.models import Circular, Unit
from app.models.unit import within
from app.services import units

_CIRCULARS = Circular.__table__  # type: ignore[attr-defined]
_UNITS = Unit.__table__  # type: ignore[attr-defined]
_PATH = _UNITS.c.report_path
_GET = prepared(select(_CIRCULARS).where(_CIRCULARS.c.id == bindparam("id")))


def get(session: Session, circular_id: str, *, by: Actor) -> Row:
    """One circular. Raises NotFound.

    Whoever writes circulars of its unit sees it in every state; those to whom it is addressed (the units below
    its own) and whoever else may read figures there, once it was published.
    """
    row = session.one(_GET, id=circular_id)
    if row is None:
        raise NotFound()
    path = units.get(session, row["unit_code"])["report_path"]
    if not by.may(Action.WRITE_CIRCULAR, path) and not (_is_public(row) and _concerns(path, by)):
        raise NotFound()
    return row


def listed(
    session: Session, *, period: str | None, unit_code: str | None, after: str | None, limit: int, by: Actor
) -> list[Row]:
    """The circulars that the caller may read, newest first, without their contents."""
    by.check_role(Action.READ_CIRCULAR)
    columns = [column for column in _CIRCULARS.c if column.name != "content"]
    statement = select(*columns, _PATH).join(_UNITS, _UNITS.c.code == _CIRCULARS.c.unit_code)
    if period is not None:
        statement = statement.where(_CIRCULARS.c.period == period)
    if unit_code is not None:
        statement = statement.where(_CIRCULARS.c.unit_code == unit_code)
    if after is not None:
        statement = statement.where(_CIRCULARS.c.id < after)
    readable = or_(
        within(by.reach(Action.WRITE_CIRCULAR), _PATH),
        and_(_CIRCULARS.c.published_at.is_not(None), _PATH.in_(_lines(by))),
        and_(
            _CIRCULARS.c.published_at.is_not(None),
            within(by.reach(Action.READ_CIRCULAR), _PATH),
        ),
    )
    return session.all(statement.where(readable).order_by(_CIRCULARS.c.id.desc()).limit(limit))


def as_json(row: Row) -> dict[str, Any]:
    """A circular as the HTTP contract writes it; in a list without its content."""
    same = (
        "id", "period", "edition", "version", "vintage", "content_hash", "corrects", "reason", "number", "dated",
        "created_at", "submitted_at", "approved_at", "approved_by", "approver", "published_at", "published_by",
    )  # fmt: skip
    content = {"content": row["content"], "title": row["content"]["title"]} if "content" in row else {}
    return {
        **{name: row[name] for name in same},
        "unit": row["unit_code"],
        "status": row["state"],
        **content,
        "allowed": [step.as_json() for step in allowed_steps(CircularState(row["state"]))],
    }


def _lines(by: Actor) -> list[str]:
    """The paths of all units above the caller's: what they publish is addressed to the caller."""
    paths = by.reach(Action.READ_CIRCULAR)
    return sorted({path[:i] for path in paths for i, letter in enumerate(path + "/") if letter == "/"})


def _is_public(row: Row) -> bool:
    return row["published_at"] is not None


def _concerns(path: str, by: Actor) -> bool:
    return by.may(Action.READ_CIRCULAR, path) or path in _lines(by)
