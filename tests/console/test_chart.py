"""Lines of a chart: whole numbers inside the frame, gaps where nothing is known, nothing joined across a break."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.console.chart import Frame, columns, grid, line

FRAME = Frame(left=0, top=0, width=100, height=100)


def test_neighbours_are_joined_and_gaps_are_not() -> None:
    shares = [(0, 4), (1, 4), (None, None), (4, 4), (0, 0), (2, 4)]

    drawn = line(FRAME, shares, [False] * 6)

    assert [(p.month, p.x, p.y) for p in drawn.points] == [(0, 0, 100), (1, 20, 75), (3, 60, 0), (5, 100, 50)]
    assert drawn.runs == ["0,100 20,75"]


def test_a_break_ends_a_line() -> None:
    drawn = line(FRAME, [(1, 4)] * 4, [False, False, True, False])

    assert drawn.runs == ["0,75 33,75", "67,75 100,75"]


def test_a_single_month_stands_in_the_middle() -> None:
    assert columns(FRAME, 1) == [50]
    assert line(FRAME, [(1, 2)], [False]).runs == []


def test_the_grid_goes_from_nothing_to_everything() -> None:
    assert grid(FRAME)[0] == (0, 100)
    assert grid(FRAME)[-1] == (100, 0)


@given(st.lists(st.tuples(st.none() | st.integers(0, 10**7), st.none() | st.integers(0, 10**7)), min_size=1))
def test_every_point_lies_inside_the_frame(shares: list[tuple[int | None, int | None]]) -> None:
    frame = Frame()

    drawn = line(frame, shares, [False] * len(shares))

    assert all(frame.left <= p.x <= frame.left + frame.width for p in drawn.points)
    assert all(frame.top <= p.y <= frame.bottom for p in drawn.points)
