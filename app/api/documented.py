"""What the OpenAPI document says of answers: which statuses an operation gives, and what they mean."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from app.api.schemas.common import ProblemOut

MEANING = {
    200: "The answer; for a dry run, what the write would have answered, with nothing stored",
    201: "Stored; `Location` names the new resource",
    304: "Not changed since the `ETag` that the client holds",
    400: "The request cannot be read",
    401: "No valid token",
    403: "The caller's role does not allow it",
    404: "There is no such thing, or it is out of the caller's reach",
    405: "The path does not take this method",
    406: "None of the formats asked for can be made",
    408: "The body arrived too slowly",
    409: "The state of the thing does not allow it",
    412: "Changed since the version that `If-Match` names",
    413: "More bytes than this path takes",
    415: "A kind of body that this path does not take",
    422: "Can be read and is wrong: every finding at once, nothing stored",
    428: "`If-Match` is missing",
    503: "Cannot answer now; `Retry-After` says when to try again",
}

ALWAYS = (400, 401, 403, 503)


def answers(model: type[BaseModel], *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: the first status carries the model, refusals carry a problem."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*statuses, *ALWAYS}):
        if status < 300:
            found[status] = {"description": MEANING[status], "model": model}
        elif status < 400:
            found[status] = {"description": MEANING[status]}
        else:
            found[status] = problem(status)
    return found


def problem(status: int) -> dict[str, Any]:
    """A refusal, as `application/problem+json`."""
    return {
        "description": MEANING[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}},
    }


PROBLEM_SCHEMA = ProblemOut
