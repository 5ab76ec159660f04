"""Lines over months as points of a drawing: whole numbers, gaps where nothing is known, no script needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.domain.ratio import half_up

Share = tuple[int | None, int | None]
"""Numerator and denominator."""


class Frame(NamedTuple):
    """The drawing area of a chart in its own units: x to the right, y downwards."""

    left: int = 52
    top: int = 12
    width: int = 600
    height: int = 220

    @property
    def bottom(self) -> int:
        """Where 0 % lies."""
        return self.top + self.height


class Point(NamedTuple):
    """A month's share in a chart; `month` is its place among the months."""

    month: int
    x: int
    y: int


class Line(NamedTuple):
    """A series: all its points, and the runs of neighbouring ones that a line joins."""

    points: list[Point]
    runs: list[str]


def columns(frame: Frame, months: int) -> list[int]:
    """The x of each month: evenly spread, a single one in the middle."""
    if months == 1:
        return [frame.left + frame.width // 2]
    return [frame.left + half_up(n * frame.width, months - 1) for n in range(months)]


def line(frame: Frame, shares: Sequence[Share], breaks: Sequence[bool]) -> Line:
    """The line of a ratio between 0 and 100 %; above that it stays at the edge.

    Nothing is joined across a month without a ratio, nor across a break of the series.
    """
    points: list[Point] = []
    runs: list[list[Point]] = []
    for month, (x, share) in enumerate(zip(columns(frame, len(shares)), shares, strict=True)):
        y = _height(frame, share)
        if y is None:
            continue
        point = Point(month, x, y)
        is_joined = bool(points) and points[-1].month == month - 1 and not breaks[month]
        if is_joined:
            runs[-1].append(point)
        else:
            runs.append([point])
        points.append(point)
    return Line(points, [" ".join(f"{p.x},{p.y}" for p in run) for run in runs if len(run) > 1])


def grid(frame: Frame) -> list[tuple[int, int]]:
    """Per cent and y of the lines behind the chart."""
    return [(share, frame.bottom - half_up(share * frame.height, 100)) for share in (0, 25, 50, 75, 100)]


def _height(frame: Frame, share: Share) -> int | None:
    numerator, denominator = share
    if numerator is None or not denominator:
        return None
    return frame.bottom - min(frame.height, half_up(numerator * frame.height, denominator))
