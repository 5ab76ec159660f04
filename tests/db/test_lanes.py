"""The lanes: what is answered is stored, what is refused leaves nothing, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import bindparam, func, insert, select, update

from app.db import Database, Session, prepared
from app.errors import Conflict, Invalid, Problem, Unavailable
from app.models import Revision

REVISIONS = Revision.__table__
ADD = prepared(insert(REVISIONS))
GET = prepared(select(REVISIONS.c.number).where(REVISIONS.c.name == bindparam("name")))
COUNT = prepared(select(func.count().label("n")).select_from(REVISIONS))
RAISE = prepared(
    update(REVISIONS)
    .where(REVISIONS.c.name == bindparam("called"), REVISIONS.c.number == bindparam("was"))
    .values(number=bindparam("becomes"))
)


AT = "'2015-04-24T00:00:00.000000Z'"
ROWS = {
    "audit_event": [
        "INSERT INTO audit_event (seq, at, actor, role, unit, action, object, request_id, address, alg, prev_hash,"
        f" hash) VALUES (1, {AT}, '', '', '', '', '', '', '', '', '', '')"
    ],
    "form_version": [f"INSERT INTO form_version VALUES ('f', 1, '2015-04', '', '', {AT}, 'a')"],
    "report_version": [
        "INSERT INTO unit (code, name, level, report_path, reports, valid_from)"
        " VALUES ('440100', '广州市', 'prefecture', '440100', true, '2015-01-01')",
        "INSERT INTO report (form_code, unit_code, period, form_version, status, version, content_hash,"
        f" received_at, findings) VALUES ('f', '440100', '2015-04', 1, 'draft', 1, '', {AT}, '[]')",
        "INSERT INTO report_version (form_code, unit_code, period, number, form_version, draft, content,"
        f" content_hash, findings, author, received_at)"
        f" VALUES ('f', '440100', '2015-04', 1, 1, true, '{{}}', '', '[]', 'a', {AT})",
    ],
}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with its lanes running."""
    made = Database(database_url)
    made.start()
    yield made
    made.stop()


def add(session: Session, name: str, number: int = 1) -> int:
    session.run(ADD, name=name, number=number)
    return number


def add_then_refuse(session: Session, name: str) -> None:
    session.run(ADD, name=name, number=1)
    raise Invalid


def get(session: Session, name: str) -> int | None:
    row = session.one(GET, name=name)
    return row["number"] if row else None


def count(session: Session) -> int:
    row = session.one(COUNT)
    assert row is not None
    return int(row["n"])


def test_what_was_answered_is_there_for_the_next_reader(database: Database) -> None:
    async def scenario() -> int | None:
        await database.write(add, "a", 7)
        return await database.read(get, "a")

    assert asyncio.run(scenario()) == 7


def test_a_refused_request_leaves_nothing_and_spoils_none_of_its_group(database: Database) -> None:
    async def scenario() -> tuple[list[object], int]:
        good = [database.write(add, f"good-{i}") for i in range(20)]
        bad = [database.write(add_then_refuse, f"bad-{i}") for i in range(20)]
        mixed = [job for pair in zip(good, bad, strict=True) for job in pair]
        answers = await asyncio.gather(*mixed, return_exceptions=True)
        return answers, await database.read(count)

    answers, stored = asyncio.run(scenario())

    assert stored == 20
    assert [type(answer) for answer in answers] == [int, Invalid] * 20


def test_clients_that_come_one_after_the_other_share_commits(database: Database) -> None:
    transactions = set[int]()

    def note(session: Session, name: str) -> None:
        session.run(ADD, name=name, number=1)
        transactions.add(session.kept.setdefault("transaction", len(transactions)))

    async def client(number: int) -> None:
        for turn in range(10):
            for _ in range(number % 3):
                await asyncio.sleep(0)  # not all on the way take equally long
            await database.write(note, f"{number}-{turn}")

    async def scenario() -> None:
        await asyncio.gather(*(client(number) for number in range(12)))

    asyncio.run(scenario())

    assert len(transactions) == 10


