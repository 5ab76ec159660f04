"""Counters that say whether an answer may have changed; an ETag names their values."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, prepared
from app.models import Revision

REGISTER = "register"
FORMS = "forms"

_REVISIONS = Revision.__table__  # type: ignore[attr-defined]
_BUMP = prepared(
    insert(_REVISIONS)
    .values(name=bindparam("name"), number=1)
    .on_conflict_do_update(index_elements=["name"], set_={"number": _REVISIONS.c.number + 1})
)
_READ = prepared(
    select(_REVISIONS.c.name, _REVISIONS.c.number).where(
        _REVISIONS.c.name.in_([bindparam("first"), bindparam("second"), bindparam("third")])
    )
)


def of_period(period: str) -> str:
    """The name of the counter of everything that a period's figures depend on."""
    return f"period:{period}"


def bump(session: Session, name: str) -> None:
    """Say that answers which depend on this have changed."""
    session.run(_BUMP, name=name)


def current(session: Session, period: str) -> str:
    """One word that changes whenever an answer about the period may have changed."""
    rows = session.all(_READ, first=REGISTER, second=FORMS, third=of_period(period))
    numbers = {row["name"]: row["number"] for row in rows}
    return ".".join(str(numbers.get(name, 0)) for name in (REGISTER, FORMS, of_period(period)))
