"""Parts put together are the whole, however it was cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.aggregate import UnitFigures, View, aggregate
from app.domain.merged import merged
from app.domain.values import figures_row
from tests.domain.sample import FORM

CODES = [figure.code for figure in FORM.summed]
VALUES = st.none() | st.dictionaries(st.sampled_from(CODES), st.none() | st.integers(0, 99), max_size=8)
UNIT = st.tuples(
    VALUES,
    VALUES,
    st.booleans(),
    st.sampled_from(["prefecture", "county"]),
    st.sampled_from([frozenset(), frozenset({"prefectures_mobilized"})]),
    st.dictionaries(st.sampled_from(["townships_total"]), st.none() | st.integers(0, 9)),
)


@given(st.lists(st.tuples(UNIT, st.integers(0, 3)), min_size=1, max_size=10), st.sampled_from(View))
def test_the_parts_of_any_cut_make_the_whole(drawn: list, view: View) -> None:
    cut: dict[int, list[UnitFigures]] = {}
    for number, ((said, ledger, closed, level, without, last), part) in enumerate(drawn):
        row = figures_row(FORM.summed, said, {}, ledger, closed)
        unit = UnitFigures(f"{440100 + number}", "示例", level, row=row, not_applicable=without, last=last)
        cut.setdefault(part, []).append(unit)

    def summed(units: list[UnitFigures]) -> dict:
        return aggregate(FORM.summed, FORM.ratios, units, provisional=True, vintage=None, view=view)

    whole = summed([unit for part in cut.values() for unit in part])
    parts = [summed(units) for units in cut.values()]

    assert merged(parts) == {name: whole[name] for name in whole if name not in {"units", "separate"}}


def test_there_is_no_sum_of_nothing() -> None:
    with pytest.raises(IndexError):
        merged([])
