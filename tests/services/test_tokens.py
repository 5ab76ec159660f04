"""Bearer tokens: shown once, kept as hashes, good until they expire or are revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import sleep

import pytest

from app.api.authentication import MAX_AGE
from app.cli.context import OPERATOR
from app.db import Database
from app.domain.permission import Role
from app.errors import Invalid, NotFound
from app.services import tokens
from tests.samples import GUANGDONG
from tests.seed import OPENED
from tests.service import Service


@pytest.fixture
def database(seeded_url: str) -> Database:
    return Database(seeded_url)


def make(database: Database, **changes: object) -> str:
    given = {"role": Role.REVIEWER, "unit": GUANGDONG, "name": "审核"} | changes
    with database.transaction() as session:
        return tokens.create(session, **given, by=OPERATOR, now=OPENED)  # type: ignore[arg-type]


def holder(database: Database, token: str, after: timedelta = timedelta(0)) -> object:
    with database.transaction() as session:
        return tokens.authenticate(session, token, now=OPENED + after)


def test_a_token_opens_what_it_was_made_for(database: Database) -> None:
    actor = holder(database, make(database))

    assert actor is not None
    assert [(g.role, g.unit, g.path) for g in actor.grants] == [  # type: ignore[attr-defined]
        (Role.REVIEWER, GUANGDONG, f"000000/{GUANGDONG}")
    ]


DAMAGES: list[Callable[[str], str]] = [
    lambda token: token[:-1],
    lambda token: token + "A",
    lambda token: token[3:],
    lambda token: "yb_",
    str.upper,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_opens_nothing(database: Database, damage: Callable[[str], str]) -> None:
    assert holder(database, damage(make(database))) is None


def test_the_secret_of_another_opens_nothing(database: Database) -> None:
    first, second = make(database), make(database)

    mixed = first.rpartition("_")[0].split("_")[1] + "_" + second.split("_", 2)[2]

    assert holder(database, f"yb_{mixed}") is None


def test_it_ends_with_its_time(database: Database) -> None:
    token = make(database, life=timedelta(days=1))

    assert holder(database, token, timedelta(days=1, microseconds=-1))
    assert holder(database, token, timedelta(days=1)) is None


def test_no_token_lives_longer_than_a_year(database: Database) -> None:
    token = make(database, life=timedelta(days=9999))

    assert holder(database, token, timedelta(days=365)) is None


def test_a_revoked_one_opens_nothing_and_cannot_be_revoked_again(database: Database) -> None:
    token = make(database)
    number = token.split("_")[1]

    with database.transaction() as session:
        tokens.revoke(session, number, by=OPERATOR, now=OPENED)

    assert holder(database, token) is None
    with pytest.raises(NotFound), database.transaction() as session:
        tokens.revoke(session, number, by=OPERATOR, now=OPENED)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "a\u202eb"])
def test_a_name_is_short_and_can_be_seen(database: Database, name: str) -> None:
    with pytest.raises(Invalid):
        make(database, name=name)


def test_an_unknown_unit_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        make(database, unit="449999")


def test_no_table_holds_a_secret(service: Service) -> None:
    made = make(Database(service.database_url))
    secrets = [token.split("_", 2)[2] for token in (*service.tokens.values(), made)]
    session = service.app.state.database.connect()

    for table in ("token", '"grant"', "audit_event", "outbox_event"):
        rows = session.connection.execute(f"SELECT * FROM {table}").fetchall()
        assert not any(secret in str(rows) for secret in secrets)
    session.connection.close()


def test_within_half_a_second_the_running_service_refuses_a_revoked_one(service: Service) -> None:
    assert service.get("/api/v1/units/440100").status == 200
    number = service.tokens["guangzhou"].split("_")[1]

    with Database(service.database_url).transaction() as session:
        tokens.revoke(session, number, by=OPERATOR, now=OPENED)
    sleep(MAX_AGE + 0.01)

    assert service.get("/api/v1/units/440100").status == 401
