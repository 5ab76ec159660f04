"""A national summary ledger, fully checked and compared, beside the same job as bare DuckDB SQL.

python -m bench.bench_ledger_summary [--rounds 3] [--write]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from app.domain.register import shipped_register
from app.reconcile import SEVEN, LedgerUnit, ledger_units, reconcile
from app.reconcile.engine import MEMORY, THREADS
from bench.table import publish

TOWNSHIPS = 41_000
MONTHS = [f"{2015 + m // 12}-{m % 12 + 1:02d}" for m in range(3, 15)]
MOST_TIMES, MOST_MIB = 1.5, 300
"""The goal: of the time that bare SQL takes, and of memory."""

ALTERED = 200
"""Reported figures that do not match the ledger."""

Folder = Path
Sums = dict[tuple[str, str], list[int]]


def townships() -> list[LedgerUnit]:
    """The first 41,000 townships of the shipped register for which somebody reports."""
    units = ledger_units(shipped_register()).values()
    return [u for u in units if len(u.code) == 9 and u.reporting_unit][:TOWNSHIPS]


def write_files(folder: Folder, *, seed: int = 20150425) -> None:
    """ledger.csv, reports.csv with planted mismatches, units.csv; the same bytes on every run."""
    chance, places = random.Random(seed), townships()
    sums: Sums = {}
    with (folder / "ledger.csv").open("w", encoding="utf-8") as ledger:
        ledger.write(",".join(["period", "unit_code", "unit_name", *SEVEN, "as_of"]) + "\n")
        for month in MONTHS:
            ledger.writelines(_ledger_lines(month, places, chance, sums))
    for key in chance.sample(sorted(sums), ALTERED):
        sums[key][chance.randrange(len(SEVEN))] += chance.choice((-3, -1, 1, 7))
    rows = [",".join([*key, *map(str, values)]) for key, values in sorted(sums.items())]
    _write(folder / "reports.csv", ["period", "unit", *SEVEN], rows)
    named = [f"{place.code},{place.name},{place.reporting_unit}" for place in places]
    _write(folder / "units.csv", ["code", "name", "reporting"], named)


def _ledger_lines(month: str, places: list[LedgerUnit], chance: random.Random, sums: Sums) -> Iterator[str]:
    for place in places:
        values = [chance.randrange(most) for most in (4, 3, 13, 4, 2, 3, 36)]
        values[2] += 9
        total = sums.setdefault((month, str(place.reporting_unit)), [0] * len(SEVEN))
        for i, value in enumerate(values):
            total[i] += value
        yield f"{month},{place.code},{place.name},{','.join(map(str, values))},{month}-25\n"


def _write(path: Path, header: list[str], rows: list[str]) -> None:
    path.write_text("\n".join([",".join(header), *rows]) + "\n", encoding="utf-8")


def bare_sql(folder: Folder) -> list[tuple[Any, ...]]:
    """The job as one would write it in SQL: typed reading, one number for each check, no line of any row."""
    figures = ", ".join(f"'{code}': 'INTEGER'" for code in SEVEN)
    sums = ", ".join(f"sum({code})::BIGINT AS {code}" for code in SEVEN)
    bounds = ", ".join(f"min({code}), max({code})" for code in SEVEN)
    pairs = " UNION ALL ".join(
        f"SELECT period, unit, {i} AS place, reported.{code} AS said, rolled.{code} AS known"
        f" FROM reported FULL JOIN rolled USING (period, unit) WHERE said IS DISTINCT FROM known"
        for i, code in enumerate(SEVEN)
    )
    with duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": THREADS}) as sql:

        def run(statement: str) -> list[tuple[Any, ...]]:
            return sql.execute(statement).fetchall()

        def read(table: str, columns: str) -> None:
            file = f"'{folder / table}.csv', header = true, auto_detect = false, delim = ',', columns = {{{columns}}}"
            run(f"CREATE TABLE {table} AS SELECT * FROM read_csv({file})")

        read("units", "'code': 'VARCHAR', 'name': 'VARCHAR', 'reporting': 'VARCHAR'")
        read("reports", f"'period': 'VARCHAR', 'unit': 'VARCHAR', {figures}")
        read(
            "ledger",
            f"'period': 'VARCHAR', 'unit_code': 'VARCHAR', 'unit_name': 'VARCHAR', {figures}, 'as_of': 'DATE'",
        )
        run("ALTER TABLE reports RENAME TO reported")
        checks = [
            run("SELECT count(*) FROM (SELECT 1 FROM ledger GROUP BY period, unit_code HAVING count(*) > 1)"),
            run(
                "SELECT count(*) FROM ledger LEFT JOIN units ON code = unit_code"
                " WHERE code IS NULL OR name <> unit_name"
            ),
            run(f"SELECT {bounds}, min(as_of), max(as_of) FROM ledger"),
        ]
        assert checks[0] == checks[1] == [(0,)], "the generated ledger is clean"
        run(f"""CREATE TABLE rolled AS SELECT period, reporting AS unit, {sums}
            FROM ledger JOIN units ON code = unit_code GROUP BY period, reporting""")
        found = run(f"{pairs} ORDER BY ALL")
    return [(month, unit, SEVEN[place], said, known) for month, unit, place, said, known in found]


def yuebao(folder: Folder, units: Mapping[str, LedgerUnit], reports: Any) -> list[tuple[Any, ...]]:
    """The job as the product does it: every row checked, every finding with its line."""
    result = reconcile(folder / "ledger.csv", reports, units)
    assert result.ok, result.ledger.findings[:3]
    assert result.ledger.accepted == TOWNSHIPS * len(MONTHS)
    return [
        (month, item["unit"], item["indicator"], item["reported"], item["ledger"])
        for month, comparison in result.comparisons.items()
        for item in comparison.mismatches
    ]


def read_reported(folder: Folder) -> dict[str, dict[str, dict[str, int]]]:
    reports: dict[str, dict[str, dict[str, int]]] = {}
    for line in (folder / "reports.csv").read_text(encoding="utf-8").splitlines()[1:]:
        month, unit, *values = line.split(",")
        reports.setdefault(month, {})[unit] = dict(zip(SEVEN, map(int, values), strict=True))
    return reports


def run_once(contender: str, folder: Folder) -> dict[str, Any]:
    """One run in this process. What each side is given lies ready: a mapping here, files there."""
    if contender == "sql":
        began, spent = time.perf_counter(), time.process_time()
        found = bare_sql(folder)
    else:
        units, reports = ledger_units(shipped_register()), read_reported(folder)
        began, spent = time.perf_counter(), time.process_time()
        found = yuebao(folder, units, reports)
    return {
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - spent,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "mismatches": len(found),
        "answer": sha256(json.dumps(sorted(found)).encode()).hexdigest(),
    }


def measure(folder: Folder, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Each contender in a process of its own, in turn."""
    results: dict[str, list[dict[str, Any]]] = {"sql": [], "yuebao": []}
    for number in range(rounds):
        for contender in sorted(results, reverse=bool(number % 2)):
            command = [sys.executable, "-m", __spec__.name, "--one", contender, "--folder", str(folder)]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            results[contender].append(json.loads(output))
    answers = {run["answer"] for runs in results.values() for run in runs}
    assert len(answers) == 1, "the contenders do not agree"
    return results


