"""What the edge costs: one POST that stores nothing, behind the edge and as a stock FastAPI application.

    python -m bench.bench_edge

Both are called directly as ASGI, in turns, with the same body; the best of many short rounds counts, because
everything that disturbs a round makes it slower. The edge signs in, admits, reads strictly, logs and counts;
the stock application does none of it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response
from starlette.types import ASGIApp

from app.api.body import Body, json_body, json_tree
from app.api.edge import Edge, EdgeOptions
from app.api.strict_json import Loaded, load

ROUNDS, REQUESTS = 60, 200
PATH = "/api/v1/reports"
FIGURES = {f"indicator_{number:02d}": number * 37 for number in range(15)}
REPORT = {
    "period": "2015-04",
    "unit": "440100",
    "contact": {"name": "张三", "phone": "020-12345678"},
    "figures": FIGURES,
    "narrative": "本月召开动员会",
}
BODY = json.dumps(REPORT, ensure_ascii=False).encode()
ESCAPED = json.dumps(REPORT).encode()
ROUTES = 40
"""Other routes that come before the one asked for, as in a real application."""


class Contact(BaseModel):
    """A contact, as a tutorial declares it."""

    name: str
    phone: str


class Report(BaseModel):
    """A report, as a tutorial declares it."""

    model_config = ConfigDict(extra="forbid")

    period: str
    unit: str
    contact: Contact
    figures: dict[str, int]
    narrative: str = ""


class ContactIn(Body):
    """The same contact, strictly."""

    name: str
    phone: str


class ReportIn(Body):
    """The same report, strictly."""

    period: str
    unit: str
    contact: ContactIn
    figures: dict[str, int]
    narrative: str = ""


def others() -> list[APIRouter]:
    """Routers in front, four routes each."""

    async def nothing(request: Request, name: str) -> Response:
        return Response()

    routers = []
    for group in range(ROUTES // 4):
        router = APIRouter(prefix=f"/api/v1/group{group}")
        for number in range(4):
            router.add_api_route(f"/part{number}/{{name}}", nothing, methods=["GET"])
        routers.append(router)
    return routers


def stock(routers: list[APIRouter]) -> FastAPI:
    """FastAPI as its tutorial has it."""
    app, router = FastAPI(), APIRouter(prefix=PATH)

    @router.post("")
    async def submit(report: Report) -> dict[str, bool]:
        return {"committed": False}

    for each in [*routers, router]:
        app.include_router(each)
    return app


async def anybody(kind: str, secret: str) -> str:
    """An authenticator that knows everyone."""
    return "somebody"


def edge(routers: list[APIRouter], kind: str) -> Edge:
    """The same behind the edge, with a model or with a tree."""
    app, router = Edge(EdgeOptions(authenticate=anybody, write_log=len)), APIRouter(prefix=PATH)

    async def submit(request: Request, report: Annotated[ReportIn, json_body(ReportIn)]) -> Response:
        return Response(b'{"committed":false}', media_type="application/json")

    async def submit_tree(request: Request, report: Annotated[Loaded, json_tree(ReportIn)]) -> Response:
        return Response(b'{"committed":false}', media_type="application/json")

    router.add_api_route("", submit if kind == "model" else submit_tree, methods=["POST"])
    app.include(*routers, router)
    return app


def scope() -> dict[str, Any]:
    """A head as a client sends it."""
    return {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"user-agent", b"bench"),
            (b"accept", b"*/*"),
            (b"authorization", b"Bearer yb_0123456789_0123456789abcdef"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(BODY)).encode()),
        ],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def a_round(app: ASGIApp) -> float:
    """Microseconds a request, over one round."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(message)

    scopes = [scope() for _ in range(REQUESTS)]
    started = perf_counter()
    for each in scopes:
        await app(each, receive, send)
    return (perf_counter() - started) / REQUESTS * 1e6


async def compare(apps: Mapping[str, ASGIApp]) -> dict[str, float]:
    """The best round of each, in turns."""
    best = dict.fromkeys(apps, float("inf"))
    for _ in range(ROUNDS):
        for name, app in apps.items():
            best[name] = min(best[name], await a_round(app))
    return best


def best_of(work: Callable[[], object]) -> float:
    """Microseconds of one call, the best of many."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = perf_counter()
        for _ in range(REQUESTS):
            work()
        best = min(best, (perf_counter() - started) / REQUESTS * 1e6)
    return best


def main() -> None:
    """Print both tables."""
    apps = {
        f"stock FastAPI, {ROUTES + 1} included routes": stock(others()),
        "stock FastAPI, 1 route": stock([]),
        f"edge with json_body, {ROUTES + 1} routes": edge(others(), "model"),
        f"edge with json_tree, {ROUTES + 1} routes": edge(others(), "tree"),
    }
    results = asyncio.run(compare(apps))
    yardstick = results["stock FastAPI, 1 route"]
    for name, microseconds in results.items():
        print(f"{name:40} {microseconds:7.1f} us  {microseconds / yardstick:5.2f} x")
    print()
    for kind, body in (("as UTF-8", BODY), ("with \\u escapes", ESCAPED)):
        ours, plain = best_of(lambda body=body: load(body)), best_of(lambda body=body: json.loads(body))
        name = f"strict loader, {len(body)} bytes {kind}"
        print(f"{name:40} {ours:7.1f} us  {ours / plain:5.2f} x json.loads")


if __name__ == "__main__":
    main()
