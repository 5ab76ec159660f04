"""Pointers into a body (RFC 6901)."""

from __future__ import annotations


def pointer(*tokens: str | int) -> str:
    """The pointer to a member: pointer("activities", 0) is /activities/0; no token points to the whole."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
