"""Every write of identity leaves its row of the audit in its own transaction, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest

from app.errors import Unavailable
from app.models import metadata
from app.services import audit
from tests.office import Seeds
from tests.people import CURRENT, PASSWORD, SESSIONS, add, enter
from tests.samples import GUANGDONG, GUANGZHOU
from tests.service import Answer, Asked, Service

ROLE = {"role": "reviewer", "unit": GUANGZHOU}
ADMINISTRATOR = {"role": "administrator", "unit": GUANGZHOU}
PERSON = {"name": "示例甲", "phone": "13800000000"}
CONTACT = f"/api/v1/units/{GUANGZHOU}/contact"


@dataclass(frozen=True)
class Office:
    """A service with two administrators, an account to work on, and one that is disabled."""

    service: Service
    target: str
    disabled: str

    def post(self, path: str, body: object, by: str | None = "chief") -> Answer:
        return self.service.post(path, body, by=by)

    def act(self, path: str, body: object, account: str = "", by: str = "chief") -> Answer:
        return self.post(f"/api/v1/accounts/{account or self.target}/{path}", body, by)


@pytest.fixture
def office(engine_name: str, seeds: Seeds, seeded_url: str, tmp_path: Path) -> Iterator[Office]:
    settings = {"data_dir": tmp_path, "secret_key": "k" * 32}
    with Service(seeded_url, seeds(engine_name).tokens, **settings) as running:
        for name in ("chief", "deputy"):
            enter(running, name, add(running, name, "administrator", GUANGDONG))
        target, disabled = [str(add(running, name, "reporter")["id"]) for name in ("target", "disabled")]
        made = Office(running, target, disabled)
        made.act("disable", {}, disabled)
        enter(running, "target", {"id": target})
        yield made


Step = Callable[[Office], Answer]


def ask(office: Office) -> Answer:
    return office.act("grants", ADMINISTRATOR)


def name_somebody(office: Office) -> Answer:
    return office.service.put(CONTACT, PERSON)


def begin_factor(office: Office) -> Answer:
    return office.post(f"{CURRENT}/second-factor", {"password": PASSWORD}, "target")


def confirm_factor(office: Office) -> Answer:
    secret = begin_factor(office).json["secret"]
    code = pyotp.TOTP(secret).at(office.service.clock.now())
    return office.post(f"{CURRENT}/second-factor/confirm", {"code": code}, "target")


def revoke_token(office: Office) -> Answer:
    token_id = office.service.tokens["scoped"].split("_")[1]
    return office.post(f"/api/v1/tokens/{token_id}/revoke", {})


STEPS: dict[str, tuple[Step, ...]] = {
    "account.create": (
        lambda o: o.post("/api/v1/accounts", {"name": "new", "display_name": "示例", "unit": GUANGZHOU}),
    ),
    "account.disable": (lambda o: o.act("disable", {}),),
    "account.enable": (lambda o: o.act("enable", {}, o.disabled),),
    "account.reset": (lambda o: o.act("reset", {}),),
    "grant.give": (lambda o: o.act("grants", ROLE),),
    "grant.ask": (ask,),
    "grant.confirm": (ask, lambda o: o.act("grants/confirm", ADMINISTRATOR, by="deputy")),
    "grant.revoke": (lambda o: o.act("grants/revoke", {"role": "reporter", "unit": GUANGZHOU}),),
    "token.create": (lambda o: o.post("/api/v1/tokens", {"name": "x", "unit": GUANGDONG}),),
    "token.revoke": (revoke_token,),
    "contact.hand-over": (name_somebody,),
    "contact.reveal": (
        name_somebody,
        lambda o: o.post(f"{CONTACT}/reveal", {"reason": "电话催报"}, "reviewer"),
    ),
    "session.close": (lambda o: o.service.ask(Asked("DELETE", CURRENT, "target")),),
    "session.open": (lambda o: o.post(SESSIONS, {"name": "target", "password": PASSWORD}, by=None),),
    "second-factor.begin": (begin_factor,),
}
COUNTED = {"attempt"}
"""Tries are counted before they are made, in a transaction of their own."""


def everything(service: Service) -> dict[str, Any]:
    return {name: service.rows_of(name) for name in metadata.tables if name not in COUNTED}


@pytest.mark.parametrize("action", STEPS)
def test_every_write_leaves_its_row(office: Office, action: str) -> None:
    *before, step = STEPS[action]
    for each in before:
        each(office)
    number = len(office.service.rows_of("audit_event"))

    assert step(office).status < 300

    [row] = office.service.rows_of("audit_event")[number:]
    assert row["action"] == action
    assert row["request_id"]


@pytest.mark.parametrize("action", STEPS)
def test_nothing_is_stored_when_the_audit_fails(
    office: Office, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    *before, step = STEPS[action]
    for each in before:
        each(office)
    kept = everything(office.service)

    def break_down(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(audit, "record", break_down)

    assert step(office).status == 503
    assert everything(office.service) == kept


def test_a_confirmed_second_factor_leaves_its_row(office: Office) -> None:
    assert confirm_factor(office).status == 200
    assert office.service.rows_of("audit_event")[-1]["action"] == "second-factor.confirm"
