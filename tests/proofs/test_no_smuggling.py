"""Promise 27: what a body may not set, it cannot set: neither beside its fields nor inside them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from app.models import metadata
from tests.proofs.described import DOCUMENT, Operation, body_schema, operations, resolved
from tests.proofs.scale import scaled
from tests.samples import GUANGZHOU, REPORTS, SHAOGUAN, report
from tests.service import Asked, Service

COLUMNS = {column.name for table in metadata.tables.values() for column in table.columns}
PROPERTIES = {
    name for schema in DOCUMENT["components"]["schemas"].values() for name in schema.get("properties", {})
}
EVERY = sorted(COLUMNS | PROPERTIES | {"__proto__", "constructor", "is_admin", "_id", "$where", "unit.code"})
"""Each column of each table and each field of each schema, and what attackers send by habit."""

VALUES: tuple[Any, ...] = ("accepted", 1, True, None, "440200", {"status": "accepted"}, ["administrator"])
IN_PATH = {"period": "2015-04", "unit": GUANGZHOU, "code": GUANGZHOU}
IN_BODY = {"period": "2015-04", "unit": SHAOGUAN}
NO_ID = "0" * 32
WRITES = [each for each in operations() if each.method != "GET" and body_schema(each) is not None]
PEOPLE = ("everybody", "centre", "reviewer", "administrator")
"""Between them they may ask for every write."""


def sample(schema: Mapping[str, Any], name: str = "") -> Any:
    """A body of the right shape, with something in every list and object."""
    schema = resolved(schema)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if schema.get("type") == "object" and "properties" in schema:
        return {key: sample(value, key) for key, value in schema["properties"].items()}
    if schema.get("type") == "object":
        return report()["figures"] if name == "figures" else {}
    if schema.get("type") == "array":
        return [sample(schema["items"])]
    by_type = {"integer": 1, "number": 1, "boolean": True, "string": IN_BODY.get(name, "示例文字五个")}
    return IN_BODY.get(name) or schema.get("examples", [by_type.get(schema.get("type", ""))])[0]


def objects(body: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a body, and where it is."""
    if isinstance(body, dict):
        yield pointer, body
        for name, value in body.items():
            yield from objects(value, f"{pointer}/{name}")
    if isinstance(body, list):
        for number, value in enumerate(body):
            yield from objects(value, f"{pointer}/{number}")


def address(operation: Operation) -> str:
    """Where the operation is asked for; its ids name nothing."""
    path = operation.path
    for each in operation.parameters:
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", IN_PATH.get(each["name"], NO_ID))
    return path


def asker(service: Service, operation: Operation) -> str:
    """Somebody whom the operation does not refuse before it has read the body."""
    for person in PEOPLE:
        body = {"smuggled": 1}
        answer = service.ask(Asked(operation.method, address(operation), person, body, {"if-match": "*"}))
        if answer.status == 422:
            return person
    raise AssertionError(f"nobody may {operation}")


@pytest.fixture(scope="module")
def filed(shared: Service) -> Service:
    """The service with a draft that can be revised."""
    assert shared.post(REPORTS, report(draft=True)).status == 201
    return shared


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_no_field_is_smuggled_in(filed: Service, operation: Operation) -> None:
    chance, person, before = random.Random(str(operation)), asker(filed, operation), filed.stored()
    names = EVERY[filed.database_url.startswith("sqlite") :: 2]
    whole = sample(body_schema(operation) or {})
    pointers = [pointer for pointer, _ in objects(whole)]

    for pointer in pointers:
        for name in chance.sample(names, scaled(len(names))):
            body = sample(body_schema(operation) or {})
            (place,) = (found for where, found in objects(body) if where == pointer)
            if name in place:
                continue
            place[name] = chance.choice(VALUES)
            headers = {"if-match": "*"}
            answer = filed.ask(Asked(operation.method, address(operation), person, body, headers))

            assert answer.status == 422, (pointer, name, answer.body)
            assert (
                answer.places.get(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
                == "unknown-field"
            ), (
                pointer,
                name,
                answer.places,
            )
    assert filed.stored() == before


def test_every_write_with_a_body_is_tried() -> None:
    assert len(WRITES) >= 25
    assert len(EVERY) >= 150
