"""The comparison of a whole nation, made where the ledger was read; the same answer as `compare`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from app.reconcile.columns import SEVEN
from app.reconcile.compare import Cell, Comparison, Figures, Mismatch, comparison, mismatch
from app.reconcile.engine import Engine, load_columns


def load_reported(
    engine: Engine, reported: Mapping[str, Mapping[str, Figures]], indicators: Sequence[str] = SEVEN
) -> None:
    """Make the table `reported` (period, unit, the indicators) of figures by period and unit."""
    rows = [(period, unit, figures) for period, units in reported.items() for unit, figures in units.items()]
    keys = {
        "period": ("VARCHAR", [period for period, _, _ in rows]),
        "unit": ("VARCHAR", [unit for _, unit, _ in rows]),
    }
    values = {code: ("BIGINT", [figures.get(code) for _, _, figures in rows]) for code in indicators}
    load_columns(engine, "reported", {**keys, **values})


def compare_tables(
    engine: Engine,
    *,
    periods: Iterable[str],
    expected_units: Iterable[str] | None = None,
    indicators: Sequence[str] = SEVEN,
) -> dict[str, Comparison]:
    """Compare the tables `reported` and `rolled` period by period, as `compare` does.

    Both have period, unit and all the indicators, a pair of period and unit at most once.
    """
    months = sorted(set(periods))
    load_columns(engine, "compared_period", {"period": ("VARCHAR", months)})
    if expected_units is None:
        pairs = "SELECT period, unit FROM reported UNION SELECT period, unit FROM rolled"
    else:
        load_columns(engine, "expected", {"unit": ("VARCHAR", sorted(set(expected_units)))})
        pairs = "SELECT period, unit FROM expected CROSS JOIN compared_period"
    engine.execute(f"""
        CREATE OR REPLACE TEMP TABLE pair AS
        SELECT period, unit FROM ({pairs}) SEMI JOIN compared_period USING (period)
    """)
    counts = dict(engine.execute("SELECT period, count(*) FROM pair GROUP BY period").fetchall())
    unequal = _unequal(engine, indicators)
    return {month: comparison(counts.get(month, 0) * len(indicators), *unequal[month]) for month in months}


_Lists = tuple[list[Mismatch], list[Cell], list[Cell]]


def _unequal(engine: Engine, indicators: Sequence[str]) -> defaultdict[str, _Lists]:
    """The mismatches, the cells missing in the ledger, and those not reported, by period."""
    cells = " UNION ALL ".join(
        f"SELECT period, unit, {i} AS place, reported.{code} AS said, rolled.{code} AS known"
        " FROM pair LEFT JOIN reported USING (period, unit) LEFT JOIN rolled USING (period, unit)"
        f" WHERE said IS NULL OR said IS DISTINCT FROM known"
        for i, code in enumerate(indicators)
    )
    lists: defaultdict[str, _Lists] = defaultdict(lambda: ([], [], []))
    for month, unit, place, said, known in engine.execute(f"{cells} ORDER BY period, unit, place").fetchall():
        mismatches, missing, silent = lists[month]
        if said is None:
            silent.append(Cell(unit=unit, indicator=indicators[place], reported=None, ledger=known))
        elif known is None:
            missing.append(Cell(unit=unit, indicator=indicators[place], reported=said, ledger=None))
        else:
            mismatches.append(mismatch(unit, indicators[place], said, known))
    return lists
