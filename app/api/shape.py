"""Turns what pydantic refused into findings: a stable code, a pointer and a sentence, never the value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.api.findings import MESSAGES, finding
from app.api.strict_json import pointer_to
from app.errors import Finding

CODES = {
    "missing": "missing-field",
    "extra_forbidden": "unknown-field",
    "unexpected_keyword_argument": "unknown-field",
    "greater_than": "number-out-of-range",
    "greater_than_equal": "number-out-of-range",
    "less_than": "number-out-of-range",
    "less_than_equal": "number-out-of-range",
    "multiple_of": "number-out-of-range",
    "int_parsing_size": "number-out-of-range",
    "decimal_max_digits": "number-out-of-range",
    "decimal_whole_digits": "number-out-of-range",
    "finite_number": "number-not-finite",
    "decimal_max_places": "too-precise",
    "int_from_float": "too-precise",
    "string_too_long": "text-too-long",
    "string_too_short": "text-too-short",
    "bytes_too_long": "text-too-long",
    "url_too_long": "text-too-long",
    "too_long": "too-many-items",
    "too_short": "too-few-items",
    "string_pattern_mismatch": "invalid-format",
    "string_not_ascii": "invalid-format",
    "string_unicode": "invalid-text",
    "invalid_key": "unknown-field",
    "enum": "unknown-value",
    "literal_error": "unknown-value",
    "union_tag_invalid": "unknown-value",
    "union_tag_not_found": "missing-field",
    "none_required": "wrong-type",
    "is_instance_of": "wrong-type",
    "int_parsing": "wrong-type",
    "float_parsing": "wrong-type",
    "bool_parsing": "wrong-type",
    "decimal_parsing": "invalid-format",
    "uuid_parsing": "invalid-format",
    "url_parsing": "invalid-format",
}
"""pydantic's error types by our codes; families of types (`date_*`, `*_type`) are told by their names."""

PARAMETER_CODES = {
    "limit": "limit-out-of-range",
    "sort": "unknown-sort",
    "cursor": "cursor-invalid",
    "period": "period-invalid",
}
"""Parameters that mean the same on every path have a code of their own, whatever is wrong with them."""

_LIMITS = ("ge", "gt", "le", "lt", "min_length", "max_length", "multiple_of", "max_digits", "decimal_places")
_TIMES = ("date_", "datetime_", "time_", "timezone_")
_ABSENT = object()


def code_of(kind: str) -> str:
    """The code for one of pydantic's error types, or for a PydanticCustomError named after one of ours."""
    if kind in CODES:
        return CODES[kind]
    if kind in MESSAGES:
        return kind
    if kind.endswith("_type"):
        return "wrong-type"
    return "invalid-date" if kind.startswith(_TIMES) else "invalid-value"


def body_findings(errors: Iterable[Mapping[str, Any]], tree: Any) -> list[Finding]:
    """One finding per place. `tree` is the body as sent: pydantic's locations also name types and tags,
    and only the parts that lead somewhere in the body belong in a pointer."""
    found: dict[str, Finding] = {}
    for error in errors:
        pointer, value = _locate(error["loc"], tree, is_missing=error["type"] == "missing")
        code = code_of(error["type"])
        if isinstance(value, float) and error["type"] == "int_type":
            code = "too-precise"
        found.setdefault(pointer, finding(code, pointer, **_limits(error)))
    return list(found.values())


def parameter_findings(errors: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Findings about path and query parameters; their pointers begin with /path or /query."""
    found: dict[str, Finding] = {}
    for error in errors:
        place, name = (*error["loc"], "", "")[:2]
        pointer = pointer_to(f"/{place}", str(name))
        code = PARAMETER_CODES.get(str(name), code_of(error["type"]))
        found.setdefault(pointer, finding(code, pointer, **_limits(error)))
    return list(found.values())


def _locate(location: Sequence[int | str], tree: Any, *, is_missing: bool) -> tuple[str, Any]:
    pointer, node = "", tree
    for part in location[:-1] if is_missing else location:
        child = _child(node, part)
        if child is not _ABSENT:
            pointer, node = pointer_to(pointer, str(part)), child
    return (pointer_to(pointer, str(location[-1])) if is_missing else pointer), node


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, dict):
        return node.get(part, _ABSENT)
    if isinstance(node, list) and isinstance(part, int) and part < len(node):
        return node[part]
    return _ABSENT


def _limits(error: Mapping[str, Any]) -> dict[str, int | str | None]:
    context = error.get("ctx", {})
    return {name: context[name] for name in _LIMITS if isinstance(context.get(name), int)}
