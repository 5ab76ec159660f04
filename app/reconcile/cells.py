"""How a cell is read: period, code, figure and date as text, with what was tidied and why it is refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")

LARGEST_FIGURE = 9_999_999
LARGEST_TOTAL = 999_999_999_999
FIRST_PERIOD = "2015-04"
LATEST_YEAR = 2099

_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
# ASCII digits are spelled out throughout: \d would take the digits of every script.
_PERIOD = re.compile(r"(20[0-9]{2})(?:-?(0[1-9]|1[0-2])|年(0?[1-9]|1[0-2])月)")
_CODE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_DIGITS = re.compile(r"[0-9]+")
_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+|[0-9]{4,}\.0*")
_LOST_ZEROS = re.compile(r"[0-9]{1,5}|[0-9]{7,8}|[0-9]{10,11}")
_FORMULA = re.compile(r"[=@].*|[+-].*[A-Za-z(].*|#[A-Z/0]+[!?A]?", re.DOTALL)
_DATE = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)(?:[ T]0?0:00(?::00)?)?"
)
_TIGHT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


class Reading(NamedTuple, Generic[T]):
    """A cell as read. `refused` is the code of the finding that refuses it, `notes` those of warnings."""

    value: T | None
    refused: str | None = None
    notes: tuple[str, ...] = ()


def tidy(text: str) -> tuple[str, tuple[str, ...]]:
    """The text in half width, without blanks and invisible characters around it, and what was changed."""
    if text.isascii():
        bare = text.strip()
        return bare, ("stray-space",) * (bare != text)
    narrow = text.translate(_NARROW)
    bare = narrow.translate(_INVISIBLE).strip()
    notes = ("full-width",) * (narrow != text) + ("stray-space",) * (bare != narrow)
    return bare, notes


def read_period(text: str) -> Reading[str]:
    """YYYY-MM from 2015-04, 201504 or 2015年4月; not before the first period."""
    bare, notes = tidy(text)
    found = _PERIOD.fullmatch(bare)
    if found is None:
        return Reading(None, _refusal(bare) or ("serial-date" if _SERIAL.fullmatch(bare) else "bad-period"))
    period = f"{found[1]}-{int(found[2] or found[3]):02d}"
    if period < FIRST_PERIOD:
        return Reading(None, "period-too-early")
    return Reading(period, None, notes)


def read_code(text: str) -> Reading[str]:
    """A code of six or nine digits; twelve digits, and trailing zeros below the county, are cut to them."""
    bare, notes = tidy(text)
    if not _CODE.fullmatch(bare):
        return Reading(None, _refusal(bare) or _code_refusal(bare))
    short = bare
    while len(short) > 6 and short.endswith("000"):
        short = short[:-3]
    # A village (twelve digits that do not end in 000) is no unit of the register.
    return Reading(short, None, notes)


def _code_refusal(bare: str) -> str:
    if _SCIENTIFIC.fullmatch(bare):
        return "scientific-notation"
    return "lost-zeros" if _LOST_ZEROS.fullmatch(bare) else "bad-code"


def read_figure(text: str, largest: int = LARGEST_FIGURE) -> Reading[int]:
    """A non-negative integer, or None without refusal for a blank, which is a missing figure."""
    bare, notes = tidy(text)
    if not bare:
        return Reading(None, None, notes)
    if _GROUPED.fullmatch(bare):
        bare, notes = bare.replace(",", ""), (*notes, "thousands-separator")
    if not _DIGITS.fullmatch(bare):
        return Reading(None, _refusal(bare) or _figure_refusal(bare))
    digits = bare.lstrip("0") or "0"
    if len(digits) > len(str(largest)) or int(digits) > largest:
        return Reading(None, "out-of-range")
    return Reading(int(digits), None, notes if digits == bare else (*notes, "leading-zero"))


def _figure_refusal(bare: str) -> str:
    return "scientific-notation" if re.fullmatch(r"[0-9](?:\.[0-9]+)?E\+[0-9]+", bare) else "not-integer"


def read_date(text: str, earliest: int = 2000) -> Reading[date]:
    """A day from 2015-04-25, or with a warning from 2015/4/25, 2015年4月25日, 20150425 and midnight of it.

    A year before `earliest` or after 2099 is no date that anybody meant.
    """
    bare, notes = tidy(text)
    if not bare:
        return Reading(None, None, notes)
    found = _DATE.fullmatch(bare) or _TIGHT_DATE.fullmatch(bare)
    if found is None:
        return Reading(None, _refusal(bare) or ("serial-date" if _SERIAL.fullmatch(bare) else "bad-date"))
    year, month, day = (int(part) for part in found.groups() if part and part.isdigit())
    if not earliest <= year <= LATEST_YEAR:
        return Reading(None, "bad-date")
    try:
        value = date(year, month, day)
    except ValueError:
        return Reading(None, "bad-date")
    return Reading(value, None, notes if value.isoformat() == bare else (*notes, "date-form"))


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would compute this cell, or has failed to."""
    return _FORMULA.fullmatch(tidy(text)[0]) is not None


def _refusal(bare: str) -> str | None:
    return "formula" if _FORMULA.fullmatch(bare) else None
