"""Rules as one Python function, made from the same CEL text: the same verdicts at a tenth of the time.

CEL's library converts every fact anew on each call, which costs more than the rules do (60 microseconds of a
report's 500, docs/decisions/0002-rules-are-cel.md). An expression is taken over only where both languages give
the same value for every fact, which is decided once, from its types and from the largest number it can reach.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Fact: TypeAlias = int | bool | str
Quick: TypeAlias = Callable[..., list[Fact]]

LARGEST_FACT = 2**53 - 1
"""No fact may be larger, for the bounds below to hold; what JSON cannot carry is left to CEL."""

_LARGEST = 2**63 - 1
"""Where CEL's arithmetic overflows and Python's goes on."""

_DIFFERENT = re.compile(
    r"""'[^'\\]*'|"[^"\\]*"|(?P<and>&&)|(?P<or>\|\|)|(?P<not>!(?!=))|(?<![\w.])(?P<word>true|false)(?!\w)"""
)
_SYMBOLS = {"and": " and ", "or": " or ", "not": " ~"}
"""`!` binds as tightly as `~`, and `not` does not."""

_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_UNREADABLE = (SyntaxError, ValueError, KeyError, RecursionError, MemoryError)


class _Value(NamedTuple):
    """Checked code, its type, and the largest magnitude that it can have."""

    code: ast.expr
    kind: type
    most: int = 0


def quick(sources: Iterable[str], vocabulary: Mapping[str, Fact]) -> Quick | None:
    """A function of all facts, in the order of the vocabulary, to the values of all expressions.

    None when one of them is not surely the same in Python: another form of it, mixed types, or numbers that
    could overflow. The sources are sound (`expression.defects`), the facts not above LARGEST_FACT.
    """
    places = {name: f"v{place}" for place, name in enumerate(vocabulary)}
    try:
        trees = [ast.parse(f"({_in_python(source)})", mode="eval").body for source in sources]
        values = [_read(tree, vocabulary, places).code for tree in trees]
    except _UNREADABLE:
        return None
    names = [ast.arg(place) for place in places.values()]
    taken = ast.arguments(posonlyargs=[], args=names, kwonlyargs=[], kw_defaults=[], defaults=[])
    whole = ast.Expression(ast.Lambda(taken, ast.List(values, ast.Load())))
    code = compile(ast.fix_missing_locations(whole), "<rules>", "eval")
    made: Quick = eval(code, {"__builtins__": {}})  # every node of it was checked below
    return made


def _in_python(source: str) -> str:
    def symbol(found: re.Match[str]) -> str:
        if found["word"]:
            return found["word"].title()
        return _SYMBOLS.get(found.lastgroup or "", found[0])

    return _DIFFERENT.sub(symbol, source)


def _read(node: ast.expr, vocabulary: Mapping[str, Fact], places: Mapping[str, str]) -> _Value:
    def read(inner: ast.expr) -> _Value:
        return _read(inner, vocabulary, places)

    match node:
        case ast.Attribute(ast.Name(root), name):
            fact = f"{root}.{name}"
            return _Value(ast.Name(places[fact], ast.Load()), type(vocabulary[fact]), LARGEST_FACT)
        case ast.Constant(int() | str() as value):
            return _Value(ast.Constant(value), type(value), abs(value) if isinstance(value, int) else 0)
        case ast.UnaryOp(ast.Invert(), operand):
            (truth,) = _all([read(operand)], bool)
            return _Value(ast.UnaryOp(ast.Not(), truth.code), bool)
        case ast.UnaryOp(ast.USub(), operand):
            (number,) = _all([read(operand)], int)
            return number._replace(code=ast.UnaryOp(ast.USub(), number.code))
    return _joined(node, read)


def _joined(node: ast.expr, read: Callable[[ast.expr], _Value]) -> _Value:
    match node:
        case ast.BoolOp(operator, operands):
            return _Value(ast.BoolOp(operator, [v.code for v in _all(map(read, operands), bool)]), bool)
        case ast.BinOp(left, operator, right):
            first, second = _all([read(left), read(right)], int)
            return _computed(first, operator, second)
        case ast.Compare(left, [ast.In()], [ast.List(elements)]):
            first = read(left)
            choice: list[ast.expr] = [v.code for v in _all(map(read, elements), first.kind)]
            return _Value(ast.Compare(first.code, [ast.In()], [ast.Tuple(choice, ast.Load())]), bool)
        case ast.Compare(left, [operator], [right]):
            return _compared(read(left), operator, read(right))
    raise ValueError("not in both languages")


def _all(values: Iterable[_Value], kind: type) -> Sequence[_Value]:
    found = list(values)
    if any(value.kind is not kind for value in found):
        raise ValueError("mixed types")
    return found


def _computed(left: _Value, operator: ast.operator, right: _Value) -> _Value:
    if not isinstance(operator, ast.Add | ast.Sub | ast.Mult):
        raise ValueError("not in both languages")
    most = left.most * right.most if isinstance(operator, ast.Mult) else left.most + right.most
    if most > _LARGEST:
        raise ValueError("could overflow")
    return _Value(ast.BinOp(left.code, operator, right.code), int, most)


def _compared(left: _Value, operator: ast.cmpop, right: _Value) -> _Value:
    _all([right], left.kind)
    is_ordered = isinstance(operator, _ORDERS) and left.kind is not bool
    if not (is_ordered or isinstance(operator, ast.Eq | ast.NotEq)):
        raise ValueError("not in both languages")
    return _Value(ast.Compare(left.code, [operator], [right.code]), bool)
