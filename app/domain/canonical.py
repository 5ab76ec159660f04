"""Canonical JSON: one text, and so one hash, for one value (in the manner of RFC 8785)."""

from __future__ import annotations

import hashlib
import json

_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
).encode


def canonical(value: object) -> bytes:
    """UTF-8, members sorted by code point, no white space, integers and strings as JSON writes them."""
    return _encode(value).encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
