"""What the sheet takes for plain in SQL is exactly what would be written back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.reconcile.cells import LARGEST_FIGURE
from app.reconcile.engine import Engine, load_columns
from app.reconcile.roster.sheet import _are_plain_days, _is_plain_figure

LAST = date(2020, 12, 31)
ASCII = [chr(i) for i in range(1, 128)]


def plain(engine: Engine, condition: str, cells: list[str]) -> list[str]:
    """The cells that meet a condition on `cell`."""
    load_columns(engine, "tried", {"cell": ("VARCHAR", cells)})
    rows = engine.execute(f"SELECT cell FROM tried WHERE coalesce({condition}, false)").fetchall()
    return [cell for (cell,) in rows]


def test_a_plain_figure_of_up_to_two_characters_is_a_number_as_it_is_written(engine: Engine) -> None:
    cells = ["", *ASCII, *(a + b for a in ASCII for b in ASCII)]
    found = plain(engine, _is_plain_figure("cell"), cells)
    assert sorted(found) == sorted(["", *map(str, range(100))])


def test_a_longer_plain_figure_is_a_number_within_bounds(engine: Engine) -> None:
    odd = ["1e2", "0x1", "1_0", "1.0", "+10", " 10", "10 ", "100 ", "007", "9e9", str(LARGEST_FIGURE + 1)]
    right = ["100", "999", str(LARGEST_FIGURE)]
    assert plain(engine, _is_plain_figure("cell"), [*odd, *right]) == right


@pytest.mark.parametrize(
    "cell",
    [
        "2015-04-09;2015-04-09",
        "2015-04-10;2015-04-09",
        "1949-12-31;2015-04-09",
        "2015-04-09;2021-01-01",
        "2015-04-09,2015-04-10",
        "2015/04/09;2015-04-10",
        "2015-04-9 ;2015-04-10",
        "2015-04-09; 2015-4-10",
        "2015-02-29;2015-04-10",
        "2015-04-09;infinity  ",
        "19500-01-0;2015-04-10",
    ],
)
def test_two_days_are_odd_unless_written_back_in_order(engine: Engine, cell: str) -> None:
    condition = _are_plain_days("cell", f"DATE '{LAST}'")
    good = [";".join([str(LAST - timedelta(1)), str(LAST)]), "1950-01-01;1950-01-02"]
    assert plain(engine, condition, [*good, cell]) == good
