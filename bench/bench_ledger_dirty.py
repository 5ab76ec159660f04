"""The sample's rosters with faults of every class planted at known lines, and in another encoding."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import date
from pathlib import Path

EACH = 40
"""Faults of each class, at most; all together fewer than are listed."""
APART = 240
"""So many lines there are at least for each fault, or two would lie in one line."""
TODAY = date(2020, 12, 31)

Spoil = Callable[[list[bytes]], bytes]
Planted = set[tuple[int, str]]
"""Line and code of a finding."""


def _put(place: int, text: str) -> Spoil:
    return lambda cells: b",".join([*cells[:place], text.encode(), *cells[place + 1 :]])


def _whole(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda cells: change(b",".join(cells))


ANYWHERE: dict[str, Spoil] = {
    "ragged": lambda cells: b",".join(cells[:-2]),
    "broken-quotes": lambda cells: b",".join([*cells[:3], b'"' + cells[3], *cells[4:]]),
    "control-character": lambda cells: b",".join([*cells[:3], cells[3] + b"\x00", *cells[4:]]),
    "undecodable": lambda cells: b",".join([*cells[:3], "示例".encode("gb18030"), *cells[4:]]),
    "unknown-township": _put(1, "999999999"),
    "scientific-notation": _put(1, "4.40103E+08"),
    "not-township": _put(1, "440103"),
    "missing-id": _put(0, ""),
}
IN_MEMBERS: dict[str, Spoil] = ANYWHERE | {
    "bad-date": _put(7, "1e3"),
    "half-date": _put(7, "2015-04"),
    "date-form": _put(7, "2012/1/3"),
    "missing-start": _put(7, ""),
    "ends-before-start": _put(8, "2001-01-01"),
    "future-date": _put(8, "2021-01-01"),
    "formula": _put(7, "=TODAY()"),
    "unknown-term": _put(4, "主任"),
}
IN_ORGS: dict[str, Spoil] = ANYWHERE | {
    "not-integer": _put(11, "1.5"),
    "out-of-range": _put(10, "123456789"),
    "leading-zero": _put(9, "007"),
    "village-organization": _put(4, "村团组织"),
    "ends-before-start": _put(6, "2001-01-01"),
    "bad-date": _put(8, "2015-04-09;0x10"),
}


def plant(source: Path, target: Path, classes: dict[str, Spoil]) -> Planted:
    """Copy a roster with faults spread over it; the lines that they are in. Two classes are pairs of lines."""
    lines = source.read_bytes().split(b"\n")[:-1]
    planted: Planted = set()
    room, kinds = len(lines) - 200, len(classes) + 2
    each = max(1, min(EACH, room // (kinds * APART)))
    step = room // (each * kinds) - 60
    place = 100
    for _ in range(each):
        for code, spoil in classes.items():
            place += step
            # Rows in the tens of each sixty have one spell only, and no neighbour of the same key.
            place = place - place % 60 + 30
            lines[place] = spoil(lines[place].split(b","))
            planted.add((place + 1, code))
        for code in ("duplicate-same", "duplicate-record"):
            place = place - place % 60 + 20
            cells = lines[place].split(b",")
            if code == "duplicate-record" and classes is IN_MEMBERS:
                cells[4] = ("副书记" if cells[4].decode() == "书记" else "书记").encode()
            elif code == "duplicate-record":
                cells[11] = b"9"
            lines[place + 13] = b",".join(cells)
            planted.add((place + 14, code))
            place += step
    target.write_bytes(b"\n".join(lines) + b"\n")
    return planted


def to_gb18030(source: Path, target: Path) -> None:
    """The same text in GB18030."""
    with codecs.open(str(source), encoding="utf-8") as old, codecs.open(str(target), "w", "gb18030") as new:
        while block := old.read(1 << 20):
            new.write(block)
