"""The number of a circular (发文字号): 机关代字〔2015〕3号, with brackets of six angles and no padded zero."""

from __future__ import annotations

import re

NUMBER = "[\u4e00-\u9fff]{0,30}〔[0-9]{4}〕[1-9][0-9]{0,5}号"
_NUMBER = re.compile(NUMBER)


def is_number(text: str) -> bool:
    """Whether a text is a number as GB/T 9704-2012 7.2.5 writes it; the code of the office may be left out."""
    return _NUMBER.fullmatch(text) is not None


def number(year: int, sequence: int) -> str:
    """The number of the `sequence`th circular of a year, for an office that gave no code of its own."""
    return f"〔{year}〕{sequence}号"
