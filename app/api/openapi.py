"""The OpenAPI document: FastAPI's own, completed by what the edge adds to every operation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaValue, models_json_schema

from app.api.body import BodySource
from app.api.edge import Edge
from app.api.schemas.ledger import RefusedLedgerOut
from app.api.schemas.problems import ProblemOut
from app.api.strict_json import MAX_INTEGER
from app.domain.permission import ACTION_OF, OPENED_BY_SCOPE, ROLES

ANSWERS = Path(__file__).with_name("answers.json")
"""One answer per operation and status as the service gave it: `python -m scripts.write_examples`."""

REFERENCE = "#/components/schemas/{model}"
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*$"
"""What `app.api.strict_json` accepts as text, as an ECMAScript pattern."""


def refusals(
    *statuses: int, models: Iterable[type[BaseModel]] = (ProblemOut,)
) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route for the refusals it can answer with, as one of the models in `PROBLEMS`."""
    shapes = [{"$ref": REFERENCE.format(model=model.__name__)} for model in models]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
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
    507: "No room is left; nothing was stored",
}

PROBLEMS: tuple[type[BaseModel], ...] = (ProblemOut, RefusedLedgerOut)
"""What a refusal can look like."""

EVERYWHERE = (400, 401, 404, 405, 422, 500, 503)
WITH_BODY = (408, 413, 415)


def document(app: Edge) -> dict[str, Any]:
    """The whole document. Raises ValueError when a body and an answer share a name and differ."""
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
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    sources = {id(route): source for route in routes for source in _sources(route)}
    _add_schemas(schemas, PROBLEMS)
    references = _add_schemas(schemas, {source.model for source in sources.values()}, are_bodies=True)
    for route in routes:
        source = sources.get(id(route))
        for operation in _operations(made, route):
            _complete(operation, source, is_public=app.edge.is_public(route.path))
            _name_roles(operation, route)
            if source is not None:
                operation["requestBody"] = _request_body(source, references[source.model])
    shared = refusals(*EVERYWHERE, *WITH_BODY)
    components["responses"] = {f"Refusal{status}": response for status, response in shared.items()}
    _illustrate(made)
    # Not the cookie: browsers let no script set it, so a page that asks for its text helps nobody.
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    return made


def _illustrate(made: dict[str, Any]) -> None:
    """Put the recorded answers beside their schemas; a refusal that was not recorded shows another's."""
    recorded = json.loads(ANSWERS.read_text(encoding="utf-8"))
    usual = {status: answer for answers in recorded.values() for status, answer in answers.items()}
    places = [(f"{m.upper()} {path}", o) for path, item in made["paths"].items() for m, o in item.items()]
    shared = {name.removeprefix("Refusal"): it for name, it in made["components"]["responses"].items()}
    for name, responses in [*((name, o["responses"]) for name, o in places), ("", shared)]:
        for status, response in responses.items():
            answer = recorded.get(name, {}).get(status) or (usual.get(status) if status >= "400" else None)
            for media_type, content in response.get("content", {}).items():
                if answer is not None and media_type.endswith("json"):
                    content["example"] = answer


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


def _complete(operation: dict[str, Any], source: BodySource | None, *, is_public: bool) -> None:
    if is_public:
        operation["security"] = []
    _narrow([each["schema"] for each in operation.get("parameters", []) if each["in"] == "query"])
    responses = operation["responses"]
    # FastAPI's own 422 describes a body that this service never sends.
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    for status in (*EVERYWHERE, *(WITH_BODY if source else ())):
        if not (is_public and status == 401):
            responses.setdefault(str(status), {"$ref": f"#/components/responses/Refusal{status}"})


def _name_roles(operation: dict[str, Any], route: APIRoute) -> None:
    """Say who may, from the table that decides."""
    for method in route.methods or ():
        action = ACTION_OF.get(f"{method} {route.path}")
        if action is not None:
            operation["x-roles"] = sorted(ROLES[action])
            if action in OPENED_BY_SCOPE:
                operation["x-scope"] = {OPENED_BY_SCOPE[action].value: action.value}


def _request_body(source: BodySource, reference: JsonSchemaValue) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": reference}
    examples = source.examples or ({"nothing": {}} if source.is_optional else {})
    if examples:
        content["examples"] = {name: {"value": value} for name, value in examples.items()}
    return {"required": not source.is_optional, "content": {"application/json": content}}


def _add_schemas(
    schemas: dict[str, Any], models: Iterable[type[BaseModel]], *, are_bodies: bool = False
) -> dict[type[BaseModel], JsonSchemaValue]:
    """Add the models' schemas; gives the reference to each, which pydantic lengthens where names collide."""
    ordered = sorted(models, key=lambda model: model.__name__)
    references, made = models_json_schema(
        [(model, "validation") for model in ordered], ref_template=REFERENCE
    )
    for name, schema in made.get("$defs", {}).items():
        if schemas.setdefault(name, schema) != schema:
            raise ValueError(f"a body and an answer are both called {name} and differ")
        if are_bodies:
            _narrow(schemas[name])
    return {model: references[model, "validation"] for model in ordered}


def _narrow(node: Any) -> None:
    """Say in a schema what the strict loader demands of every body: text without controls, exact integers."""
    if isinstance(node, list):
        for part in node:
            _narrow(part)
    if not isinstance(node, dict):
        return
    if node.get("type") == "string" and not ({"pattern", "enum", "const", "format"} & set(node)):
        node["pattern"] = TEXT_PATTERN
    if node.get("type") == "integer":
        node |= {"minimum": node.get("minimum", -MAX_INTEGER), "maximum": node.get("maximum", MAX_INTEGER)}
    if node.get("type") == "object" and "properties" not in node:
        node.setdefault("propertyNames", {"pattern": TEXT_PATTERN})
    for part in list(node.values()):
        _narrow(part)
