"""The language of rules: a part of CEL that always ends, over facts that each have a place in one list.

A rule names its facts (`c.members_total`, `u.level`). To hand CEL two maps of fifteen figures costs four
times as much as to evaluate forty rules over a list, so each name becomes a place in one list `v` before the
expression is compiled (docs/decisions/0002-rules-are-cel.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TypeAlias

import cel

from app.domain.quick import LARGEST_FACT, Fact, quick
from app.errors import Text

Vocabulary: TypeAlias = Mapping[str, Fact]
"""Every name that an expression may use, with what stands in for it where it is unknown: 0, False or ""."""

LONGEST = 600
"""Characters of an expression. CEL's parser recurses: 20,000 operators in a row end the process."""

_NAME = re.compile(r"""'[^'\\]*'|"[^"\\]*"|(?<![\w.])([a-z]+\.[a-z][a-z0-9_]*)\b""")
_NOT_A_WHOLE_NUMBER = re.compile(r"[0-9]\s*\.|\.\s*[0-9]|\b[0-9]+[eEuU]")
_UNSAFE = re.compile(r"\\|//")
"""A comment would swallow the expressions that follow; an escape would hide where a string ends."""

_COLUMN = re.compile(r"<input>:[0-9]+:([0-9]+)")
_COMPARISONS = {"_<_", "_<=_", "_>_", "_>=_", "_==_", "_!=_", "@in"}
_LOGIC = {"!_", "_&&_", "_||_", "_?_:_"}
_ARITHMETIC = {"-_", "_+_", "_-_", "_*_"}
_OPERATORS = _COMPARISONS | _LOGIC | _ARITHMETIC
"""No division, because CEL's cuts off: a percentage is compared by multiplying. No calls and no loops."""

_FAILURES = (ArithmeticError, TypeError, RuntimeError, LookupError, ValueError)
"""What the library raises for an expression that it cannot read or compute."""

_PROBES: tuple[Mapping[type, Fact], ...] = (
    {int: 0, bool: False, str: ""},
    {int: 1, bool: True, str: "prefecture"},
    {int: 9_999_999, bool: True, str: "county"},
)
"""Facts under which an expression must have a value of the right type before a form is published."""


def names_in(source: str) -> frozenset[str]:
    """The facts that an expression names, known or not."""
    return frozenset(found[1] for found in _NAME.finditer(source) if found[1])


def defects(source: str, vocabulary: Vocabulary, kinds: tuple[type, ...]) -> list[Text]:
    """Why an expression cannot be part of a form; empty when it can.

    `kinds` are the types that its value may have. Types are tried out on a few sets of facts, because the
    library checks none before it evaluates.
    """
    if len(source) > LONGEST or _UNSAFE.search(source):
        return [
            Text(
                f"表达式不得超过{LONGEST}个字符，也不得含反斜杠或注释",
                f"An expression has at most {LONGEST} characters, no backslash and no comment",
            )
        ]
    try:
        as_written = cel.compile(source)
        as_placed = cel.compile(_placed(source, dict.fromkeys(names_in(source), 0)))
    except _FAILURES as error:
        return [_unreadable(str(error))]
    strangers = (names_in(source) - vocabulary.keys()) | ({*as_placed.variables()} - {"v"})
    strangers |= {"v"} & {*as_written.variables()}
    calls = {*as_written.functions()} - _OPERATORS
    return [*_unknown(strangers), *_forbidden(calls), *_fractions(source)] or _misfits(
        source, vocabulary, kinds
    )


class Program:
    """Several sound expressions, compiled and evaluated as one."""

    def __init__(self, sources: Iterable[str], vocabulary: Vocabulary) -> None:
        sources = tuple(sources)
        places = {name: place for place, name in enumerate(vocabulary)}
        self._blank = dict(vocabulary)
        numbers = [place for name, place in places.items() if type(vocabulary[name]) is int]
        self._numbers = (
            itemgetter(*numbers, *numbers[:1]) if numbers else None
        )  # of one it would give no tuple
        self._sources = [f"({_placed(source, places)})" for source in sources]
        self._combined = cel.compile(f"[{','.join(self._sources)}]")
        self._quick = quick(sources, vocabulary)

    def run(self, facts: Mapping[str, Fact]) -> Sequence[Fact | None]:
        """The value of each expression; None for one that cannot be computed, which spoils no other.

        What `facts` lacks counts as its stand-in: whoever asks drops the values that rest on one.
        """
        placed = [*{**self._blank, **facts}.values()][: len(self._blank)]  # what nobody asks for comes last
        if self._quick is not None and self._is_small(placed):
            return self._quick(*placed)
        v = {"v": placed}
        try:
            values: list[Fact | None] = self._combined.execute(v)
        except _FAILURES:
            return [_alone(source, v) for source in self._sources]
        return values

    def _is_small(self, placed: Sequence[Fact]) -> bool:
        if self._numbers is None:
            return True
        numbers: tuple[int, ...] = self._numbers(placed)
        return max(numbers) <= LARGEST_FACT and min(numbers) >= -LARGEST_FACT


def _placed(source: str, places: Mapping[str, int]) -> str:
    """The expression with every name turned into its place in the list; strings stay as they are."""
    return _NAME.sub(lambda found: f"v[{places.get(found[1], 0)}]" if found[1] else found[0], source)


def _alone(source: str, v: dict[str, list[Fact]]) -> Fact | None:
    try:
        value: Fact = cel.evaluate(source, v)
    except _FAILURES:
        return None
    return value


def _unreadable(error: str) -> Text:
    found = _COLUMN.search(error)
    at = found[1] if found else "?"
    return Text(f"不是有效的 CEL 表达式（第{at}列）", f"Not a valid CEL expression (column {at})")


def _unknown(names: Iterable[str]) -> list[Text]:
    return [Text(f"未定义的名称：{name}", f"Unknown name: {name}") for name in sorted(names)]


def _forbidden(calls: Iterable[str]) -> list[Text]:
    return [Text(f"不允许使用：{call}", f"Not allowed in a rule: {call}") for call in sorted(calls)]


def _fractions(source: str) -> list[Text]:
    if not _NOT_A_WHOLE_NUMBER.search(source):
        return []
    return [
        Text("只能使用整数，百分比请用乘法比较", "Whole numbers only: compare percentages by multiplying")
    ]


def _misfits(source: str, vocabulary: Vocabulary, kinds: tuple[type, ...]) -> list[Text]:
    named = {name: vocabulary[name] for name in names_in(source)}
    program = Program([source], named)
    trials = ({name: probe[type(blank)] for name, blank in named.items()} for probe in _PROBES)
    if all(type(program.run(facts)[0]) in kinds for facts in trials):
        return []
    return [Text("表达式的结果类型不符或无法计算", "Its value has the wrong type, or cannot be computed")]
