"""Rosters of a nation, from files to mismatches, beside the same job in SQL, Python, pandas and PostgreSQL.

python -m bench.bench_ledger [--rows 10000000] [--peer-rows 10000000] [--rounds 3] [--write]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

from app.domain.period import Period, window
from app.reconcile import KINDS, Rosters, explain, open_engine, read_roster, reconcile, save_roster
from app.reconcile.columns import SEVEN, read_header
from app.reconcile.encoding import Part
from app.reconcile.roster.columns import SHAPES, RosterKind
from app.reconcile.roster.read import BUFFER
from app.reconcile.roster.run import MEMORY
from app.reconcile.roster.sheet import picked
from app.reconcile.sheet import load_records
from bench.bench_ledger_dirty import IN_MEMBERS, IN_ORGS, TODAY, plant, to_gb18030
from bench.bench_ledger_goals import Goal, goals_table, ratio, speed
from bench.bench_ledger_peers import pandas, postgres, postgresql, stdlib
from bench.bench_ledger_plot import draw
from bench.bench_ledger_sample import (
    national_units,
    read_reports_table,
    windows,
    write_reports,
    write_rosters,
)
from bench.bench_ledger_sql import Found, Sql, bare_sql, derive_sql, load
from bench.table import publish

DOCUMENT = Path("docs/performance-ledger.md")
PLOT = Path("docs/images/ledger-linear.svg")
SMALL = 1_000_000
Run = dict[str, Any]
UNITS = national_units()
NAMES = {
    "sql": "bare DuckDB SQL, typed, reports no row",
    "yuebao": "`reconcile`, every row checked",
    "stdlib": "csv module and dictionaries",
    "pandas": "pandas and datacompy",
    "postgresql": "PostgreSQL, COPY and SQL",
}


def yuebao(folder: Path) -> Found:
    """The job as the product does it; the register lies ready, as units.csv does for the others."""
    reported: dict[str, dict[str, dict[str, int]]] = {}
    for (month, unit), values in read_reports_table(folder).items():
        reported.setdefault(month, {})[unit] = dict(zip(SEVEN, values, strict=True))
    rosters = Rosters(folder / "members.csv", folder / "orgs.csv")
    result = reconcile(rosters, reported, UNITS)
    assert result.ok, [roster.findings[:2] for roster in result.rosters]
    return [
        (month, item["unit"], item["indicator"], item["reported"], item["ledger"])
        for month, comparison in result.comparisons.items()
        for item in comparison.mismatches
    ]


READ = {
    "clean": "clean, UTF-8",
    "dirty": "dirty",
    "gb18030": "clean, GB18030",
    "parse": "typed parse alone, unchecked",
    "checked": "parse with all checks of a row",
}
JOBS = {"sql": bare_sql, "yuebao": yuebao, "stdlib": stdlib, "pandas": pandas, "postgresql": postgresql}


def peak_mib() -> float:
    """The most memory that this process ever held."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def run_job(name: str, folder: Path) -> Run:
    """One contender in this process. Reading the register is everybody's, and short."""
    server = (folder / "pg").resolve() if name == "postgresql" else None
    at_server = postgres.spent(server) if server else 0.0
    began, spent = time.perf_counter(), time.process_time()
    found = JOBS[name](folder)
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    if server:
        # A session's time is the server's once it has ended.
        time.sleep(0.5)
        cpu += postgres.spent(server) - at_server
    answer = sha256(json.dumps(found).encode()).hexdigest()
    return {"wall": wall, "cpu": cpu, "mib": peak_mib(), "found": len(found), "answer": answer}


