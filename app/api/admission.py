"""How many requests are worked on at once: beyond that a short queue, then 503 with a time to come back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import randint

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
    """A semaphore with a bounded queue: slots that are free, and those that are handed to whoever waits.

    One that was handed on and not taken, because the patience was over, is there for the next who finds none free.
    """

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._free = quota.limit
        self._handed = asyncio.Semaphore(0)
        self._waiting = 0

    async def enter(self) -> None:
        """Take a slot, or raise Unavailable (503) when the queue is full or the wait too long."""
        if self._free:
            self._free -= 1
            return
        if self._waiting >= self.quota.queue:
            raise _overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(self.quota.patience):
                await self._handed.acquire()
        except TimeoutError:
            raise _overloaded() from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Give the slot back."""
        if self._waiting:
            self._handed.release()
        else:
            self._free += 1


def _overloaded() -> Unavailable:
    return Unavailable(
        Text("服务繁忙，请稍后重试", "The service is busy, try again later"),
        code="overloaded",
        headers={"Retry-After": str(randint(*RETRY_SECONDS))},
    )
