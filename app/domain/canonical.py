"""Canonical JSON: one text, and so one hash, for one value (in the manner of RFC 8785)."""

from __future__ import annotations

import hashlib

import orjson


def canonical(value: object) -> bytes:
    """UTF-8, members sorted by code point, no white space, integers and strings as JSON writes them."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(value)).hexdigest()