def read_once(folder: Path, *, name: str) -> Run:
    """Read both rosters of one variant; the findings as a list."""
    found = []
    with tempfile.TemporaryDirectory() as spill, open_engine(spill, memory=MEMORY) as engine:
        began, spent = time.perf_counter(), time.process_time()
        for kind in RosterKind:
            roster = read_roster(folder / f"{name}-{kind}.csv", kind, UNITS, engine=engine, today=TODAY)
            assert sum(roster.counts.values()) == len(roster.findings), "more than can be listed"
            found.append(sorted((f.line, f.code) for f in roster.findings))
        return {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent, "findings": found}


def parse_once(folder: Path, *, is_checked: bool) -> Run:
    """Parse both rosters, with or without the checks of each row."""
    if not is_checked:
        sql = Sql(folder)
        began, spent = time.perf_counter(), time.process_time()
        load(sql)
        return {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent}
    with tempfile.TemporaryDirectory() as spill, open_engine(spill, memory=MEMORY) as engine:
        began, spent = time.perf_counter(), time.process_time()
        for kind, shape in SHAPES.items():
            path = folder / f"{kind}.csv"
            with path.open(encoding="utf-8") as file:
                layout, _ = read_header(1, file.readline(), shape.columns)
            assert layout is not None
            load_records(
                engine, f"{kind}_sheet", Part(path), layout, picked(layout, shape, TODAY), buffer=BUFFER
            )
        return {"wall": time.perf_counter() - began, "cpu": time.process_time() - spent}


def explain_all(folder: Path, times: int) -> Run:
    """Keep both rosters as files, then explain figures of one reporting unit after the other."""
    taken, spent = list[float](), list[float]()
    with tempfile.TemporaryDirectory() as spill, open_engine(spill, memory=MEMORY) as engine:
        began = time.perf_counter()
        for kind in RosterKind:
            roster = read_roster(folder / f"{kind}.csv", kind, UNITS, engine=engine, today=TODAY)
            read = time.perf_counter() - began
            save_roster(roster, folder / f"{kind}.parquet")
        stored = time.perf_counter() - began - read
    reporting = sorted({u.reporting_unit for u in UNITS.values() if u.reporting_unit})
    months = windows()
    for number in range(times):
        unit = reporting[number * 7 % len(reporting)]
        indicator = SEVEN[number % len(SEVEN)]
        records = folder / f"{KINDS[indicator]}.parquet"
        began, before = time.perf_counter(), time.process_time()
        explain(
            records,
            unit,
            indicator,
            months["2015-06"],
            UNITS,
            reported={indicator: 1},
            previous=window(Period(2015, 5)),
        )
        taken.append(time.perf_counter() - began)
        spent.append(time.process_time() - before)
    taken.sort()
    most = int(len(taken) * 0.95)
    return {
        "p50": median(taken),
        "p95": taken[most],
        "worst": taken[-1],
        "cpu95": sorted(spent)[most],
        "store": stored,
    }


