"""The job as bare DuckDB SQL: typed columns, one number for each check, no line of any row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from app.domain.period import Window
from app.reconcile.columns import SEVEN
from app.reconcile.roster.columns import TERMS
from app.reconcile.roster.run import MEMORY
from bench.bench_ledger_sample import windows

Found = list[tuple[str, str, str, int, int]]
"""Period, unit, indicator, reported, ledger."""


def enumerations() -> dict[str, str]:
    """An ENUM for each column of terms, in SQL."""
    return {code: "ENUM (" + ", ".join(f"'{t}'" for t in terms) + ")" for code, terms in TERMS.items()}


class Sql:
    """One connection with the limits that the product has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config: dict[str, Any] = {
            "memory_limit": MEMORY,
            "threads": 2,
            "temp_directory": str(folder / "spill"),
        }
        self.connection = duckdb.connect(":memory:", config=config)

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        return self.connection.execute(statement).fetchall()

    def read(self, table: str, columns: str, picked: str = "*") -> None:
        """A file as a table of typed columns."""
        options = f"header = true, auto_detect = false, delim = ',', quote = '\"', columns = {{{columns}}}"
        self.run(
            f"CREATE TABLE {table} AS SELECT {picked} FROM read_csv('{self.folder / table}.csv', {options})"
        )


def load(sql: Sql) -> None:
    """Read units and rosters, every column that is checked with its type."""
    for code, text in enumerations().items():
        sql.run(f"CREATE TYPE {code} AS {text}")
    sql.read("units", "'place': 'INTEGER', 'code': 'UINTEGER', 'name': 'VARCHAR', 'reporting': 'VARCHAR'")
    sql.read(
        "members",
        "'member_id': 'VARCHAR', 'township_code': 'UINTEGER', 'township_name': 'VARCHAR', 'name': 'VARCHAR',"
        " 'role': 'role', 'full_time': 'full_time', 'source_type': 'source_type', 'begun': 'DATE',"
        " 'ended': 'DATE', 'end_reason': 'end_reason', 'updated_at': 'VARCHAR'",
        "* EXCLUDE (name, updated_at)",
    )
    sql.read(
        "orgs",
        "'org_id': 'VARCHAR', 'township_code': 'UINTEGER', 'township_name': 'VARCHAR', 'org_name': 'VARCHAR',"
        " 'org_type': 'org_type', 'begun': 'DATE', 'ended': 'DATE', 'dissolve_reason': 'VARCHAR',"
        " 'rectified_on': 'VARCHAR', 'member_count': 'UINTEGER', 'youth_count': 'UINTEGER',"
        " 'wechat_groups': 'UINTEGER', 'updated_at': 'VARCHAR'",
        "* EXCLUDE (org_name, dissolve_reason, updated_at)",
    )


def check(sql: Sql) -> None:
    """Every check as a number; the sample is clean."""
    for table, identity in (("members", "member_id"), ("orgs", "org_id")):
        key = "member_id, township_code, begun" if table == "members" else "org_id"
        assert sql.run(
            f"SELECT count(*) FROM {table} LEFT JOIN units ON code = township_code"
            " WHERE code IS NULL OR township_name <> units.name"
        ) == [(0,)]
        assert sql.run(
            f"SELECT count(*) FROM {table} WHERE begun IS NULL OR ended < begun OR {identity} IS NULL"
        ) == [(0,)]
        assert sql.run(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1)"
        ) == [(0,)]


MERGED = """
    CREATE TABLE spells AS
    WITH several AS (SELECT member_id, township_code FROM members GROUP BY ALL HAVING count(*) > 1),
    ordered AS (
        SELECT member_id, township_code, begun, ended, coalesce(begun > 1 + max(coalesce(ended, DATE '9999-01-01'))
            OVER (PARTITION BY member_id, township_code ORDER BY begun
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            true) AS is_first
        FROM members SEMI JOIN several USING (member_id, township_code)
    ), placed AS (
        SELECT *, sum(is_first::INTEGER) OVER (PARTITION BY member_id, township_code ORDER BY begun) AS place
        FROM ordered
    )
    SELECT township_code, min(begun) AS begun, CASE WHEN count(ended) = count(*) THEN max(ended) END AS ended
    FROM placed GROUP BY member_id, township_code, place
    UNION ALL
    SELECT township_code, begun, ended FROM members ANTI JOIN several USING (member_id, township_code)
"""
"""Spells that continue one another are one; only members with several records are sorted."""


def _flows(month: str, window: Window, added: str, left: str, total: str) -> str:
    start, end = (f"DATE '{day}'" for day in window)
    return (
        f'count(*) FILTER (begun > {start} AND begun <= {end}) AS "{month}_{added}",'
        f' count(*) FILTER (ended > {start} AND ended <= {end}) AS "{month}_{left}",'
        f' count(*) FILTER (begun <= {end} AND (ended IS NULL OR ended > {end})) AS "{month}_{total}"'
    )


def derive_sql(sql: Sql, months: Mapping[str, Window]) -> dict[tuple[str, str], list[int]]:
    """The seven figures by period and reporting unit."""
    sql.run(MERGED)
    found: dict[tuple[str, str], list[int]] = {}
    for table, names, places in (
        ("spells", ("members_added", "members_left", "members_total"), (0, 1, 2)),
        ("orgs", ("orgs_new", "orgs_dissolved", "orgs_total"), (3, 4, 6)),
    ):
        sums = ", ".join(_flows(month, window, *names) for month, window in months.items())
        rows = sql.run(
            f"SELECT reporting, {sums} FROM {table} JOIN units ON code = township_code GROUP BY reporting"
        )
        for unit, *values in rows:
            for number, month in enumerate(months):
                cells = found.setdefault((month, unit), [0] * len(SEVEN))
                for place, value in zip(places, values[3 * number : 3 * number + 3], strict=True):
                    cells[place] = value
    spans = ", ".join(f"('{m}', DATE '{w.start}', DATE '{w.end}')" for m, w in months.items())
    rows = sql.run(f"""
        WITH day AS (SELECT org_id, township_code, unnest(string_split(rectified_on, ';'))::DATE AS day FROM orgs
            WHERE rectified_on <> ''),
        span AS (FROM (VALUES {spans}) AS v(month, start, stop))
        SELECT month, reporting, count(DISTINCT org_id) FROM day JOIN span ON day > start AND day <= stop
            JOIN units ON code = township_code GROUP BY ALL""")
    for month, unit, count in rows:
        found[month, unit][5] = count
    return found


def bare_sql(folder: Path) -> Found:
    """Read, check, derive, join, list what differs."""
    sql = Sql(folder)
    load(sql)
    check(sql)
    found = derive_sql(sql, windows())
    figures = ", ".join(f"'{code}': 'INTEGER'" for code in SEVEN)
    sql.read("reports", f"'period': 'VARCHAR', 'unit': 'VARCHAR', {figures}")
    said = {(row[0], row[1]): row[2:] for row in sql.run("FROM reports")}
    return differences(said, found)


def differences(said: Mapping[tuple[str, str], Any], known: Mapping[tuple[str, str], Any]) -> Found:
    """What was reported and differs, by period, unit and the form's order."""
    return [
        (*key, code, ours, theirs)
        for key, row in sorted(said.items())
        for code, ours, theirs in zip(SEVEN, row, known.get(key, [0] * len(SEVEN)), strict=True)
        if ours != theirs
    ]
