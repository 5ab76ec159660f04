"""A roster as a DuckDB table read in one pass, each row with a mark of whether it is as good as it looks."""

from __future__ import annotations

from datetime import date

from app.reconcile.cells import LARGEST_FIGURE, LATEST_YEAR
from app.reconcile.columns import Layout
from app.reconcile.roster.columns import Shape
from app.reconcile.roster.rows import EARLIEST_YEAR, LONGEST_ID

_FIRST = f"DATE '{EARLIEST_YEAR}-01-01'"


def picked(layout: Layout, shape: Shape, today: date | None) -> str:
    """What of a record goes into the sheet.

    `identity`; `township`, its nine digits as a number; `begun`, `ended`; `terms` and `named`, fingerprints
    of 32 bits of the texts of terms and of the township's name; for organizations `rectified`, days with
    semicolons, and the figures; `is_odd` unless every cell that counts is written as it would be written back.
    """
    cells = {column.code: f"c{i}" for i, column in enumerate(layout.columns)}
    last = f"DATE '{today or date(LATEST_YEAR, 12, 31)}'"
    begins, ends = cells[shape.begins], cells[shape.ends]
    township = cells["township_code"]
    terms = ", ".join(cells.get(code, "''") for code in shape.terms)
    parts = {
        "identity": cells[shape.identity],
        "township": _township(township),
        "begun": _day(begins),
        "ended": _day(ends),
        "terms": fingerprint(f"hash({terms})"),
        "named": fingerprint(f"hash({cells.get('township_name', chr(39) * 2)})"),
    }
    plain = [
        _is_plain_identity(cells[shape.identity]),
        _is_plain_township(township),
        _is_plain_day(begins, last),
        # Plain days are in the order of their texts. Most records have no end, and CASE passes those by.
        f"CASE WHEN {ends} = '' THEN true ELSE {_is_plain_day(ends, last)} AND {ends} >= {begins} END",
    ]
    if "rectified_on" in cells:
        parts["rectified"] = cells["rectified_on"]
        plain.append(_are_plain_days(cells["rectified_on"], last))
    for code in shape.figures:
        parts[code] = _figure(cells[code]) if code in cells else "NULL::UINTEGER"
    plain += [_is_plain_figure(cells[code]) for code in shape.figures if code in cells]
    # What cannot be read is NULL, and so is every comparison with it.
    parts["is_odd"] = f"coalesce(NOT ({' AND '.join(plain)}), true)"
    return ", ".join(f"{expression} AS {name}" for name, expression in parts.items())


def fingerprint(hashed: str) -> str:
    """Half of a hash: two of the few hundred texts of a column share one once in ten million files."""
    return f"({hashed} >> 32)::UINTEGER"


def _day(cell: str) -> str:
    # A blank that is cast fails, and each failure costs as much as ten days that are read.
    return f"TRY_CAST(nullif({cell}, '') AS DATE)"


def _is_plain_day(cell: str, last: str) -> str:
    """Written as it would be written back, and within the years that anybody means."""
    return f"({_day(cell)}::VARCHAR = {cell} AND {_day(cell)} BETWEEN {_FIRST} AND {last})"


def _are_plain_days(cell: str, last: str) -> str:
    """None, one or two days in order; more of them are rare, and read one row at a time."""
    first, second = f"left({cell}, 10)", f"right({cell}, 10)"
    # Two texts of ten characters that are days written back: years of four digits, in the order of texts.
    two = (
        f"concat(TRY_CAST({first} AS DATE)::VARCHAR, ';', TRY_CAST({second} AS DATE)::VARCHAR) = {cell}"
        f" AND {first} < {second} AND {first} >= ({_FIRST})::VARCHAR AND {second} <= ({last})::VARCHAR"
    )
    return (
        f"CASE WHEN {cell} = '' THEN true WHEN strlen({cell}) <= 10 THEN {_is_plain_day(cell, last)}"
        f" WHEN strlen({cell}) = 21 THEN {two} ELSE false END"
    )


def _township(cell: str) -> str:
    return f"TRY_CAST(CASE WHEN strlen({cell}) = 9 THEN {cell} ELSE left({cell}, 9) END AS UINTEGER)"


def _is_plain_township(cell: str) -> str:
    """Nine digits, or these and 000. A number of fewer digits is looked up in vain."""
    written = f"{_township(cell)}::VARCHAR"
    return f"CASE WHEN {written} = {cell} THEN true ELSE {written} || '000' = {cell} END"


def _is_plain_identity(cell: str) -> str:
    """Printable ASCII without a blank at its end that begins with a letter, or has digits and no letter E.

    What begins so is no formula, and what begins with a letter is no number in scientific notation.
    """
    number = (
        f"{cell} < ':' AND {cell} >= '0' AND NOT contains(upper({cell}), 'E') AND NOT contains({cell}, '.')"
    )
    return (
        f"(strlen({cell}) = length({cell}) AND strlen({cell}) <= {LONGEST_ID} AND NOT ends_with({cell}, ' ')"
        f" AND CASE WHEN {cell} >= 'A' THEN true ELSE {number} END)"
    )


def _is_plain_figure(cell: str) -> str:
    """Written as it would be written back, and not too large.

    Of one or two characters it is if it has as many digits: all that is read besides digits takes a place.
    """
    short = f"{cell} = '' OR (strlen({cell}) = 2) = ({_figure(cell)} >= 10)"
    long = f"{_figure(cell)}::VARCHAR = {cell} AND {_figure(cell)} <= {LARGEST_FIGURE}"
    return f"CASE WHEN strlen({cell}) < 3 THEN {short} ELSE {long} END"


def _figure(cell: str) -> str:
    return f"TRY_CAST(nullif({cell}, '') AS UINTEGER)"