def alone(*arguments: str) -> Run:
    """One step in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, *arguments]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(arguments, output[:160].rstrip(), file=sys.stderr, flush=True)
    return dict(json.loads(output))


def prepare(folder: Path, rows: int) -> Path:
    """The sample of so many rows, with reports that are true but for planted mistakes."""
    place = folder / str(rows)
    if not place.exists():
        place.mkdir()
        write_rosters(place, rows)
        sql = Sql(place)
        load(sql)
        write_reports(place, derive_sql(sql, windows()))
    return place


def race(folder: Path, names: tuple[str, ...], rounds: int) -> dict[str, list[Run]]:
    """The contenders in turn, each round in the other order; all must give one answer."""
    results: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 else reversed(names):
            results[name].append(alone("--one", name, "--folder", str(folder)))
    answers = {run["answer"] for runs in results.values() for run in runs}
    assert len(answers) == 1, "the contenders do not agree"
    return results


def race_table(results: Mapping[str, list[Run]], rows: int, yardstick: str) -> list[str]:
    """Medians, with the ratio of each to one of them."""
    floor = median(run["wall"] for run in results[yardstick])
    lines = [
        f"{rows:,} rows; all found the same {results['yuebao'][0]['found']} planted mismatches.",
        "",
        f"| | wall s, median [rounds] | ÷ {yardstick} | CPU s | peak MiB |",
        "|---|---|---|---|---|",
    ]
    for name, runs in results.items():
        wall, cpu = median(run["wall"] for run in runs), median(run["cpu"] for run in runs)
        each, mib = ", ".join(f"{run['wall']:.1f}" for run in runs), max(run["mib"] for run in runs)
        lines.append(f"| {NAMES[name]} | {wall:.2f} [{each}] | {wall / floor:.2f} | {cpu:.1f} | {mib:.0f} |")
    return [*lines, ""]


def variants_table(folder: Path, rows: int, rounds: int, goals: list[Goal]) -> list[str]:
    """Dirty and GB18030 beside clean UTF-8, and the checks beside the parse alone."""
    place = prepare(folder, rows)
    planted = []
    for kind, classes in ((RosterKind.MEMBERS, IN_MEMBERS), (RosterKind.ORGS, IN_ORGS)):
        clean = place / f"clean-{kind}.csv"
        clean.unlink(missing_ok=True)
        clean.symlink_to(place / f"{kind}.csv")
        planted.append(
            sorted([line, code] for line, code in plant(clean, place / f"dirty-{kind}.csv", classes))
        )
        to_gb18030(clean, place / f"gb18030-{kind}.csv")
    steps = {
        "clean": ("--read", "clean"),
        "dirty": ("--read", "dirty"),
        "gb18030": ("--read", "gb18030"),
        "parse": ("--parse", "typed"),
        "checked": ("--parse", "checked"),
    }
    runs: dict[str, list[Run]] = {name: [] for name in steps}
    # Or what was written just now would still be on its way to the disk while the copies are timed.
    os.sync()
    for _ in range(rounds):
        for name, step in steps.items():
            runs[name].append(alone(*step, "--folder", str(place)))
    for run in runs["dirty"]:
        assert run["findings"] == planted, "not exactly the planted lines"
    goals += [
        ratio(f"{rows:,} rows, a dirty file ÷ the clean one", 1.15, runs["dirty"], runs["clean"]),
        ratio(f"{rows:,} rows, GB18030 ÷ UTF-8", 1.35, runs["gb18030"], runs["clean"]),
        ratio(f"{rows:,} rows, checks of each row ÷ unchecked parse", 1.6, runs["checked"], runs["parse"]),
    ]
    count = sum(map(len, planted))
    return [
        f"{rows:,} rows, read and checked; in the dirty ones {count} faults of {len(IN_MEMBERS | IN_ORGS) + 2} classes"
        " are planted, and exactly those lines are found.",
        "",
        "| | wall s, median [rounds] | CPU s |",
        "|---|---|---|",
        *(f"| {said} | {_walls(runs[name])} | {_middle(runs[name], 'cpu')} |" for name, said in READ.items()),
        "",
    ]


def _walls(runs: list[Run]) -> str:
    each = ", ".join(f"{run['wall']:.2f}" for run in runs)
    return f"{_middle(runs, 'wall')} [{each}]"


def _middle(runs: list[Run], measure: str) -> str:
    return f"{median(run[measure] for run in runs):.2f}"


def explain_lines(folder: Path, rows: int, goals: list[Goal]) -> list[str]:
    """How long one explanation takes."""
    run = alone("--explain", "140", "--folder", str(prepare(folder, rows)))
    goals.append(
        Goal(
            f"one explanation of {rows:,} records, p95",
            150,
            run["p95"] * 1000,
            run["cpu95"] * 1000,
            unit="ms",
        )
    )
    return [
        f"Explaining one figure from {rows:,} kept records, 140 figures: median {run['p50'] * 1000:.0f} ms,"
        f" p95 {run['p95'] * 1000:.0f} ms, worst {run['worst'] * 1000:.0f} ms. Keeping the second roster as a file"
        f" took {run['store']:.1f} s.",
        "",
    ]


def linear_lines(folder: Path, most: int, known: Mapping[int, float], goals: list[Goal]) -> list[str]:
    """Processor time over rows, which other work on the machine leaves alone, as a table and a drawing."""
    sizes = [size for size in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000) if size <= most]
    points = dict(known)
    for size in sizes:
        if size not in points:
            points[size] = alone("--one", "yuebao", "--folder", str(prepare(folder, size)))["cpu"]
    points = dict(sorted(points.items()))
    least = min(points)
    growth = points[most] / points[least] / (most / least)
    goals.append(Goal(f"CPU of a row, of {most:,} ÷ of {least:,}", 1.0, growth, growth))
    PLOT.write_text(draw(points), encoding="utf-8")
    rows = [f"| {size:,} | {cpu:.2f} | {cpu / size * 1e6:.2f} |" for size, cpu in points.items()]
    return [
        "| rows | CPU s | µs a row |",
        "|---|---|---|",
        *rows,
        "",
        f"![Time over rows](images/{PLOT.name})",
    ]


def everything(folder: Path, rows: int, peer_rows: int, rounds: int) -> str:
    """All tables, one after the other."""
    main_race = race(prepare(folder, rows), ("sql", "yuebao"), rounds)
    goals = [
        ratio(f"{rows:,} rows ÷ bare typed SQL", 1.2, main_race["yuebao"], main_race["sql"]),
        Goal("peak memory", 700, max(run["mib"] for run in main_race["yuebao"]), unit="MiB"),
    ]
    lines = race_table(main_race, rows, "sql")
    with postgres.server() as home:
        place = prepare(folder, peer_rows)
        (place / "pg").unlink(missing_ok=True)
        (place / "pg").symlink_to(home)
        # Ours before and after, since each of the others runs for minutes.
        peers = race(place, ("yuebao", "stdlib", "pandas", "postgresql", "yuebao"), 1)
    for name, limit in (("stdlib", 4), ("pandas", 5), ("postgresql", 4)):
        what = f"{peer_rows:,} rows, as fast as {NAMES[name]}"
        goals.append(speed(what, limit, peers["yuebao"], peers[name]))
    lines += race_table(peers, peer_rows, "yuebao")
    if rows > SMALL:
        # For information: what is the same for any size is a larger part of a small one.
        lines += variants_table(folder, SMALL, rounds, [])
    lines += variants_table(folder, rows, rounds, goals)
    lines += explain_lines(folder, rows, goals)
    known = {rows: median(run["cpu"] for run in main_race["yuebao"])}
    lines += linear_lines(folder, rows, known, goals)
    return "\n".join([*goals_table(goals), *lines])


def one_step(chosen: argparse.Namespace) -> Run | None:
    """What a process of its own was asked for."""
    if chosen.one:
        return run_job(chosen.one, chosen.folder)
    if chosen.read:
        return read_once(chosen.folder, name=chosen.read)
    if chosen.parse:
        return parse_once(chosen.folder, is_checked=chosen.parse == "checked")
    return explain_all(chosen.folder, chosen.explain) if chosen.explain else None


def main() -> None:
    """Generate, measure, print, and with --write put the tables into docs/performance-ledger.md."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--peer-rows", type=int, default=10_000_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--write", action="store_true")
    for hidden, kind in (("one", str), ("read", str), ("parse", str), ("explain", int), ("folder", Path)):
        options.add_argument(f"--{hidden}", type=kind, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    step = one_step(chosen)
    if step is not None:
        print(json.dumps(step))
        return
    with tempfile.TemporaryDirectory() as name:
        text = everything(Path(name), chosen.rows, chosen.peer_rows, chosen.rounds)
    print(text)
    if chosen.write:
        publish("ledger", text, DOCUMENT)


if __name__ == "__main__":
    main()
