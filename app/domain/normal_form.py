"""The normal forms of a text, in time that grows with its length only."""

from __future__ import annotations

import re
from typing import Literal
from unicodedata import combining, normalize

# By what a character becomes: U+0F73 and U+FF9E are none themselves and are taken apart into marks.
MARKS = (
    "".join(c for c in map(chr, range(0x300, 0x10000)) if all(map(combining, normalize("NFKD", c))))
    + "\U00010000-\U0001efff"
)
"""Combining marks, as a part of a pattern. Beyond the first plane all small scripts count as marks: naming
their marks one by one makes the pattern a hundred times slower."""

TOO_MANY_MARKS = re.compile(f"[{MARKS}]{{31}}")
"""A run that no language has: thirty are enough for every one (UAX #15, stream-safe text)."""


def normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    """The text in a normal form; one with a run of more than 30 marks stays as it is.

    Putting marks in order takes quadratic time in their number: minutes for a megabyte on one letter. Such a
    text is no name, so that whatever is compared or measured afterwards refuses it.
    """
    if text.isascii() or TOO_MANY_MARKS.search(text):
        return text
    return normalize(form, text)
