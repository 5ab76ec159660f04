"""The committed OpenAPI document is the one that the service serves, and says what every operation needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

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
        if path.startswith("/api/"):
            assert {"401", "503"} <= operation["responses"].keys(), (path, method)


def test_only_health_and_signing_in_need_no_caller(made: str) -> None:
    open_paths = {path for path, _, operation in operations(made) if operation.get("security") == []}

    assert open_paths == PUBLIC
