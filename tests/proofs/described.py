"""What the OpenAPI document says can be asked: every parameter and every body, so that none is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.house.repository import ROOT

DOCUMENT: Mapping[str, Any] = json.loads((ROOT / "openapi.json").read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")


class Operation(NamedTuple):
    """One operation: its method, its path with places in braces, and what the document says of it."""

    method: str
    path: str
    described: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[Mapping[str, Any]]:
        """Its own parameters; those that operations share, by reference, are headers."""
        return [each for each in self.described.get("parameters", []) if "$ref" not in each]


class Parameter(NamedTuple):
    """A parameter of an operation, in its path or its query."""

    operation: Operation
    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation} {self.name}"


def operations() -> Iterator[Operation]:
    """Every operation behind the prefix."""
    for path, described in DOCUMENT["paths"].items():
        if path.startswith("/api/"):
            for method in METHODS:
                if method in described:
                    yield Operation(method.upper(), path, described[method])


def parameters() -> list[Parameter]:
    """Every parameter in a path or a query."""
    return [
        Parameter(operation, each["in"], each["name"])
        for operation in operations()
        for each in operation.parameters
        if each["in"] in {"path", "query"}
    ]


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema itself where there is a reference to it, and the first of several that is not null."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            return resolved(choice)
    return schema


def body_schema(operation: Operation) -> Mapping[str, Any] | None:
    """The schema of an operation's JSON body, if it takes one."""
    content = operation.described.get("requestBody", {}).get("content", {})
    return resolved(content["application/json"]["schema"]) if "application/json" in content else None
