"""Every documented example is sent to the running service; what is documented as its answer comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from app.api.openapi import ANSWERS
from scripts.write_openapi import text
from tests.api.exchanges import EXCHANGES, SETTINGS, Exchange, asked, documented, operations
from tests.office import Seeds
from tests.service import Service

DOCUMENT: dict[str, Any] = json.loads(text())
RECORDED: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text(encoding="utf-8"))
HOW = "add it to EXCHANGES in tests/api/exchanges.py and run `python -m scripts.write_examples`"
FILES = {"POST /api/v1/reports/xlsx": "a workbook is no text that a document could show"}
"""Operations whose body has no documented example, and why."""


def alike(one: Any, other: Any) -> bool:
    """The same names and types; null is like anything, and lists, which are cut, are judged by their first item."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return not (one and other) or alike(one[0], other[0])
    return one is None or other is None or type(one) is type(other)


@pytest.fixture
def service(engine_name: str, seeds: Seeds, seeded_url: str, tmp_path: Path) -> Iterator[Service]:
    """The running service, set up so that every operation can succeed."""
    with Service(seeded_url, seeds(engine_name).tokens, data_dir=tmp_path, **SETTINGS) as running:
        yield running


# On one database only: what an answer looks like does not depend on it, and this takes a start per exchange.
@pytest.mark.parametrize("engine_name", ["sqlite"])
@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_an_example_is_answered_as_documented(service: Service, exchange: Exchange) -> None:
    answer = asked(exchange, service, DOCUMENT)

    assert answer.status == exchange.status, answer.body
    if "json" in answer.headers.get("content-type", ""):
        same = [e for e in EXCHANGES if (e.operation, e.status) == (exchange.operation, exchange.status)]
        said = RECORDED[exchange.operation][str(answer.status)]
        assert exchange != same[0] or alike(answer.json, said), "run `python -m scripts.write_examples`"
        schema = _schema(exchange.operation, str(answer.status))
        assert [error.message for error in schema.iter_errors(answer.json)] == []


def _schema(operation: str, status: str) -> Any:
    """The validator of an answer, which finds the document's components."""
    method, path = operation.split()
    response = DOCUMENT["paths"][path][method.lower()]["responses"][status]
    if "$ref" in response:
        response = DOCUMENT["components"]["responses"][response["$ref"].rpartition("/")[2]]
    (schema,) = (c["schema"] for kind, c in response["content"].items() if kind.endswith("json"))
    return jsonschema_rs.validator_for(schema | {"components": DOCUMENT["components"]})


@pytest.mark.parametrize(
    ("operation", "status"), [(name, status) for name, answers in RECORDED.items() for status in answers]
)
def test_a_documented_answer_fits_its_schema(operation: str, status: str) -> None:
    errors = _schema(operation, status).iter_errors(RECORDED[operation][status])

    assert [error.message for error in errors] == []


def test_every_documented_body_is_sent() -> None:
    sent = {(e.operation, e.media_type, e.example) for e in EXCHANGES if e.example}
    unsent = set(documented(DOCUMENT)) - sent

    assert not unsent, f"nobody sends {sorted(unsent)}: {HOW}"


@pytest.mark.parametrize(
    ("name", "operation"), [*operations(DOCUMENT)], ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_operation_is_documented_whole(name: str, operation: dict[str, Any]) -> None:
    bodies = operation.get("requestBody", {}).get("content", {})
    answers = operation["responses"]
    lacking = [word for word in ("summary", "description") if not operation.get(word)]
    lacking += [
        f"a request example for {kind} (examples= of json_body, app/api/examples.py)"
        for kind, content in bodies.items()
        if not content.get("examples") and name not in FILES and "spreadsheet" not in kind
    ]
    success = [answer for status, answer in answers.items() if status in {"200", "201"}]
    contents = [
        (k, c) for answer in success for k, c in answer.get("content", {}).items() if k == "application/json"
    ]
    if contents and not any("example" in content for _, content in contents):
        lacking.append(f"an example of its answer: {HOW}")
    lacking += [
        f"the status {exchange.status} (answers(…) of the route)"
        for exchange in EXCHANGES
        if exchange.operation == name and str(exchange.status) not in answers
    ]
    if not any(exchange.operation == name for exchange in EXCHANGES):
        lacking.append(f"an exchange: {HOW}")

    assert not lacking, f"{name} lacks: " + "; ".join(lacking)
