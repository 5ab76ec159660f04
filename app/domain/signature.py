"""How an outgoing event is signed: Standard Webhooks, symmetric (HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta

PREFIX = "whsec_"

DELAYS = (5, 30, 120, 600, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400)
"""Seconds before the second, third, … attempt: eleven attempts over two and a half days, then it is given up."""

JITTER = 0.2
"""A delay is lengthened by up to this part, so that receivers do not get all that failed at once."""


def secret_text(key: bytes) -> str:
    """A key as its owner is shown it."""
    return PREFIX + b64encode(key).decode()


def signed_headers(secret: str, *, message: str, at: datetime, body: bytes) -> Mapping[str, str]:
    """The three headers: the delivery's id, the instant of this attempt in seconds, and `v1,` with the HMAC
    over `id.timestamp.body`."""
    stamp = str(int(at.timestamp()))
    key = b64decode(secret.removeprefix(PREFIX))
    mac = hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{b64encode(mac).decode()}",
    }


def delay(attempts: int, chance: float) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it is given up. `chance` is in [0, 1)."""
    if attempts > len(DELAYS):
        return None
    return timedelta(seconds=DELAYS[attempts - 1] * (1 + JITTER * chance))
