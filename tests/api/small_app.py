"""A small application behind the real edge: one route of each kind, and a list of its log lines."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.body import Body, Nothing, check_digest, json_body, json_tree, stream
from app.api.conditional import IF_MATCH, byte_range, etag_of, if_match, is_unchanged, not_modified, reply
from app.api.context import actor_of, headers_of, received_at
from app.api.docs import docs_router
from app.api.edge import Edge, EdgeOptions
from app.api.head import Lane
from app.api.openapi import refusals
from app.api.paging import DEFAULT_LIMIT, Cursor, Limit, decode_cursor, encode_cursor
from app.api.strict_json import Loaded, Unusable
from app.errors import Conflict, Forbidden

NOW = datetime(2015, 4, 25, 15, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class Caller:
    """Whoever the good token stands for."""

    id: str = "token-1"
    name: str = "广州"


class Category(StrEnum):
    """A closed list in a body."""

    CORRECTION = "correction"


class ContactIn(Body):
    """A contact."""

    name: Annotated[str, Field(min_length=1, max_length=10)]
    phone: str


class ReportIn(Body):
    """A report as it is sent."""

    period: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$")]
    contact: ContactIn
    figures: dict[str, Annotated[int, Field(ge=0, le=1_000_000)]] = Field(default_factory=dict)
    dated: date | None = None
    category: Category | None = None
    units: list[Annotated[str, Field(pattern="^[0-9]{6}$")]] = Field(default_factory=list, max_length=3)
    draft: bool = False


class ReportOut(BaseModel):
    """A report as it is answered."""

    period: str
    received_at: datetime


EXAMPLE = {"period": "2015-04", "contact": {"name": "张三", "phone": "020-12345678"}, "figures": {"a": 1}}
Period = Annotated[str, Path(pattern="^[0-9]{4}-[0-9]{2}$")]
LANES = (Lane("/api/v1/evidence", "upload", 8 << 20),)

router = APIRouter(prefix="/api/v1")


async def refuse(request: Request) -> None:
    """A permission check that fails."""
    raise Forbidden


@router.post("/reports", status_code=201, responses={201: {"model": ReportOut}})
async def submit(
    request: Request, report: Annotated[ReportIn, json_body(ReportIn, examples={"usual": EXAMPLE})]
) -> Response:
    """Take a report."""
    out = ReportOut(period=report.period, received_at=received_at(request))
    return reply(out, status=201, etag=etag_of(1))


@router.post("/trees", include_in_schema=False)
async def take_tree(request: Request, tree: Annotated[Loaded, json_tree(ReportIn)]) -> Response:
    """Take a report unchecked, and say which values the edge could not use."""
    unusable = {name: value.code for name, value in tree.value.items() if isinstance(value, Unusable)}
    return reply({"unusable": unusable, "findings": [found.as_json() for found in tree.findings]})


@router.post("/forbidden", dependencies=[Depends(refuse)], responses=refusals(403))
async def forbidden(request: Request, report: Annotated[ReportIn, json_body(ReportIn)]) -> Response:
    """Never get here."""
    raise AssertionError


@router.get("/reports")
async def list_reports(
    request: Request,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    sort: Annotated[str, Query(pattern="^(unit|period)$")] = "unit",
    unit: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """List reports."""
    after = decode_cursor(cursor, (str, int))
    return reply({"limit": limit, "after": after, "next": encode_cursor(["440100", 2]), "unit": unit})


@router.get("/reports/{period}/{unit}", responses={304: {"description": "Unchanged"}})
async def read_report(request: Request, period: Period, unit: str) -> Response:
    """Read a report."""
    if is_unchanged(request, etag_of(3)):
        return not_modified(etag_of(3))
    return reply({"period": period, "unit": unit, "actor": actor_of(request).name}, etag=etag_of(3))


@router.put("/reports/{period}/{unit}", responses=refusals(412, 428), openapi_extra=IF_MATCH)
async def revise_report(request: Request, period: Period, unit: str) -> Response:
    """Say which version would be replaced."""
    return reply({"version": if_match(request)})


@router.post("/reports/{period}/{unit}/accept", responses=refusals(409))
async def accept(
    request: Request, period: Period, unit: str, body: Annotated[Nothing, json_body(Nothing)]
) -> Response:
    """Accept a report."""
    raise Conflict(headers={"Location": "/api/v1/reports/2015-04/440100"})


@router.post("/evidence", status_code=201, responses=refusals(408, 413))
async def upload(request: Request) -> Response:
    """Take a file."""
    content = b"".join([piece async for piece in stream(request)])
    check_digest(headers_of(request.scope), content)
    return reply({"size": len(content), "sha256": sha256(content).hexdigest()}, status=201)


@router.get("/evidence/{id}", responses={206: {"description": "A part"}} | refusals(416))
async def download(request: Request, id: str) -> Response:
    """Give a part of a file."""
    wanted = byte_range(request, 100)
    return reply({"bytes": list(wanted or range(100))[:3]}, status=206 if wanted else 200)


class Filter(BaseModel):
    """Parameters declared together."""

    model_config = ConfigDict(extra="forbid")

    unit: str = ""
    page: Annotated[int, Field(alias="p")] = 1


async def pass_by(request: Request) -> None:
    """A permission check that succeeds."""


@router.get("/filtered/{number}", dependencies=[Depends(pass_by)])
async def filtered(
    request: Request,
    number: int,
    accept: Annotated[str, Header(max_length=5)],
    asked: Annotated[Filter, Query()],
) -> Response:
    """Say what was understood."""
    return reply({"number": number, "accept": accept, "unit": asked.unit, "page": asked.page})


@router.get("/slow")
async def slow(request: Request) -> Response:
    """Take a moment."""
    await asyncio.sleep(0.1)
    return reply({})


@router.get("/crash")
async def crash(request: Request) -> Response:
    """Fail with a message that quotes what was sent."""
    raise ValueError("13800000000")


@router.get("/solved")
async def solved(unit: str = "x") -> dict[str, Any]:
    """A route that FastAPI itself runs."""
    return {"unit": unit}


public = APIRouter()


@public.get("/health/live")
async def live(request: Request) -> Response:
    """Answer."""
    return reply({"status": "ok"})


async def authenticate(kind: str, secret: str) -> Caller | None:
    """Know one token and one session."""
    return Caller() if secret in {"yb_good_0123456789", "session-0123456789"} else None


def small_app(lines: list[str] | None = None, **options: Any) -> Edge:
    """The application; `lines` collects what it logs."""
    write = (lines if lines is not None else []).append
    known: dict[str, Any] = {
        "authenticate": authenticate,
        "now": lambda: NOW,
        "lanes": LANES,
        "write_log": write,
    }
    app = Edge(EdgeOptions(**{**known, **options}), title="Yuebao", version="1")
    app.include(router, public, docs_router())
    return app
