"""The OpenAPI document: FastAPI's own, completed by what the edge adds to every operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from app.api.body import BodySource

REFERENCE = "#/components/schemas/{model}"


class TextOut(BaseModel):
    """A sentence in Chinese and in English."""

    zh: str
    en: str


class FindingOut(BaseModel):
    """One thing found, at an RFC 6901 pointer; `/query/…` and `/path/…` point at parameters."""

    rule: str
    code: str
    severity: str
    pointer: str
    message: TextOut
    values: dict[str, int | str | None]


class PlaceOut(BaseModel):
    """Where and what, for clients that only mark a field."""

    pointer: str
    code: str


class ProblemOut(BaseModel):
    """A refusal (RFC 9457). `code` is stable; `findings` lists everything found, not only the first."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    title_zh: str
    status: int
    code: str
    instance: str
    request_id: str
    errors: list[PlaceOut] = []
    findings: list[FindingOut] = []


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route for the refusals it can answer with."""
    schema = {"$ref": REFERENCE.format(model="ProblemOut")}
    return {
        status: {
            "description": DESCRIPTIONS[status],
            "content": {"application/problem+json": {"schema": schema}},
        }
        for status in statuses
    }


DESCRIPTIONS = {
    400: "The request cannot be read",
    401: "No valid token or session",
    403: "The role does not allow this",
    404: "Not found, or outside the caller's units",
    405: "The path does not support the method",
    406: "None of the requested formats is available",
    408: "The body arrived too slowly",
    409: "The state does not allow this, or it exists already",
    412: "Changed since it was read",
    413: "The body is too large",
    415: "Unsupported media type or encoding",
    416: "The range cannot be served",
    422: "Refused, with every finding",
    428: "If-Match is missing",
    429: "Too many requests",
    500: "Internal error",
    503: "Busy or unavailable; Retry-After says when to come back",
}

EVERYWHERE = (400, 401, 404, 405, 422, 500, 503)
WITH_BODY = (408, 413, 415)


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document. Raises ValueError when two different models share a name."""
    routes = [route for route in app.router.routes if isinstance(route, APIRoute)]
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        tags=app.openapi_tags,
        routes=routes,
        separate_input_output_schemas=False,
    )
    sources = {id(route): source for route in routes for source in _sources(route)}
    for route in routes:
        for operation in _operations(made, route):
            _complete(operation, sources.get(id(route)))
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _add_schemas(schemas, {source.model for source in sources.values()} | {ProblemOut})
    shared = refusals(*EVERYWHERE, *WITH_BODY)
    components["responses"] = {f"Refusal{status}": response for status, response in shared.items()}
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    return made


def _sources(route: APIRoute) -> Iterator[BodySource]:
    for part in route.dependant.dependencies:
        source = getattr(part.call, "source", None)
        if isinstance(source, BodySource):
            yield source


def _operations(made: dict[str, Any], route: APIRoute) -> list[dict[str, Any]]:
    if not route.include_in_schema:
        return []
    item = made["paths"][route.path_format]
    return [item[method.lower()] for method in route.methods or () if method.lower() in item]


def _complete(operation: dict[str, Any], source: BodySource | None) -> None:
    responses = operation["responses"]
    # FastAPI's own 422 describes a body that this service never sends.
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    is_public = operation.get("security") == []
    for status in (*EVERYWHERE, *(WITH_BODY if source else ())):
        if not (is_public and status == 401):
            responses.setdefault(str(status), {"$ref": f"#/components/responses/Refusal{status}"})
    if source is not None:
        operation["requestBody"] = _request_body(source)


def _request_body(source: BodySource) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(model=source.model.__name__)}}
    if source.examples:
        content["examples"] = {name: {"value": value} for name, value in source.examples.items()}
    return {"required": not source.is_optional, "content": {"application/json": content}}


def _add_schemas(schemas: dict[str, Any], models: Iterable[type[BaseModel]]) -> None:
    ordered = sorted(models, key=lambda model: model.__name__)
    _, made = models_json_schema([(model, "validation") for model in ordered], ref_template=REFERENCE)
    for name, schema in made.get("$defs", {}).items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"two different models are called {name}")
