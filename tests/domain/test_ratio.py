"""Ratios: exact, half-up, and a dash where there is nothing to divide by."""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ratio import (
    Ratio,
    all_units_basis,
    complete_pairs,
    format_percent,
    format_quotient,
    half_up,
    reporting_basis,
)


@pytest.mark.parametrize(
    ("numerator", "denominator", "shown"),
    [
        (1, 16, "6.3%"),  # 6.25: Python's round() gives 6.2
        (3, 16, "18.8%"),
        (1, 3, "33.3%"),
        (2, 3, "66.7%"),
        (1, 2000, "0.1%"),
        (1, 2001, "0.0%"),
        (0, 5, "0.0%"),
        (22, 22, "100.0%"),
        (1999, 2000, "100.0%"),
        (5, 2, "250.0%"),
        (0, 0, "—"),
        (4, 0, "—"),
        (None, 5, "—"),
        (5, None, "—"),
        (None, None, "—"),
    ],
)
def test_a_percentage_is_rounded_half_up_to_one_decimal(numerator, denominator, shown):
    assert format_percent(numerator, denominator) == shown


@pytest.mark.parametrize(
    ("numerator", "denominator", "decimals", "rounded", "shown"),
    [
        (1, 2, 0, 1, "1"),
        (-1, 2, 0, -1, "-1"),
        (1, 3, 0, 0, "0"),
        (-1, 3, 0, 0, "0"),
        (-25, 100, 1, -3, "-0.3"),
        (1, 16, 3, 63, "0.063"),
        (1005, 1000, 2, 101, "1.01"),
    ],
)
def test_ties_round_away_from_zero_on_both_sides(numerator, denominator, decimals, rounded, shown):
    assert half_up(numerator, denominator, decimals) == rounded
    assert format_quotient(numerator, denominator, decimals) == shown


@pytest.mark.parametrize("denominator", [0, -1])
def test_rounding_refuses_a_denominator_that_is_not_positive(denominator):
    with pytest.raises(ValueError, match="positive"):
        half_up(1, denominator)


@given(
    st.integers(-(10**12), 10**12),
    st.integers(1, 10**4).flatmap(lambda d: st.sampled_from([d, 2 * d, 16 * d, 1000 * d])),
    st.integers(0, 6),
)
def test_rounding_equals_decimals_half_up(numerator, denominator, decimals):
    # Prec 80 divides these far enough that no tie is made or broken by the division itself.
    exact = Context(prec=80).divide(Decimal(numerator), Decimal(denominator))
    expected = exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, Context(prec=80))

    assert Decimal(half_up(numerator, denominator, decimals)).scaleb(-decimals) == expected
    assert Decimal(format_quotient(numerator, denominator, decimals)) == expected


@pytest.mark.parametrize(
    ("ratio", "decimal", "display"),
    [
        (Ratio(1, 16), "0.0625", "6.3%"),
        (Ratio(1, 3), "0.333333333333", "33.3%"),
        (Ratio(2, 3), "0.666666666667", "66.7%"),
        (Ratio(10, 10), "1", "100.0%"),
        (Ratio(0, 7), "0", "0.0%"),
        (Ratio(0, 0), None, "—"),
        (Ratio(None, 22), None, "—"),
        (Ratio(None, None), None, "—"),
    ],
)
def test_a_ratio_keeps_its_exact_parts_and_shows_a_rounded_one(ratio, decimal, display):
    assert ratio.as_json() == {
        "numerator": ratio.numerator,
        "denominator": ratio.denominator,
        "ratio": decimal,
        "display": display,
    }


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_the_unrounded_ratio_is_within_half_a_unit_of_its_last_place(numerator, denominator):
    error = abs(Fraction(Ratio(numerator, denominator).decimal) - Fraction(numerator, denominator))

    assert error <= Fraction(1, 2 * 10**12)


FIGURE = st.none() | st.integers(0, 1000)


@given(st.lists(st.tuples(FIGURE, st.none() | st.integers(1, 1000), FIGURE)))
def test_the_all_units_basis_is_never_above_the_reporting_basis(units):
    numerators = [n for n, _, _ in units]
    denominators = [d for _, d, _ in units]
    known = [last if d is None else d for _, d, last in units]

    reporting = reporting_basis(*complete_pairs(numerators, denominators))
    everyone = all_units_basis(reporting, known)

    if reporting.denominator:
        assert Fraction(everyone.numerator, everyone.denominator) <= Fraction(
            reporting.numerator, reporting.denominator
        )
    assert everyone.numerator in (None, reporting.numerator or 0)


def test_parts_of_different_units_are_never_put_over_each_other():
    complete = complete_pairs([5, None, 3], [10, 20, None])

    assert complete == ([5], [10])
    assert reporting_basis(*complete) == Ratio(5, 10)
    assert all_units_basis(Ratio(5, 10), [10, 20, 30]) == Ratio(5, 60)


def test_no_unit_at_all_is_no_ratio_in_either_basis():
    assert reporting_basis([], []) == Ratio(None, None)
    assert all_units_basis(Ratio(None, None), []) == Ratio(None, None)
    assert all_units_basis(Ratio(None, None), [None, None]) == Ratio(None, None)
    assert all_units_basis(Ratio(None, None), [None, 8]) == Ratio(0, 8)
