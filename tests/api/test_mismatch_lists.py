"""Lists of mismatches: narrowed, sorted, in pages, as files, and summed up for a run."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from tests.ledger import MISMATCHES, RUNS, imported, line, reconciled
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REPORTS, SHAOGUAN, figures, report
from tests.service import Service


@pytest.fixture
def many(service: Service) -> Service:
    """Differences in three cities of Guangdong and one of Hunan."""
    for code in (GUANGZHOU, SHAOGUAN, "440300", CHANGSHA):
        service.post(REPORTS, report(code), by="everybody")
    known = {code: figures(code)["members_total"] for code in (GUANGZHOU, SHAOGUAN, CHANGSHA)}
    imported(
        service,
        line(GUANGZHOU, members_total=known[GUANGZHOU] + 5, orgs_new=1),
        line(SHAOGUAN, members_total=known[SHAOGUAN] - 20),
        line(CHANGSHA, members_total=known[CHANGSHA] - 1),
        by="centre",
    )
    reconciled(service, unit="000000", by="centre")
    return service


def picked(service: Service, query: str, by: str = "centre") -> list[tuple[str, int]]:
    answer = service.get(f"{MISMATCHES}{query}", by=by)
    assert answer.status == 200, answer.json
    return [(m["unit"], m["difference"]) for m in answer.json["items"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [(CHANGSHA, 1), (GUANGZHOU, -5), (GUANGZHOU, 1), (SHAOGUAN, 20)]),
        ("?sort=-difference&within=440000", [(SHAOGUAN, 20), (GUANGZHOU, -5), (GUANGZHOU, 1)]),
        (f"?unit={GUANGZHOU}&indicator=orgs_new", [(GUANGZHOU, 1)]),
        ("?min_difference=5", [(GUANGZHOU, -5), (SHAOGUAN, 20)]),
        ("?state=explained", []),
        ("?period=2015-05", []),
        ("?older_than=1", []),
    ],
)
def test_a_list_is_narrowed_and_sorted(many: Service, query: str, found: list[tuple[str, int]]) -> None:
    assert picked(many, query) == found


def test_a_list_shows_what_has_been_waiting(many: Service) -> None:
    many.clock.set("2015-05-04T09:00:01+08:00")

    assert len(picked(many, "?older_than=10&state=open")) == 4
    assert picked(many, "?older_than=11") == []


@pytest.mark.parametrize("sort", ["unit", "-difference", "opened_at"])
def test_pages_hold_every_mismatch_once(many: Service, sort: str) -> None:
    whole = picked(many, f"?sort={sort}")
    seen, cursor = [], ""
    while cursor is not None:
        page = many.get(f"{MISMATCHES}?sort={sort}&limit=1&cursor={cursor}", by="centre").json
        seen += [(m["unit"], m["difference"]) for m in page["items"]]
        cursor = page["next"]

    assert seen == whole


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?within=430000", 404),
        ("?within=449999", 404),
        ("?sort=evil", 422),
        ("?state=gone", 422),
        ("?min_difference=-1", 422),
        ("?min_difference=9007199254740992", 422),
        ("?older_than=99999999999", 422),
        ("?indicator=a%00b", 422),
        ("?period=2014-01", 422),
        ("?cursor=WzEsMl0", 422),
    ],
)
def test_a_list_refuses_what_it_cannot_mean(many: Service, query: str, status: int) -> None:
    assert many.get(f"{MISMATCHES}{query}", by="reviewer").status == status


LIVE = "=cmd|' /C calc'!A0 公式"


def test_a_file_of_mismatches_computes_nothing(many: Service) -> None:
    (found,) = many.get(f"{MISMATCHES}?unit={SHAOGUAN}", by="centre").json["items"]
    many.post(f"{MISMATCHES}/{found['id']}/explain", {"text": LIVE}, by="shaoguan")

    text = many.get(f"{MISMATCHES}?within=440000", by="reviewer", accept="text/csv")
    book = many.get(
        f"{MISMATCHES}?within=440000",
        by="reviewer",
        accept="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )

    lines = text.body.decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert f"2015-04,{SHAOGUAN},韶关市,乡镇团委·现有团委委员总数" in lines[3]
    assert lines[3].endswith(f",20,已说明,'{LIVE}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_index(0).to_python()
    assert rows[3][-1] == LIVE
    assert rows[3][4:7] == [float(found["reported"]), float(found["ledger"]), 20.0]
    assert b"<f>" not in book.body


def test_a_run_comes_as_a_file_too(many: Service) -> None:
    run = reconciled(many).json["id"]

    answer = many.get(f"{RUNS}/{run}/mismatches", by="reviewer", accept="text/csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert len(answer.body.splitlines()) == 4


def test_a_summary_says_what_a_province_comes_to(many: Service) -> None:
    run = reconciled(many).json["id"]

    answer = many.get(f"{RUNS}/{run}/summary", by="reviewer").json

    assert answer["figures"]["members_total"] == {
        "over": {"cells": 1, "sum": 20},
        "under": {"cells": 1, "sum": -5},
    }
    assert [(t["unit"], t["difference"]) for t in answer["top"]] == [
        (SHAOGUAN, 20),
        (GUANGZHOU, -5),
        (GUANGZHOU, 1),
    ]
    assert [u["name"] for u in answer["missing_in_ledger"]] == ["深圳市"]
    assert len(answer["not_reported"]) == 19
    assert [p["province"] for p in answer["provinces"]] == [GUANGDONG]


def test_the_centre_sees_each_province(many: Service) -> None:
    run = reconciled(many, unit="000000", by="centre").json["id"]

    answer = many.get(f"{RUNS}/{run}/summary", by="centre").json

    sums = {p["province"]: p["figures"].get("members_total") for p in answer["provinces"]}
    assert sums["430000"] == {"over": {"cells": 1, "sum": 1}, "under": {"cells": 0, "sum": 0}}
    assert sums["440000"]["over"]["sum"] == 20
    assert many.get(f"{RUNS}/{run}/summary", by="reviewer").status == 404
