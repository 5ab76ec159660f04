"""What people type into cells, as the content of a report holds it; what was tidied is said."""

from __future__ import annotations

import re
from typing import NamedTuple

from app.documents.layout import NO, YES, plain
from app.documents.opened import Computed

_WIDE = str.maketrans(
    "０１２３４５６７８９，．－＋\u2212",
    "0123456789,.-+-",
)
_BLANKS = re.compile(r"[\s\u3000\u00a0\u200b\ufeff]+")
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+")
_WHOLE = re.compile(r"-?[0-9]{1,15}(?:\.0+)?")
_EXACT = 2**53
_YES = {YES, "√", "有", "已开展", "1", "true", "y", "yes"}
_NO = {NO, "×", "无", "未开展", "0", "false", "n", "no"}


class Read(NamedTuple):
    """A value for the report's content, and whether it was written differently."""

    value: object
    is_tidied: bool = False


def number(value: object) -> Read:
    """A number of a cell. What is none stays as it is, for the content's own reader to refuse.

    Cells hold floats, so 12.0 is 12; texts may hold full-width digits, blanks and thousands separators.
    """
    if isinstance(value, float):
        return Read(int(value) if value.is_integer() and abs(value) < _EXACT else value)
    if not isinstance(value, str):
        return Read(value)
    text = _BLANKS.sub("", value.translate(_WIDE))
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    return Read(int(text.partition(".")[0]), is_tidied=True) if _WHOLE.fullmatch(text) else Read(value)


def words(value: object) -> Read:
    """A text of a cell; a number that was typed where a text belongs is its digits."""
    if isinstance(value, Computed | str):
        return Read(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return Read(str(int(value)))
    return Read("" if value is None else str(value))


def phone(value: object) -> Read:
    """A telephone number: digits, hyphens and blanks as narrow characters."""
    text = words(value).value
    if not isinstance(text, str):
        return Read(text)
    tidy = " ".join(text.translate(_WIDE).replace("—", "-").replace("–", "-").split())
    return Read(tidy, is_tidied=tidy != text.strip())


def choice(value: object) -> Read:
    """Yes or no; what is neither stays as it is."""
    if isinstance(value, Computed | bool):
        return Read(value)
    text = plain(words(value).value).lower()
    return Read(True) if text in _YES else Read(False) if text in _NO else Read(value)


def rule_number(value: object) -> Read:
    """The number of a rule: R10, however its letters were typed."""
    text = words(value).value
    return Read(plain(text).upper() if isinstance(text, str) else text)
