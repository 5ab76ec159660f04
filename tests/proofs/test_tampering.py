"""Promise 23: whatever the owner of the database does to the audit shows, 1,000 chains of 1,000."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.cli.context import OPERATOR
from app.db import Database, Row, Session
from app.models import metadata
from app.services import anchors, audit
from app.services.anchors import Anchor
from tests.proofs.scale import scaled
from tests.seed import OPENED

EVENTS = metadata.tables["audit_event"]
FIELDS = [column.name for column in EVENTS.columns if column.name != "seq"]
CHAINS = 1_000

Tampering = Callable[[Session, random.Random, list[Row]], None]


class Undone(Exception):
    """Takes a chain and its tampering back."""


def store(session: Session, number: int, **values: Any) -> None:
    session.run(EVENTS.update().where(EVENTS.c.seq == number).values(**values))


def forged(row: Row, field: str, chance: random.Random) -> Any:
    """Another value for a field, such as somebody might prefer."""
    if field == "at":
        return row["at"] + timedelta(microseconds=chance.randrange(1, 10**9))
    if field == "version":
        return (row["version"] or 0) + 1
    value = str(row[field] or "")
    if field.endswith("hash"):
        return "".join(chance.choice("0123456789abcdef") for _ in range(64))
    return (value[:-1] + chr(ord(value[-1]) ^ 1)) if value else "x"


def edit(session: Session, chance: random.Random, rows: list[Row]) -> None:
    row, field = chance.choice(rows), chance.choice(FIELDS)
    store(session, row["seq"], **{field: forged(row, field, chance)})


def remove(session: Session, chance: random.Random, rows: list[Row]) -> None:
    session.run(delete(EVENTS).where(EVENTS.c.seq == chance.choice(rows[:-1])["seq"]))


def swap(session: Session, chance: random.Random, rows: list[Row]) -> None:
    one, other = chance.sample(rows, 2)
    store(session, one["seq"], **{name: other[name] for name in FIELDS})
    store(session, other["seq"], **{name: one[name] for name in FIELDS})


def insert(session: Session, chance: random.Random, rows: list[Row]) -> None:
    """A row that never was, well sealed, with all that follows it moved up."""
    place = chance.choice(rows)
    for row in reversed(rows[rows.index(place) :]):
        store(session, row["seq"], seq=row["seq"] + 1)
    new = {**place, "actor": "token:nobody"}
    new["hash"] = audit.seal(new)
    session.run(EVENTS.insert().values(**new))


def cut(session: Session, chance: random.Random, rows: list[Row]) -> None:
    session.run(delete(EVENTS).where(EVENTS.c.seq >= chance.choice(rows)["seq"]))


def rewrite(session: Session, chance: random.Random, rows: list[Row]) -> None:
    """Another story from some row on, every hash of it right."""
    first = chance.randrange(len(rows))
    previous = rows[first]["prev_hash"]
    for row in rows[first:]:
        new = {**row, "prev_hash": previous}
        if row is rows[first]:
            new["actor"] = "token:nobody"
        previous = new["hash"] = audit.seal(new)
        store(session, row["seq"], **{name: new[name] for name in FIELDS})


ONLY_BY_ANCHOR = {cut, rewrite}
TAMPERINGS: list[Tampering] = [edit, remove, swap, insert, cut, rewrite]


@contextmanager
def chain(database: Database, chance: random.Random) -> Iterator[tuple[Session, list[Row], Anchor]]:
    """A chain of its own length after the first day's rows, its anchor kept; all of it undone at the end."""
    with suppress(Undone), database.transaction() as session:
        for number in range(chance.randrange(5, 25)):
            audit.record(
                session,
                by=OPERATOR,
                action="report.submit",
                path="000000/440000/440100",
                thing=f"report:2015-04/{number}",
                now=OPENED + timedelta(seconds=number),
                version=chance.choice([None, 1, 2]),
                after=chance.choice([None, "a" * 64]),
            )
        rows = session.all(select(EVENTS).order_by(EVENTS.c.seq))
        assert audit.broken(session) == []
        unlock(session, database)
        yield session, rows, Anchor(rows[-1]["seq"], rows[-1]["hash"], OPENED)
        raise Undone


def unlock(session: Session, database: Database) -> None:
    """As the owner of the database, who can take the triggers away."""
    if database.is_sqlite:
        for verb in ("update", "delete"):
            session.control(f"DROP TRIGGER audit_event_no_{verb}")
    else:
        session.control("SET LOCAL session_replication_role = replica")


def test_every_tampering_is_found(seeded_url: str) -> None:
    chance, database = random.Random(23), Database(seeded_url)
    tried: Counter[str] = Counter()
    for number in range(scaled(CHAINS)):
        tamper = TAMPERINGS[number % len(TAMPERINGS)]
        with chain(database, chance) as (session, rows, anchor):
            tamper(session, chance, rows)
            by_chain, by_anchor = audit.broken(session), anchors.denied(session, [anchor])
            assert (by_chain == []) == (tamper in ONLY_BY_ANCHOR), tamper.__name__
            assert by_chain or by_anchor, tamper.__name__
            tried[tamper.__name__] += 1

    assert sum(tried.values()) == scaled(CHAINS)
    assert len(tried) == min(len(TAMPERINGS), scaled(CHAINS))


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_is_left_out_of_the_seal(seeded_url: str, field: str) -> None:
    chance = random.Random(field)
    with chain(Database(seeded_url), chance) as (session, rows, _):
        row = rows[-2]
        store(session, row["seq"], **{field: forged(row, field, chance)})

        assert row["seq"] in audit.broken(session)
