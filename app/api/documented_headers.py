"""What the OpenAPI document says of headers: those that one may send, and those that answers bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.api.answers import LONGEST_KEY

PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name for this write: sent again with the same body, it has no second effect and is "
        "answered as before, with `Idempotent-Replayed: true`; with another body it is refused.",
        "schema": {
            "type": "string",
            "format": "idempotency-key",
            "pattern": f"^[ -~]{{1,{LONGEST_KEY}}}$",
        },
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the answer that the client holds: 304 while it is still the same.",
        "schema": {"type": "string", "format": "etag"},
    },
}
"""Parameters that many operations share."""

_TEXT = {"schema": {"type": "string"}}
HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "The version, for `If-None-Match` and `If-Match`", **_TEXT},
    "Location": {"description": "Where what was made is read", **_TEXT},
    "Replayed": {"description": "`true` when the stored answer came back", **_TEXT},
    "RetryAfter": {"description": "Seconds to wait", "schema": {"type": "integer"}},
}
"""Headers that many answers share."""

_UNREPEATED = "/api/v1/sessions"
"""What these answer is shown once and stored nowhere, so that no key brings it back."""


def name_headers(method: str, path: str, operation: dict[str, Any]) -> None:
    """Add what an operation may be sent and what its answers bring."""
    responses = operation["responses"]
    if method != "GET" and not path.startswith(_UNREPEATED):
        _take(operation, "IdempotencyKey")
        _bring(responses, ("200", "201", "202"), "Idempotent-Replayed", "Replayed")
    if "304" in responses:
        _take(operation, "IfNoneMatch")
        _bring(responses, ("200", "304"), "ETag", "ETag")
    _bring(responses, ("201", "202"), "Location", "Location")


def _take(operation: dict[str, Any], name: str) -> None:
    operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{name}"})


def _bring(responses: dict[str, Any], statuses: Iterable[str], header: str, name: str) -> None:
    for status in statuses:
        if status in responses:
            responses[status].setdefault("headers", {})[header] = {"$ref": f"#/components/headers/{name}"}
