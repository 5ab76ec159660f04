"""Medians of interleaved rounds as a table, and its place in the documentation."""

from __future__ import annotations

import platform
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from types import MappingProxyType

from bench.load import Load

DOCUMENT = Path("docs/performance.md")

Results = Mapping[tuple[str, int], Sequence[Load]]
"""The rounds of each contender at each number of connections."""

GOAL_CONNECTIONS = 16
"""Goals are set for this many connections at once."""

HEAD = """| | conns | req/s [rounds] | ratio | goal | met | p50 ms | p99 ms | p99/p50 | refused | CPU us | bytes |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


@dataclass(frozen=True)
class Goal:
    """At least `ratio` times the yardstick's rate, and p99 at most `spread` times p50; nothing refused."""

    ratio: float
    spread: float | None = None

    def __str__(self) -> str:
        return f"≥ {self.ratio:g}" + (f", p99 ≤ {self.spread:g} p50" if self.spread else "")

    def is_met(self, ratio: float, spread: float, spoilt: int) -> bool:
        """Whether the measured numbers reach it."""
        return ratio >= self.ratio and (self.spread is None or spread <= self.spread) and not spoilt


def table(
    results: Results,
    goals: Mapping[str, Goal] = MappingProxyType({}),
    yardsticks: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """One line per contender and number of connections, with its ratio to its yardstick's rate and its goal.

    `yardsticks` names each contender's; the first contender is everybody else's.
    """
    first = next(iter(results))[0]
    lines = [
        _line(key, rounds, _rate(results[yardsticks.get(key[0], first), key[1]]), goals.get(key[0]))
        for key, rounds in results.items()
    ]
    return "\n".join([f"Measured {datetime.now(UTC).date().isoformat()}, {_machine()}.", "", HEAD, *lines])


def _line(key: tuple[str, int], rounds: Sequence[Load], yardstick: float, goal: Goal | None) -> str:
    name, connections = key
    p50, p99 = median(r.p50_ms for r in rounds), median(r.p99_ms for r in rounds)
    each = ", ".join(f"{r.rate:,.0f}" for r in rounds)
    spoilt = sum(r.refused + r.socket_errors for r in rounds)
    ratio = _rate(rounds) / yardstick
    goal = goal if connections == GOAL_CONNECTIONS else None
    met = "" if goal is None else "yes" if goal.is_met(ratio, p99 / p50, spoilt) else "**no**"
    return (
        f"| {name} | {connections} | {_rate(rounds):,.0f} [{each}] | {ratio:.2f} | {goal or ''} | {met} "
        f"| {p50:.2f} | {p99:.2f} | {p99 / p50:.1f} | {spoilt} | {median(r.cpu_us for r in rounds):,.0f} "
        f"| {median(r.bytes_each for r in rounds):,.0f} |"
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
