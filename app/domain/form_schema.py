"""The JSON Schema (2020-12) of the body in which a form version is reported."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.domain.content import LONGEST_LINE, LONGEST_NARRATIVE, LONGEST_TEXT, MOST_ENTRIES
from app.domain.form_parts import Figure
from app.domain.form_version import FormVersion

_Schema = dict[str, Any]


def json_schema(form: FormVersion) -> _Schema:
    """The schema of `POST /reports` for this version: what it accepts has the right shape.

    Rules between figures are not part of it. A draft may leave out figures and the contact; the schema
    describes a whole report.
    """
    body = _object(
        {
            "period": {
                "type": "string",
                "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
                "examples": [str(form.valid_from)],
            },
            "unit": {"type": "string", "pattern": "^[0-9]{6}([0-9]{3})?$", "examples": ["440100"]},
            "contact": _object(
                {"name": _text(LONGEST_LINE, 1), "phone": _text(LONGEST_LINE, 1)}, ("name", "phone")
            ),
            "figures": _object({i.code: _figure(form, i) for i in form.indicators}, form.codes),
            "supplements": _object(
                {s.code: _figure(form, s) for s in form.supplements if s.code in form.reported_supplements}
            ),
            "activities": _entries(_activity(form)),
            "narrative": _text(LONGEST_NARRATIVE),
            "explanations": _entries(_explanation(form)),
            "draft": {"type": "boolean", "default": False},
        },
        ("period", "unit", "contact", "figures"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/api/v1/forms/{form.id}/schema",
        "title": f"{form.title.zh} · {form.title.en}",
        **body,
    }


def _object(properties: _Schema, required: Collection[str] = ()) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": [*required],
        "additionalProperties": False,
    }


def _text(longest: int, shortest: int = 0) -> _Schema:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def _entries(item: _Schema) -> _Schema:
    return {"type": "array", "maxItems": MOST_ENTRIES, "items": item}


def _figure(form: FormVersion, figure: Figure) -> _Schema:
    return {
        "type": "integer",
        "minimum": 0,
        "maximum": form.largest_figure,
        "title": f"{figure.label.zh} · {figure.label.en}",
        "description": f"{figure.definition.zh}{figure.scope.zh} · {figure.definition.en} {figure.scope.en}",
    }


def _activity(form: FormVersion) -> _Schema:
    properties = {
        "item": {"enum": [item.number for item in form.items if item.inputs]},
        "done": {"type": "boolean"},
        "count": {"type": ["integer", "null"], "minimum": 0, "maximum": form.largest_figure},
        "text": _text(LONGEST_TEXT),
    }
    return _object(properties, ("item",))


def _explanation(form: FormVersion) -> _Schema:
    categories = [name for category in form.categories for name in (category.code, category.label.zh)]
    properties = {
        "rule": {"enum": [rule.id for rule in form.rules]},
        "category": {"enum": categories},
        "text": _text(LONGEST_TEXT),
    }
    return _object(properties, ("rule", "category", "text"))
