"""Rosters of a nation, the same bytes on every run, and reports with planted mismatches."""

from __future__ import annotations

from pathlib import Path
from random import Random

import duckdb

from app.domain.period import Period, Window, window
from app.domain.register import shipped_register
from app.reconcile import LedgerUnit, ledger_units
from app.reconcile.columns import SEVEN
from app.reconcile.roster.columns import TERMS

MONTHS = 12
MEMBER_SHARE = 0.6
"""Of all rows; the others are organizations."""
ALTERED = 0.005
"""Of the reported (unit, month) rows have one wrong figure."""

MEMBER_HEADER = (
    "member_id,township_code,township_name,name,role,full_time,source_type,"
    "start_date,end_date,end_reason,updated_at"
)
ORG_HEADER = (
    "org_id,township_code,township_name,org_name,org_type,founded_on,dissolved_on,dissolve_reason,rectified_on,"
    "member_count,youth_count,wechat_groups,updated_at"
)


def national_units() -> dict[str, LedgerUnit]:
    """All units of the shipped register."""
    return ledger_units(shipped_register())


def townships(units: dict[str, LedgerUnit]) -> list[LedgerUnit]:
    """Those for which somebody reports; a code that ends in 000 is a county's."""
    return [u for u in units.values() if len(u.code) == 9 and u.reporting_unit and not u.code.endswith("000")]


def windows() -> dict[str, Window]:
    """The first twelve periods of the notice."""
    found, period = {}, Period(2015, 4)
    for _ in range(MONTHS):
        found[str(period)] = window(period)
        period = period.next
    return found


def _chance(seed: int, key: str, below: int) -> str:
    """A number below a bound in SQL that looks random, by arithmetic that every version does alike."""
    mixed = f"(({key}) * 48271 + {seed * 7919}) % 2147483647"
    return f"((({mixed}) * 16807 + {seed}) % 2147483647 * 69621 % 2147483647 % {below})"


def write_rosters(folder: Path, rows: int) -> None:
    """units.csv, members.csv and orgs.csv with so many rows in all."""
    places = townships(national_units())
    named = [f"{i},{u.code},{u.name},{u.reporting_unit}" for i, u in enumerate(places)]
    (folder / "units.csv").write_text(
        "\n".join(["place,code,name,reporting", *named]) + "\n", encoding="utf-8"
    )
    with duckdb.connect(
        ":memory:", config={"memory_limit": "1GB", "threads": 2, "temp_directory": str(folder / "spill")}
    ) as sql:
        sql.execute(
            f"CREATE TABLE unit AS FROM read_csv('{folder}/units.csv', types = {{'code': 'VARCHAR'}})"
        )
        members = int(rows * MEMBER_SHARE)
        for table, header, text in (
            ("members", MEMBER_HEADER, _members(members, len(places))),
            ("orgs", ORG_HEADER, _orgs(rows - members, len(places))),
        ):
            columns = ", ".join(f"c{i} AS {name}" for i, name in enumerate(header.split(",")))
            sql.execute(
                f"COPY (SELECT {columns} FROM ({text}) ORDER BY i) TO '{folder}/{table}.csv' (HEADER)"
            )


