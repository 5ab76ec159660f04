"""Finding and running a route: the table agrees with the framework, and so does the short way to run one."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, Header, Request
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from app.api import direct
from app.api.direct import Direct, is_plain
from app.api.dispatch import Dispatch
from app.api.edge import Edge, EdgeOptions
from tests.api.asgi import JSON, call
from tests.api.small_app import EXAMPLE, small_app

PATHS = [
    "/",
    "/circulars",
    "/circulars/{id}",
    "/circulars/{id}.docx",
    "/circulars/new",
    "/{section}/new",
    "/reports/{period}/{unit}",
    "/reports/{period}/{unit}/accept",
    "/reports/xlsx",
]


async def plain(request: Request) -> Response:
    return PlainTextResponse("plain")


def table(*routes: Any) -> Dispatch:
    return Dispatch(routes, otherwise=PlainTextResponse("other"))


SEGMENTS = st.sampled_from(
    ["", "circulars", "new", "7", "7.docx", "reports", "xlsx", "2015-04", "accept", "*", "=new"]
)


def vagueness(path: str) -> list[tuple[bool, int]]:
    """How little of each segment is fixed, from the left."""
    return [("{" in part, -len(re.sub("{.*?}", "", part))) for part in path.split("/")]


@given(st.lists(SEGMENTS, max_size=5))
def test_the_table_finds_the_least_vague_of_what_trying_every_route_finds(segments: list[str]) -> None:
    routes = [Route(path, plain) for path in PATHS]
    path = "/" + "/".join(segments)

    found = {(entry.route.path, tuple(values.items())) for entry, values in table(*routes).find(path)}

    tried = [(route.path, re.fullmatch(route.path_regex, path)) for route in routes]
    fitting = [(path, tuple(match.groupdict().items())) for path, match in tried if match]
    assert found == set(sorted(fitting, key=lambda each: vagueness(each[0]))[:1])


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/circulars/new", "/circulars/new"),
        ("/circulars/7", "/circulars/{id}"),
        ("/circulars/7.docx", "/circulars/{id}.docx"),
        ("/units/new", "/{section}/new"),
    ],
)
def test_the_more_fixed_path_is_meant(path: str, chosen: str) -> None:
    entry, _ = table(*[Route(path, plain) for path in PATHS]).find(path)[0]

    assert entry.route.path == chosen


def test_a_method_is_looked_for_at_the_path_that_is_meant() -> None:
    app = Edge(EdgeOptions(public=("/",), write_log=lambda line: None))
    app.router.routes.extend(
        [
            Route("/circulars/new", plain, methods=["GET"]),
            Route("/circulars/{id}", plain, methods=["PUT"]),
            Route("/circulars/{id}", plain, methods=["DELETE"]),
        ]
    )

    assert call(app, "DELETE", "/circulars/7").status == 200
    for method, path, allowed in (("POST", "7", "DELETE, PUT"), ("PUT", "new", "GET, HEAD")):
        refused = call(app, method, f"/circulars/{path}")
        assert (refused.status, refused.headers["allow"]) == (405, allowed)


def test_mounts_included_routers_and_whole_paths_are_left_to_the_framework() -> None:
    app = Edge(EdgeOptions(public=("/",), write_log=lambda line: None))
    inner = APIRouter()
    inner.add_api_route("/inner", plain, methods=["GET"])
    app.include_router(inner, prefix="/included")
    app.router.routes.extend(
        [Mount("/mounted", PlainTextResponse("mounted")), Route("/files/{path:path}", plain)]
    )

    for path in ("/included/inner", "/mounted/x", "/files/a/b"):
        assert call(app, "GET", path).status == 200
    assert call(app, "GET", "/included/nothing").code == "not-found"


async def depends_on_request(request: Request) -> str:
    return "x"


async def depends_on_more(request: Request, x: str) -> str:
    return x


def sync_dependency(request: Request) -> str:
    return "x"


async def takes_parameters(
    request: Request,
    unit: str,
    limit: int = 1,
    if_match: Annotated[str | None, Header()] = None,
    x: str = Depends(depends_on_request),
) -> Response:
    return Response()


async def takes_a_cookie(a: Annotated[str, Cookie()]) -> Response:
    return Response()


async def takes_background(tasks: BackgroundTasks) -> Response:
    return Response()


async def takes_a_response(response: Response) -> Response:
    return response


async def takes_a_dependency_with_parameters(x: str = Depends(depends_on_more)) -> Response:
    return Response()


async def takes_a_thread(x: str = Depends(sync_dependency)) -> Response:
    return Response()


async def returns_data() -> dict[str, str]:
    return {}


async def returns_nothing_said():  # type: ignore[no-untyped-def]
    return Response()


def is_sync() -> Response:
    return Response()


class Query(BaseModel):
    unit: str


async def takes_a_model(query: Query) -> Response:
    return Response()


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        (plain, True),
        (takes_parameters, True),
        (takes_a_cookie, False),
        (takes_background, False),
        (takes_a_response, False),
        (takes_a_dependency_with_parameters, False),
        (takes_a_thread, False),
        (returns_data, False),
        (returns_nothing_said, False),
        (is_sync, False),
        (takes_a_model, False),
    ],
)
def test_a_route_is_run_directly_only_when_nothing_more_is_declared(endpoint: Any, expected: bool) -> None:
    assert is_plain(APIRoute("/x", endpoint, methods=["POST"])) is expected


@pytest.mark.parametrize(
    ("method", "target", "content"),
    [
        ("GET", "/api/v1/reports", ""),
        ("GET", "/api/v1/reports?limit=7&unit=a&unit=b&sort=period", ""),
        ("GET", "/api/v1/reports?limit=0&sort=x", ""),
        ("GET", "/api/v1/reports/2015-04/440100", ""),
        ("GET", "/api/v1/reports/201504/440100", ""),
        ("POST", "/api/v1/reports", EXAMPLE),
        ("POST", "/api/v1/reports", {"x": 1}),
        ("POST", "/api/v1/forbidden", EXAMPLE),
        ("GET", "/api/v1/filtered/7?unit=a&p=2", ""),
        ("GET", "/api/v1/filtered/7?page=2", ""),
        ("GET", "/api/v1/filtered/x?p=x&unit=a", ""),
    ],
)
def test_the_direct_way_answers_what_the_framework_answers(
    monkeypatch: pytest.MonkeyPatch, method: str, target: str, content: object
) -> None:
    def ask() -> tuple:
        body = json.dumps(content).encode() if content else b""
        answer = call(small_app(), method, target, JSON, ("x-request-id", "same"), body=body)
        return answer.status, answer.headers, answer.body

    answered = ask()
    monkeypatch.setattr(direct, "is_plain", lambda route: False)

    assert ask() == answered


def test_parameters_of_every_kind_arrive_and_every_fault_in_them_is_found() -> None:
    accept = ("accept", "text")
    good = call(small_app(), "GET", "/api/v1/filtered/7?unit=a&p=2", accept)
    bad = call(small_app(), "GET", "/api/v1/filtered/x?unit=a&p=x", ("accept", "too long"))

    assert good.json == {"number": 7, "accept": "text", "unit": "a", "page": 2}
    assert bad.places == {
        "/path/number": "wrong-type",
        "/query/p": "wrong-type",
        "/header/accept": "text-too-long",
    }


def test_most_routes_are_run_directly() -> None:
    entries = [entry for entry, _ in small_table().find("/api/v1/reports")]

    assert [type(entry.app) for entry in entries] == [Direct, Direct]
    assert call(small_app(), "GET", "/api/v1/solved?unit=y").json == {"unit": "y"}


def small_table() -> Dispatch:
    return Dispatch(small_app().router.routes, otherwise=PlainTextResponse("other"))
