"""How numbers are said in Chinese."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.period import Period
from app.domain.ratio import Ratio
from app.domain.wording import amount, change, clause, day, day_and_weekday, month, moved, names, share


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (Ratio(61, 80), Ratio(58, 80), "比上月（72.5%）提高3.8个百分点"),
        (Ratio(58, 80), Ratio(61, 80), "比上月（76.3%）下降3.8个百分点"),
        (Ratio(61, 80), Ratio(61, 80), "与上月（76.3%）持平"),
        (Ratio(1, 16), Ratio(0, 16), "比上月（0.0%）提高6.3个百分点"),
        (Ratio(10000, 20001), Ratio(1, 2), "与上月（50.0%）持平"),
        (Ratio(61, 80), None, ""),
        (Ratio(61, 80), Ratio(0, 0), ""),
        (Ratio(None, None), Ratio(1, 2), ""),
    ],
)
def test_a_change_of_a_share_is_told_in_percentage_points(now, before, said):
    assert moved(now, before) == said


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
def test_a_rise_one_way_is_a_fall_of_the_same_size_the_other_way(a, b, c, d):
    there, back = moved(Ratio(a, b), Ratio(c, d)), moved(Ratio(c, d), Ratio(a, b))

    assert there.partition("）")[2].replace("提高", "下降") == back.partition("）")[2].replace("提高", "下降")
    assert ("提高" in there) == ("下降" in back)


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (12, 9, "比上月（9个）增加3个"),
        (9, 12, "比上月（12个）减少3个"),
        (9, 9, "与上月（9个）持平"),
        (0, 0, "与上月（0个）持平"),
        (9, None, ""),
        (None, 9, ""),
    ],
)
def test_a_change_of_an_amount_names_last_month(now, before, said):
    assert change(now, before, "个") == said


def test_an_unknown_amount_is_not_said_to_be_zero():
    assert amount(None, "名") == "无数据"
    assert amount(0, "名") == "0名"


def test_days_have_no_padded_zeros():
    assert day(date(2015, 4, 5)) == "2015年4月5日"
    assert day_and_weekday(date(2015, 5, 25)) == "2015年5月25日（星期一）"
    assert month(Period(2015, 4)) == "2015年4月"


def test_nobody_is_said_as_such():
    assert names([]) == "无"
    assert names(["甲市", "乙市"]) == "甲市、乙市"


def test_a_clause_leaves_out_what_there_is_nothing_to_say_about():
    assert clause("甲", "", "乙") == "甲，乙。"


def test_a_share_over_nothing_is_a_dash():
    assert share(Ratio(0, 0)) == "—"
    assert share(Ratio(16, 22)) == "72.7%（16/22）"
