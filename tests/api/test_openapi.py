"""The committed OpenAPI document is the one that the service serves, and says what every operation needs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from app.api.openapi import general_statuses
from app.errors import Invalid
from app.services.periods import parse_period
from scripts.write_openapi import TARGET, text

PUBLIC = {"/health/live", "/health/ready", "/api/v1/sessions"}


@pytest.fixture(scope="module")
def made() -> str:
    """The document of the code as it stands."""
    return text()


def operations(made: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in json.loads(made)["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_committed_document_is_current(made: str) -> None:
    assert TARGET.read_text(encoding="utf-8") == made, "run `python -m scripts.write_openapi`"


def test_every_operation_says_what_it_does_and_how_it_refuses(made: str) -> None:
    for path, method, operation in operations(made):
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert operation["tags"], (path, method)


def test_every_shape_has_a_name_of_its_own(made: str) -> None:
    """Two classes of one name would be told apart by their modules, in the code that clients generate too."""
    assert [name for name in json.loads(made)["components"]["schemas"] if "__" in name] == []


ALWAYS = {400, 404, 405, 422, 500, 503}
CASES: list[tuple[str, str, set[int], set[int]]] = [
    ("get", "/health/live", ALWAYS, {401, 403, 408, 409, 413, 415}),
    ("get", "/api/v1/reports", ALWAYS | {401, 403}, {408, 409, 412, 413, 415, 428}),
    ("post", "/api/v1/reports", ALWAYS | {401, 403, 408, 409, 413, 415}, {412, 428}),
    ("put", "/api/v1/reports/{period}/{unit}", ALWAYS | {408, 409, 412, 413, 415, 428}, set()),
    ("post", "/api/v1/mismatches/{mismatch_id}/explain", {409, 412}, {428}),
    ("post", "/api/v1/evidence", ALWAYS | {408, 409, 413, 415, 507}, {412, 428}),
    ("delete", "/api/v1/jobs/{job_id}", {401, 403, 404, 409}, {408, 413, 415}),
    ("get", "/api/v1/aggregates/{period}/{unit}", {304, 403, 406}, {409}),
    ("get", "/api/v1/evidence/{evidence_id}/content", {206, 416}, {409}),
]


@pytest.mark.parametrize(("method", "path", "listed", "unlisted"), CASES)
def test_an_operation_lists_every_status_that_it_can_answer(
    made: str, method: str, path: str, listed: set[int], unlisted: set[int]
) -> None:
    answers = {int(status) for status in json.loads(made)["paths"][path][method]["responses"]}

    assert listed <= answers
    assert not unlisted & answers


def test_what_the_edge_can_answer_is_listed_everywhere(made: str) -> None:
    for path, method, operation in operations(made):
        general = general_statuses(method.upper(), operation, is_public=path in PUBLIC)
        assert {str(status) for status in general} <= operation["responses"].keys(), (path, method)


def test_a_refused_ledger_says_lines_and_a_refused_request_says_pointers(made: str) -> None:
    document = json.loads(made)
    refused = document["paths"]["/api/v1/ledger/imports"]["post"]["responses"]["422"]
    shapes = refused["content"]["application/problem+json"]["schema"]["anyOf"]
    finding = document["components"]["schemas"]["LedgerFindingOut"]["properties"]

    assert [shape["$ref"].rpartition("/")[2] for shape in shapes] == ["RefusedLedgerOut", "ProblemOut"]
    assert {"line", "column", "value", "code", "message"} <= finding.keys()


@pytest.mark.parametrize(
    ("months", "is_one"),
    [
        (
            "2015-04 2015-12 2016-01 2020-10 2100-09 3000-01 8999-12 9000-01 9899-12 9900-01 9989-11 9998-12",
            True,
        ),
        ("0001-01 2014-12 2015-03 2016-00 2016-13 9999-01", False),
    ],
)
def test_a_month_fits_the_pattern_exactly_when_it_is_taken(made: str, months: str, is_one: bool) -> None:
    parameters = json.loads(made)["paths"]["/api/v1/reports/{period}/{unit}"]["get"]["parameters"]
    (pattern,) = (each["schema"]["pattern"] for each in parameters if each["name"] == "period")

    for month in months.split():
        assert bool(re.search(pattern, month)) is is_one
        with nullcontext() if is_one else pytest.raises(Invalid):
            parse_period(month)


def test_only_health_and_signing_in_need_no_caller(made: str) -> None:
    open_paths = {path for path, _, operation in operations(made) if operation.get("security") == []}

    assert open_paths == PUBLIC
