"""Medians of interleaved rounds as a table, and its place in the documentation."""

from __future__ import annotations

import platform
import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.load import Load

DOCUMENT = Path("docs/performance.md")

Results = Mapping[tuple[str, int], Sequence[Load]]
"""The rounds of each contender at each number of connections; the first contender is the yardstick."""

HEAD = """| | conns | req/s, median [rounds] | ratio | p50 ms | p99 ms | p99/p50 | refused |
|---|---|---|---|---|---|---|---|"""


def table(results: Results) -> str:
    """One line per contender and number of connections, with its ratio to the yardstick's rate."""
    yardstick = next(iter(results))[0]
    lines = [_line(key, rounds, _rate(results[yardstick, key[1]])) for key, rounds in results.items()]
    return "\n".join([f"Measured {datetime.now(UTC).date().isoformat()}, {_machine()}.", "", HEAD, *lines])


def _line(key: tuple[str, int], rounds: Sequence[Load], yardstick: float) -> str:
    name, connections = key
    p50, p99 = median(r.p50_ms for r in rounds), median(r.p99_ms for r in rounds)
    each = ", ".join(f"{r.rate:,.0f}" for r in rounds)
    spoilt = sum(r.refused + r.socket_errors for r in rounds)
    ratio = _rate(rounds) / yardstick
    return (
        f"| {name} | {connections} | {_rate(rounds):,.0f} [{each}] | {ratio:.2f} "
        f"| {p50:.2f} | {p99:.2f} | {p99 / p50:.1f} | {spoilt} |"
    )


def _rate(rounds: Sequence[Load]) -> float:
    return median(r.rate for r in rounds)


def _machine() -> str:
    return (
        f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version} (floor and peer), "
        f"{platform.machine()}, load generator on the same cores"
    )


def publish(name: str, text: str, document: Path = DOCUMENT) -> None:
    """Put the text between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. ValueError without the marks."""
    before = document.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", re.DOTALL)
    after, found = marks.subn(lambda match: f"{match[1]}{text}\n{match[2]}", before)
    if found != 1:
        raise ValueError(f"{document} needs one pair of marks named bench:{name}, has {found}")
    document.write_text(after, encoding="utf-8")
