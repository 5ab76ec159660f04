"""The bodies of `/webhooks`, `/reminders` and `/subscriptions`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from app.api.schemas.shapes import Body, Id, Out, PeriodText, UnitCode

Kind = Annotated[
    str, Field(pattern=r"^[a-z_]{1,20}\.([a-z_]{1,19}|\*)$", examples=["report.submitted", "report.*"])
]


class WebhookIn(Body):
    """Where to tell of which events: `report.accepted`, or `report.*` for a family; none means all."""

    unit: UnitCode
    url: str = Field(
        min_length=1,
        max_length=500,
        json_schema_extra={"pattern": "^https://[!-~]+$"},
        examples=["https://hooks.example.org/yuebao"],
    )
    kinds: list[Kind] = Field(default=[], max_length=40)


class WebhookOut(Out):
    """A webhook. `disabled_because` says why nothing is sent to it any more."""

    id: Id | None
    unit: UnitCode
    url: str
    kinds: list[str]
    created_at: datetime
    disabled_at: datetime | None
    disabled_because: str | None
    committed: bool


class WebhookMade(WebhookOut):
    """A new webhook with the secret that signs what it is sent, shown this once."""

    secret: str | None


class WebhookPage(Out):
    """Webhooks, oldest first."""

    items: list[WebhookOut]
    next: str | None


class DeliveryOut(Out):
    """An event on its way. `answered` is the status of the last answer, `error` what failed."""

    id: Id | None
    webhook: Id
    kind: str
    seq: int | None
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    next_at: datetime | None
    answered: int | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class DeliveryQueued(DeliveryOut):
    """The same, of a test that was just put on its way."""

    committed: bool


class DeliveryPage(Out):
    """Deliveries, oldest first."""

    items: list[DeliveryOut]
    next: str | None


class RedeliverIn(Body):
    """One delivery by its id; without it, all that failed."""

    delivery: Id | None = None


class Redelivered(Out):
    """How many deliveries are on their way again."""

    webhook: Id
    queued: int
    committed: bool


class ReminderOut(Out):
    """One reminder. The addressee is an id: the log holds no address."""

    unit: UnitCode
    period: PeriodText
    due_on: str
    kind: Literal["D-3", "D-1", "D", "D+1"]
    channel: Literal["email", "webhook"]
    addressee: str
    sent_at: datetime
    outcome: Literal["sending", "sent", "failed", "no_address"]


class ReminderPage(Out):
    """The reminders of a period, by unit and day."""

    items: list[ReminderOut]
    next: str | None


class SubscriptionIn(Body):
    """All addresses that a unit's reminders go to; an empty list for none."""

    emails: list[Annotated[str, Field(min_length=3, max_length=254)]] = Field(
        max_length=5, examples=[["nongqing@example.org"]]
    )


class SubscriptionOut(Out):
    """The addresses of a unit."""

    unit: UnitCode
    emails: list[str]
    committed: bool
