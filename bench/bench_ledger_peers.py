"""The same job with what else lies at hand: the csv module, pandas and datacompy, PostgreSQL."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path

import psycopg

from app.domain.period import Window
from app.reconcile.columns import SEVEN
from app.reconcile.roster.columns import TERMS
from bench import postgres
from bench.bench_ledger_sample import read_reports_table, windows
from bench.bench_ledger_sql import MERGED, Found, differences

FAR = date(9999, 1, 1)
Figures = dict[tuple[str, str], list[int]]


@cache
def day(text: str) -> date:
    """A day, or 9999-01-01 for a blank."""
    return date.fromisoformat(text) if text else FAR


def stdlib(folder: Path) -> Found:
    """One function per row, dictionaries, nothing installed."""
    with (folder / "units.csv").open(encoding="utf-8", newline="") as file:
        units = {code: (name, reporting) for _, code, name, reporting in csv.reader(file)}
    months = windows()
    figures: Figures = defaultdict(lambda: [0] * len(SEVEN))
    tally: dict[tuple[str, str], Counter[tuple[int, int]]] = {}
    days = sorted({d for window in months.values() for d in window})
    spells: dict[tuple[str, str], list[tuple[date, date]]] = defaultdict(list)
    for row in _rows(folder / "members.csv"):
        member, code, name, _, role, post, source, start, end, reason, _ = row
        begun, ended = day(start), day(end)
        assert units[code][0] == name
        assert begun <= ended
        assert role in TERMS["role"]
        assert post in TERMS["full_time"]
        assert source in TERMS["source_type"]
        assert not reason or reason in TERMS["end_reason"]
        spells[member, code].append((begun, ended))
    for (_, code), found in spells.items():
        counter = tally.setdefault(("m", units[code][1]), Counter())
        for begun, ended in _merged(found):
            counter[bisect_left(days, begun), bisect_left(days, ended)] += 1
    spells.clear()
    seen: set[str] = set()
    for row in _rows(folder / "orgs.csv"):
        org, code, name, _, kind, start, end, _, rectified, *counts, _ = row
        begun, ended = day(start), day(end)
        assert units[code][0] == name
        assert begun <= ended
        assert kind in TERMS["org_type"]
        assert all(not text or text.isdigit() for text in counts)
        assert org not in seen
        seen.add(org)
        unit = units[code][1]
        tally.setdefault(("o", unit), Counter())[bisect_left(days, begun), bisect_left(days, ended)] += 1
        if rectified:
            on = [day(text) for text in rectified.split(";")]
            for month, window in months.items():
                figures[month, unit][5] += any(window.covers(d) for d in on)
    _add_up(figures, tally, months, days)
    return differences(read_reports_table(folder), figures)


def _rows(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, strict=True)
        next(rows)
        yield from rows


def _merged(found: list[tuple[date, date]]) -> list[tuple[date, date]]:
    if len(found) == 1:
        return found
    found.sort()
    assert len({begun for begun, _ in found}) == len(found)
    result = [found[0]]
    for begun, ended in found[1:]:
        last = result[-1]
        if begun.toordinal() <= last[1].toordinal() + 1:
            result[-1] = (last[0], max(last[1], ended))
        else:
            result.append((begun, ended))
    return result


def _add_up(
    figures: Figures,
    tally: Mapping[tuple[str, str], Mapping[tuple[int, int], int]],
    months: Mapping[str, Window],
    days: list[date],
) -> None:
    for (kind, unit), counter in tally.items():
        added, left, total = (0, 1, 2) if kind == "m" else (3, 4, 6)
        for month, (start, end) in months.items():
            first, last = days.index(start), days.index(end)
            row = figures[month, unit]
            for (begun, ended), count in counter.items():
                row[added] += count * (first < begun <= last)
                row[left] += count * (first < ended <= last)
                row[total] += count * (begun <= last < ended)


def pandas(folder: Path) -> Found:
    """Frames of pandas; datacompy compares the sums."""
    import datacompy  # noqa: PLC0415 - half a second that the other contenders must not pay
    import pandas as pd  # noqa: PLC0415

    months = windows()
    units = pd.read_csv(folder / "units.csv", dtype=str)
    members = pd.read_csv(
        folder / "members.csv",
        dtype={"township_code": "str", "township_name": "str", "member_id": "str"},
        parse_dates=["start_date", "end_date"],
        date_format="%Y-%m-%d",
        usecols=lambda name: name not in ("name", "updated_at"),
    ).rename(columns={"start_date": "begun", "end_date": "ended"})
    orgs = pd.read_csv(
        folder / "orgs.csv",
        dtype={"township_code": "str", "township_name": "str", "org_id": "str", "rectified_on": "str"},
        parse_dates=["founded_on", "dissolved_on"],
        date_format="%Y-%m-%d",
        usecols=lambda name: name not in ("org_name", "dissolve_reason", "updated_at"),
    ).rename(columns={"founded_on": "begun", "dissolved_on": "ended"})
    for frame, key in ((members, ["member_id", "township_code", "begun"]), (orgs, ["org_id"])):
        named = frame["township_code"].map(units.set_index("code")["name"])
        assert (named == frame["township_name"]).all()
        assert not (frame["ended"] < frame["begun"]).any()
        assert not frame.duplicated(key).any()
        for column in TERMS:
            assert column not in frame or frame[column].dropna().isin(TERMS[column]).all()
    several = members.duplicated(["member_id", "township_code"], keep=False)
    ordered = members[several].sort_values(["member_id", "township_code", "begun"])
    group = ordered.groupby(["member_id", "township_code"], sort=False)
    far = pd.Timestamp("2200-01-01")
    until = ordered["ended"].fillna(far).groupby([ordered["member_id"], ordered["township_code"]]).cummax()
    before = until.groupby([ordered["member_id"], ordered["township_code"]]).shift()
    ordered["place"] = (
        (before.isna() | (ordered["begun"] > before + pd.Timedelta(days=1)))
        .groupby([ordered["member_id"], ordered["township_code"]])
        .cumsum()
    )
    assert len(group) > 0
    ordered["ended"] = ordered["ended"].fillna(far)
    merged = (
        ordered.groupby(["member_id", "township_code", "place"], sort=False)
        .agg(begun=("begun", "min"), ended=("ended", "max"))
        .reset_index()
    )
    merged["ended"] = merged["ended"].where(merged["ended"] < far)
    columns = ["township_code", "begun", "ended"]
    spells = pd.concat([members.loc[~several, columns], merged[columns]])
    reporting = units.set_index("code")["reporting"]
    sums = []
    rectified = orgs[["org_id", "township_code", "rectified_on"]].dropna()
    rectified = rectified.assign(day=rectified["rectified_on"].str.split(";")).explode("day")
    rectified["day"] = pd.to_datetime(rectified["day"], format="%Y-%m-%d")
    for frame in (spells, orgs, rectified):
        frame["unit"] = frame["township_code"].map(reporting)
    for month, window in months.items():
        start, end = map(pd.Timestamp, window)
        parts = {}
        for frame, names in (
            (spells, ("members_added", "members_left", "members_total")),
            (orgs, ("orgs_new", "orgs_dissolved", "orgs_total")),
        ):
            begun, ended, unit = frame["begun"], frame["ended"], frame["unit"]
            kept = (
                (begun > start) & (begun <= end),
                (ended > start) & (ended <= end),
                (begun <= end) & ~(ended <= end),
            )
            parts |= {name: unit[which].value_counts() for name, which in zip(names, kept, strict=True)}
        on = rectified[(rectified["day"] > start) & (rectified["day"] <= end)].drop_duplicates("org_id")
        parts["orgs_rectified"] = on["unit"].value_counts()
        table = pd.DataFrame(parts).fillna(0).astype("int64")[list(SEVEN)]
        sums.append(table.rename_axis("unit_code").reset_index().assign(period=month))
    said = pd.read_csv(folder / "reports.csv", dtype={"unit_code": "str"})
    known = pd.concat(sums)
    compared = datacompy.PandasCompare(said, known, join_columns=["period", "unit_code"])
    rows = compared.all_mismatch(ignore_matching_cols=False)
    return sorted(
        (row["period"], row["unit_code"], code, int(row[f"{code}_df1"]), int(row[f"{code}_df2"]))
        for row in rows.to_dict("records")
        for code in SEVEN
        if row[f"{code}_df1"] != row[f"{code}_df2"]
    )


def postgresql(folder: Path) -> Found:
    """COPY into typed tables and SQL; the server is started before and not measured."""
    months = windows()
    with psycopg.connect(f"host={folder / 'pg'} user=yuebao dbname=postgres", autocommit=True) as sql:
        # What one who loads a nation's records would set first; the product has 448 MB in all.
        sql.execute("SET work_mem = '256MB'")
        return _postgresql(sql, folder, months)


def _copy_in(sql: psycopg.Connection, folder: Path) -> None:
    tables = {
        "units": "place int, code int, name text, reporting text",
        "members": "member_id text, township_code int, township_name text, name text, role text, full_time text,"
        " source_type text, begun date, ended date, end_reason text, updated_at text",
        "orgs": "org_id text, township_code int, township_name text, org_name text, org_type text, begun date,"
        " ended date, dissolve_reason text, rectified_on text, member_count int, youth_count int,"
        " wechat_groups int, updated_at text",
    }
    for table, columns in tables.items():
        sql.execute(f"DROP TABLE IF EXISTS {table}; CREATE UNLOGGED TABLE {table} ({columns})")
        copy = f"COPY {table} FROM STDIN (FORMAT csv, HEADER)"
        with (folder / f"{table}.csv").open("rb") as file, sql.cursor().copy(copy) as target:
            while block := file.read(1 << 20):
                target.write(block)
        sql.execute(f"ANALYZE {table}")


def _postgresql(sql: psycopg.Connection, folder: Path, months: Mapping[str, Window]) -> Found:
    _copy_in(sql, folder)
    for table, key in (("members", "member_id, township_code, begun"), ("orgs", "org_id")):
        checks = (
            f"SELECT count(*) FROM {table} LEFT JOIN units ON code = township_code"
            " WHERE code IS NULL OR township_name <> units.name",
            f"SELECT count(*) FROM {table} WHERE begun IS NULL OR ended < begun",
            f"SELECT count(*) FROM (SELECT 1 FROM {table} GROUP BY {key} HAVING count(*) > 1) AS d",
        )
        assert all(sql.execute(check).fetchall() == [(0,)] for check in checks)
    sql.execute("DROP TABLE IF EXISTS spells")
    sql.execute(_in_postgresql(MERGED))
    found: Figures = {}
    for table, places in (("spells", (0, 1, 2)), ("orgs", (3, 4, 6))):
        sums = ", ".join(
            f"count(*) FILTER (WHERE begun > '{w.start}' AND begun <= '{w.end}'),"
            f" count(*) FILTER (WHERE ended > '{w.start}' AND ended <= '{w.end}'),"
            f" count(*) FILTER (WHERE begun <= '{w.end}' AND (ended IS NULL OR ended > '{w.end}'))"
            for w in months.values()
        )
        query = f"SELECT reporting, {sums} FROM {table} JOIN units ON code = township_code GROUP BY reporting"
        for unit, *values in sql.execute(query).fetchall():
            for number, month in enumerate(months):
                row = found.setdefault((month, unit), [0] * len(SEVEN))
                for place, value in zip(places, values[3 * number : 3 * number + 3], strict=True):
                    row[place] = value
    spans = ", ".join(f"('{m}', DATE '{w.start}', DATE '{w.end}')" for m, w in months.items())
    for month, unit, count in sql.execute(f"""
        SELECT month, reporting, count(DISTINCT org_id) FROM (
            SELECT org_id, township_code, unnest(string_to_array(rectified_on, ';'))::date AS day FROM orgs
            WHERE rectified_on <> '') AS d
        JOIN (VALUES {spans}) AS v(month, start, stop) ON day > start AND day <= stop
        JOIN units ON code = township_code GROUP BY month, reporting""").fetchall():
        found[month, unit][5] = count
    return differences(read_reports_table(folder), found)


def _in_postgresql(text: str) -> str:
    """The same statement for a database without GROUP BY ALL and semi-joins."""
    joined = "WHERE (member_id, township_code) IN (SELECT member_id, township_code FROM several)"
    return (
        text.replace("GROUP BY ALL", "GROUP BY member_id, township_code")
        .replace("SEMI JOIN several USING (member_id, township_code)", joined)
        .replace(
            "SELECT township_code, begun, ended FROM members ANTI JOIN several USING (member_id, township_code)",
            "SELECT township_code, begun, ended FROM members AS m WHERE NOT EXISTS (SELECT 1 FROM several AS s"
            " WHERE s.member_id = m.member_id AND s.township_code = m.township_code)",
        )
        .replace(
            "begun > 1 + max(coalesce(ended, DATE '9999-01-01'))",
            "begun > 1 + max(coalesce(ended, DATE '9999-01-01'))",
        )
    )


__all__ = ["pandas", "postgres", "postgresql", "stdlib"]
