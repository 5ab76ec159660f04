"""Reminders (催报): three days and one day before, on the day, and the day after; to whom has not reported, once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from app.cli.context import OPERATOR
from app.db import Database, Row
from app.models import metadata
from app.services import reminders
from app.services.mail import Mailbox, is_email, parse_mailbox
from app.services.periods import Policy
from tests.samples import CHANGSHA, GUANGDONG_UNITS, GUANGZHOU, REPORTS, SHUNDE, report
from tests.service import Service

LOG = metadata.tables["reminder"]
OUTBOX = metadata.tables["outbox_event"]
SUBSCRIPTIONS = "/api/v1/subscriptions"


@dataclass
class Post:
    """What an SMTP server took, and whether it takes anything."""

    letters: list[Message] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 later"
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        self.to += envelope.rcpt_tos
        return "250 taken"


class Loopback(Controller):
    """On a free port; the controller's own trial connection needs to know which."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def post_office() -> Iterator[tuple[Post, Mailbox]]:
    post = Post()
    controller = Loopback(post, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield post, parse_mailbox(f"smtp+plain://127.0.0.1:{controller.port}/yuebao@office.example")
    finally:
        controller.stop()


def remind(service: Service, mailbox: Mailbox | None = None) -> list[Row]:
    return reminders.remind(
        Database(service.database_url),
        now=service.clock.now(),
        policy=Policy(),
        mailbox=mailbox,
        by=OPERATOR,
    )


def reminded(service: Service) -> dict[str, str]:
    with Database(service.database_url).transaction() as session:
        found = reminders.due(session, now=service.clock.now(), policy=Policy())
    return {each.unit: each.kind for each in found}


@pytest.mark.parametrize(
    ("instant", "kind"),
    [
        ("2015-04-21T23:59:59+08:00", None),
        ("2015-04-22T00:00:00+08:00", "D-3"),
        ("2015-04-23T12:00:00+08:00", None),
        ("2015-04-24T12:00:00+08:00", "D-1"),
        ("2015-04-25T23:59:59+08:00", "D"),
        ("2015-04-26T00:00:00+08:00", "D+1"),
        ("2015-04-27T00:00:00+08:00", None),
        ("2015-05-22T09:00:00+08:00", "D-3"),
    ],
)
def test_a_reminder_is_due_by_the_day_in_china(service: Service, instant: str, kind: str | None) -> None:
    service.clock.set(instant)

    assert reminded(service).get(GUANGZHOU) == kind


def test_only_units_that_have_not_submitted_are_reminded(service: Service) -> None:
    service.post(REPORTS, report())
    service.post(REPORTS, report(SHUNDE, draft=True), by="shunde")

    found = reminded(service)

    assert GUANGZHOU not in found
    assert {SHUNDE, CHANGSHA} <= found.keys()
    assert set(GUANGDONG_UNITS) - {GUANGZHOU} <= found.keys()


def test_a_deadline_that_was_moved_is_reminded_of_anew(service: Service) -> None:
    remind(service)
    moved = {"due_on": "2015-05-02", "reason": "顺延"}
    service.put("/api/v1/periods/2015-04/440000/deadline", moved, by="reviewer")

    assert GUANGZHOU not in reminded(service)
    service.clock.set("2015-05-01T10:00:00+08:00")
    assert reminded(service)[GUANGZHOU] == "D-1"


def test_the_event_goes_out_once_however_often_it_is_run(service: Service) -> None:
    first, second = remind(service), remind(service)

    told = [row for row in service.rows(OUTBOX) if row["kind"] == "report.reminder"]
    assert len(first) == len(told) == len(service.rows(LOG))
    assert second == []
    data = next(row["data"] for row in told if row["unit"] == GUANGZHOU)
    assert data == {"period": "2015-04", "unit": GUANGZHOU, "kind": "D-1", "due_on": "2015-04-25"}


def subscribe(service: Service, *emails: str) -> None:
    answer = service.put(f"{SUBSCRIPTIONS}/{GUANGZHOU}", {"emails": list(emails)})
    assert answer.status == 200, answer.json


def test_a_letter_reaches_each_address_once_in_both_languages(service: Service) -> None:
    subscribe(service, "a@office.example", "b@office.example")

    with post_office() as (post, mailbox):
        rows = remind(service, mailbox)
        assert remind(service, mailbox) == []

    assert sorted(post.to) == ["a@office.example", "b@office.example"]
    assert sum(row["outcome"] == "sent" and row["channel"] == "email" for row in rows) == 2
    letter = post.letters[0]
    text = letter.get_content()
    assert "广州市" in letter["subject"]
    assert "2015-04 月报应于 2015-04-25 24:00（北京时间）前报送" in text
    assert "is due on 2015-04-25" in text
    assert letter["to"] in post.to
    assert "示例甲" not in str(letter)
    assert "13800000000" not in str(letter)


def name(service: Service, **person: str) -> None:
    given = {"name": "示例甲", "phone": "13800000000", **person}
    assert service.put(f"/api/v1/units/{GUANGZHOU}/contact", given).status == 200


def test_whoever_is_in_charge_is_written_to_first_and_once(service: Service) -> None:
    subscribe(service, "a@office.example", "Jia@office.example")
    name(service, email="jia@office.example")

    with post_office() as (post, mailbox):
        rows = remind(service, mailbox)

    assert post.to == ["jia@office.example", "a@office.example"]
    assert next(row["addressee"] for row in rows if row["addressee"]) == "contact-1"
    assert "office.example" not in str(service.rows(LOG))


def test_after_a_hand_over_only_the_new_person_is_written_to(service: Service) -> None:
    name(service, email="jia@office.example")
    name(service, name="示例乙", email="yi@office.example")
    with post_office() as (post, mailbox):
        remind(service, mailbox)
        name(service, name="示例丙")
        service.clock.set("2015-04-25T10:00:00+08:00")
        rows = remind(service, mailbox)

    assert post.to == ["yi@office.example"]
    assert {row["outcome"] for row in rows if row["unit_code"] == GUANGZHOU} == {"sent", "no_address"}


def test_a_letter_that_was_refused_is_tried_by_the_next_run(service: Service) -> None:
    subscribe(service, "a@office.example")

    with post_office() as (post, mailbox):
        post.refuses = True
        outcomes = [row["outcome"] for row in remind(service, mailbox) if row["addressee"]]
        post.refuses = False
        again = [row["outcome"] for row in remind(service, mailbox)]

    assert (outcomes, again) == (["failed"], ["sent"])
    assert post.to == ["a@office.example"]


def test_a_server_that_is_down_loses_no_letter(service: Service) -> None:
    subscribe(service, "a@office.example")
    with post_office() as (post, mailbox):
        down = mailbox._replace(port=1)
        assert [row["outcome"] for row in remind(service, down) if row["addressee"]] == ["failed"]
        remind(service, mailbox)

    assert len(post.letters) == 1


def test_who_has_nobody_to_write_to_stands_in_the_log(service: Service) -> None:
    subscribe(service, "a@office.example")
    with post_office() as (_, mailbox):
        remind(service, mailbox)

    rows = service.get(f"/api/v1/reminders?period=2015-04&unit={SHUNDE}", by="reviewer").json["items"]
    assert [(row["channel"], row["outcome"]) for row in rows] == [
        ("email", "no_address"),
        ("webhook", "sent"),
    ]
    assert "office.example" not in service.get("/api/v1/reminders?period=2015-04", by="centre").body.decode()


def test_the_log_comes_in_pages_within_reach(service: Service) -> None:
    remind(service)
    seen: list[str] = []
    cursor = ""
    while True:
        page = service.get(f"/api/v1/reminders?period=2015-04&limit=10&cursor={cursor}", by="reviewer").json
        seen += [row["unit"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == GUANGDONG_UNITS
    assert service.get("/api/v1/reminders?period=2015-13", by="reviewer").status == 422


def test_before_nine_in_the_morning_a_server_is_silent(service: Service) -> None:
    early, database = "2015-04-24T08:59:59+08:00", Database(service.database_url)
    service.clock.set(early)
    with post_office() as (_, mailbox):
        assert reminders.remind_by_day(database, service.clock.now(), Policy(), mailbox) == []
        service.clock.set("2015-04-24T09:00:00+08:00")
        assert reminders.remind_by_day(database, service.clock.now(), Policy(), mailbox)


def test_an_audit_row_tells_of_each_unit_and_of_no_address(service: Service) -> None:
    subscribe(service, "a@office.example")
    with post_office() as (_, mailbox):
        remind(service, mailbox)

    rows = service.rows(metadata.tables["audit_event"])
    assert sum(row["action"] == "reminder.send" and row["unit"] == GUANGZHOU for row in rows) == 2
    assert "office.example" not in str(rows)


def test_addresses_are_replaced_and_forgotten(service: Service) -> None:
    subscribe(service, "a@office.example", "b@office.example")
    subscribe(service, "b@office.example", "b@office.example")

    assert service.get(f"{SUBSCRIPTIONS}/{GUANGZHOU}").json["emails"] == ["b@office.example"]
    subscribe(service)
    assert service.rows(metadata.tables["subscription"]) == []


@pytest.mark.parametrize(
    "email",
    [
        "a",
        "a@b",
        "@b.example",
        "a@",
        "a@@b.example",
        "a b@c.example",
        "a@c.example\r\nBcc: x",
        "张@c.example",
        "a@.",
        "<a@c.example>",
        "a@" + "c" * 250 + ".example",
    ],
)
def test_what_is_no_address_is_refused_at_its_place(service: Service, email: str) -> None:
    answer = service.put(f"{SUBSCRIPTIONS}/{GUANGZHOU}", {"emails": ["good@office.example", email]})

    assert answer.status == 422
    assert "/emails/1" in answer.places
    assert not is_email(email)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://u:p%40@mail.example/a@b.example", ("mail.example", 465, "smtps", "a@b.example", "u", "p@")),
        ("smtp://mail.example:2525/a@b.example", ("mail.example", 2525, "starttls", "a@b.example", "", "")),
        ("smtp+plain://mail.example/a@b.example", ("mail.example", 25, "none", "a@b.example", "", "")),
    ],
)
def test_a_mailbox_is_a_url(url: str, expected: tuple[Any, ...]) -> None:
    assert tuple(parse_mailbox(url)) == expected


@pytest.mark.parametrize(
    "url", ["", "http://mail.example/a@b.example", "smtp://mail.example", "smtp:///a@b.example"]
)
def test_anything_else_is_no_mailbox(url: str) -> None:
    with pytest.raises(ValueError, match="smtps"):
        parse_mailbox(url)
