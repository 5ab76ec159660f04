"""How many requests are worked on at once: beyond that a short queue, then 503 with a time to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import randint

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.context import has_body, state_of
from app.errors import Text, Unavailable

RETRY_SECONDS = (5, 30)
"""Clients refused together are told different times, so that they do not come back together."""


@dataclass(frozen=True, slots=True)
class Quota:
    """`limit` requests at once, `queue` more that wait at most `patience` seconds."""

    limit: int
    queue: int
    patience: float = 2.0


QUOTAS: Mapping[str, Quota] = {
    "read": Quota(64, 256),
    "write": Quota(32, 256),
    "upload": Quota(8, 32),
    "import": Quota(2, 8),
}
"""By the request's kind; a kind without a quota is not limited."""


class Gate:
    """A semaphore with a bounded queue."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._slots = asyncio.Semaphore(quota.limit)
        self._waiting = 0

    async def enter(self) -> None:
        """Take a slot, or raise Unavailable (503) when the queue is full or the wait too long."""
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self._waiting >= self.quota.queue:
            raise _overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(self.quota.patience):
                await self._slots.acquire()
        except TimeoutError:
            raise _overloaded() from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Give the slot back."""
        self._slots.release()


def _overloaded() -> Unavailable:
    return Unavailable(
        Text("服务繁忙，请稍后重试", "The service is busy, try again later"),
        code="overloaded",
        headers={"Retry-After": str(randint(*RETRY_SECONDS))},
    )


class Admission:
    """Holds a slot of the request's kind from the moment there is work to do until the answer is made.

    A small body is awaited outside (`write`): a client that trickles it must not keep others from working.
    Uploads and imports work while they read, and take their slot first. The slot is given back before the
    last bytes go out, so that a client that reads slowly holds none either.
    """

    def __init__(self, app: ASGIApp, *, quotas: Mapping[str, Quota] = QUOTAS) -> None:
        self.app = app
        self.gates = {kind: Gate(quota) for kind, quota in quotas.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = state_of(scope)
        gate = None if "actor" not in state else self.gates.get(state["kind"])
        if gate is None:
            await self.app(scope, receive, send)
            return
        visit = _Visit(gate, receive, send)
        if state["kind"] != "write" or not has_body(scope):
            await visit.enter()
        try:
            await self.app(scope, visit.receive, visit.send)
        finally:
            visit.leave()


class _Visit:
    """One request's slot, taken at most once and given back exactly once."""

    __slots__ = ("_receive", "_send", "gate", "is_inside")

    def __init__(self, gate: Gate, receive: Receive, send: Send) -> None:
        self.gate = gate
        self._receive = receive
        self._send = send
        self.is_inside = False

    async def enter(self) -> None:
        await self.gate.enter()
        self.is_inside = True

    def leave(self) -> None:
        if self.is_inside:
            self.is_inside = False
            self.gate.leave()

    async def receive(self) -> Message:
        message = await self._receive()
        if not self.is_inside and message["type"] == "http.request" and not message.get("more_body"):
            await self.enter()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self.leave()
        await self._send(message)
