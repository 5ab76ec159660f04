"""The databases that tests get: migrated, empty, and nobody else's."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketConnectBlockedError
from sqlalchemy import inspect, text

from app.models.migrate import connect, current, head
from tests.conftest import NewDatabase
from tests.postgres import Cleaner


@pytest.mark.parametrize("turn", ["one", "another"])
def test_a_test_starts_with_a_migrated_database_without_rows(database_url: str, turn: str) -> None:
    with connect(database_url) as connection:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        rows = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in tables}

    assert current(database_url) == head()
    assert not any(rows.values())


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE of_an_earlier_test (n integer)",
        "CREATE FUNCTION of_an_earlier_test() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE alembic_version ADD COLUMN of_an_earlier_test integer",
        "ALTER TABLE alembic_version ALTER COLUMN version_num SET DEFAULT 'of an earlier test'",
    ],
)
@pytest.mark.pg
def test_a_schema_that_a_test_changed_is_made_anew(postgres_cleaner: Cleaner, change: str) -> None:
    url = postgres_cleaner.clean()
    before = identity(url)
    with connect(url) as connection, connection.begin():
        connection.execute(text(change))

    postgres_cleaner.clean()

    assert identity(url) != before


@pytest.mark.pg
def test_an_unchanged_schema_is_kept(postgres_cleaner: Cleaner) -> None:
    url = postgres_cleaner.clean()
    before = identity(url)

    postgres_cleaner.clean()

    assert identity(url) == before


@pytest.mark.pg
def test_rows_counters_and_open_transactions_of_a_test_never_reach_the_next(
    postgres_cleaner: Cleaner,
) -> None:
    url = postgres_cleaner.clean()
    with connect(url) as connection, connection.begin():
        connection.execute(text("CREATE TABLE counted (n serial PRIMARY KEY)"))
    postgres_cleaner.accept_schema()
    with connect(url) as left_open:
        left_open.execute(text("INSERT INTO counted DEFAULT VALUES"))

        with connect(postgres_cleaner.clean()) as connection:
            connection.execute(text("INSERT INTO counted DEFAULT VALUES"))
            found = connection.scalars(text("SELECT n FROM counted")).all()

        left_open.invalidate()
    assert found == [1]


def test_a_new_database_is_nobody_elses(new_database: NewDatabase, engine_name: str) -> None:
    assert new_database(engine_name) != new_database(engine_name)


def identity(url: str) -> object:
    """What a database has and its next copy of the same name has not."""
    with connect(url) as connection:
        return connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))


def test_no_test_reaches_a_network() -> None:
    with socket.socket() as connection, pytest.raises((SocketConnectBlockedError, UserWarning)):
        connection.connect(("192.0.2.1", 80))
