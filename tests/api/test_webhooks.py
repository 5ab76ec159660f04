"""Webhooks over HTTP: made by administrators and integrators, their secret shown once, out of reach absent."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import metadata
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU
from tests.seed import PEOPLE
from tests.service import Answer, Asked, Service

HOOKS = "/api/v1/webhooks"
ROWS = metadata.tables["webhook"]
DELIVERIES = metadata.tables["webhook_delivery"]
URL = "https://hooks.example.org/yuebao"


def hook(unit: str = GUANGDONG, **changes: Any) -> dict[str, Any]:
    return {"unit": unit, "url": URL, "kinds": ["report.*"], **changes}


def made(service: Service, **changes: Any) -> str:
    answer = service.post(HOOKS, hook(**changes), by="integrator")
    assert answer.status == 201, answer.json
    return str(answer.json["id"])


def test_the_secret_is_shown_once(service: Service) -> None:
    answer = service.post(HOOKS, hook(), by="administrator")

    secret = answer.json["secret"]
    assert secret.startswith("whsec_")
    assert answer.headers["location"] == f"{HOOKS}/{answer.json['id']}"
    for path in (HOOKS, f"{HOOKS}/{answer.json['id']}", f"{HOOKS}/{answer.json['id']}/deliveries"):
        shown = service.get(path, by="administrator")
        assert shown.status == 200
        assert secret not in shown.body.decode()
    trail = service.get("/api/v1/audit?limit=1000", by="auditor").body.decode()
    assert secret not in trail
    assert "webhook.create" in trail


def test_a_dry_run_makes_nothing_and_shows_no_secret(service: Service) -> None:
    answer = service.post(f"{HOOKS}?dry_run=true", hook(), by="integrator")

    assert (answer.status, answer.json["id"], answer.json["secret"]) == (200, None, None)
    assert service.rows(ROWS) == []


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"url": "ftp://example.org/"}, {"/url": "url-not-https"}),
        ({"url": "https://127.0.0.1/"}, {"/url": "url-internal"}),
        ({"url": "https://[::1]/"}, {"/url": "url-internal"}),
        ({"url": "https://localhost/"}, {"/url": "url-internal"}),
        ({"url": "https://user:pw@example.org/"}, {"/url": "url-malformed"}),
        ({"url": "https://example.org/#x"}, {"/url": "url-malformed"}),
        ({"url": "https://[/"}, {"/url": "url-malformed"}),
        ({"url": "https://exa\u0000mple.org/"}, {"/url": "invalid-text"}),
        ({"kinds": ["everything"]}, {"/kinds/0": "invalid-text"}),
        ({"unit": "44"}, {"/unit": "invalid-text"}),
        ({"secret": "mine"}, {"/secret": "unknown-field"}),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    service: Service, changes: dict[str, Any], places: dict[str, str]
) -> None:
    answer = service.post(HOOKS, hook(**changes), by="integrator")

    assert answer.status == 422
    assert answer.places.keys() == places.keys()
    if "url" in changes and "\u0000" not in changes["url"]:
        assert answer.places == places


def test_a_unit_has_a_bounded_number(service: Service) -> None:
    answers = [service.post(HOOKS, hook(), by="integrator") for _ in range(21)]

    assert [answer.status for answer in answers] == [201] * 20 + [409]
    assert answers[-1].code == "too-many-webhooks"


STEPS = {
    "get": ("GET", ""),
    "delete": ("DELETE", "?dry_run=true"),
    "test": ("POST", "/test?dry_run=true"),
    "deliveries": ("GET", "/deliveries"),
    "redeliver": ("POST", "/redeliver?dry_run=true"),
}


@pytest.mark.parametrize("step", STEPS)
def test_only_who_manages_webhooks_of_the_unit_may(service: Service, step: str) -> None:
    method, path = STEPS[step]
    webhook = made(service)

    def ask(person: str, identity: str) -> Answer:
        return service.ask(
            Asked(method, f"{HOOKS}/{identity}{path}", person, {} if method == "POST" else None)
        )

    expected = {"integrator": 200, "administrator": 200, "scoped": 200, "reviewer": 403, "auditor": 403}
    expected |= {"centre": 403, "hunan": 404, "guangzhou": 404, "changsha": 404, "shunde": 404}
    for person, status in expected.items():
        assert ask(person, webhook).status == status, person
        absent = ask(person, "0" * 32)
        assert absent.status == 404
        if status == 404:
            hidden = ask(person, webhook)
            assert without_ids(hidden) == without_ids(absent)
    assert expected.keys() <= PEOPLE.keys()


def without_ids(answer: Answer) -> dict[str, Any]:
    return {k: v for k, v in answer.json.items() if k not in {"instance", "request_id"}}


def test_a_list_shows_those_within_reach_in_pages(service: Service) -> None:
    mine = [made(service), made(service, unit=GUANGZHOU)]

    first = service.get(f"{HOOKS}?limit=1", by="administrator").json
    second = service.get(f"{HOOKS}?limit=1&cursor={first['next']}", by="administrator").json

    assert [row["id"] for row in first["items"] + second["items"]] == sorted(mine)
    assert second["next"] is None


def test_a_webhook_outside_the_province_is_not_to_be_made(service: Service) -> None:
    assert service.post(HOOKS, hook(CHANGSHA), by="integrator").status == 404
    assert service.post(HOOKS, hook(), by="reviewer").status == 403


def test_a_deleted_webhook_takes_its_deliveries_along(service: Service) -> None:
    webhook = made(service)
    service.post(f"{HOOKS}/{webhook}/test", by="integrator")

    answer = service.ask(Asked("DELETE", f"{HOOKS}/{webhook}", "integrator"))

    assert (answer.status, answer.json["committed"]) == (200, True)
    assert service.rows(ROWS) == service.rows(DELIVERIES) == []
    assert service.get(f"{HOOKS}/{webhook}", by="integrator").status == 404


def test_a_delivery_that_is_not_there_cannot_be_sent_again(service: Service) -> None:
    answer = service.post(f"{HOOKS}/{made(service)}/redeliver", {"delivery": "0" * 32}, by="integrator")

    assert answer.status == 404
