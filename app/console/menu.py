"""The way around: each reader sees the pages that they may use, and no others."""

from __future__ import annotations

from typing import NamedTuple

from app.domain.permission import Action, Actor
from app.errors import Text


class Door(NamedTuple):
    """A page of the menu: what one must be allowed to do somewhere to use it."""

    path: str
    text: Text
    action: Action
    is_demo: bool = False
    """Whether the demo shows it to everybody, under /demo."""


DOORS = (
    Door("/report", Text("报表", "Report"), Action.WRITE_REPORT),
    Door("/board", Text("看板", "Board"), Action.READ_AGGREGATES, True),
    Door("/trends", Text("趋势", "Trends"), Action.READ_AGGREGATES, True),
    Door("/mismatches", Text("台账差异", "Mismatches"), Action.READ_MISMATCHES, True),
    Door("/circular", Text("通报", "Circular"), Action.READ_CIRCULAR),
    Door("/close", Text("月结", "Close"), Action.CLOSE_PERIOD),
)


def menu(reader: Actor | None, *, is_demo: bool) -> list[tuple[str, Text]]:
    """Address and text of each page for a reader; for a visitor those of the demo, if it is one."""
    if reader is None:
        return [(f"/demo{door.path}", door.text) for door in DOORS if door.is_demo and is_demo]
    return [(door.path, door.text) for door in DOORS if reader.reach(door.action)]
