"""Sweeping the stores of evidence and of rosters: what no row names goes, and what a row names must be there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from app.db import Database
from app.models import Evidence, LedgerImport
from app.storage import Corrupted, Store

GRACE = timedelta(hours=24)
"""Longer than any request lasts: a file is stored before its row."""

ASIDE = timedelta(days=7)
"""How long a content lies aside, where it can still be read, before it is deleted."""

BATCH = 500

_EVIDENCE = Evidence.__table__  # type: ignore[attr-defined]
EVIDENCE: ColumnElement[str] = _EVIDENCE.c.sha256
ROSTERS: ColumnElement[str] = LedgerImport.__table__.c.records  # type: ignore[attr-defined]
"""What names the contents of the store of evidence, and of that of rosters."""


class Swept(NamedTuple):
    """How many leftovers of uploads were cleared, and contents set aside, restored and deleted."""

    cleared: int
    set_aside: int
    restored: int
    deleted: int


def sweep(
    database: Database,
    store: Store,
    *,
    now: datetime,
    grace: timedelta = GRACE,
    aside: timedelta = ASIDE,
    naming: ColumnElement[str] = EVIDENCE,
) -> Swept:
    """Clear what uploads left, set aside what no row names, delete what nobody missed while it lay aside.

    `now` is the machine's own time, as the store's is. No lock is needed against uploads: a content that is
    set aside just when a row begins to name it is still read from there, and the next sweep takes it back.
    """
    cleared = store.clear_spool(now - GRACE)
    old = [found.sha256 for found in store.all() if found.modified < now - grace]
    unnamed = _without(old, named(database, old, naming))
    for sha256 in unnamed:
        store.set_aside(sha256)
    lying = list(store.set_aside_ones())
    missed = named(database, [found.sha256 for found in lying], naming)
    for sha256 in missed:
        store.restore(sha256)
    over = [found.sha256 for found in lying if found.modified < now - aside and found.sha256 not in missed]
    for sha256 in over:
        store.forget(sha256)
    return Swept(cleared, len(unnamed), len(missed), len(over))


def broken(database: Database, store: Store, naming: ColumnElement[str] = EVIDENCE) -> list[str]:
    """The hashes that rows name and that the store does not give back bit for bit. Reads every file."""
    with database.transaction() as session:
        rows = session.all(
            select(naming.label("sha256")).where(naming.is_not(None)).distinct().order_by(naming)
        )
    return [row["sha256"] for row in rows if not _is_whole(store, row["sha256"])]


def named(database: Database, hashes: Iterable[str], naming: ColumnElement[str] = EVIDENCE) -> set[str]:
    """Those of the hashes that a row names."""
    return set(_named(database, hashes, naming))


def _named(database: Database, hashes: Iterable[str], naming: ColumnElement[str]) -> Iterator[str]:
    left = iter(hashes)
    while batch := list(islice(left, BATCH)):
        with database.transaction() as session:
            rows = session.all(select(naming.label("sha256")).where(naming.in_(batch)).distinct())
        yield from (row["sha256"] for row in rows)


def _without(hashes: list[str], left_out: set[str]) -> list[str]:
    return [sha256 for sha256 in hashes if sha256 not in left_out]


def _is_whole(store: Store, sha256: str) -> bool:
    try:
        for _ in store.read(sha256):
            pass
    except Corrupted:
        return False
    return True
