"""The second factor over HTTP: set up, asked for, never taken twice, and needed where the settings say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from app.cli.account import BY
from app.db import Database
from app.services import accounts
from tests.office import Seeds
from tests.people import CURRENT, PASSWORD, SESSIONS, add, cookie_of, enter, sign_in
from tests.service import Answer, Asked, Service

KEY = "0123456789abcdef0123456789abcdef"
FACTOR = f"{CURRENT}/second-factor"


@pytest.fixture
def strict(engine_name: str, seeds: Seeds, seeded_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service on which reviewers need a second factor."""
    settings = {"data_dir": tmp_path, "secret_key": KEY, "second_factor_for": "reviewer,administrator"}
    with Service(seeded_url, seeds(engine_name).tokens, **settings) as running:
        yield running


def set_up(
    service: Service, name: str, role: str = "reviewer", unit: str = "440000"
) -> tuple[pyotp.TOTP, list[str]]:
    """An account with a second factor in force, whose first code is used up."""
    enter(service, name, add(service, name, role, unit))
    made = service.post(FACTOR, {"password": PASSWORD}, by=name)
    app = pyotp.TOTP(made.json["secret"])
    codes = service.post(f"{FACTOR}/confirm", {"code": app.at(service.clock.now())}, by=name)
    assert codes.status == 200, codes.body
    return app, codes.json["recovery_codes"]


def later(service: Service, seconds: int = 30) -> datetime:
    now = service.clock.now() + timedelta(seconds=seconds)
    service.clock.set(now.isoformat())
    return now


def test_without_it_a_reviewer_can_do_nothing_else(strict: Service) -> None:
    add(strict, "li", "reviewer", "440000")
    assert sign_in(strict, "li").json["needs"] == "second-factor"
    assert strict.get("/api/v1/units/440100", by="li").status == 404

    made = strict.post(FACTOR, {"password": PASSWORD}, by="li").json
    code = pyotp.TOTP(made["secret"]).at(strict.clock.now())
    assert len(strict.post(f"{FACTOR}/confirm", {"code": code}, by="li").json["recovery_codes"]) == 10
    strict.app.middleware_stack = None

    assert strict.get(CURRENT, by="li").json["needs"] is None
    assert strict.get("/api/v1/units/440100", by="li").status == 200


def test_a_reporter_needs_none(strict: Service) -> None:
    add(strict, "wang", "reporter")

    assert sign_in(strict, "wang").json["needs"] is None


def test_each_code_opens_once(strict: Service) -> None:
    app, _ = set_up(strict, "li")
    code = app.at(later(strict))

    assert sign_in(strict, "li").code == "second-factor-needed"
    assert sign_in(strict, "li", code=code).status == 201
    assert sign_in(strict, "li", code=code).code == "sign-in-refused"
    assert sign_in(strict, "li", code=app.at(later(strict, 0) - timedelta(seconds=30))).status == 401


def test_twins_with_one_code_open_one_session(strict: Service) -> None:
    app, _ = set_up(strict, "li")
    body = {"name": "li", "password": PASSWORD, "code": app.at(later(strict))}

    told = strict.together([Asked("POST", SESSIONS, None, body) for _ in range(4)])

    assert sorted(each.status for each in told) == [201, 401, 401, 401]


@pytest.mark.parametrize("seconds", [-60, 60, 86_400])
def test_a_code_of_another_time_opens_nothing(strict: Service, seconds: int) -> None:
    app, _ = set_up(strict, "li")
    now = later(strict, 300)

    assert sign_in(strict, "li", code=app.at(now + timedelta(seconds=seconds))).status == 401


def test_a_recovery_code_opens_once(strict: Service) -> None:
    _, codes = set_up(strict, "li")

    told = [sign_in(strict, "li", code=code).status for code in (codes[0], codes[0], codes[1].upper())]

    assert told == [201, 401, 201]


def test_guesses_of_codes_are_counted_and_asking_for_one_is_not(strict: Service) -> None:
    set_up(strict, "li")

    for _ in range(8):
        assert sign_in(strict, "li").code == "second-factor-needed"
    told = [sign_in(strict, "li", code="000000").status for _ in range(6)]

    assert told == [401] * 5 + [429]


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "0" * 40])
def test_a_wrong_code_puts_nothing_in_force(strict: Service, code: str) -> None:
    enter(strict, "li", add(strict, "li", "reviewer", "440000"))
    strict.post(FACTOR, {"password": PASSWORD}, by="li")

    assert strict.post(f"{FACTOR}/confirm", {"code": code}, by="li").code == "second-factor-refused"
    assert strict.get(CURRENT, by="li").json["second_factor"] is False


def test_it_is_not_replaced_by_whoever_finds_a_session(strict: Service) -> None:
    set_up(strict, "li")

    assert strict.post(FACTOR, {"password": PASSWORD}, by="li").code == "second-factor-in-force"
    assert strict.post(FACTOR, {"password": "wrong"}, by="li").code == "password-wrong"


def test_its_secret_is_sealed_in_the_database(strict: Service) -> None:
    app, codes = set_up(strict, "li")
    stored = str(strict.rows_of("account")) + str(strict.rows_of("recovery_code"))

    assert app.secret not in stored
    assert not any(code in stored for code in codes)


def test_sessions_opened_without_it_end_when_it_comes_into_force(strict: Service) -> None:
    account = add(strict, "li", "reviewer", "440000")
    enter(strict, "old", account)
    enter(strict, "li", account)
    secret = strict.post(FACTOR, {"password": PASSWORD}, by="li").json["secret"]
    strict.post(f"{FACTOR}/confirm", {"code": pyotp.TOTP(secret).at(strict.clock.now())}, by="li")
    strict.app.middleware_stack = None

    assert strict.get(CURRENT, by="old").status == 401
    assert strict.get(CURRENT, by="li").status == 200


def test_a_reset_removes_it(strict: Service) -> None:
    set_up(strict, "li")
    account = next(row for row in strict.rows_of("account") if row["name"] == "li")

    with Database(strict.database_url).transaction() as session:
        hashed = account["password_hash"]
        accounts.reset(session, account["id"], password_hash=hashed, by=BY, now=strict.clock.now())

    answer: Answer = sign_in(strict, "li")
    assert (answer.status, answer.json["second_factor"]) == (201, False)
    assert cookie_of(answer)


def test_without_a_key_in_the_settings_there_is_none(service: Service) -> None:
    enter(service, "li", add(service, "li", "reviewer", "440000"))

    assert service.post(FACTOR, {"password": PASSWORD}, by="li").code == "second-factor-off"
