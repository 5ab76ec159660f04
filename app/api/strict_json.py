"""Reads a JSON body strictly: what can still be read comes back with every finding about it."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import isinf
from typing import Any, NamedTuple
from unicodedata import is_normalized, normalize

from app.api.findings import MAX_FINDINGS, finding, refusal
from app.domain.normal_form import MARKS, TOO_MANY_MARKS
from app.errors import Finding, Malformed, UnsupportedMedia

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 section 6)."""

_SAFE_DIGITS = 15
_MAX_DIGITS = 20
_MAX_NAME = 64
_WHITESPACE = " \t\n\r"

# DEL and C1, bidirectional embeddings, overrides and isolates, lone surrogates, and what XML cannot hold.
_NEVER = "\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff"
_NEVER_TEXT = re.compile(f"[{_NEVER}]")
_RISKY_CHARACTER = re.compile(f"[{_NEVER}{MARKS}]")
_RISKY_ESCAPE = re.compile(r"\\[bfru]")
BAD_TEXT_PATTERN = re.compile(f"[\x00-\x08\x0b-\x1f{_NEVER}]")
TEXT_PATTERN = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]*$"
"""Text without them, as an ECMAScript pattern for the OpenAPI document."""


class Unusable:
    """Stands in the tree where a value was refused, so that a later check can name its own rule for it."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"<{self.code}>"


NOT_FINITE = Unusable("number-not-finite")
OUT_OF_RANGE = Unusable("number-out-of-range")
BAD_TEXT = Unusable("invalid-text")


class Loaded(NamedTuple):
    """A body as read; `is_changed` says that it may differ from the bytes: normalised, or refused in part."""

    value: Any
    findings: list[Finding]
    is_changed: bool


def load(body: bytes) -> Loaded:
    """Read one JSON text.

    Raises UnsupportedMedia (415) for anything but UTF-8 without a byte order mark, and Malformed (400) for
    bad syntax, nesting beyond 32 levels and repeated names. Numbers that are not finite or beyond ±(2^53-1),
    and text with control characters (but LF and TAB) or bidirectional overrides, are findings, and an
    `Unusable` takes their place. Text comes back in NFC, with CR LF as LF. Of what was sent only member names
    are ever repeated, inside pointers. A number without a fraction is an integer, however it is written.
    """
    text = _decode(body)
    try:
        value = _scan(_QUICK, text)
    except _Unusual:
        return _load_carefully(text)
    _check_depth(text, value)
    if _is_usual(text) or _is_usual(_WRITE(value)):
        return Loaded(value, [], False)
    return _load_carefully(text)


def rewrite(loaded: Loaded) -> bytes:
    """The tree as JSON again, with null where a value was unusable; for a parser that takes only bytes."""
    return json.dumps(loaded.value, ensure_ascii=False, default=lambda _: None).encode()


def pointer_to(parent: str, name: str) -> str:
    """The RFC 6901 pointer of a member; of its object when the name is too long to be one of ours."""
    if len(name) > _MAX_NAME:
        return parent
    return f"{parent}/{name.replace('~', '~0').replace('/', '~1')}"


def _decode(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise UnsupportedMedia from None
    # UTF-16 and UTF-32 without a mark pass as UTF-8 with a NUL among the first two characters of any JSON.
    if text[:1] == "\ufeff" or "\x00" in text[:2]:
        raise UnsupportedMedia
    return text.rstrip(_WHITESPACE)


def _is_usual(text: str) -> bool:
    """Whether nothing in a JSON text can break a rule about text; escapes count as breaking one."""
    if "\\" in text and _RISKY_ESCAPE.search(text):
        return False
    if text.isascii():
        return "\x7f" not in text
    if _RISKY_CHARACTER.search(text) and (_NEVER_TEXT.search(text) or TOO_MANY_MARKS.search(text)):
        return False
    return is_normalized("NFC", text)


def _scan(scan_once: Any, text: str) -> Any:
    start = len(text) - len(text.lstrip(_WHITESPACE)) if text[:1] in _WHITESPACE else 0
    try:
        value, end = scan_once(text, start)
    except StopIteration as stop:
        raise _malformed(text, stop.value) from None
    except json.JSONDecodeError as error:
        raise _malformed(text, error.pos) from None
    except RecursionError:
        raise _too_deep() from None
    if end != len(text):
        raise _malformed(text, end)
    return value


def _malformed(text: str, position: int) -> Malformed:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Malformed(
        code="malformed-json", findings=[finding("malformed-json", "", line=line, column=column)]
    )


def _too_deep() -> Malformed:
    return Malformed(code="json-too-deep", findings=[finding("json-too-deep", "")])


def _check_depth(text: str, value: Any) -> None:
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return
    level, depth = [value], 0
    while level := [node for node in level if isinstance(node, (dict, list))]:
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep()
        level = [child for node in level for child in (node.values() if isinstance(node, dict) else node)]


class _Unusual(Exception):
    """The quick reading met what only the careful one can report."""


class _Twice(dict[str, Any]):
    """An object in which some names occur more than once."""

    names: frozenset[str]


def _quick_integer(digits: str) -> int:
    if len(digits) > _SAFE_DIGITS:
        raise _Unusual
    return int(digits)


def _quick_float(digits: str) -> float:
    value = float(digits)
    if isinf(value) or value.is_integer():
        raise _Unusual
    return value


def _quick_constant(_: str) -> None:
    raise _Unusual


def _quick_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Unusual
    return members


def _careful_integer(digits: str) -> int | Unusable:
    # int() takes quadratic time for long literals, and Python refuses it above 4,300 digits.
    if len(digits) > _MAX_DIGITS:
        return OUT_OF_RANGE
    value = int(digits)
    return value if -MAX_INTEGER <= value <= MAX_INTEGER else OUT_OF_RANGE


def _careful_float(digits: str) -> float | int | Unusable:
    value = float(digits)
    if isinf(value):
        return NOT_FINITE
    # 12.0 is the integer 12 (JSON Schema): spreadsheets and data frames write every number so.
    return int(value) if value.is_integer() and abs(value) <= MAX_INTEGER else value


def _careful_constant(_: str) -> Unusable:
    return NOT_FINITE


def _careful_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    doubled = _Twice(members)
    doubled.names = frozenset(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return doubled


def _scanner(**hooks: Any) -> Any:
    # The scanner is called without `decode`, whose two regular expressions cost as much as a small body.
    return json.JSONDecoder(**hooks).scan_once  # type: ignore[attr-defined]  # not in the type stubs


_QUICK = _scanner(
    object_pairs_hook=_quick_object,
    parse_int=_quick_integer,
    parse_float=_quick_float,
    parse_constant=_quick_constant,
)
_CAREFUL = _scanner(
    object_pairs_hook=_careful_object,
    parse_int=_careful_integer,
    parse_float=_careful_float,
    parse_constant=_careful_constant,
)
_WRITE = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def _load_carefully(text: str) -> Loaded:
    value = _scan(_CAREFUL, text)
    _check_depth(text, value)
    walk = _Walk()
    try:
        value = walk.visit(value, "")
    except _TooMany:
        raise refusal(walk.findings) from None
    if any(found.code == "duplicate-member" for found in walk.findings):
        raise Malformed(code="duplicate-member", findings=walk.findings)
    return Loaded(value, walk.findings, True)


class _TooMany(Exception):
    """Nobody reads this many findings, and collecting them all would cost seconds."""


class _Walk:
    """One walk over a tree: findings with their pointers, and the tree made safe on the way."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def visit(self, node: Any, pointer: str) -> Any:
        if isinstance(node, str):
            return self._text(node, pointer)
        if isinstance(node, dict):
            return self._object(node, pointer)
        if isinstance(node, list):
            return [self.visit(child, f"{pointer}/{index}") for index, child in enumerate(node)]
        if isinstance(node, Unusable):
            return self._refuse(node, pointer)
        return node

    def _object(self, node: dict[str, Any], pointer: str) -> dict[str, Any]:
        members: dict[str, Any] = {}
        doubled = node.names if isinstance(node, _Twice) else frozenset()
        for sent, child in node.items():
            name = self._text(sent, pointer)
            if isinstance(name, Unusable):
                continue
            place = pointer_to(pointer, name)
            if sent in doubled or name in members:
                self._note("duplicate-member", place)
            members[name] = self.visit(child, place)
        return members

    def _text(self, sent: str, pointer: str) -> str | Unusable:
        text = sent.replace("\r\n", "\n") if "\r" in sent else sent
        if BAD_TEXT_PATTERN.search(text) or TOO_MANY_MARKS.search(text):
            return self._refuse(BAD_TEXT, pointer)
        if not is_normalized("NFC", text):
            text = normalize("NFC", text)
        return text

    def _refuse(self, value: Unusable, pointer: str) -> Unusable:
        self._note(value.code, pointer)
        return value

    def _note(self, code: str, pointer: str) -> None:
        self.findings.append(finding(code, pointer))
        if len(self.findings) > MAX_FINDINGS:
            raise _TooMany
