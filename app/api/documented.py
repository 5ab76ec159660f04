"""What the OpenAPI document says of the answers of one route."""

from __future__ import annotations

from types import UnionType
from typing import Any

from pydantic import BaseModel

from app.api.openapi import refusals
from app.api.schemas.ledger import RefusedLedgerOut
from app.api.schemas.problems import ProblemOut

MEANING = {
    200: "The answer; of a dry run, what the write would have answered, with nothing stored",
    201: "Stored; `Location` names the new resource",
    202: "Taken; `Location` names the job that does it",
    304: "Not changed since the `ETag` that the client holds",
}

REFUSED_LEDGER = refusals(422, models=(RefusedLedgerOut, ProblemOut))
"""A ledger file is refused with lines and columns, anything else about the request with pointers."""


def answers(model: type[BaseModel] | UnionType, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: successes carry the model, refusals a problem."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        if status < 300:
            found[status] = {"description": MEANING[status], "model": model}
        elif status < 400:
            found[status] = {"description": MEANING[status]}
    return found | refusals(*(status for status in statuses if status >= 400))
