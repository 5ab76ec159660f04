"""What a sheet's XML says besides values: which cells are computed, which are merged, how far it reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

from defusedxml.ElementTree import fromstring, iterparse

from app.documents.package import refused

MOST_SHEETS = 20
MOST_ROWS, MOST_COLUMNS = 1_000, 250
"""No form needs more; a value further out would make readers allocate everything in between."""

MOST_CELLS = 20_000
"""Cells of a sheet, blank ones with a format included, and cells that merging covers: each costs a kilobyte where
a file is marked."""

MOST_AREAS = 500
"""Formulas of a sheet whose result fills more than their own cell."""

_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class Area(NamedTuple):
    """Rows and columns counted from 0, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> int:
        """How many cells it has."""
        return (self.bottom - self.top + 1) * (self.right - self.left + 1)

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell lies in it."""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass
class SheetMarks:
    """The computed cells of a sheet, pasted #REF! and the like among them, and its merged ones."""

    computed: set[tuple[int, int]] = field(default_factory=set)
    computed_areas: list[Area] = field(default_factory=list)
    merged: list[Area] = field(default_factory=list)

    def is_computed(self, row: int, column: int) -> bool:
        """Whether the cell holds a formula, or lies in the result of one."""
        return (row, column) in self.computed or any(a.holds(row, column) for a in self.computed_areas)

    def last_column(self, row: int, column: int) -> int:
        """The last column of the merged area around a cell, or its own."""
        return next((area.right for area in self.merged if area.holds(row, column)), column)


def marks_by_sheet(parts: dict[str, bytes]) -> dict[str, SheetMarks]:
    """The marks of every worksheet by its name. Raises Invalid for sheets that reach too far."""
    targets = _relations(parts)
    book = fromstring(parts["xl/workbook.xml"], forbid_dtd=True)
    found = {}
    sheets = [node for node in book.iter() if _name(node) == "sheet"]
    if len(sheets) > MOST_SHEETS:
        raise refused("workbook-too-large")
    for sheet in sheets:
        relation = sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or ""
        content = parts.get(targets.get(relation, ""))
        found[str(sheet.get("name"))] = _marks(content) if content else SheetMarks()
    return found


def custom_properties(parts: dict[str, bytes]) -> Iterator[str]:
    """The texts of the custom properties."""
    content = parts.get("docProps/custom.xml")
    if content:
        for node in fromstring(content, forbid_dtd=True).iter():
            if node.text:
                yield node.text


def _relations(parts: dict[str, bytes]) -> dict[str, str]:
    content = parts.get("xl/_rels/workbook.xml.rels")
    nodes = fromstring(content, forbid_dtd=True).iter() if content else ()
    return {str(node.get("Id")): _path(str(node.get("Target"))) for node in nodes if node.get("Target")}


def _path(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _marks(content: bytes) -> SheetMarks:
    walk = _Walk()
    for event, node in iterparse(BytesIO(content), events=("start", "end"), forbid_dtd=True):
        name = _name(node)
        if event == "start":
            walk.start(name, node)
        else:
            walk.end(name, node)
    return walk.marks


class _Walk:
    """Follows a sheet from cell to cell. A cell or row that does not say where it is comes after the last one."""

    def __init__(self) -> None:
        self.marks = SheetMarks()
        self._row = self._column = -1
        self._cells = 0

    def start(self, name: str, node: Any) -> None:
        if name == "row":
            self._row = int(node.get("r", self._row + 2)) - 1
            self._column = -1
        elif name == "c":
            at = _cell(node.get("r", ""))
            self._row, self._column = at if at else (max(self._row, 0), self._column + 1)

    def end(self, name: str, node: Any) -> None:
        if name == "f":
            self._computed(_area(node.get("ref", "")))
        elif name == "mergeCell":
            self._merged(_area(node.get("ref", "")))
        elif name == "c":
            self._count(1)
            if len(node) and not (self._row < MOST_ROWS and self._column < MOST_COLUMNS):
                raise refused("workbook-too-large")
            if node.get("t") == "e":
                self._computed(None)
            node.clear()
        elif name == "row":
            node.clear()

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > MOST_CELLS:
            raise refused("workbook-too-large")

    def _computed(self, area: Area | None) -> None:
        self.marks.computed.add((self._row, self._column))
        if area is not None and area.size > 1:
            self.marks.computed_areas.append(area)
        if len(self.marks.computed_areas) > MOST_AREAS:
            raise refused("workbook-too-large")

    def _merged(self, area: Area | None) -> None:
        if area is not None:
            self._count(area.size)
            self.marks.merged.append(area)


def _area(ref: str) -> Area | None:
    first, _, last = ref.partition(":")
    start, end = _cell(first), _cell(last or first)
    return Area(*start, *end) if start and end else None


def _cell(ref: str) -> tuple[int, int] | None:
    found = _CELL.fullmatch(ref)
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]) - 1, column - 1


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2]
