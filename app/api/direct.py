"""Runs a plainly declared route without the framework's general dependency solver.

The solver costs 60 to 90 microseconds a request, more than reading and checking a report does
(docs/decisions/0006-own-request-path.md). A route qualifies when it returns a Response itself and takes only
path, query and header parameters, the request, and dependencies that are coroutines of the request alone.
Parameters are still validated by the fields FastAPI made for them. Every other route runs as FastAPI would.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, cast

from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_typed_return_annotation, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

Read = Callable[[Request], Awaitable[Any]]


LONGEST_KNOWN = 200
"""Characters of a path whose meaning is remembered."""

MOST_KNOWN = 4096
"""Paths that are remembered."""


def runner(route: Route) -> ASGIApp:
    """The cheapest application that answers for a route."""
    if isinstance(route, APIRoute) and is_plain(route):
        return Direct(route.dependant)
    return AsyncExitStackMiddleware(route.app)


def is_plain(route: APIRoute) -> bool:
    """Whether a route can be run directly."""
    dependant = route.dependant
    returns = get_typed_return_annotation(route.endpoint)
    return (
        isinstance(returns, type)
        and issubclass(returns, Response)
        and iscoroutinefunction(route.endpoint)
        and not _takes_more(dependant)
        and all(_is_read(each) for each in dependant.dependencies)
    )


def _takes_more(dependant: Dependant) -> bool:
    return bool(
        dependant.cookie_params
        or dependant.body_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.http_connection_param_name
    )


def _is_read(dependant: Dependant) -> bool:
    parameters = (*dependant.path_params, *dependant.query_params, *dependant.header_params)
    return (
        iscoroutinefunction(dependant.call)
        and bool(dependant.request_param_name)
        and not (parameters or dependant.dependencies or dependant.concurrency or _takes_more(dependant))
    )


class Direct:
    """One route, ready to run: first its dependencies, then its parameters, and the body last of all."""

    def __init__(self, dependant: Dependant) -> None:
        self.endpoint = cast("Callable[..., Awaitable[Response]]", dependant.call)
        self.request_name = dependant.request_param_name
        self._known: dict[str, dict[str, Any]] = {}
        self.path, self.query, self.header = (
            dependant.path_params,
            dependant.query_params,
            dependant.header_params,
        )
        values, errors = request_params_to_args(self.query, QueryParams())
        # What an empty query means, unless it lacks something required.
        self.unasked = None if errors else values
        reads = [(part, self._read_of(part)) for part in dependant.dependencies]
        self.before = [read for part, read in reads if not hasattr(part.call, "source")]
        self.bodies = [read for part, read in reads if hasattr(part.call, "source")]

    @staticmethod
    def _read_of(dependant: Dependant) -> tuple[str | None, str, Read]:
        return dependant.name, str(dependant.request_param_name), cast("Read", dependant.call)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        values: dict[str, Any] = {}
        if self.before:
            await self._fill(self.before, request, values)
        if self.path or self.query or self.header:
            self._parse(request, values)
        if self.bodies:
            await self._fill(self.bodies, request, values)
        if self.request_name:
            values[self.request_name] = request
        response = await self.endpoint(**values)
        await response(scope, receive, send)

    async def _fill(
        self, reads: list[tuple[str | None, str, Read]], request: Request, values: dict[str, Any]
    ) -> None:
        for name, request_name, read in reads:
            value = await read(**{request_name: request})  # type: ignore[call-arg]  # the name is its own choice
            if name is not None:
                values[name] = value

    def _parse(self, request: Request, values: dict[str, Any]) -> None:
        path, path_errors = self._of_path(request.scope)
        errors = [*path_errors]
        values.update(path)
        if self.unasked is not None and not request.scope["query_string"]:
            values.update(self.unasked)
        elif self.query:
            query, query_errors = request_params_to_args(self.query, request.query_params)
            errors += query_errors
            values.update(query)
        if self.header:
            header, header_errors = request_params_to_args(self.header, request.headers)
            errors += header_errors
            values.update(header)
        if errors:
            raise RequestValidationError(errors)

    def _of_path(self, scope: Scope) -> tuple[dict[str, Any], list[Any]]:
        """The values of the path's parameters, and what is wrong with them.

        A value made once is remembered: it is text, a number or of an enumeration, and takes half of what a short
        route takes.
        """
        path = scope["path"]
        if path in self._known:
            return self._known[path], []
        values, errors = request_params_to_args(self.path, scope["path_params"])
        if len(path) <= LONGEST_KNOWN and not errors:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[path] = values
        return values, errors
