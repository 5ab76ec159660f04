"""The OpenAPI document as schemathesis reads it, and how it is fuzzed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.openapi.checks import RejectedPositiveData

from app.api.media import XLSX
from app.api.sdmx import SDMX
from scripts.write_openapi import text
from tests.fuzz.refusals import is_right
from tests.fuzz.running import Running

IN_CI = os.environ.get("CI") == "true"
"""Whether there is time for a tenth of the full size (`make fuzz`): some twelve minutes on two cores."""

ROLES = "reviewer guangzhou administrator auditor scoped" if IN_CI else "reviewer guangzhou"
PEOPLE = os.environ.get("YUEBAO_FUZZ_PEOPLE", ROLES).split()
"""Who asks, by the names of tests/seed.py: one of each role in CI."""

HEADERS = {"if-match", "if-none-match", "idempotency-key"}
"""Headers that the document names."""

EXAMPLES = int(os.environ.get("YUEBAO_FUZZ_EXAMPLES", "100" if IN_CI else "3"))
"""Requests at random per operation and person, besides some thirty that try every bound."""

schemathesis.openapi.format("idempotency-key", strategies.uuids().map(str))
schemathesis.openapi.format("cursor", strategies.just(""))
schemathesis.openapi.format("etag", strategies.sampled_from(["*", '"1"', '"7"', '"1", "2"']))
schemathesis.openapi.format("filename", strategies.sampled_from(["a.pdf", "会议.png", "签到表 (2).xlsx"]))


@schemathesis.serializer(XLSX, SDMX)
def _as_it_is(_: Any, value: Any) -> bytes:
    """Files are bytes or text; what is wrong with them is for the service to see."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else json.dumps(value).encode()


CONFIG = SchemathesisConfig.from_path(Path(__file__).with_name("schemathesis.toml"))
CONFIG.update(seed=int(os.environ.get("YUEBAO_FUZZ_SEED", CONFIG.seed)), max_failures=None)
CONFIG.projects.default.generation.update(max_examples=EXAMPLES)


def described(running: Running) -> Any:
    """The document, asked of this service; refusals for which the project has its reasons are no failures."""
    schema = schemathesis.openapi.from_dict(json.loads(text()), config=CONFIG)
    schema.app = running
    schema.hook(filter_failure)
    return schema


def filter_failure(_: Any, failure: Any, case: schemathesis.Case, response: Any) -> bool:
    """Whether a failure counts: headers that no operation names are passed over, as HTTP has it."""
    if isinstance(failure, AcceptedNegativeData):
        return {name.lower() for name in case.headers} <= HEADERS
    if isinstance(failure, RejectedPositiveData):
        return not is_right(case.operation.label, response.json())
    return True
