"""The rules of this house that no linter knows: how the code is cut and what it may not say."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house.repository import ROOT, tracked

MODULES = tracked("*.py")
ROOMS = [path for path in MODULES if path.parts[0] == "app"]

LONGEST = 400
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
CLOCK_ROOM = Path("app/domain/clock.py")
UNNAMED = re.compile(r"#\s*(noqa(?!: [A-Z]+[0-9]+)|type: ignore(?!\[))", re.IGNORECASE)
COMMITTING_ROOM = Path("app/db")

Rule = Callable[[Path, str], Iterator[str]]


def is_short(_path: Path, source: str) -> Iterator[str]:
    """A module has at most 400 lines."""
    if source.count("\n") > LONGEST:
        yield f"{source.count(chr(10))} lines"


def is_named_for_an_idea(path: Path, _source: str) -> Iterator[str]:
    """No module is called utils, helpers, common or manager: a vague name hides a missing idea."""
    if VAGUE & set(re.split(r"[_.]", path.name)):
        yield path.name


def opens_with_a_sentence(path: Path, source: str) -> Iterator[str]:
    """A module of the product says in its first line what is in this room."""
    opening = ast.get_docstring(ast.parse(source)) or ""
    if path.parts[0] == "app" and not opening.split("\n\n")[0].endswith((".", "。", ":")):
        yield "no sentence at the top"


def leaves_committing_to_db(path: Path, source: str) -> Iterator[str]:
    """Only the room `db` commits: one request, one transaction."""
    if path.parts[0] == "app" and not path.is_relative_to(COMMITTING_ROOM):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and node.attr == "commit":
                yield f"line {node.lineno}: .commit"
            if isinstance(node, ast.Constant) and str(node.value).strip().upper() == "COMMIT":
                yield f"line {node.lineno}: COMMIT"


def raises_problems_only(path: Path, source: str) -> Iterator[str]:
    """Nobody raises `HTTPException`: there is one family of errors. The edge may catch the framework's."""
    if path.parts[0] == "app":
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Raise) and "HTTPException" in ast.unparse(node):
                yield f"line {node.lineno}: HTTPException"


def asks_the_clock(path: Path, source: str) -> Iterator[str]:
    """Only the clock reads the time: deadlines are the product, and a demo runs in 2015."""
    if path.parts[0] == "app" and path != CLOCK_ROOM:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                if f"{owner}.{node.attr}" in CLOCKS:
                    yield f"line {node.lineno}: {owner}.{node.attr}"


def names_what_it_silences(_path: Path, source: str) -> Iterator[str]:
    """A silenced finding is named: `noqa` and `type: ignore` carry a code."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and UNNAMED.search(token.string):
            yield f"line {token.start[0]}"


RULES: list[Rule] = [
    is_short,
    is_named_for_an_idea,
    opens_with_a_sentence,
    leaves_committing_to_db,
    raises_problems_only,
    asks_the_clock,
    names_what_it_silences,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module(rule: Rule) -> None:
    broken = {str(path): list(rule(path, (ROOT / path).read_text())) for path in MODULES}

    assert {path: found for path, found in broken.items() if found} == {}


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (is_short, "app/x.py", "\n" * 401),
        (is_named_for_an_idea, "app/date_utils.py", ""),
        (is_named_for_an_idea, "tests/helpers.py", ""),
        (opens_with_a_sentence, "app/x.py", "import os"),
        (opens_with_a_sentence, "app/x.py", '"""Things"""'),
        (leaves_committing_to_db, "app/services/x.py", "session.commit()"),
        (leaves_committing_to_db, "app/services/x.py", "session.control('commit')"),
        (raises_problems_only, "app/api/x.py", "raise HTTPException(404) from None"),
        (raises_problems_only, "app/api/x.py", "raise fastapi.HTTPException(404)"),
        (asks_the_clock, "app/services/x.py", "datetime.now(UTC)"),
        (asks_the_clock, "app/services/x.py", "datetime.date.today()"),
        (asks_the_clock, "app/services/x.py", "time.time()"),
        (names_what_it_silences, "app/x.py", "x = 1  # noqa"),
        (names_what_it_silences, "app/x.py", "x = 1  # type: ignore"),
    ],
)
def test_a_broken_rule_is_seen(rule: Rule, path: str, source: str) -> None:
    assert list(rule(Path(path), source))


def test_every_room_has_an_opening() -> None:
    rooms = {path.parent for path in ROOMS}

    assert [str(room) for room in rooms if room / "__init__.py" not in ROOMS] == []
