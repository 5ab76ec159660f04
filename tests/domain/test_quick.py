"""Rules as a Python function say what CEL says, for every expression that is taken over and every fact."""

from __future__ import annotations

from collections.abc import Mapping

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.expression import Program
from app.domain.form import FormVersion, builtin_forms, load_form
from app.domain.quick import LARGEST_FACT, Fact, quick
from app.domain.rule import checks_of

VOCABULARY: Mapping[str, Fact] = {
    "c.a": 0,
    "c.b": 0,
    "p.a": 0,
    "u.level": "",
    "t.gap": False,
    "l.flow": False,
}
NUMBERS = st.integers(-LARGEST_FACT, LARGEST_FACT) | st.integers(-3, 3)
WORDS = st.sampled_from(["", "county", "prefecture", "!", "&&", "true"])

numbers = st.recursive(
    st.sampled_from(["c.a", "c.b", "p.a"]) | st.integers(0, 50).map(str),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner)
        | st.builds("{} {} {}".format, inner, st.sampled_from("+-*"), inner)
        | st.builds("-({})".format, inner)
    ),
    max_leaves=5,
)
texts = st.just("u.level") | WORDS.map(repr)
comparisons = (
    st.builds("{} {} {}".format, numbers, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers)
    | st.builds("{} {} {}".format, texts, st.sampled_from(["<", "==", "!=", ">="]), texts)
    | st.builds("{} in [{}, {}]".format, texts, texts, texts)
)
conditions = st.recursive(
    comparisons | st.sampled_from(["t.gap", "l.flow", "!t.gap", "!!l.flow", "true", "false"]),
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||"]), inner)
        | st.builds("!({})".format, inner)
        | st.builds("({}) {} ({})".format, inner, st.sampled_from(["==", "!=", "&&", "||"]), inner)
    ),
    max_leaves=6,
)
facts = st.fixed_dictionaries(
    {name: {int: NUMBERS, str: WORDS, bool: st.booleans()}[type(value)] for name, value in VOCABULARY.items()}
)


def by_cel(source: str, known: Mapping[str, Fact]) -> object:
    roots: dict[str, dict[str, Fact]] = {}
    for name, value in known.items():
        root, _, member = name.partition(".")
        roots.setdefault(root, {})[member] = value
    return cel.evaluate(source, roots)


@given(conditions, facts)
def test_what_is_taken_over_has_the_value_that_cel_gives(source: str, known: dict[str, Fact]) -> None:
    made = quick([source], VOCABULARY)

    if made is not None:
        assert made(*map(known.__getitem__, VOCABULARY)) == [by_cel(source, known)], source


@given(numbers, facts)
def test_so_have_numbers(source: str, known: dict[str, Fact]) -> None:
    made = quick([source], VOCABULARY)

    if made is not None:
        assert made(*map(known.__getitem__, VOCABULARY)) == [by_cel(source, known)], source


@pytest.mark.parametrize(
    "source",
    [
        "t.gap ? c.a > 0 : c.b > 0",
        "c.a * p.a * c.b > 0",
        "c.a * p.a > 0",
        "9007199254740993 * c.a > 0",
        "c.a == t.gap",
        "t.gap < l.flow",
        "c.a < c.b == t.gap",
        "u.level + 'x' == 'x'",
        "c.a in [1, 'x']",
        "c.unknown > 0",
    ],
)
def test_what_could_differ_is_left_to_cel(source: str) -> None:
    made = quick([source], VOCABULARY)

    assert made is None


def test_a_number_that_is_too_large_for_the_bounds_goes_to_cel() -> None:
    program = Program(["2000 * c.a > 0"], {"c.a": 0})

    assert program.run({"c.a": 2**60}) == [None]
    assert program.run({"c.a": 5}) == [True]


@pytest.mark.parametrize("text", builtin_forms())
def test_every_rule_of_the_shipped_forms_is_taken_over(text: str) -> None:
    form, _ = load_form(text)

    assert isinstance(form, FormVersion)
    sources = [check.condition for rule in form.rules for check in checks_of(rule)]
    assert quick(sources, form.vocabulary) is not None
