"""Tokens over HTTP: for machines, shown once, bound to networks, dead at once."""

from __future__ import annotations

from time import sleep
from typing import Any

import pytest

from app.api.authentication import MAX_AGE
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU
from tests.service import Answer, Service

TOKENS = "/api/v1/tokens"
NEW = {"name": "示例：交换", "unit": GUANGDONG}


def create(service: Service, by: str = "administrator", **changes: Any) -> Answer:
    return service.post(TOKENS, NEW | changes, by=by)


def test_a_token_is_shown_once_and_works(service: Service) -> None:
    made = create(service, scopes=["ledger:write"], days=30)
    service.tokens["new"] = made.json["token"]
    listed = service.get(TOKENS, by="administrator")

    assert made.status == 201
    assert (made.json["role"], made.json["scopes"]) == ("integrator", ["ledger:write"])
    assert service.get(f"/api/v1/units/{GUANGZHOU}", by="new").status == 200
    assert made.json["token"].split("_", 2)[2] not in listed.body.decode()
    assert made.json["id"] in [row["id"] for row in listed.json["items"]]


def test_a_replayed_creation_shows_no_secret(service: Service) -> None:
    first, again = [service.post(TOKENS, NEW, by="administrator", idempotency_key="one") for _ in range(2)]

    assert again.json == first.json | {"token": None}


def test_a_token_works_only_from_its_networks(service: Service) -> None:
    made = create(service, networks=["192.0.2.0/24", "2001:db8::1"])
    service.tokens["new"] = made.json["token"]
    told = {}
    for client in ("192.0.2.200", "::ffff:192.0.2.7", "2001:db8::1", "2001:db8::2", "198.51.100.1", "unix"):
        service.client = client
        told[client] = service.get("/api/v1/forms", by="new").status

    assert list(told.values()) == [200, 200, 200, 401, 401, 401]


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"networks": ["192.0.2.0/24", "192.0.2.1/24", "evil"]}, ["/networks/1", "/networks/2"]),
        ({"scopes": ["ledger:write", "accounts:manage"]}, ["/scopes/1"]),
        ({"days": 366}, ["/days"]),
        ({"days": 2**63}, ["/days"]),
        ({"role": "reviewer"}, ["/role"]),
        ({"name": "   "}, ["/name"]),
    ],
)
def test_what_a_token_cannot_be_is_refused_with_its_place(
    service: Service, changes: dict[str, Any], places: list[str]
) -> None:
    answer = create(service, **changes)

    assert answer.status == 422
    assert list(answer.places) == places


def test_an_administrator_makes_tokens_within_reach_and_nobody_else_does(service: Service) -> None:
    assert create(service, unit=CHANGSHA).status == 404
    for person in ("guangzhou", "reviewer", "integrator", "guangdong_auditor"):
        assert create(service, by=person, unit=GUANGZHOU).status in {403, 404}, person


def test_a_revoked_token_is_dead_within_half_a_second(service: Service) -> None:
    made = create(service)
    service.tokens["new"] = made.json["token"]
    assert service.get("/api/v1/forms", by="new").status == 200

    answer = service.post(f"{TOKENS}/{made.json['id']}/revoke", {}, by="administrator")
    sleep(MAX_AGE + 0.01)

    assert answer.json["revoked_at"]
    assert service.get("/api/v1/forms", by="new").status == 401
    assert service.post(f"{TOKENS}/{made.json['id']}/revoke", {}, by="administrator").status == 404


def test_a_token_ends_itself_and_no_other(service: Service) -> None:
    own, other = [service.tokens[name].split("_")[1] for name in ("integrator", "scoped")]

    assert service.post(f"{TOKENS}/{other}/revoke", {}, by="integrator").status == 403
    assert service.post(f"{TOKENS}/{own}/revoke", {}, by="integrator").status == 200


def test_tokens_out_of_reach_read_as_absent(service: Service) -> None:
    far = service.tokens["changsha"].split("_")[1]

    assert service.post(f"{TOKENS}/{far}/revoke", {}, by="administrator").status == 404
    assert far not in service.get(TOKENS, by="administrator").body.decode()
    assert far in service.get(TOKENS, by="auditor").body.decode()


def test_the_last_use_is_written_down_to_the_minute(service: Service) -> None:
    service.get("/api/v1/forms", by="reviewer")
    service.run(service.app.state.callers.write_uses())

    rows = {row["name"]: row["last_used_at"] for row in service.get(TOKENS, by="administrator").json["items"]}

    assert rows["reviewer"] == "2015-04-24T09:00:00+08:00"
    assert rows["second_reviewer"] is None
