"""The looks of our workbooks: fonts by name, borders, fields that are open in a protected sheet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from app.domain.period import Period

FONT = "宋体"
"""Every office has it; nothing is embedded."""

LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "'", "＝", "＋", "－", "＠")
"""First characters, after blanks, that make some program compute a text when it is opened or edited."""

_CENTRED = {"align": "center", "valign": "vcenter", "text_wrap": True}
_BOXED = {**_CENTRED, "border": 1}
_FIELD = {**_BOXED, "locked": False, "bg_color": "#FFFBE6"}
_WORDS = {"align": "left", "valign": "vcenter", "text_wrap": True}
STYLES: Mapping[str, Mapping[str, Any]] = {
    "title": {**_CENTRED, "bold": True, "font_size": 18},
    "label": {"align": "right", "valign": "vcenter"},
    "plain": {"align": "left", "valign": "vcenter"},
    "line": {**_WORDS, "bottom": 1, "locked": False, "num_format": "@", "bg_color": "#FFFBE6"},
    "heading": {**_BOXED, "bold": True},
    "block": {**_WORDS, "bold": True, "font_size": 12},
    "box": _BOXED,
    "boxed_words": {**_WORDS, "border": 1},
    "number": {**_FIELD, "num_format": "0"},
    "sum": {**_BOXED, "num_format": "0"},
    "choice": _FIELD,
    "words": {**_WORDS, "border": 1, "locked": False, "bg_color": "#FFFBE6"},
    "note": {**_WORDS, "font_size": 10, "valign": "top"},
}


class Book:
    """A workbook in memory. The same contents give the same bytes: nothing in it depends on the clock."""

    def __init__(self, title: str, period: Period) -> None:
        self._bytes = BytesIO()
        self.workbook = Workbook(
            self._bytes,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        created = datetime(period.year, period.month, 1)  # noqa: DTZ001  (the file format has no zones)
        self.workbook.set_properties({"title": title, "author": "", "created": created})
        self._styles: dict[tuple[str, bool], Format] = {}

    def style(self, name: str, *, quoted: bool = False) -> Format:
        """A named look; `quoted` keeps a text a text even when somebody edits the cell."""
        if (name, quoted) not in self._styles:
            given = {"font_name": FONT, "font_size": 11, **STYLES[name], "quote_prefix": quoted}
            self._styles[name, quoted] = self.workbook.add_format(given)
        return self._styles[name, quoted]

    def words(self, name: str, text: str) -> Format:
        """The look for a text that came from somebody else."""
        return self.style(name, quoted=is_live(text))

    def close(self) -> bytes:
        """The file."""
        self.workbook.close()
        return self._bytes.getvalue()


def is_live(text: str) -> bool:
    """Whether some program would take the text for a formula."""
    return text.lstrip(" \u3000\ufeff\u00a0").startswith(LIVE)


def lines_of(text: str, characters: int) -> int:
    """Lines that a text takes where a line holds so many full-width characters."""
    return sum(max(1, -(-_width(line) // (2 * characters))) for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(1 if ord(character) < 0x2E80 else 2 for character in line)
