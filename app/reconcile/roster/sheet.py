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
        "township": f"TRY_CAST(left({township}, 9) AS UINTEGER)",
        "begun": _day(begins),
        "ended": _day(ends),
        "terms": fingerprint(f"hash({terms})"),
        "named": fingerprint(f"hash({cells.get('township_name', chr(39) * 2)})"),
    }
    plain = [
        _is_plain_identity(cells[shape.identity]),
        _is_plain_township(township),
        f"{_is_plain_day(begins, last)} AND {_day(begins)} IS NOT NULL",
        _is_plain_day(ends, last),
        f"coalesce({_day(ends)} >= {_day(begins)}, true)",
    ]
    if "updated_at" in cells:
        plain.append(_is_plain_day(cells["updated_at"], last))
    if "rectified_on" in cells:
        parts["rectified"] = cells["rectified_on"]
        plain.append(_are_plain_days(cells["rectified_on"], last))
    for code in shape.figures:
        parts[code] = f"TRY_CAST({cells[code]} AS UINTEGER)" if code in cells else "NULL::UINTEGER"
    plain += [_is_plain_figure(cells[code]) for code in shape.figures if code in cells]
    parts["is_odd"] = f"NOT ({' AND '.join(plain)})"
    return ", ".join(f"{expression} AS {name}" for name, expression in parts.items())


def fingerprint(hashed: str) -> str:
    """Half of a hash: two of the few hundred texts of a column share one once in ten million files."""
    return f"({hashed} >> 32)::UINTEGER"


def _day(cell: str) -> str:
    return f"TRY_CAST({cell} AS DATE)"


def _is_plain_day(cell: str, last: str) -> str:
    """Blank, or written as it would be written back, and within the years that anybody means."""
    day = _day(cell)
    return f"(coalesce({day}::VARCHAR, '') = {cell} AND coalesce({day} BETWEEN {_FIRST} AND {last}, true))"


def _are_plain_days(cell: str, last: str) -> str:
    days = f"list_transform(string_split({cell}, ';'), lambda day: {_day('day')})"
    written = f"array_to_string(list_sort(list_distinct({days})), ';') = {cell}"
    # A list is made of the few rows that have one.
    many = f"coalesce({written} AND list_min({days}) >= {_FIRST} AND list_max({days}) <= {last}, false)"
    return f"CASE WHEN strlen({cell}) <= 10 THEN {_is_plain_day(cell, last)} ELSE {many} END"


def _is_plain_township(cell: str) -> str:
    written = f"TRY_CAST(left({cell}, 9) AS UINTEGER)::VARCHAR"
    return (
        f"coalesce(strlen({written}) = 9 AND NOT ends_with({written}, '000') AND"
        f" CASE WHEN {written} = {cell} THEN true ELSE {written} || '000' = {cell} END, false)"
    )


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
    value = f"TRY_CAST({cell} AS UINTEGER)"
    return f"(coalesce({value}::VARCHAR, '') = {cell} AND coalesce({value}, 0) <= {LARGEST_FIGURE})"
