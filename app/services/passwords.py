"""Passwords as they are kept: argon2id, a few at a time, and as slow for nobody as for somebody."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError

from app.domain.password import canonical_password
from app.errors import Text, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
"""OWASP's minimum, about 0.1 s and 19 MiB here: what a login may cost while reports come in."""

AT_ONCE = 2
"""Passwords hashed at the same time: one for each core."""

WAITING = 32
"""Sign-ins that may wait for their turn; more are told to come back."""

PATIENCE = 5.0
"""Seconds of waiting after which a sign-in is told to come back."""


def hashed(password: str) -> str:
    """The text to keep. Takes a tenth of a second: never call it on the writer."""
    return HASHER.hash(canonical_password(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password. Where nobody has one (None) it takes just as long, and is False."""
    try:
        HASHER.verify(kept or _nobodys(), canonical_password(password))
    except VerificationError:
        return False
    return kept is not None


def initial() -> str:
    """A password to hand over: 96 random bits without characters that are read wrongly."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


@cache
def _nobodys() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))


class Hashing:
    """Runs what hashes aside from the event loop, AT_ONCE at a time, with a bounded queue."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of the work. Raises Unavailable (503, Retry-After) when too many wait or it takes too long."""
        if self._waiting >= WAITING:
            raise _busy()
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise _busy() from None
        finally:
            self._waiting -= 1
        try:
            return await asyncio.to_thread(work, *args, **kwargs)
        finally:
            self._turns.release()


def _busy() -> Unavailable:
    return Unavailable(
        Text("登录人数较多，请稍后重试", "Many people are signing in; try again in a moment"),
        code="overloaded",
        headers={"Retry-After": str(5 + secrets.randbelow(11))},
    )
