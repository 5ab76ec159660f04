"""Promises 30 and 32: stored secrets are useless, and guessing is slow and silent."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import mean, variance
from time import perf_counter

import pyotp
import pytest
from sqlalchemy.engine import make_url

from app.cli.account import BY
from app.db import Database
from app.domain.permission import Role
from app.models import metadata
from app.services import passwords, tokens
from tests.office import Seeds
from tests.people import CURRENT, PASSWORD, SESSIONS, add, cookie_of, enter, sign_in
from tests.proofs.scale import scaled
from tests.seed import OPENED
from tests.service import Asked, Service

TOKENS, PEOPLE, GUESSES, LOOKS = scaled(1000), scaled(100), scaled(1000), scaled(4000)
ALIKE = 4.5
"""Welch's |t| below which two series of times cannot be told apart."""

KEY = "0123456789abcdef0123456789abcdef"


def stored(service: Service, folder: Path) -> bytes:
    """Everything that the service keeps: tables, files with what SQLite has not moved yet, and the log."""
    found = [str(service.rows_of(name)).encode() for name in metadata.tables]
    found += [bytes(row["body"]) for row in service.rows_of("idempotency_key")]
    found += [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    found += [line.encode() for line in service.log]
    return b"\n".join(found)


def secrets_made(service: Service) -> list[str]:
    """Tokens, passwords, cookies, second factors and recovery codes, by the ways that people make them."""
    enter(service, "chief", add(service, "chief", "administrator", "440000"))
    made = []
    for number in range(PEOPLE):
        service.client = f"10.0.0.{number}"
        body = {"name": f"p{number}", "display_name": "示例", "unit": "440100"}
        initial = service.post("/api/v1/accounts", body, by="chief", idempotency_key=f"p{number}")
        password = initial.json["initial_password"]
        own = {"current": password, "new": passwords.initial()}
        made += [password, own["new"], cookie_of(sign_in(service, f"p{number}", password))]
        changed = service.put(f"{CURRENT}/password", own, by=f"p{number}")
        service.cookies[f"p{number}"] = cookie_of(changed)
        factor = service.post(f"{CURRENT}/second-factor", {"password": own["new"]}, by=f"p{number}").json[
            "secret"
        ]
        code = {"code": pyotp.TOTP(factor).at(service.clock.now())}
        codes = service.post(f"{CURRENT}/second-factor/confirm", code, by=f"p{number}").json["recovery_codes"]
        made += [cookie_of(changed), factor, *codes, *(code.replace("-", "") for code in codes)]
        sign_in(service, f"p{number}", "falsch-und-geheim")
    with Database(service.database_url).transaction() as session:
        for number in range(TOKENS):
            text = tokens.create(
                session, role=Role.INTEGRATOR, unit="440000", name=str(number), by=BY, now=service.clock.now()
            )
            made.append(text.split("_", 2)[2])
    for number in range(5):
        body = {"name": f"交换{number}", "unit": "440000"}
        answer = service.post("/api/v1/tokens", body, by="chief", idempotency_key=f"t{number}")
        made.append(answer.json["token"].split("_", 2)[2])
    return [*made, PASSWORD, "falsch-und-geheim"]


def test_no_secret_is_kept_anywhere(seeds: Seeds, seeded_url: str, engine_name: str, tmp_path: Path) -> None:
    with Service(seeded_url, seeds(engine_name).tokens, data_dir=tmp_path, secret_key=KEY) as running:
        made = secrets_made(running)
        kept = stored(running, tmp_path)

    assert len(set(made)) == len(made) > TOKENS
    assert b"p0" in kept
    assert [secret for secret in made if secret.encode() in kept] == []
    if engine_name == "sqlite":
        assert Path(str(make_url(seeded_url).database)).parent == tmp_path


def in_any_order(series: dict[str, list[float]], number: int) -> list[tuple[str, list[float]]]:
    """The series in an order of chance: what comes first finds other things in the processor's caches."""
    return random.Random(number).sample([*series.items()], len(series))


def welch(one: list[float], other: list[float]) -> float:
    """How far two series are apart, in standard errors."""
    error = variance(one) / len(one) + variance(other) / len(other)
    return float(abs(mean(one) - mean(other)) / error**0.5)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_an_unknown_name_takes_as_long_as_a_wrong_password(service: Service) -> None:
    add(service, "known", "reporter")
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(GUESSES):
        for name, series in in_any_order(times, number):
            service.client = f"10.1.{number // 250}.{number % 250}"
            body = {"name": name, "password": f"wrong {number}"}
            started = perf_counter()
            assert service.ask(Asked("POST", SESSIONS, None, body)).status == 401
            series.append(perf_counter() - started)

    assert welch(*times.values()) < ALIKE


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_beginning_of_a_tokens_secret_cannot_be_felt(
    seeded_url: str, seeds: Seeds, engine_name: str
) -> None:
    token = seeds(engine_name).tokens["guangzhou"]
    guesses = {
        "right until the end": token[:-2] + "__",
        "wrong at once": token[:36] + "_" * (len(token) - 36),
    }
    times: dict[str, list[float]] = {name: [] for name in guesses}
    with Database(seeded_url).transaction() as session:
        for number in range(LOOKS):
            for name, series in in_any_order(times, number):
                started = perf_counter()
                assert tokens.authenticate(session, guesses[name], now=OPENED) is None
                series.append(perf_counter() - started)

    # The slowest tenth is the machine's, not the comparison's.
    kept = [sorted(series)[: LOOKS * 9 // 10] for series in times.values()]
    assert welch(*kept) < ALIKE
