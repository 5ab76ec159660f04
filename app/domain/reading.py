"""Judges single values of a decoded JSON body: which numbers, texts and names are sound, and which not.

Each reader gives the value as it is kept, or a Defect; nothing is converted. The strict loader stands objects
with a `code` of their own in place of numbers that JSON can write and nobody can use (NaN, 1e999).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from app.domain.normal_form import TOO_MANY_MARKS, normal
from app.errors import Finding, Severity, Text

LONGEST_NAME = 40
"""Characters of a member's name that a pointer repeats."""

_UNSOUND = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed
    "\u202a-\u202e\u2066-\u2069"  # bidi overrides, which show a text in another order than it has
    "\ud800-\udfff\ufffe\uffff]"  # surrogates and non-characters, which no encoding and no document can hold
)

MESSAGES: Mapping[str, Text] = MappingProxyType(
    {
        "wrong-type": Text("类型不符", "This is a value of the wrong type"),
        "number-not-finite": Text("不是有限的数", "This is not a finite number"),
        "number-out-of-range": Text("数值超出允许范围", "This number is out of range"),
        "too-precise": Text("须为整数，不得有小数", "This must be a whole number"),
        "missing-field": Text("缺少此项", "This member is missing"),
        "unknown-field": Text("本表式没有此项", "This form has no such member"),
        "invalid-text": Text("文字中含有不允许的字符", "This text holds characters that are not allowed"),
        "text-too-long": Text("文字过长", "This text is too long"),
        "too-many": Text("条目过多", "There are too many entries"),
        "unknown-item": Text("不是可填报的报送内容", "No item of the narrative that a unit may enter"),
        "duplicate-item": Text("同一项报送内容重复填报", "This item of the narrative is entered twice"),
        "unknown-rule": Text("没有此编号的审核关系", "There is no rule of this number"),
        "unknown-category": Text("没有此说明类别", "There is no such category of explanations"),
    }
)
"""What is said of each code, unless a rule of the form says it better."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Why a value is not read; `code` is one of MESSAGES, or the loader's own."""

    code: str


def whole_number(value: object, largest: int) -> int | Defect:
    """An integer from 0 to `largest`; true, "12" and 12.0 are none."""
    if type(value) is int:
        return value if 0 <= value <= largest else Defect("number-out-of-range")
    if isinstance(value, Decimal | float):
        return Defect(_wrong_with(Decimal(value)))
    return _unusable(value)


def text(value: object, longest: int) -> str | Defect:
    """A text that every database, document and screen shows alike, as it is kept.

    Kept are composed characters (NFC) and plain line feeds, and no white space at either end.
    """
    if not isinstance(value, str):
        return _unusable(value)
    if not value:
        return value
    kept = normal("NFC", value.replace("\r\n", "\n")).strip()
    if _UNSOUND.search(kept) or TOO_MANY_MARKS.search(kept):
        return Defect("invalid-text")
    return kept if len(kept) <= longest else Defect("text-too-long")


def line(value: object, longest: int) -> str | Defect:
    """As `text`, for a single line."""
    kept = text(value, longest)
    return Defect("invalid-text") if isinstance(kept, str) and ("\n" in kept or "\t" in kept) else kept


def flag(value: object) -> bool | Defect:
    """True or false."""
    return value if isinstance(value, bool) else _unusable(value)


def stranger(name: str, known: Collection[str]) -> Defect | None:
    """What is wrong with the name of a member that is not one of those known."""
    if name in known:
        return None
    return Defect("invalid-text" if line(name, LONGEST_NAME) == Defect("invalid-text") else "unknown-field")


def is_printable_name(name: str) -> bool:
    """Whether a pointer may repeat the name of a member that nobody knows."""
    return not isinstance(line(name, LONGEST_NAME), Defect)


def malformed(code: str, at: str) -> Finding:
    """The finding for a defect that no rule of a form is about."""
    return Finding(code, code, Severity.ERROR, at, MESSAGES.get(code, MESSAGES["wrong-type"]))


def _wrong_with(number: Decimal) -> str:
    if not number.is_finite():
        return "number-not-finite"
    return "wrong-type" if number == number.to_integral_value() else "too-precise"


def _unusable(value: object) -> Defect:
    code = getattr(value, "code", None)
    return Defect(code if isinstance(code, str) else "wrong-type")
