"""Grants of tokens survive the migration that lets accounts hold grants, up and down."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Connection, text

from app.models.migrate import connect, downgrade, migrate
from tests.conftest import NewDatabase
from tests.house.repository import ROOT

[SCRIPT] = (ROOT / "migrations/versions").glob("*_keep_accounts_sessions_and_contacts.py")
BEFORE = re.findall(r'^down_revision = "(\d+)"', SCRIPT.read_text(), re.MULTILINE)[0]

UNIT = """INSERT INTO unit (code, name, level, report_path, reports, valid_from)
    VALUES ('000000', 'x', 'centre', '000000', '0', '2015-01-01')"""
TOKEN = """INSERT INTO token (id, name, secret_sha256, scopes, created_at, created_by, expires_at)
    VALUES ('t1', 'x', 'h', '[]', '2015-04-01T00:00:00.000000Z', 'cli', '2016-04-01T00:00:00.000000Z')"""
GRANT = "INSERT INTO \"grant\" (holder, role, unit_code) VALUES ('t1', 'reviewer', '000000')"
ACCOUNT = """INSERT INTO account
    (id, name, display_name, unit_code, is_password_initial, is_totp_confirmed, created_at, created_by)
    VALUES ('a1', 'li', 'x', '000000', '0', '0', '2015-04-01T00:00:00.000000Z', 'cli')"""
HELD = "INSERT INTO \"grant\" (holder, role, unit_code, account_id) VALUES ('a1', 'reporter', '000000', 'a1')"


def run(url: str, *statements: str) -> None:
    with connect(url) as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))


def grants(connection: Connection, columns: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in connection.execute(text(f'SELECT {columns} FROM "grant" ORDER BY holder'))]


@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def test_grants_of_tokens_are_kept_up_and_down(new_database: NewDatabase, engine_name: str) -> None:
    url = new_database(engine_name)
    downgrade(url, BEFORE)
    run(url, UNIT, TOKEN, GRANT)

    migrate(url)
    run(url, ACCOUNT, HELD)
    with connect(url) as connection:
        above = grants(connection, "holder, role, token_id, account_id")
    downgrade(url, BEFORE)
    with connect(url) as connection:
        below = grants(connection, "holder, role")

    assert above == [("a1", "reporter", None, "a1"), ("t1", "reviewer", "t1", None)]
    assert below == [("t1", "reviewer")]


@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
@pytest.mark.parametrize("columns", ["holder", "holder, token_id, account_id"])
def test_a_grant_has_one_holder(new_database: NewDatabase, engine_name: str, columns: str) -> None:
    url = new_database(engine_name)
    run(url, UNIT, TOKEN, ACCOUNT)
    values = ", ".join(
        {"holder": "'t1'", "token_id": "'t1'", "account_id": "'a1'"}[c] for c in columns.split(", ")
    )

    with pytest.raises(Exception, match="ck_grant"):
        run(
            url, f"INSERT INTO \"grant\" (role, unit_code, {columns}) VALUES ('reviewer', '000000', {values})"
        )
