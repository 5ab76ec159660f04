"""Figures rolled up to the units that report, with a warning for every one that a blank makes unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from app.reconcile.columns import SUMMARY
from app.reconcile.draft import Draft
from app.reconcile.findings import finding

_UNIT = next(column for column in SUMMARY if column.code == "unit_code")
Figures = Mapping[str, int | None]


class RolledRow(NamedTuple):
    """The figures of a reporting unit in a period, summed over so many rows."""

    period: str
    unit: str
    parts: int
    figures: Figures


def roll_up(draft: Draft) -> None:
    """Make `rolled`, where a sum is NULL if any part is blank; warn of blanks and of what counts nowhere."""
    if draft.is_plain and not draft.has_skipped:
        parts, rows = "sum(parts)", "glance"
    else:
        parts, rows = "count(*)", f"(FROM entry JOIN unit ON code = unit_code WHERE {draft.counted})"
    draft.rows(f"""
        CREATE OR REPLACE TEMP TABLE rolled AS
        SELECT period, reporting AS unit, {parts}::BIGINT AS parts, {draft.sums}
        FROM {rows} WHERE reporting <> '' GROUP BY period, reporting
    """)
    _warn_of_units_that_do_not_report(draft)
    _warn_of_blanks(draft)
    for period, days in sorted(draft.cut_offs.items()):
        if len(days) > 1:
            draft.findings.add(finding("as-of-differs", column="as_of", period=period))


def rolled_rows(draft: Draft) -> list[RolledRow]:
    """The rows of `rolled` by period and unit."""
    codes = [column.code for column in draft.figures]
    rows = draft.rows(f"SELECT period, unit, parts, {', '.join(codes)} FROM rolled ORDER BY period, unit")
    return [
        RolledRow(period, unit, parts, dict(zip(codes, figures, strict=True)))
        for period, unit, parts, *figures in rows
    ]


def _warn_of_units_that_do_not_report(draft: Draft) -> None:
    (rolled,) = draft.rows("SELECT coalesce(sum(parts), 0) FROM rolled")[0]
    (counted,) = draft.rows(f"SELECT count(*) FROM entry WHERE {draft.counted}")[0]
    if rolled == counted:
        return
    rows = draft.rows(
        "SELECT record, unit_code FROM entry JOIN unit ON code = unit_code"
        f" WHERE reporting = '' AND {draft.counted} ORDER BY record"
    )
    for record, code in rows:
        draft.note("unit-not-reporting", record, _UNIT, value=code)


def _warn_of_blanks(draft: Draft) -> None:
    """One warning for each figure of a reporting unit and period, at the first row that leaves it blank."""
    codes = [column.code for column in draft.figures]
    if not draft.rows(
        f"SELECT 1 FROM rolled WHERE {' OR '.join(f'{code} IS NULL' for code in codes)} LIMIT 1"
    ):
        return
    first = ", ".join(f"min(record) FILTER ({code} IS NULL)" for code in codes)
    rows = draft.rows(
        f"SELECT reporting, {first} FROM entry JOIN unit ON code = unit_code"
        f" WHERE reporting <> '' AND {draft.counted} GROUP BY period, reporting"
    )
    blanks = (
        (record, i, unit) for unit, *records in rows for i, record in enumerate(records) if record is not None
    )
    for record, i, unit in sorted(blanks):
        draft.note("missing-figure", record, draft.figures[i], unit=unit)
