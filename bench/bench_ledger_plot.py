"""Points of time over rows as a small drawing on logarithmic axes, beside a line of slope one."""

from __future__ import annotations

from collections.abc import Mapping
from math import log10

WIDTH, HEIGHT, EDGE = 640, 400, 60


def draw(points: Mapping[int, float]) -> str:
    """An SVG of seconds over rows; the dashed line goes through the last point and is what linear would be."""
    low, high = 4.8, 7.2
    floor, top = -1.5, 2.0
    sizes = sorted(points)

    def at(rows: float, seconds: float) -> tuple[float, float]:
        x = EDGE + (log10(rows) - low) / (high - low) * (WIDTH - 2 * EDGE)
        y = HEIGHT - EDGE - (log10(seconds) - floor) / (top - floor) * (HEIGHT - 2 * EDGE)
        return round(x, 1), round(y, 1)

    per_row = points[sizes[-1]] / sizes[-1]
    ends = [at(rows, per_row * rows) for rows in (sizes[0], sizes[-1])]
    path = " ".join(f"{x},{y}" for x, y in (at(size, points[size]) for size in sizes))
    marks = [
        f'<circle cx="{x}" cy="{y}" r="4"/><text x="{x}" y="{y - 10}" text-anchor="middle">{points[size]:.2f} s</text>'
        for size in sizes
        for x, y in [at(size, points[size])]
    ]
    ticks = [
        f'<text x="{at(10**power, 1)[0]}" y="{HEIGHT - EDGE + 20}" text-anchor="middle">10^{power}</text>'
        for power in (5, 6, 7)
    ]
    scale = [
        f'<text x="{EDGE - 8}" y="{at(1e5, seconds)[1] + 4}" text-anchor="end">{seconds:g} s</text>'
        for seconds in (0.1, 1, 10, 100)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            f'<path d="M{EDGE},{EDGE} V{HEIGHT - EDGE} H{WIDTH - EDGE}" fill="none" stroke="black"/>',
            f'<path d="M{ends[0][0]},{ends[0][1]} L{ends[1][0]},{ends[1][1]}" stroke="gray" stroke-dasharray="5 4"/>',
            f'<polyline points="{path}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
            f'<g fill="#1f5fa8">{"".join(marks)}</g>',
            *ticks,
            *scale,
            f'<text x="{WIDTH / 2}" y="{HEIGHT - 15}" text-anchor="middle">rows of the rosters (dashed: linear)</text>',
            "</svg>",
            "",
        ]
    )
