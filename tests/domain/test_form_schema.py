"""The JSON Schema of a version accepts what the reader of bodies accepts, and refuses what it refuses."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from app.domain.content import parse_content
from app.domain.form_schema import json_schema
from tests.domain.sample import FORM, NOW

SCHEMA = json_schema(FORM)
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
BODY: dict[str, Any] = {
    "period": "2015-04",
    "unit": "440100",
    "contact": {"name": "示例甲", "phone": "020-83330000"},
    "figures": dict(NOW),
    "supplements": {"coop_orgs_new": 0},
    "activities": [{"item": 3, "done": True, "count": 2, "text": ""}],
    "narrative": "",
    "explanations": [{"rule": "R10", "category": "other", "text": "台账补录两名"}],
    "draft": False,
}


def test_the_schema_itself_is_valid_and_names_its_version() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$id"] == "/api/v1/forms/baixian-qianxiang/1/schema"
    assert SCHEMA["properties"]["figures"]["required"] == list(FORM.codes)


def test_a_whole_body_is_valid() -> None:
    assert VALIDATOR.is_valid(BODY)


@pytest.mark.parametrize(
    "members",
    [
        {"figures": {**NOW, "orgs_new": -1}},
        {"figures": {**NOW, "orgs_new": 10_000_000}},
        {"figures": {**NOW, "orgs_new": None}},
        {"figures": {**NOW, "orgs_new": "1"}},
        {"figures": {**NOW, "orgs_new": True}},
        {"figures": {**NOW, "nobody": 1}},
        {"figures": {"orgs_new": 1}},
        {"supplements": {"prefectures_total": 21}},
        {"contact": {"name": "示例甲"}},
        {"contact": {"name": "", "phone": "020-83330000"}},
        {"activities": [{"item": 10}]},
        {"activities": [{"done": True}]},
        {"activities": [{"item": 3, "count": -1}]},
        {"explanations": [{"rule": "R99", "category": "other", "text": ""}]},
        {"explanations": [{"rule": "R10", "category": "nobody", "text": ""}]},
        {"narrative": None},
        {"status": "accepted"},
    ],
    ids=str,
)
def test_what_the_schema_refuses_the_reader_refuses(members: dict[str, Any]) -> None:
    body = {**BODY, **members}
    _, findings = parse_content(FORM, {k: v for k, v in body.items() if k not in ("period", "unit", "draft")})

    assert not VALIDATOR.is_valid(body)
    assert findings


@pytest.mark.parametrize("members", [{"period": "2015-13"}, {"unit": "44"}, {"draft": 1}], ids=str)
def test_the_address_of_a_report_has_its_shape(members: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({**BODY, **members})
