"""The ranking of a month over HTTP."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from openpyxl import load_workbook

from tests.api.test_aggregates import file
from tests.api.test_series import XLSX
from tests.samples import FOSHAN, GUANGDONG, GUANGDONG_UNITS, GUANGZHOU, SHAOGUAN, SHENZHEN, SHUNDE
from tests.service import Service

ADDRESS = f"/api/v1/rankings/2015-04/{GUANGDONG}?ratio=townships_mobilized_rate"


@pytest.fixture
def month(service: Service) -> Service:
    """Two complete cities, one half done, one without townships; eighteen did not report."""
    file(service, GUANGZHOU, SHUNDE, SHENZHEN)
    file(service, SHAOGUAN, figures={"townships_mobilized": 47})
    return service


def items(service: Service, address: str = ADDRESS) -> Any:
    answer = service.get(address, by="reviewer")
    assert answer.status == 200, answer.json
    return answer.json["items"]


def test_units_come_by_ratio_then_those_without_one_then_those_missing(month: Service) -> None:
    rows = items(month)

    assert [(row["rank"], row["unit"]) for row in rows[:4]] == [
        (1, GUANGZHOU),
        (1, SHUNDE),
        (3, SHAOGUAN),
        (None, SHENZHEN),
    ]
    assert rows[3]["remark"]["zh"] == "不参与排名"
    assert [row["unit"] for row in rows[4:]] == [
        code for code in GUANGDONG_UNITS if code not in {GUANGZHOU, SHUNDE, SHENZHEN, SHAOGUAN}
    ]
    assert {row["remark"]["zh"] for row in rows[4:]} == {"未报"}


def test_a_share_of_cities_is_all_or_nothing(month: Service) -> None:
    rows = items(month, ADDRESS.replace("townships_mobilized_rate", "prefectures_mobilized_rate"))

    assert [(row["rank"], row["display"]) for row in rows[:4]] == [(1, "100.0%")] * 4


def test_shunde_stands_aside_in_the_centres_view(month: Service) -> None:
    assert SHUNDE not in [row["unit"] for row in items(month, f"{ADDRESS}&view=centre")]


def test_it_is_a_table_too(month: Service) -> None:
    text = month.get(ADDRESS, by="reviewer", accept="text/csv")
    book = month.get(ADDRESS, by="reviewer", accept=XLSX)

    rows = list(csv.reader(StringIO(text.body.decode("utf-8-sig"))))
    assert rows[1][:3] == ["1", GUANGZHOU, "广州市"]
    assert rows[4][0] == ""
    assert load_workbook(BytesIO(book.body)).active["A1"].value == "广东省2015年4月召开动员会的乡镇比例排名"


def test_an_unchanged_ranking_is_not_sent_again(month: Service) -> None:
    first = month.get(ADDRESS, by="reviewer")

    again = month.get(ADDRESS, by="centre", if_none_match=first.etag)
    file(month, FOSHAN)

    assert again.status == 304
    assert month.get(ADDRESS, by="reviewer", if_none_match=first.etag).status == 200


@pytest.mark.parametrize(
    ("query", "code"), [("ratio=x", "unknown-ratio"), ("", "missing-field"), ("ratio=X!", "invalid-format")]
)
def test_a_ratio_that_is_none_is_refused(service: Service, query: str, code: str) -> None:
    answer = service.get(f"/api/v1/rankings/2015-04/{GUANGDONG}?{query}", by="reviewer")

    assert (answer.status, answer.code) == (422, code)
