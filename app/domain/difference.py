"""What differs between two contents of a report, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def difference(old: Mapping[str, Any], new: Mapping[str, Any], at: str = "") -> list[dict[str, Any]]:
    """The cells in which two contents differ, as {pointer, from, to} in the order of their pointers.

    Members of objects are compared one by one; lists are compared whole. An absent cell reads as null.
    """
    cells: list[dict[str, Any]] = []
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        pointer = f"{at}/{name}"
        if isinstance(was, Mapping) and isinstance(now, Mapping):
            cells += difference(was, now, pointer)
        elif was != now:
            cells.append({"pointer": pointer, "from": was, "to": now})
    return cells