def _members(rows: int, places: int) -> str:
    """One in twenty rows is a second spell: two in three of those continue the first one."""
    return f"""
        WITH line AS (
            SELECT i, CASE WHEN i % 60 IN (1, 3, 5) THEN i - 1 ELSE i END AS p FROM range({rows}) AS r(i)
        ), person AS (
            SELECT i, p, i <> p AS again, p % 60 IN (0, 2, 4) AS twice,
                {_chance(1, "p", places)} AS place,
                DATE '2012-01-01' + ({_chance(2, "p", 1200)})::INTEGER AS begun,
                30 + {_chance(3, "p", 1100)} AS days, {_chance(4, "p", 10)} = 0 AS leaves,
                {_chance(5, "i", 30)} AS role, {_chance(6, "i", 2)} AS post, {_chance(7, "p", 8)} AS source,
                {_chance(8, "i", 6)} AS reason FROM line
        ), spell AS (
            SELECT *, CASE WHEN again THEN begun + days::INTEGER
                + (CASE i % 60 WHEN 1 THEN 0 WHEN 3 THEN 1 ELSE 40 END) ELSE begun END AS first,
                CASE WHEN twice AND NOT again OR (leaves AND NOT twice) THEN begun + days::INTEGER END AS last
            FROM person
        )
        SELECT i, 'M' || lpad(p::VARCHAR, 8, '0') AS c0, code AS c1, name AS c2,
            '示例' || (p % 97)::VARCHAR AS c3,
            ['书记', '副书记', '副书记', '委员'][1 + least(role, 3)] AS c4, ['专职', '兼职'][1 + post] AS c5,
            {list(TERMS["source_type"])}[1 + source] AS c6, first::DATE AS c7, last::DATE AS c8,
            CASE WHEN last IS NULL THEN NULL ELSE {list(TERMS["end_reason"])}[1 + reason] END AS c9,
            DATE '2016-03-01' + ({_chance(9, "i", 24)})::INTEGER AS c10
        FROM spell JOIN unit USING (place)
    """


def _orgs(rows: int, places: int) -> str:
    return f"""
        WITH org AS (
            SELECT i, {_chance(11, "i", places)} AS place,
                DATE '2012-01-01' + ({_chance(12, "i", 1400)})::INTEGER AS begun,
                30 + {_chance(13, "i", 1000)} AS days, {_chance(14, "i", 12)} = 0 AS ends,
                {_chance(15, "i", 9)} AS type, {_chance(16, "i", 20)} AS rectified,
                {_chance(17, "i", 360)} AS day, {_chance(18, "i", 40)} AS youth
            FROM range({rows}) AS r(i)
        )
        SELECT i, 'D' || lpad(i::VARCHAR, 8, '0') AS c0, code AS c1, name AS c2,
            '示例' || (i % 997)::VARCHAR || '团支部' AS c3, {list(TERMS["org_type"])}[1 + type] AS c4,
            begun::DATE AS c5, CASE WHEN ends THEN (begun + days::INTEGER)::DATE END AS c6,
            CASE WHEN ends THEN '撤并' END AS c7,
            CASE WHEN rectified = 0 THEN (DATE '2015-03-05' + day::INTEGER)::VARCHAR || ';'
                    || (DATE '2015-03-10' + day::INTEGER)::VARCHAR
                WHEN rectified < 3 THEN (DATE '2015-03-05' + day::INTEGER)::VARCHAR END AS c8,
            youth % 9 AS c9, youth AS c10, youth % 4 AS c11,
            DATE '2016-03-01' + (day % 24)::INTEGER AS c12
        FROM org JOIN unit USING (place)
    """


def write_reports(folder: Path, figures: dict[tuple[str, str], list[int]], *, seed: int = 20150425) -> int:
    """reports.csv with the true figures but for planted mistakes; how many there are."""
    chance = Random(seed)
    reported = {key: list(values) for key, values in sorted(figures.items())}
    wrong = chance.sample(sorted(reported), max(1, int(len(reported) * ALTERED)))
    for key in wrong:
        reported[key][chance.randrange(len(SEVEN))] += chance.choice((1, 2, 7))
    lines = [",".join(["period", "unit_code", *SEVEN])]
    lines += [",".join([*key, *map(str, values)]) for key, values in reported.items()]
    (folder / "reports.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(wrong)


def read_reports_table(folder: Path) -> dict[tuple[str, str], list[int]]:
    """The reported figures by period and unit."""
    rows = (line.split(",") for line in (folder / "reports.csv").read_text(encoding="utf-8").splitlines()[1:])
    return {(period, unit): list(map(int, values)) for period, unit, *values in rows}
