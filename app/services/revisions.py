"""Counters that say whether an answer may have changed; an ETag names their values."""

from __future__ import annotations

from sqlalchemy import Label, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, prepared
from app.domain.period import FIRST
from app.models import Revision

REGISTER = "register"
FORMS = "forms"

_REVISIONS = Revision.__table__  # type: ignore[attr-defined]
_BUMP = prepared(
    insert(_REVISIONS)
    .values(name=bindparam("name"), number=1)
    .on_conflict_do_update(index_elements=["name"], set_={"number": _REVISIONS.c.number + 1})
)


def _number(name: str) -> Label[int]:
    number = select(_REVISIONS.c.number).where(_REVISIONS.c.name == name)
    return number.correlate(None).scalar_subquery().label(name)


_READ_UP_TO = prepared(
    select(
        _number(REGISTER),
        _number(FORMS),
        func.sum(_REVISIONS.c.number).label("periods"),
    ).where(_REVISIONS.c.name.between(bindparam("first"), bindparam("last")))
)


def of_period(period: str) -> str:
    """The name of the counter of everything that a period's figures depend on."""
    return f"period:{period}"


def bump(session: Session, name: str) -> None:
    """Say that answers which depend on this have changed."""
    session.run(_BUMP, name=name)


def current(session: Session, period: str) -> str:
    """One word that changes whenever an answer about the period may have changed.

    Earlier periods belong to it, because a missing unit enters with what it reported last. Counters only rise,
    and so does their sum.
    """
    row = session.one(_READ_UP_TO, first=of_period(str(FIRST)), last=of_period(period)) or {}
    return ".".join(str(number or 0) for number in row.values())