def table(results: Mapping[str, list[dict[str, Any]]], megabytes: float) -> str:
    """Medians, with the ratio to bare SQL."""
    floor = median(run["wall"] for run in results["sql"])
    names = {"sql": "bare DuckDB SQL, typed, reports no row", "yuebao": "`reconcile`, every row checked"}
    lines = [
        f"{TOWNSHIPS * len(MONTHS):,} rows, {megabytes:.0f} MB; both found the same"
        f" {results['sql'][0]['mismatches']} mismatches.",
        "",
        "| | wall s, median [rounds] | ratio | goal | met | CPU s | peak MiB |",
        "|---|---|---|---|---|---|---|",
    ]
    for contender, runs in results.items():
        wall = median(run["wall"] for run in runs)
        each = ", ".join(f"{run['wall']:.2f}" for run in runs)
        cpu, mib = median(run["cpu"] for run in runs), max(run["mib"] for run in runs)
        goal = _goal(wall / floor, mib) if contender == "yuebao" else " | "
        lines.append(
            f"| {names[contender]} | {wall:.2f} [{each}] | {wall / floor:.2f} | {goal} | {cpu:.2f} | {mib:.0f} |"
        )
    return "\n".join(lines)


def _goal(ratio: float, mib: float) -> str:
    is_met = ratio <= MOST_TIMES and mib <= MOST_MIB
    return f"≤ {MOST_TIMES:g}, ≤ {MOST_MIB} MiB | {'yes' if is_met else '**no**'}"


def main() -> None:
    """Generate, measure, print, and with --write put the table into docs/performance.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--write", action="store_true")
    options.add_argument("--one", choices=("sql", "yuebao"), help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(run_once(chosen.one, chosen.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        text = table(measure(folder, chosen.rounds), (folder / "ledger.csv").stat().st_size / 1e6)
    print(text)
    if chosen.write:
        publish("ledger-summary", text)


if __name__ == "__main__":
    main()
