"""Tries to sign in, counted before they are made, so that a hundred at once are not a hundred guesses."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, prepared
from app.domain.network import neighbourhood
from app.errors import Text, TooMany
from app.models import Attempt

WINDOW = timedelta(minutes=15)
"""From the first try. Tries while locked out do not count, so nobody is kept out any longer."""

FOR_ONE_NAME = 5
"""Tries for one name from one address in a window."""

FROM_ONE_ADDRESS = 60
"""Failed tries from one address in a window, whatever the names; a whole office may sit behind one."""

_TRIES = Attempt.__table__  # type: ignore[attr-defined]
_GET = prepared(select(_TRIES).where(_TRIES.c.key == bindparam("k")))
_insert = insert(_TRIES)
_SET = prepared(
    _insert.on_conflict_do_update(
        index_elements=["key"], set_={"number": _insert.excluded.number, "since": _insert.excluded.since}
    )
)
_FORGET = prepared(delete(_TRIES).where(_TRIES.c.key == bindparam("k")))
_LESS = prepared(
    update(_TRIES)
    .where(_TRIES.c.key == bindparam("k"), _TRIES.c.number > 0)
    .values(number=_TRIES.c.number - 1)
)
_PRUNE = prepared(delete(_TRIES).where(_TRIES.c.since <= bindparam("before")))


def take(session: Session, *, name: str, address: str, now: datetime) -> None:
    """Count a try. Raises TooMany (429) with the time of the window's end; then nothing is counted.

    The counts of one name from one address and of the address stand apart: a stranger elsewhere locks nobody
    out. Names are kept as hashes, because people type passwords into the wrong field.
    """
    session.run(_PRUNE, before=now - WINDOW)
    for key, limit in _counts(name, address):
        _count(session, key, limit, now)


def give_back(session: Session, *, name: str, address: str) -> None:
    """Take a try back that was no guess: the password was right and the second factor is still to come."""
    for key, _ in _counts(name, address):
        session.run(_LESS, k=key)


def succeed(session: Session, *, name: str, address: str) -> None:
    """Forget the tries for this name from here."""
    (own, _), (whole, _) = _counts(name, address)
    session.run(_FORGET, k=own)
    session.run(_LESS, k=whole)


def _counts(name: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    place = neighbourhood(address)
    return (_key(f"{name}\0{place}"), FOR_ONE_NAME), (_key(f"\0{place}"), FROM_ONE_ADDRESS)


def _count(session: Session, key: str, limit: int, now: datetime) -> None:
    row = session.one(_GET, k=key)
    number, since = (row["number"], row["since"]) if row else (0, now)
    if number >= limit:
        left = max(1, int((since + WINDOW - now).total_seconds()) + 1)
        raise TooMany(
            Text("登录失败次数过多，请15分钟后再试", "Too many failed sign-ins; try again in 15 minutes"),
            code="too-many-sign-ins",
            headers={"Retry-After": str(left)},
        )
    session.run(_SET, key=key, number=number + 1, since=since)


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
