"""Events on their way to webhooks: signed, at least once each under one id, and given up in sight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from app.db import Database
from app.domain.address import Outgoing
from app.domain.signature import DELAYS, JITTER, delay
from app.models import metadata
from app.services import deliveries
from app.services.deliveries import Courier, Done
from tests.receiver import HOST, Receiver, receiving
from tests.samples import CHANGSHA, GUANGDONG, GUANGDONG_UNITS, GUANGZHOU, REPORTS, SHUNDE, at, report
from tests.service import Service

HOOKS = "/api/v1/webhooks"
DELIVERIES = metadata.tables["webhook_delivery"]
WEBHOOKS = metadata.tables["webhook"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def service(service: Service) -> Service:
    service.app.state.outgoing = Outgoing(allows_http=True, inside=frozenset({HOST}))
    return service


def subscribe(service: Service, receiver: Receiver, *kinds: str, unit: str = GUANGDONG) -> dict[str, Any]:
    body = {"unit": unit, "url": receiver.url, "kinds": list(kinds)}
    answer = service.post(HOOKS, body, by="integrator")
    assert answer.status == 201, answer.json
    return dict(answer.json)


def deliver(service: Service, receiver: Receiver) -> Done:
    courier = Courier(
        now=service.clock.now,
        allowed=service.app.state.outgoing,
        resolve=receiver.resolve,
        chance=lambda: 0.0,
    )
    return deliveries.deliver(Database(service.database_url), courier)


def later(service: Service, seconds: float) -> None:
    service.clock.set((service.clock.now() + timedelta(seconds=seconds)).isoformat())


def test_an_event_arrives_signed_as_the_standard_says(service: Service, receiver: Receiver) -> None:
    secret = subscribe(service, receiver, "report.*")["secret"]
    service.post(REPORTS, report())

    assert deliver(service, receiver) == Done(1, 1)

    headers, body = receiver.got[0]
    signed = {**headers, "webhook-timestamp": headers["webhook-timestamp"]}
    wall = int(service.clock.now().timestamp())
    assert int(headers["webhook-timestamp"]) == wall
    expected = Verifier(secret).sign(
        headers["webhook-id"], datetime.fromtimestamp(wall).astimezone(), body.decode()
    )
    assert signed["webhook-signature"] == expected
    said = json.loads(body)
    assert (said["type"], said["unit"]) == ("report.submitted", GUANGZHOU)
    assert said["data"] == {"period": "2015-04", "unit": GUANGZHOU, "version": 1}


def test_only_events_of_the_unit_and_the_kinds_are_told(service: Service, receiver: Receiver) -> None:
    subscribe(service, receiver, "report.accepted")
    for code in (GUANGZHOU, CHANGSHA, SHUNDE):
        service.post(REPORTS, report(code), by="everybody")
        service.post(at("/accept", code), by="centre")

    deliver(service, receiver)

    told = [json.loads(body) for _, body in receiver.got]
    assert [(each["type"], each["unit"]) for each in told] == [
        ("report.accepted", GUANGZHOU),
        ("report.accepted", SHUNDE),
    ]


def test_events_come_in_their_order_and_only_those_after_the_webhook(
    service: Service, receiver: Receiver
) -> None:
    service.post(REPORTS, report())
    subscribe(service, receiver)
    service.post(at("/accept"), by="reviewer")
    for code in GUANGDONG_UNITS[1:]:
        service.post(REPORTS, report(code), by="everybody")

    deliver(service, receiver)

    numbers = [json.loads(body)["seq"] for _, body in receiver.got]
    assert len(numbers) == len(GUANGDONG_UNITS)
    assert numbers == sorted(numbers)
    assert deliver(service, receiver) == Done(0, 0)


def test_a_refused_delivery_is_tried_again_with_the_same_id_and_body(
    service: Service, receiver: Receiver
) -> None:
    subscribe(service, receiver, "report.*")
    service.post(REPORTS, report())
    receiver.answers = [500, 204]

    assert deliver(service, receiver) == Done(1, 0)
    assert deliver(service, receiver) == Done(0, 0)
    later(service, DELAYS[0])
    assert deliver(service, receiver) == Done(1, 1)

    (first, body), (second, again) = receiver.got
    assert first["webhook-id"] == second["webhook-id"]
    assert body == again
    assert first["webhook-timestamp"] != second["webhook-timestamp"]


def test_it_is_given_up_in_sight_and_sent_again_on_demand(service: Service, receiver: Receiver) -> None:
    hook = subscribe(service, receiver, "report.*")["id"]
    service.post(REPORTS, report())
    receiver.answers = [500]
    attempts = 0
    while deliver(service, receiver).attempted:
        attempts += 1
        later(service, DELAYS[min(attempts, len(DELAYS)) - 1])

    row = service.get(f"{HOOKS}/{hook}/deliveries", by="integrator").json["items"][0]
    assert attempts == len(DELAYS) + 1 == row["attempts"]
    assert (row["status"], row["answered"], row["error"], row["next_at"]) == ("failed", 500, "refused", None)

    receiver.answers = [204]
    again = service.post(f"{HOOKS}/{hook}/redeliver", {"delivery": row["id"]}, by="integrator")
    assert again.json["queued"] == 1
    assert deliver(service, receiver) == Done(1, 1)
    assert receiver.got[-1][0]["webhook-id"] == row["id"]


def test_a_receiver_that_is_down_is_called_once_for_all_that_wait(
    service: Service, receiver: Receiver
) -> None:
    subscribe(service, receiver, "report.*")
    for code in (GUANGZHOU, SHUNDE):
        service.post(REPORTS, report(code), by="everybody")
    receiver.answers = [503]

    assert deliver(service, receiver) == Done(1, 0)
    assert deliver(service, receiver) == Done(0, 0)


def test_a_receiver_that_is_gone_is_disabled_until_it_is_tested(service: Service, receiver: Receiver) -> None:
    hook = subscribe(service, receiver, "report.*")["id"]
    service.post(REPORTS, report())
    receiver.answers = [410]
    deliver(service, receiver)

    shown = service.get(f"{HOOKS}/{hook}", by="integrator").json
    assert shown["disabled_because"] == "gone"
    service.post(at("/accept"), by="reviewer")
    assert deliver(service, receiver) == Done(0, 0)

    receiver.answers = [204]
    assert service.post(f"{HOOKS}/{hook}/test", by="integrator").json["kind"] == "webhook.test"
    assert deliver(service, receiver) == Done(2, 2)
    assert {json.loads(body)["type"] for _, body in receiver.got[1:]} == {"webhook.test", "report.accepted"}


def test_an_attempt_that_a_crash_cut_short_is_made_again(service: Service, receiver: Receiver) -> None:
    subscribe(service, receiver, "report.*")
    service.post(REPORTS, report())
    database = Database(service.database_url)
    with database.transaction() as session:
        deliveries.plan(session, now=service.clock.now())
    claimed = deliveries._claimed(database, service.clock.now())

    assert deliver(service, receiver) == Done(0, 0)
    later(service, deliveries.LEASE.total_seconds())
    assert deliver(service, receiver) == Done(1, 1)
    assert claimed is not None
    assert receiver.got[0][0]["webhook-id"] == claimed["id"]


def test_several_who_deliver_at_once_make_each_attempt_once(service: Service, receiver: Receiver) -> None:
    subscribe(service, receiver, "report.*")
    for code in GUANGDONG_UNITS:
        service.post(REPORTS, report(code), by="everybody")

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: deliver(service, receiver), range(4)))

    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert sum(each.attempted for each in done) == len(ids) == len(set(ids)) == len(GUANGDONG_UNITS)


def test_what_was_delivered_is_forgotten_after_a_month(service: Service, receiver: Receiver) -> None:
    subscribe(service, receiver, "report.*")
    service.post(REPORTS, report())
    deliver(service, receiver)
    first = service.rows(DELIVERIES)[0]["id"]
    service.clock.set("2015-05-24T09:00:01+08:00")
    service.post(at("/accept"), by="reviewer")

    assert deliver(service, receiver) == Done(1, 1)

    assert [row["id"] for row in service.rows(DELIVERIES) if row["id"] == first] == []
    assert len(service.rows(DELIVERIES)) == 1


def test_a_redirect_is_not_followed(service: Service, receiver: Receiver) -> None:
    hook = subscribe(service, receiver, "report.*")["id"]
    service.post(REPORTS, report())
    receiver.answers, receiver.headers = [302], {"location": receiver.url}

    deliver(service, receiver)

    assert len(receiver.got) == 1
    row = service.get(f"{HOOKS}/{hook}/deliveries", by="integrator").json["items"][0]
    assert (row["status"], row["answered"]) == ("pending", 302)


@pytest.mark.parametrize("attempts", range(1, len(DELAYS) + 1))
def test_a_delay_grows_and_is_lengthened_by_chance_a_little(attempts: int) -> None:
    shortest, longest = delay(attempts, 0.0), delay(attempts, 0.999)

    assert shortest == timedelta(seconds=DELAYS[attempts - 1])
    assert longest is not None
    assert shortest < longest < shortest * (1 + JITTER)
    assert delay(len(DELAYS) + 1, 0.5) is None
