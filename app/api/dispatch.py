"""Finds the route of a path in one look-up per segment, where the framework tries every route in turn."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from fastapi._compat import field_annotation_is_sequence
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.direct import LONGEST_KNOWN, MOST_KNOWN, runner
from app.api.findings import finding, refusal
from app.api.strict_json import BAD_TEXT_PATTERN, pointer_to
from app.errors import Finding, Malformed, MethodNotAllowed

_MAX_PARAMETERS = 100
_PARAMETER = re.compile(r"{[^}]*}")


class Entry:
    """A route with what the table needs to know of it beforehand."""

    __slots__ = ("app", "methods", "names", "repeatable", "route", "shape")

    def __init__(self, route: Route) -> None:
        self.route = route
        self.shape = _PARAMETER.sub("{}", route.path)
        self.app = runner(route)
        methods = set(route.methods or ())
        self.methods = methods | {"HEAD"} if "GET" in methods else methods
        dependant = route.dependant if isinstance(route, APIRoute) else Dependant()
        self.names, self.repeatable = _query_names(dependant)

    def check_query(self, query: bytes) -> None:
        """Refuse unknown and repeated parameters and control characters, all at once (422)."""
        found: list[Finding] = []
        seen: set[str] = set()
        for name, value in _pairs(query):
            place = pointer_to("/query", name)
            if BAD_TEXT_PATTERN.search(name):
                found.append(finding("invalid-text", "/query"))
            elif name not in self.names:
                found.append(finding("unknown-parameter", place))
            elif BAD_TEXT_PATTERN.search(value):
                found.append(finding("invalid-filename" if name == "filename" else "invalid-text", place))
            elif name in seen and name not in self.repeatable:
                found.append(finding("repeated-parameter", place))
            seen.add(name)
        if found:
            raise refusal(found)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise Malformed from None


def _query_names(dependant: Dependant) -> tuple[frozenset[str], frozenset[str]]:
    """All names a route and its dependencies read from the query, and those that may be repeated."""
    names: set[str] = set()
    repeatable: set[str] = set()
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= {part.alias or name for name, part in annotation.model_fields.items()}
            continue
        names.add(field.alias)
        if field_annotation_is_sequence(annotation):
            repeatable.add(field.alias)
    for part in dependant.dependencies:
        inner_names, inner_repeatable = _query_names(part)
        names |= inner_names
        repeatable |= inner_repeatable
    return frozenset(names), frozenset(repeatable)


class Dispatch:
    """An ASGI application over the routes of an application; what it does not know goes to `otherwise`.

    Answers HEAD wherever GET is known, and 405 with the methods of the path. Of several paths that fit, the
    one with more fixed characters is meant, whatever the method (OpenAPI 3.1, "Path Templating Matching"):
    PUT to `/reports/2015-04/forms.zip` is no correction of the report of a unit called forms.zip. A path is split
    at its slashes; routes with a `{name:path}` parameter, mounts and included routers stay with `otherwise`.
    """

    def __init__(self, routes: Iterable[BaseRoute], otherwise: ASGIApp) -> None:
        self.otherwise = otherwise
        self._root: dict[str, Any] = {}
        self._known = lru_cache(maxsize=MOST_KNOWN)(self.find)
        for route in routes:
            if isinstance(route, Route) and ":path}" not in route.path:
                self._add(Entry(route))

    def _add(self, entry: Entry) -> None:
        node = self._root
        for segment in entry.route.path.split("/"):
            node = node.setdefault("*" if "{" in segment else f"={segment}", {})
        entries: list[Entry] = node.setdefault("entries", [])
        entries.append(entry)
        # `{id}.docx` before `{id}`: the one with more fixed characters is meant.
        entries.sort(key=lambda each: -len(each.shape))

    def find(self, path: str) -> list[tuple[Entry, dict[str, Any]]]:
        """The routes at a path, of the most specific one that fits, each with its path parameters."""
        nodes = [self._root]
        for segment in path.split("/"):
            key = f"={segment}"
            nodes = [child for node in nodes for child in (node.get(key), node.get("*")) if child is not None]
        found = []
        for node in nodes:
            for entry in node.get("entries", ()):
                match = entry.route.path_regex.match(path)
                if match:
                    found.append((entry, _converted(entry.route, match)))
        return [each for each in found if each[0].shape == found[0][0].shape]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        found = self._known(path) if len(path) <= LONGEST_KNOWN else self.find(path)
        if not found:
            await self.otherwise(scope, receive, send)
            return
        method = scope["method"]
        for entry, parameters in found:
            if method in entry.methods:
                await self._run(entry, parameters, scope, receive, send)
                return
        scope["route"] = found[0][0].route
        allowed = sorted({method for entry, _ in found for method in entry.methods})
        raise MethodNotAllowed(headers={"Allow": ", ".join(allowed)})

    async def _run(
        self, entry: Entry, parameters: dict[str, Any], scope: Scope, receive: Receive, send: Send
    ) -> None:
        scope["route"] = entry.route
        scope["endpoint"] = entry.route.endpoint
        scope["path_params"] = dict(parameters)
        if scope["query_string"]:
            entry.check_query(scope["query_string"])
        await entry.app(scope, receive, _without_body(send) if scope["method"] == "HEAD" else send)


def _converted(route: Route, match: re.Match[str]) -> dict[str, Any]:
    return {name: route.param_convertors[name].convert(text) for name, text in match.groupdict().items()}


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
