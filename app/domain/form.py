"""Form definitions: read, judged and chosen; the forms that ship with the product."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import orjson
from pydantic import ValidationError

from app.domain.form_defects import defect, defects
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.pointer import pointer
from app.errors import Finding, Text

__all__ = ["FormVersion", "build_form", "builtin_forms", "in_force", "load_form"]

_FOLDER = Path(__file__).parent / "forms"
_PLACE = re.compile(r"line ([0-9]+), column ([0-9]+)")
_SHAPES = {
    "missing": ("missing-field", Text("缺少此项", "This member is missing")),
    "extra_forbidden": ("unknown-field", Text("不认识的成员", "Unknown member")),
}
_MISFIT = ("invalid-value", Text("取值不符合要求", "Not a value that belongs here"))


@cache
def builtin_forms() -> tuple[str, ...]:
    """The definitions that ship with the product, as text, in the order of their file names."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.toml")))


def load_form(text: str) -> tuple[FormVersion | None, list[Finding]]:
    """Read a definition written as TOML, or as one JSON object; see `build_form`."""
    if text.startswith("{"):
        return build_form(orjson.loads(text))
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, [_unreadable(str(error))]
    return build_form(data)


def build_form(data: Mapping[str, object]) -> tuple[FormVersion | None, list[Finding]]:
    """The form that a definition describes, or None and everything that is wrong with it.

    First the shape of every part is judged; only where all are well-formed, what they say about one another.
    """
    try:
        form = FormVersion.model_validate(data)
    except ValidationError as error:
        return None, [
            _misfit(e["type"], e["loc"]) for e in error.errors(include_input=False, include_url=False)
        ]
    found = defects(form)
    return (None if found else form), found


def in_force(forms: Iterable[FormVersion], period: Period) -> FormVersion | None:
    """Of the versions of one form, the newest that is valid in a period; None before the first."""
    valid = [form for form in forms if form.valid_from <= period]
    return max(valid, key=lambda form: (form.valid_from, form.version), default=None)


def _unreadable(error: str) -> Finding:
    found = _PLACE.search(error)
    zh, en = (
        (f"第{found[1]}行第{found[2]}列", f"line {found[1]}, column {found[2]}") if found else ("末尾", "end")
    )
    return defect("not-toml", "", Text(f"不是有效的 TOML（{zh}）", f"Not valid TOML ({en})"))


def _misfit(kind: str, place: tuple[str | int, ...]) -> Finding:
    code, message = _SHAPES.get(kind, _MISFIT)
    return defect(code, pointer(*place), message)
