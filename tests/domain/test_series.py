"""Months side by side: flows add up, stocks do not, breaks are never crossed, changes are exact."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.aggregate import UnitFigures, aggregate
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.ratio import Ratio, format_points, points
from app.domain.series import Month, as_columns, series
from app.domain.values import figures_row
from tests.domain.sample import FORM, NOW, sound

NEXT = sound(Path("examples/forms/baixian-qianxiang-2.toml").read_text(encoding="utf-8"))
FIRST = Period(2015, 4)


def month(
    period: str, *reports: dict[str, int] | None, form: FormVersion = FORM, ledger: Any = None
) -> Month:
    """A month of cities that reported the sample's figures with these changes; None did not report."""
    units = [
        UnitFigures(
            code=f"4401{n:02d}",
            name=f"示例{n}",
            level="prefecture",
            row=figures_row(form.summed, None if said is None else {**NOW, **said}, {}, ledger, closed=False),
            last={"townships_total": 15},
        )
        for n, said in enumerate(reports)
    ]
    body = aggregate(form.summed, form.ratios, units, provisional=True, vintage=None)
    return Month(Period.parse(period), form, body)


def test_flows_are_summed_over_the_range_and_stocks_never() -> None:
    found = series(
        [
            month("2015-04", {"members_added": 5, "members_total": 200}, {"members_total": 100}),
            month("2015-05", {"members_added": 7, "members_total": 210}, {"members_total": 103}),
        ],
        FIRST,
    )

    assert found["range"]["members_added"]["value"] == 5 + 3 + 7 + 3
    assert found["range"]["members_total"]["value"] == 210 + 103
    assert found["range"]["members_total"]["from"] == "2015-05"
    assert [item["cells"]["members_added"]["cumulative"] for item in found["items"]] == [8, 18]
    assert "cumulative" not in found["items"][0]["cells"]["members_total"]


def test_what_came_before_the_range_counts_for_what_accumulates_and_for_changes() -> None:
    months = [month("2015-04", {"members_added": 5}), month("2015-05", {"members_added": 7})]

    found = series(months, Period(2015, 5))

    (item,) = found["items"]
    assert item["cells"]["members_added"]["cumulative"] == 12
    assert item["cells"]["members_added"]["since"] == "2015-04"
    assert item["cells"]["members_added"]["change"] == 2
    assert found["range"]["members_added"]["value"] == 7


def test_after_a_gap_nothing_is_compared() -> None:
    found = series([month("2015-04", {}), month("2015-06", {})], FIRST)

    assert found["items"][1]["cells"]["members_total"]["change"] is None
    assert found["items"][1]["ratios"]["townships_mobilized_rate"]["change_points"] is None
    assert found["items"][1]["balances"] == []


def test_a_month_in_which_nobody_reported_is_null_and_named() -> None:
    found = series([month("2015-04", {}, None), month("2015-05", None, None)], FIRST)

    assert found["items"][1]["cells"]["members_total"]["effective_sum"] is None
    assert found["range"]["members_total"] == {
        "kind": "stock",
        "value": 202,
        "from": "2015-04",
        "to": "2015-04",
        "incomplete": ["2015-04"],
        "is_broken": False,
    }


class TestANewFormVersion:
    MONTHS = (month("2015-06", {}), month("2015-07", {"townships_rectified": 4}, form=NEXT))

    def test_a_series_that_ended_is_null_and_never_0(self) -> None:
        found = series(self.MONTHS, FIRST)

        assert found["items"][0]["cells"]["townships_mobilized"]["effective_sum"] == 15
        assert found["items"][1]["cells"]["townships_mobilized"] is None
        assert found["range"]["townships_mobilized"]["value"] is None
        assert found["range"]["townships_mobilized"]["is_broken"]
        assert found["items"][1]["ratios"]["townships_mobilized_rate"] is None

    def test_one_that_began_was_null_before(self) -> None:
        found = series(self.MONTHS, FIRST)

        assert found["items"][0]["cells"]["townships_rectified"] is None
        assert found["items"][1]["cells"]["townships_rectified"]["effective_sum"] == 4

    def test_the_month_of_the_change_says_what_broke_and_why(self) -> None:
        breaks = {each["code"]: each for each in series(self.MONTHS, FIRST)["items"][1]["breaks"]}

        assert breaks["townships_mobilized"]["effect"] == "removed"
        assert "空" in breaks["townships_mobilized"]["reason"]["zh"]
        assert "members_total" not in breaks, "only reworded: it goes on"

    def test_nothing_is_summed_or_compared_across_a_break(self) -> None:
        flow = next(i for i in FORM.indicators if i.code == "members_added")
        words = flow.definition.model_copy(update={"zh": "另一口径"})
        changed = flow.model_copy(update={"definition": words})
        other = FORM.model_copy(
            update={
                "version": 2,
                "indicators": tuple(changed if i is flow else i for i in FORM.indicators),
            }
        )
        months = [
            month("2015-04", {"members_added": 5}),
            month("2015-05", {"members_added": 7}, form=other),
            month("2015-06", {"members_added": 1}, form=other),
        ]

        found = series(months, FIRST)

        cells = [item["cells"]["members_added"] for item in found["items"]]
        assert [cell["change"] for cell in cells] == [None, None, -6]
        assert [cell["cumulative"] for cell in cells] == [5, 7, 8]
        assert cells[2]["since"] == "2015-05"
        assert found["range"]["members_added"]["value"] == 8
        assert found["range"]["members_added"]["is_broken"]