def test_a_rehearsal_runs_the_write_and_leaves_no_trace(database: Database) -> None:
    async def scenario() -> tuple[int, int]:
        answer = await database.rehearse(add, "a", 5)
        return answer, await database.read(count)

    assert asyncio.run(scenario()) == (5, 0)


def test_a_key_that_exists_is_a_conflict(database: Database) -> None:
    async def scenario() -> None:
        await database.write(add, "a")
        await database.write(add, "a")

    with pytest.raises(Conflict):
        asyncio.run(scenario())


def test_a_reader_can_write_nothing(database: Database) -> None:
    async def scenario() -> int:
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            await database.read(add, "a")
        return await database.read(count)

    assert asyncio.run(scenario()) == 0


def test_of_two_who_change_the_same_version_exactly_one_wins(database: Database) -> None:
    async def race(round_number: int) -> int:
        change = {"called": "a", "was": round_number, "becomes": round_number + 1}
        wins = await asyncio.gather(*(database.write(Session.run, RAISE, **change) for _ in range(8)))
        return sum(wins)

    async def scenario() -> list[int]:
        await database.write(add, "a", 0)
        return [await race(i) for i in range(50)]

    assert asyncio.run(scenario()) == [1] * 50


def test_two_processes_that_write_take_turns(database: Database, database_url: str) -> None:
    other = Database(database_url)
    other.start()

    async def scenario() -> int:
        await asyncio.gather(
            *(database.write(add, f"one-{i}") for i in range(50)),
            *(other.write(add, f"two-{i}") for i in range(50)),
        )
        return await database.read(count)

    try:
        assert asyncio.run(scenario()) == 100
    finally:
        other.stop()


def test_a_broken_connection_is_a_503_and_the_next_request_works(database: Database) -> None:
    def break_it(session: Session) -> None:
        session.connection.close()

    async def scenario() -> int | None:
        with pytest.raises(Unavailable) as refused:
            await database.write(break_it)
        assert refused.value.headers["Retry-After"]
        await database.write(add, "a")
        return await database.read(get, "a")

    assert asyncio.run(scenario()) == 1


def test_a_transaction_of_the_command_line_is_all_or_nothing(database: Database) -> None:
    with pytest.raises(Problem), database.transaction() as session:
        add_then_refuse(session, "a")

    with database.transaction() as session:
        assert count(session) == 0


@pytest.mark.parametrize("table", ["audit_event", "form_version", "report_version"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_what_is_immutable(
    database: Database, table: str, change: str
) -> None:
    column = {"audit_event": "seq", "form_version": "version", "report_version": "number"}[table]
    with database.transaction() as session:
        for row in ROWS[table]:
            session.control(row)

    with pytest.raises(Exception, match="is immutable"), database.transaction() as session:
        session.control(change.format(table, column, column))


def test_a_stamp_is_another_one_after_every_commit_and_the_same_after_reading(database: Database) -> None:
    async def scenario() -> list[object]:
        stamps = [database.stamp(), database.stamp()]
        await database.write(add, "a")
        stamps.append(database.stamp())
        with Database(database.url).transaction() as session:
            session.run(ADD, name="b", number=1)
        stamps.append(database.stamp())
        await database.look(get, "a")
        stamps.append(database.stamp())
        database.stop()
        return [*stamps, database.stamp()]

    first, same, written, elsewhere, read, reopened = asyncio.run(scenario())

    if not database.is_sqlite:
        assert {first, same, written, elsewhere, read, reopened} == {None}
        return
    assert first == same
    assert elsewhere == read
    assert len({first, written, elsewhere, reopened}) == 4


def test_a_stamp_holds_no_snapshot(database: Database) -> None:
    async def scenario() -> int | None:
        database.stamp()
        await database.write(add, "a", 7)
        database.stamp()
        return await database.look(get, "a")

    assert asyncio.run(scenario()) == 7


def test_a_look_sees_what_was_written_and_can_write_nothing(database: Database) -> None:
    async def scenario() -> int | None:
        await database.write(add, "a", 7)
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            await database.look(add, "b")
        return await database.look(get, "a")

    assert asyncio.run(scenario()) == 7
