"""Idempotency keys: a repeated request gets the first answer, byte for byte, and has no second effect."""

from __future__ import annotations

from typing import Any

import pytest

from app.models import metadata
from tests.samples import GUANGZHOU, REPORTS, RETURN, at, report
from tests.service import Asked, Service

KEYS = metadata.tables["idempotency_key"]
AUDIT = metadata.tables["audit_event"]


def keyed(path: str, body: Any, by: str = "guangzhou", key: str = "key-1", method: str = "POST") -> Asked:
    return Asked(method, path, by, body, {"idempotency-key": key})


def test_a_repeated_request_gets_the_same_bytes_and_says_so(service: Service) -> None:
    first = service.ask(keyed(REPORTS, report()))
    service.clock.set("2015-04-27T09:00:00+08:00")

    again = service.ask(keyed(REPORTS, report()))

    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]


def test_it_has_no_second_effect(service: Service) -> None:
    service.ask(keyed(REPORTS, report()))
    before = len(service.rows(AUDIT)), len(service.rows(metadata.tables["outbox_event"]))

    service.ask(keyed(REPORTS, report()))

    assert (len(service.rows(AUDIT)), len(service.rows(metadata.tables["outbox_event"]))) == before


def test_a_body_that_differs_only_in_spaces_and_order_is_the_same_request(service: Service) -> None:
    body = report()
    service.ask(keyed(REPORTS, body))

    again = service.ask(keyed(REPORTS, dict(reversed(body.items()))))

    assert again.headers.get("idempotent-replayed") == "true"


@pytest.mark.parametrize(
    "other",
    [
        keyed(REPORTS, report(narrative="另一份")),
        keyed(at("/submit"), {}),
        keyed(at("/withdraw"), {}),
    ],
)
def test_the_key_of_another_request_is_refused(service: Service, other: Asked) -> None:
    service.ask(keyed(REPORTS, report()))

    refused = service.ask(other)

    assert (refused.status, refused.code) == (422, "idempotency-key-reused")
    assert service.get(at("")).json["version"] == 1


def test_two_people_may_use_the_same_key(service: Service) -> None:
    service.ask(keyed(REPORTS, report()))

    other = service.ask(keyed(REPORTS, report("440200"), by="shaoguan"))

    assert other.status == 201
    assert "idempotent-replayed" not in other.headers


def test_a_refused_request_stores_nothing_and_may_be_tried_again(service: Service) -> None:
    wrong = report(figures={"counties_mobilized": 8})

    assert service.ask(keyed(REPORTS, wrong)).status == 422
    assert service.rows(KEYS) == []
    assert service.ask(keyed(REPORTS, report())).status == 201


def test_a_dry_run_stores_no_key(service: Service) -> None:
    rehearsed = service.ask(keyed(f"{REPORTS}?dry_run=true", report()))

    assert rehearsed.status == 200
    assert service.rows(KEYS) == []
    assert "idempotent-replayed" not in service.ask(keyed(REPORTS, report())).headers


def test_a_dry_run_is_not_answered_by_what_was_stored(service: Service) -> None:
    service.ask(keyed(REPORTS, report()))

    rehearsed = service.ask(keyed(f"{REPORTS}?dry_run=true", report()))

    assert rehearsed.status == 409


@pytest.mark.parametrize(
    ("step", "by", "body"),
    [("withdraw", "guangzhou", {}), ("accept", "reviewer", {}), ("return", "reviewer", RETURN)],
)
def test_every_step_can_be_repeated(service: Service, step: str, by: str, body: Any) -> None:
    service.post(REPORTS, report())

    first, again = (service.ask(keyed(at(f"/{step}"), body, by=by)) for _ in range(2))

    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    assert again.headers["idempotent-replayed"] == "true"


def test_two_hundred_twins_at_once_have_one_effect(service: Service) -> None:
    before = len(service.rows(AUDIT))

    answers = service.together([keyed(REPORTS, report())] * 200)

    assert {answer.status for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(service.rows(AUDIT)) == before + 1
    assert [row["unit_code"] for row in service.rows(metadata.tables["report"])] == [GUANGZHOU]
    assert len(service.rows(KEYS)) == 1