class TestBalances:
    def of(self, found: dict[str, Any], basis: str) -> dict[str, Any]:
        last = found["items"][-1]["balances"]
        return next(b for b in last if b["basis"] == basis and b["stock"] == "members_total")

    def test_a_stock_that_follows_from_its_flows_balances(self) -> None:
        before = month("2015-04", {"members_total": 200})
        now = month("2015-05", {"members_total": 202, "members_added": 3, "members_left": 1})

        found = self.of(series([before, now], FIRST), "effective")

        assert (found["balanced"], found["unbalanced"], found["undecidable"]) == (1, [], 0)

    def test_one_that_does_not_is_named_with_its_difference(self) -> None:
        found = series([month("2015-04", {"members_total": 200}), month("2015-05", {})], FIRST)

        assert self.of(found, "effective")["unbalanced"] == []

        found = series([month("2015-04", {"members_total": 190}), month("2015-05", {})], FIRST)

        assert self.of(found, "effective")["unbalanced"] == [{"unit": "440100", "difference": 10}]

    def test_different_sources_are_a_note_and_no_fault(self) -> None:
        ledger = {"members_total": 190, "members_added": 3, "members_left": 1}
        before = month("2015-04", {"members_total": 200}, ledger=ledger)

        found = series([before, month("2015-05", {})], FIRST)

        assert self.of(found, "effective")["unbalanced"] == []
        assert self.of(found, "effective")["sources_differ"] == [{"unit": "440100", "difference": 10}]
        assert self.of(found, "effective")["note"]["zh"] == "来源不同"
        assert self.of(found, "ledger")["undecidable"] == 1

    def test_the_ledger_is_held_against_itself(self) -> None:
        months = [
            month(f"2015-0{n}", {}, ledger={"members_total": total, "members_added": 3, "members_left": 1})
            for n, total in ((4, 190), (5, 193))
        ]

        assert self.of(series(months, FIRST), "ledger")["unbalanced"] == [{"unit": "440100", "difference": 1}]


class TestPoints:
    @pytest.mark.parametrize(
        ("before", "now", "shown"),
        [
            ((1, 16), (2, 16), "+6.3"),
            ((2, 16), (1, 16), "-6.3"),
            ((1, 3), (1, 3), "0.0"),
            ((1, 3), (33334, 100000), "0.0"),
            ((33334, 100000), (1, 3), "0.0"),
            ((0, 5), (5, 5), "+100.0"),
            ((0, 0), (1, 2), None),
            ((1, 2), (None, None), None),
            # Printed 33.3 % and 33.4 %: the change is taken from the exact ratios, and is 0.0.
            ((333449, 1_000_000), (33345, 100_000), "0.0"),
        ],
    )
    def test_they_come_from_the_unrounded_ratios(self, before: Any, now: Any, shown: str | None) -> None:
        assert format_points(points(Ratio(*before), Ratio(*now))) == shown

    @given(*(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)) for _ in range(2)))
    def test_there_and_back_is_nothing(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        there, back = points(Ratio(*a), Ratio(*b)), points(Ratio(*b), Ratio(*a))

        assert there is not None
        assert back is not None
        assert Fraction(*there) + Fraction(*back) == 0
        assert Fraction(*there) == 100 * (Fraction(*b) - Fraction(*a))


REPORT = st.none() | st.fixed_dictionaries(
    {code: st.integers(0, 999) for code in ("members_added", "members_total", "townships_mobilized")}
)


@given(st.lists(st.lists(REPORT, min_size=2, max_size=2), min_size=1, max_size=6))
def test_arrays_say_what_the_months_say(reports: list[list[dict[str, int] | None]]) -> None:
    months = [month(f"2015-{n:02d}", *said) for n, said in enumerate(reports, start=4)]
    found = series(months, FIRST)

    columns = as_columns(found)

    for part in ("codes", "ratios"):
        for code, about in columns[part].items():
            arrays = {name: value for name, value in about.items() if isinstance(value, list)}
            assert {len(values) for values in arrays.values()} == {len(reports)}
            if part == "codes":
                assert arrays["effective_sum"] == [
                    item["cells"][code]["effective_sum"] for item in found["items"]
                ]
    flows = columns["codes"]["members_added"]["effective_sum"]
    known = [value for value in flows if value is not None]
    assert columns["range"]["members_added"]["value"] == (sum(known) if known else None)
    assert columns["codes"]["members_added"]["cumulative"][-1] == (sum(known) if known else None)
