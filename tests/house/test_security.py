"""The page of security claims names tests that exist, and numbers items as OWASP does."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.repository import ROOT

PAGE = (ROOT / "docs/security.md").read_text()
ITEMS = re.findall(r"^\| ([0-9][^|]*) \| [^|]* \| ([^|]*) \|$", PAGE, re.MULTILINE)
PROMISES = re.findall(r"^\| (P[0-9]+) \| [^|]+ \| ([^|]*) \| [^|]+ \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+(?:::\w+)?)`")


def names_in(path: str) -> set[str]:
    """The tests that a file holds; those of a class behind its name."""
    found = ROOT / path
    names: set[str] = set()
    for node in ast.parse(found.read_text()).body if found.exists() else []:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return names


def missing(cell: str) -> list[str]:
    """The tests that a cell names and that do not exist; the cell itself when it names none."""
    named = NAMED.findall(cell)
    return [f"{path}::{name}" for path, name in named if name not in names_in(path)] if named else [cell]


@pytest.mark.parametrize("rows", [ITEMS, PROMISES], ids=["items", "promises"])
def test_every_claim_names_a_test_that_exists(rows: list[tuple[str, str]]) -> None:
    assert len(rows) >= 20
    assert {number: gone for number, cell in rows if (gone := missing(cell))} == {}


def test_a_test_that_does_not_exist_is_seen() -> None:
    assert missing("`tests/house/test_security.py::test_of_nobody`")
    assert missing("`tests/house/test_nothing.py::test_of_nobody`")
    assert missing("")


def test_every_item_has_the_numbering_of_asvs() -> None:
    items = [item for cell, _ in ITEMS for item in cell.split(", ")]

    assert [item for item in items if not re.fullmatch(r"[1-9][0-9]?(\.[1-9][0-9]?){2}", item)] == []
