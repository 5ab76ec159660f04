"""Ranking: ties together, exact comparison, and nobody ranked who has nothing to be ranked by."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ranking import Candidate, ranking
from app.domain.ratio import Ratio


def candidate(code: str, numerator: int | None, denominator: int | None, reported: bool = True) -> Candidate:
    return Candidate(code, f"示例{code}", Ratio(numerator, denominator), reported)


def test_ties_share_a_rank_and_are_listed_by_code() -> None:
    rows = ranking(
        [
            candidate("440300", 0, 0),
            candidate("440500", 3, 4),
            candidate("440200", None, None, reported=False),
            candidate("440600", 9, 9),
            candidate("440100", 5, 5),
            candidate("440400", 0, 7),
        ]
    )

    assert [(row["rank"], row["unit"], row["display"]) for row in rows] == [
        (1, "440100", "100.0%"),
        (1, "440600", "100.0%"),
        (3, "440500", "75.0%"),
        (4, "440400", "0.0%"),
        (None, "440300", "—"),
        (None, "440200", "—"),
    ]
    assert [row["remark"] and row["remark"]["zh"] for row in rows[-3:]] == [None, "不参与排名", "未报"]


def test_what_prints_alike_is_not_a_tie() -> None:
    rows = ranking([candidate("440100", 3333, 10000), candidate("440200", 1, 3)])

    assert [(row["rank"], row["unit"], row["display"]) for row in rows] == [
        (1, "440200", "33.3%"),
        (2, "440100", "33.3%"),
    ]


def test_a_figure_of_the_ledger_does_not_rank_who_did_not_report() -> None:
    (row,) = ranking([candidate("440100", 5, 10, reported=False)])

    assert (row["rank"], row["remark"]["zh"]) == (None, "未报")


CANDIDATES = st.lists(
    st.tuples(st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), st.booleans()), max_size=12
)


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_rank_is_one_more_than_the_number_of_better_ones(given_ones: list, rnd: random.Random) -> None:
    everybody = [candidate(f"{440100 + n}", *parts) for n, parts in enumerate(given_ones)]

    rows = ranking(rnd.sample(everybody, len(everybody)))

    ranked = {r["unit"]: Fraction(r["numerator"], r["denominator"]) for r in rows if r["rank"]}
    for row in rows:
        if row["rank"]:
            assert row["rank"] == 1 + sum(other > ranked[row["unit"]] for other in ranked.values())
    assert sorted(row["unit"] for row in rows) == [c.unit for c in everybody]
    keys = [(row["rank"] or 99, (row["remark"] or {}).get("zh") == "未报", row["unit"]) for row in rows]
    assert keys == sorted(keys)
