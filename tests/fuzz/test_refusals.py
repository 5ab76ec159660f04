"""The reasons for refusals stay true to the code."""

from __future__ import annotations

import json
from pathlib import Path

import app
from scripts.write_openapi import TARGET
from tests.fuzz.refusals import AT, REFUSALS


def test_a_reason_is_about_an_operation_and_a_code_that_exist() -> None:
    paths = json.loads(TARGET.read_text(encoding="utf-8"))["paths"]
    operations = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    code = "".join(p.read_text(encoding="utf-8") for p in Path(app.__file__).parent.rglob("*.py"))

    assert {operation for operation, _ in AT} <= operations
    assert [name for name in (*REFUSALS, *(name for _, name in AT)) if f'"{name}"' not in code] == []
