"""The page of security claims names tests that exist."""

from __future__ import annotations

import ast
import re

from tests.house.repository import ROOT

ROWS = re.findall(
    r"^\| ([0-9][^|]*) \| [^|]* \| (.*) \|$", (ROOT / "docs/security.md").read_text(), re.MULTILINE
)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def names_in(path: str) -> set[str]:
    """The tests that a file holds."""
    found = ROOT / path
    tree = ast.parse(found.read_text()) if found.exists() else ast.Module([], [])
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_claim_names_a_test_that_exists() -> None:
    missing = [
        f"{item}: {cell}"
        for item, cell in ROWS
        if not (found := NAMED.fullmatch(cell)) or found[2] not in names_in(found[1])
    ]

    assert ROWS
    assert missing == []


def test_every_item_has_the_numbering_of_asvs() -> None:
    items = [item for cell, _ in ROWS for item in cell.split(", ")]

    assert [item for item in items if not re.fullmatch(r"[1-9][0-9]?(\.[1-9][0-9]?){2}", item)] == []
