"""The language of rules: what it refuses, and that one bad expression spoils no other."""

from __future__ import annotations

from threading import Thread

import pytest

from app.domain.expression import LONGEST, Program, defects, names_in
from app.domain.quick import Fact

VOCABULARY: dict[str, Fact] = {"c.a": 0, "c.b": 0, "p.a": 0, "u.level": "", "t.first": False}
CONDITION = (bool,)


@pytest.mark.parametrize(
    "source",
    [
        "c.a <= c.b",
        "!t.first && c.a - p.a > 10 || c.b == 0",
        "u.level in ['prefecture', 'county']",
        "(c.a > 0 ? c.a : -c.a) * 10 <= 3 * p.a",
        "u.level == 'c.nobody'",
        "c.a\n+ c.b == 0",
    ],
)
def test_comparisons_logic_and_whole_numbers_are_the_language(source: str) -> None:
    assert defects(source, VOCABULARY, CONDITION) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("c.a <", "Not a valid CEL expression (column 6)"),
        ("", "Not a valid CEL expression (column 1)"),
        ("c.nobody > 1", "Unknown name: c.nobody"),
        ("nobody > 1", "Unknown name: nobody"),
        ("c == p", "Unknown name: c"),
        ("x.c.a > 1", "Unknown name: x.c"),
        ("v[0] > 1", "Unknown name: v"),
        ("c.a / c.b > 1", "Not allowed in a rule: _/_"),
        ("c.a % 2 == 0", "Not allowed in a rule: _%_"),
        ("double(c.a) > 1", "Not allowed in a rule: double"),
        ("u.level.matches('(a+)+')", "Not allowed in a rule: matches"),
        ("[c.a].all(x, x > 1)", "Unknown name: x"),
        ("c['a'] > 1", "Unknown name: c"),
        ("has(c.a)", "Not a valid CEL expression (column 6)"),
        ("c.a > 1.5", "Whole numbers only: compare percentages by multiplying"),
        ("c.a > 1e3", "Whole numbers only: compare percentages by multiplying"),
        ("c.a > 1u", "Whole numbers only: compare percentages by multiplying"),
        ("c.a", "Its value has the wrong type, or cannot be computed"),
        ("c.a > u.level", "Its value has the wrong type, or cannot be computed"),
        ("t.first && c.a", "Its value has the wrong type, or cannot be computed"),
        ("c.a * c.a * c.a > 1", "Its value has the wrong type, or cannot be computed"),
    ],
)
def test_everything_else_is_refused_and_named(source: str, said: str) -> None:
    assert said in [text.en for text in defects(source, VOCABULARY, CONDITION)]


@pytest.mark.parametrize(
    "source", ["c.a > 1 // c.b", "u.level == '\\n'", "c.a > " + "1" * LONGEST, "-" * 20_000]
)
def test_what_would_hurt_the_parser_never_reaches_it(source: str) -> None:
    [said] = defects(source, VOCABULARY, CONDITION)

    assert "no backslash and no comment" in said.en


def test_names_inside_texts_are_no_names() -> None:
    assert names_in("c.a > 1 && u.level != 'p.a' && u.level != \"c.b\"") == {"c.a", "u.level"}


def test_an_expression_that_cannot_be_computed_spoils_no_other() -> None:
    program = Program(["c.a + c.b > 0", "c.a > 1", "c.b"], VOCABULARY)

    assert program.run({"c.a": 2**63 - 1, "c.b": 1}) == [None, True, 1]
    assert program.run({"c.a": 2, "c.nobody": 9}) == [True, True, 0]


def test_a_program_serves_every_thread() -> None:
    program = Program(["c.a > 1"], VOCABULARY)
    seen: list[object] = []

    threads = [Thread(target=lambda n=n: seen.append(program.run({"c.a": n})[0])) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(seen, key=str) == [False, True]
