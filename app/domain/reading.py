"""Judges single values of a decoded JSON body: which numbers, texts and names are sound, and which not.

Each `…_defect` answers with the code of what is wrong, or None. The strict loader stands objects with a
`code` of their own in place of numbers that JSON can write and nobody can use (NaN, 1e999).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from decimal import Decimal
from types import MappingProxyType

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


def whole_number_defect(value: object, largest: int) -> str | None:
    """None for an integer from 0 to `largest`. Nothing is converted: true, "12" and 12.0 are no integers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return None if 0 <= value <= largest else "number-out-of-range"
    if isinstance(value, Decimal | float):
        return _fraction_defect(Decimal(value))
    return _code_of(value)


def text_defect(value: object, longest: int) -> str | None:
    """None for a text that `cleaned` may keep and that every database, document and screen shows alike."""
    if not isinstance(value, str):
        return _code_of(value)
    text = cleaned(value)
    if _UNSOUND.search(text):
        return "invalid-text"
    return "text-too-long" if len(text) > longest else None


def line_defect(value: object, longest: int) -> str | None:
    """As `text_defect`, for a text of one line."""
    found = text_defect(value, longest)
    return found or ("invalid-text" if isinstance(value, str) and set("\t\n") & set(cleaned(value)) else None)


def flag_defect(value: object) -> str | None:
    """None for true and false."""
    return None if isinstance(value, bool) else _code_of(value)


def cleaned(text: str) -> str:
    """The text as it is kept: composed (NFC), with plain line feeds, without white space around it."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def name_defect(name: str, known: Collection[str]) -> str | None:
    """None for a known member of an object."""
    if name in known:
        return None
    return "invalid-text" if line_defect(name, LONGEST_NAME) == "invalid-text" else "unknown-field"


def is_printable_name(name: str) -> bool:
    """Whether a pointer may repeat the name of a member that nobody knows."""
    return line_defect(name, LONGEST_NAME) is None


def malformed(code: str, at: str) -> Finding:
    """The finding for a defect that no rule of a form is about."""
    return Finding(code, code, Severity.ERROR, at, MESSAGES.get(code, MESSAGES["wrong-type"]))


def _fraction_defect(number: Decimal) -> str:
    if not number.is_finite():
        return "number-not-finite"
    return "wrong-type" if number == number.to_integral_value() else "too-precise"


def _code_of(value: object) -> str:
    code = getattr(value, "code", None)
    return code if isinstance(code, str) else "wrong-type"
