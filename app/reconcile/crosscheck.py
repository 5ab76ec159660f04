"""Rows against each other: duplicates, rows of units above others in the file, and rows of totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.reconcile.columns import SUMMARY, Column
from app.reconcile.draft import Draft, PlacedTotal
from app.reconcile.engine import load_columns
from app.reconcile.units import above

_UNIT = next(column for column in SUMMARY if column.code == "unit_code")

Sums = tuple[int | None, ...]


def skip_duplicates(draft: Draft) -> None:
    """Count identical rows of one unit and period once; refuse different ones, with both lines."""
    load_columns(draft.engine, "skipped", {"record": ("BIGINT", [])})
    if draft.is_plain and _rises(draft):
        return
    (extra,) = draft.rows("SELECT count(*) - count(DISTINCT hash(period, unit_code)) FROM entry")[0]
    # Equal keys have equal hashes: none is missed. Different keys with one hash are told apart below.
    if not extra:
        return
    figures = ", ".join(column.code for column in draft.figures)
    draft.rows(f"""
        CREATE OR REPLACE TEMP TABLE repeated AS
        SELECT record, first_value(record) OVER same AS first,
            row({figures}) IS NOT DISTINCT FROM first_value(row({figures})) OVER same AS is_equal
        FROM entry JOIN (SELECT period, unit_code FROM entry GROUP BY ALL HAVING count(*) > 1) AS key
            USING (period, unit_code)
        WINDOW same AS (PARTITION BY period, unit_code ORDER BY record)
    """)
    for record, first, is_equal in draft.rows("SELECT * FROM repeated WHERE record <> first ORDER BY record"):
        code = "duplicate-same" if is_equal else "duplicate-differs"
        draft.note(code, record, other=draft.lines.of(first))
    draft.rows("INSERT INTO skipped SELECT record FROM repeated WHERE record <> first")
    draft.has_skipped = True


def _rises(draft: Draft) -> bool:
    """Whether each row of a plain sheet is above the one before it by period and unit, as in most exports.

    Then no two are equal, which is seen in a third of the time that it takes to count different ones; the
    first row that falls ends the look.
    """
    falls = "(period, unit_code) <= lag((period, unit_code)) OVER ()"
    return not draft.rows(f"SELECT 1 FROM (SELECT {falls} AS falls FROM sheet) WHERE falls LIMIT 1")


def skip_units_above(draft: Draft) -> None:
    """Treat a row whose unit has units below it in the same period as a total: check it, do not count it."""
    upper = {
        code for (code,) in draft.rows("SELECT DISTINCT unit_code FROM entry WHERE strlen(unit_code) = 6")
    }
    if not upper:
        # Nobody is below a township, and the townships of a nation need not be looked up one by one.
        return
    present = [code for (code,) in draft.rows("SELECT DISTINCT unit_code FROM entry")]
    pairs = [(up, code) for code in present for up in above(draft.units[code], draft.units) if up in upper]
    if not pairs:
        return
    columns = {
        "upper": ("VARCHAR", [up for up, _ in pairs]),
        "lower": ("VARCHAR", [code for _, code in pairs]),
    }
    load_columns(draft.engine, "descent", columns)
    draft.rows(f"""
        CREATE OR REPLACE TEMP TABLE upper_row AS
        SELECT * FROM entry AS own WHERE {draft.counted} AND EXISTS (
            FROM descent JOIN entry AS below ON below.unit_code = lower
            WHERE upper = own.unit_code AND below.period = own.period)
    """)
    draft.rows("INSERT INTO skipped SELECT record FROM upper_row")
    draft.has_skipped = True
    _check_units_above(draft)


def _check_units_above(draft: Draft) -> None:
    """Compare what a unit says with what the lowest units below it say, where those leave nothing blank."""
    codes = [column.code for column in draft.figures]
    own = ", ".join(f"any_value(own.{code})" for code in codes)
    sums = ", ".join(_sum_without_blanks(f"below.{code}") for code in codes)
    rows = draft.rows(f"""
        SELECT own.record, {own}, {sums}
        FROM upper_row AS own JOIN descent ON upper = own.unit_code
            JOIN entry AS below ON below.unit_code = lower AND below.period = own.period
        WHERE below.{draft.counted} GROUP BY own.record ORDER BY own.record
    """)
    for record, *values in rows:
        draft.note("above-skipped", record, _UNIT)
        stated, expected = values[: len(codes)], values[len(codes) :]
        for column, said, summed in _differences(draft.figures, stated, expected):
            draft.note("above-differs", record, column, value=str(said), found=said, expected=summed)


def _sum_without_blanks(figure: str) -> str:
    return f"CASE WHEN count({figure}) = count(*) THEN sum({figure})::BIGINT END"


def _differences(
    columns: Sequence[Column], stated: Sequence[int | None], expected: Sequence[int | None]
) -> Iterator[tuple[Column, int, int]]:
    for column, said, summed in zip(columns, stated, expected, strict=True):
        if said is not None and summed is not None and said != summed:
            yield column, said, summed


def check_totals(draft: Draft) -> None:
    """Check each row of totals; only once every other row could be read, or every sum would seem wrong.

    A total holds for its period, or for the file where it names none, or for the rows since the row of
    totals before it; a subtotal for the latter. Blanks count as nothing, as they do in a spreadsheet's sum.
    """
    for total in draft.totals:
        draft.note("total-skipped", total.record)
    if not draft.totals or draft.findings.has_errors:
        return
    by_period, of_block = _sums_by_period(draft), _sums_of_blocks(draft)
    for placed in draft.totals:
        block = of_block.get(placed.record)
        whole = by_period.get(placed.total.period)
        _check_total(draft, placed, [block, whole] if placed.total.is_subtotal else [whole, block])


def _check_total(draft: Draft, placed: PlacedTotal, candidates: list[Sums | None]) -> None:
    zeros = (0,) * len(draft.figures)
    differences = [
        list(_differences(draft.figures, placed.total.figures, sums or zeros)) for sums in candidates
    ]
    if all(differences):
        for column, said, summed in differences[0]:
            draft.note("total-differs", placed.record, column, value=str(said), found=said, expected=summed)


def _sums(draft: Draft) -> str:
    return ", ".join(f"coalesce(sum({column.code}), 0)::BIGINT" for column in draft.figures)


def _sums_by_period(draft: Draft) -> dict[str | None, Sums]:
    """The sums of what counts, by period; those of the whole file under None."""
    rows = draft.rows(f"""
        SELECT period, {_sums(draft)} FROM entry WHERE {draft.counted}
        GROUP BY GROUPING SETS ((period), ())
    """)
    return {period: tuple(sums) for period, *sums in rows}


def _sums_of_blocks(draft: Draft) -> dict[int, Sums]:
    """The sums of what counts between a row of totals and the one before it, by the record of the former."""
    load_columns(draft.engine, "block", {"ending": ("BIGINT", [total.record for total in draft.totals])})
    rows = draft.rows(f"""
        SELECT ending, {_sums(draft)} FROM entry ASOF JOIN block ON record <= ending
        WHERE {draft.counted} GROUP BY ending
    """)
    return {ending: tuple(sums) for ending, *sums in rows}
