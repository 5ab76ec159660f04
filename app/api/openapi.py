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
from app.api.documented_headers import HEADERS, PARAMETERS, name_headers
from app.api.edge import Edge
from app.api.schemas.ledger import RefusedLedgerOut
from app.api.schemas.problems import ProblemOut
from app.api.schemas.shapes import REPORTING_MONTH
from app.api.strict_json import MAX_INTEGER, TEXT_PATTERN
from app.domain.permission import ACTION_OF, OPENED_BY_SCOPE, ROLES

ANSWERS = Path(__file__).with_name("answers.json")
"""One answer per operation and status as the service gave it: `python -m scripts.write_examples`."""

REFERENCE = "#/components/schemas/{model}"
EXACT_PATTERNS = dict.fromkeys(("^[0-9]{4}-[0-9]{2}$", "^[0-9]{4}-(0[1-9]|1[0-2])$"), REPORTING_MONTH)
"""Where parameters are judged by their form first and then as a month, which has its own words for refusing one."""


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

EVERYWHERE = (400, 401, 403, 404, 405, 422, 500, 503)
"""What any operation can answer; those that need no caller never say 401 or 403."""
WITH_BODY = (408, 413, 415)
"""What one that reads a body can answer besides: too slow, too much, of a wrong kind."""
WRITING = (409,)
"""What one that changes something can answer besides: the state does not allow it, or the key is in use."""
WITH_VERSION = (412,)
"""What one that takes `If-Match` can answer besides, and 428 where it must have it."""


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
        for method, operation in _operations(made, route):
            if source is not None:
                operation["requestBody"] = _request_body(source, references[source.model])
            _complete(method, operation, is_public=app.edge.is_public(route.path))
            _name_roles(operation, route)
            name_headers(method, route.path, operation)
    components |= {"parameters": PARAMETERS, "headers": HEADERS}
    shared = refusals(*EVERYWHERE, *WITH_BODY, *WRITING, *WITH_VERSION, 428)
    components["responses"] = {f"Refusal{status}": response for status, response in shared.items()}
    components["responses"]["Refusal503"]["headers"] = {
        "Retry-After": {"$ref": "#/components/headers/RetryAfter"}
    }
    _be_exact(made)
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


def _operations(made: dict[str, Any], route: APIRoute) -> list[tuple[str, dict[str, Any]]]:
    if not route.include_in_schema:
        return []
    item = made["paths"][route.path_format]
    return [(method, item[method.lower()]) for method in route.methods or () if method.lower() in item]


def general_statuses(method: str, operation: dict[str, Any], *, is_public: bool) -> set[int]:
    """The refusals that an operation can answer by what it takes and who may ask."""
    found = set(EVERYWHERE) - ({401, 403} if is_public else set())
    if "requestBody" in operation:
        found |= set(WITH_BODY)
    if method not in {"GET", "HEAD"}:
        found |= set(WRITING)
    for parameter in operation.get("parameters", []):
        if parameter.get("name") == "If-Match":
            found |= {*WITH_VERSION, *((428,) if parameter.get("required") else ())}
    return found


def _complete(method: str, operation: dict[str, Any], *, is_public: bool) -> None:
    if is_public:
        operation["security"] = []
    _narrow([each["schema"] for each in operation.get("parameters", []) if each["in"] == "query"])
    responses = operation["responses"]
    # FastAPI's own 422 describes a body that this service never sends.
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    for status in sorted(general_statuses(method, operation, is_public=is_public)):
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


def _be_exact(node: Any) -> None:
    """Put the whole rule in the place of patterns that are the first half of one."""
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _be_exact(part)
    if isinstance(node, dict) and node.get("pattern") in EXACT_PATTERNS:
        node["pattern"] = EXACT_PATTERNS[node["pattern"]]


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
