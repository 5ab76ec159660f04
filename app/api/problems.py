"""Turns every refusal and every crash into one `application/problem+json` body that echoes no input."""

from __future__ import annotations

import json
from collections.abc import Mapping

from fastapi.exceptions import RequestValidationError
from starlette.types import Scope, Send

from app.api.context import request_id_of
from app.api.findings import refusal
from app.api.shape import parameter_findings
from app.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    OutOfSpace,
    PreconditionRequired,
    Problem,
    Text,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    VersionConflict,
)

MEDIA_TYPE = b"application/problem+json"


class RequestTimeout(Problem):
    """The client sends its body too slowly."""

    status = 408
    default_code = "request-timeout"
    default_title = Text(
        "请求内容发送过慢，连接已关闭", "The body arrived too slowly; the connection is closed"
    )


class RangeNotSatisfiable(Problem):
    """The bytes asked for do not exist, or too many pieces were asked for."""

    status = 416
    default_code = "range-not-satisfiable"
    default_title = Text("所请求的字节范围无效", "The requested range cannot be served")


_BY_STATUS: dict[int, type[Problem]] = {
    family.status: family
    for family in (
        Malformed,
        Unauthenticated,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        RequestTimeout,
        Conflict,
        VersionConflict,
        TooLarge,
        UnsupportedMedia,
        RangeNotSatisfiable,
        Invalid,
        PreconditionRequired,
        TooMany,
        Unavailable,
        OutOfSpace,
    )
}


_FRAMEWORK = ("starlette.", "fastapi.")
"""Where the exceptions come from that carry a status of their own: an unknown path, a wrong method."""


def problem_of(error: Exception) -> Problem:
    """The problem that answers an exception: itself, its likeness, or 500 without any detail."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid_parameters(error)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and type(error).__module__.startswith(_FRAMEWORK):
        return _of_status(status, getattr(error, "headers", None) or {})
    return Problem()


def body_of(problem: Problem, request_id: str) -> bytes:
    """The body of a problem; `instance` names this one occurrence by the request's id (RFC 9457)."""
    body = problem.as_json()
    body["instance"] = f"/requests/{request_id}"
    body["request_id"] = request_id
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def send_problem(problem: Problem, scope: Scope, send: Send) -> None:
    """Answer with a problem straight from ASGI, for refusals before any route is chosen."""
    body = body_of(problem, request_id_of(scope))
    headers = [(b"content-type", MEDIA_TYPE), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _invalid_parameters(error: RequestValidationError) -> Problem:
    return refusal(parameter_findings(error.errors()))


def _of_status(status: int, headers: Mapping[str, str]) -> Problem:
    family = _BY_STATUS.get(status, Malformed if status < 500 else Problem)
    return family(headers=headers)
