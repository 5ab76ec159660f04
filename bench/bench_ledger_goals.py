"""What the roster engine is meant to reach, beside what a run of the benchmark reached."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple


class Goal(NamedTuple):
    """A limit on a measure, by the clock and by processor time."""

    what: str
    limit: float
    clock: float
    cpu: float | None = None
    is_least: bool = False
    unit: str = "×"

    @property
    def met(self) -> str:
        """Whether it was reached; other work on the machine stretches the clock, and not processor time."""
        if self._reaches(self.clock):
            return "yes"
        return "by CPU" if self.cpu is not None and self._reaches(self.cpu) else "no"

    def _reaches(self, value: float) -> bool:
        return value >= self.limit if self.is_least else value <= self.limit

    def row(self) -> str:
        """The goal as a line of a table."""
        sign = "≥" if self.is_least else "≤"
        cpu = "" if self.cpu is None else self._said(self.cpu)
        return f"| {self.what} | {sign} {self._said(self.limit)} | {self._said(self.clock)} | {cpu} | {self.met} |"

    def _said(self, value: float) -> str:
        return f"{value:.2f} ×" if self.unit == "×" else f"{value:.0f} {self.unit}"


def ratio(what: str, limit: float, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Goal:
    """How many times as long the first runs took, by their medians."""
    return Goal(what, limit, _over(ours, theirs, "wall"), _over(ours, theirs, "cpu"))


def speed(what: str, limit: float, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> Goal:
    """How many times as fast the first runs were."""
    return Goal(what, limit, _over(theirs, ours, "wall"), _over(theirs, ours, "cpu"), is_least=True)


def _over(above: list[dict[str, Any]], below: list[dict[str, Any]], measure: str) -> float:
    return float(median(run[measure] for run in above) / median(run[measure] for run in below))


def goals_table(goals: Iterable[Goal]) -> list[str]:
    """All goals, reached or not."""
    head = ["| goal | limit | by the clock | by CPU | met |", "|---|---|---|---|---|"]
    return [*head, *(goal.row() for goal in goals), ""]
