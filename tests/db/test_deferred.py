"""What is deferred and what is asked ahead: the same outcome on both databases, in few round trips on PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import bindparam, func, insert, select, update

from app.db import Database, Question, Session, prepared, question
from app.errors import Conflict, Invalid
from app.models import Revision

REVISIONS = Revision.__table__
ADD = prepared(insert(REVISIONS))
GET = prepared(select(REVISIONS.c.number).where(REVISIONS.c.name == bindparam("name")))
SET = prepared(
    update(REVISIONS).where(REVISIONS.c.name == bindparam("called")).values(number=bindparam("to"))
)
COUNT = prepared(select(func.count().label("n")).select_from(REVISIONS))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its lanes running."""
    made = Database(database_url)
    made.start()
    yield made
    made.stop()


def asked(name: str) -> list[Question]:
    return [question(GET, name=name)]


def add_unless_there(session: Session, name: str) -> bool:
    if session.one(GET, name=name) is not None:
        return False
    session.defer(ADD, name=name, number=1)
    return True


def add_blindly(session: Session, name: str) -> None:
    session.defer(ADD, name=name, number=1)


def add_then_refuse(session: Session, name: str, *, is_sent: bool) -> None:
    session.defer(ADD, name=name, number=1)
    if is_sent:
        session.one(COUNT)
    raise Invalid


def count(session: Session) -> int:
    row = session.one(COUNT)
    assert row is not None
    return int(row["n"])


def number_of(session: Session, name: str) -> int | None:
    row = session.one(GET, name=name)
    return row["number"] if row else None


def change(session: Session, name: str, to: int) -> None:
    session.run(SET, called=name, to=to)


Step = Callable[[Database, str], Awaitable[object]]
STEPS: tuple[Step, ...] = (
    lambda database, name: database.write(add_blindly, name),
    lambda database, name: database.write_asking(asked(name), add_unless_there, name),
    lambda database, name: database.write_asking(asked(name), number_of, name),
    lambda database, name: database.write(add_then_refuse, f"{name} refused", is_sent=False),
    lambda database, name: database.write(add_then_refuse, f"{name} refused", is_sent=True),
    lambda database, name: database.write(change, name, 7),
)


def test_a_deferred_write_that_fails_refuses_its_own_request_alone(database: Database) -> None:
    async def scenario() -> tuple[list[object], int]:
        await database.write(add_blindly, "taken")
        rounds = [f"{i}" if i % 3 else "taken" for i in range(30)]
        answers = await asyncio.gather(
            *(database.write(add_blindly, name) for name in rounds), return_exceptions=True
        )
        return list(answers), await database.read(count)

    answers, stored = asyncio.run(scenario())

    assert [type(answer) for answer in answers] == [Conflict if i % 3 == 0 else type(None) for i in range(30)]
    assert stored == 21


def test_a_writer_works_on_after_many_failures_of_prepared_statements(database: Database) -> None:
    async def scenario() -> int:
        for turn in range(8):
            names = [f"{turn}-{i}" for i in range(8)] + [f"{turn}-0"]
            await asyncio.gather(
                *(database.write(add_blindly, name) for name in names), return_exceptions=True
            )
        return await database.read(count)

    assert asyncio.run(scenario()) == 64


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_refused_request_takes_its_deferred_writes_with_it(database: Database, is_sent: bool) -> None:
    async def scenario() -> tuple[list[object], int]:
        good = [database.write(add_blindly, f"good-{i}") for i in range(10)]
        bad = [database.write(add_then_refuse, f"bad-{i}", is_sent=is_sent) for i in range(10)]
        mixed = [job for pair in zip(good, bad, strict=True) for job in pair]
        answers = await asyncio.gather(*mixed, return_exceptions=True)
        return list(answers), await database.read(count)

    answers, stored = asyncio.run(scenario())

    assert stored == 10
    assert [type(answer) for answer in answers] == [type(None), Invalid] * 10


def test_of_two_that_asked_the_same_ahead_the_second_sees_what_the_first_wrote(database: Database) -> None:
    async def scenario() -> list[bool]:
        jobs = (database.write_asking(asked("a"), add_unless_there, "a") for _ in range(10))
        return list(await asyncio.gather(*jobs))

    assert asyncio.run(scenario()) == [True] + [False] * 9


def test_what_was_asked_ahead_is_forgotten_when_another_writes(database: Database) -> None:
    async def scenario() -> object:
        await database.write(add_blindly, "a")
        answers = await asyncio.gather(
            database.write(change, "a", 5), database.write_asking(asked("a"), number_of, "a")
        )
        return answers[1]

    assert asyncio.run(scenario()) == 5


@pytest.mark.parametrize("seed", range(6))
def test_a_group_ends_as_its_requests_would_one_by_one(database: Database, seed: int) -> None:
    """Good, refused and conflicting ones in one group, deferred or not: the same answers and the same rows."""
    choose = Random(seed)  # nothing secret
    steps = [(choose.choice(STEPS), f"{choose.randrange(6)}") for _ in range(40)]

    async def outcome(prefix: str, *, together: bool) -> list[str]:
        jobs = [step(database, prefix + name) for step, name in steps]
        if together:
            answers = await asyncio.gather(*jobs, return_exceptions=True)
        else:
            answers = [(await asyncio.gather(job, return_exceptions=True))[0] for job in jobs]
        stored = [await database.read(number_of, f"{prefix}{i}") for i in range(6)]
        return [type(a).__name__ if isinstance(a, Exception) else repr(a) for a in answers] + [repr(stored)]

    async def both() -> tuple[list[str], list[str]]:
        return await outcome("x", together=True), await outcome("y", together=False)

    together, one_by_one = asyncio.run(both())

    assert together == one_by_one


def test_a_rehearsal_leaves_none_of_its_deferred_writes(database: Database) -> None:
    async def scenario() -> int:
        await database.rehearse(add_blindly, "a")
        return await database.read(count)

    assert asyncio.run(scenario()) == 0


@pytest.mark.parametrize("engine_name", [pytest.param("postgresql", marks=pytest.mark.pg)])
def test_a_group_of_requests_takes_a_handful_of_round_trips(database: Database, tmp_path: Path) -> None:
    heard = tmp_path / "trace"

    async def scenario(file: int) -> None:
        await database.write(lambda session: session.connection.pgconn.trace(file))
        await asyncio.gather(
            *(database.write_asking(asked(f"{i}"), add_unless_there, f"{i}") for i in range(20))
        )
        await database.write(lambda session: session.connection.pgconn.untrace())

    with heard.open("w") as file:
        asyncio.run(scenario(file.fileno()))

    # One to begin and ask, one to write and commit; the first five times a statement is prepared it takes no more.
    assert len(re.findall(r"\tF\t\d+\tSync\b", heard.read_text())) <= 8
