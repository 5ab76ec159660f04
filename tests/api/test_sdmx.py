"""Exchange with statistics offices over HTTP: out of one service, into another, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.examples import SDMX_TABLE
from app.documents.sdmx_reader import read_sdmx
from tests.api.filing import snapshot
from tests.api.test_aggregates import file, reconcile
from tests.samples import CHANGSHA, CODES, GUANGDONG, GUANGZHOU, SHAOGUAN, at, figures
from tests.service import Answer, Service

ADDRESS = f"/api/v1/aggregates/2015-04/{GUANGDONG}"
SDMX = "application/vnd.sdmx.data+csv"
POST = "/api/v1/aggregates/sdmx"
HEAD = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE"
FLOW = "dataflow,YUEBAO:BAIXIAN_QIANXIANG(1.0.0),I"


def send(service: Service, body: bytes | str, by: str = "scoped", query: str = "", **headers: str) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return service.post(POST + query, data, by=by, **{"content_type": SDMX, **headers})


def message(*rows: tuple[str, str, Any], period: str = "2015-04") -> str:
    return "\n".join([HEAD, *(f"{FLOW},{unit},{code},{period},{value}" for unit, code, value in rows)])


@pytest.fixture
def told(service: Service) -> bytes:
    """Guangdong's table with two cities, one of them corrected by the ledger."""
    file(service, GUANGZHOU, SHAOGUAN)
    reconcile(service, f"{GUANGZHOU},,3,1,400,2,1,1,613")
    return service.get(ADDRESS, by="reviewer", accept=f"{SDMX};version=2.0.0").body


def test_the_table_comes_as_a_message(service: Service, told: bytes) -> None:
    answer = service.get(ADDRESS, by="reviewer", accept=f"{SDMX};version=2.0.0")

    assert answer.headers["content-type"] == f"{SDMX}; version=2.0.0"
    found = {row[:3]: row.value for row in read_sdmx(told).observations}
    assert found[GUANGZHOU, "members_total", "reported"] == 410
    assert found[GUANGZHOU, "members_total", "effective"] == 400
    for code in CODES:
        assert found[SHAOGUAN, code, "reported"] == figures(SHAOGUAN)[code]
    again = service.get(ADDRESS, by="centre", accept=f"{SDMX};version=2.0.0", if_none_match=answer.etag)
    assert again.status == 304


def test_names_come_in_the_language_that_is_asked_for(service: Service, told: bytes) -> None:
    accept = f"{SDMX}; version=2.0.0; labels=both; keys=obs"

    zh = service.get(ADDRESS, by="reviewer", accept=accept)
    en = service.get(ADDRESS, by="reviewer", accept=accept, accept_language="en-GB, zh;q=0.5")

    assert "REF_AREA: 填报单位" in zh.body.decode()
    assert "REF_AREA: Reporting unit" in en.body.decode()
    assert (zh.headers["content-language"], en.headers["content-language"]) == ("zh-CN", "en")
    assert zh.etag != en.etag
    assert read_sdmx(zh.body).observations == read_sdmx(en.body).observations == read_sdmx(told).observations


@pytest.mark.parametrize("parameters", ["version=1.0.0", "version=2.0.0;labels=all", "keys=some"])
def test_what_the_format_does_not_have_is_refused(service: Service, parameters: str) -> None:
    assert service.get(ADDRESS, by="reviewer", accept=f"{SDMX};{parameters}").status == 406


def test_a_table_that_comes_back_agrees_with_what_is_there(service: Service, told: bytes) -> None:
    before = snapshot(service)

    found = send(service, told).json

    assert [each["unit"] for each in found["matched"]] == [GUANGZHOU, SHAOGUAN]
    assert (found["created"], found["differing"], found["committed"]) == ([], [], True)
    assert found["ignored"]["effective"] > 0
    assert snapshot(service) == before


def test_missing_reports_become_drafts_that_count_only_when_sent(service: Service) -> None:
    body = message(*((SHAOGUAN, code, value) for code, value in figures(SHAOGUAN).items()))

    answer = send(service, body)

    assert (answer.status, answer.json["created"]) == (201, [{"period": "2015-04", "unit": SHAOGUAN}])
    draft = service.get(at("", SHAOGUAN), by="shaoguan").json
    assert (draft["status"], draft["figures"]) == ("draft", figures(SHAOGUAN))
    assert service.get(ADDRESS, by="reviewer").json["cells"]["members_total"]["reported_sum"] is None
    actions = [row["action"] for row in service.get("/api/v1/audit", by="auditor").json["items"]]
    assert "report.draft" in actions


def test_a_difference_is_told_and_nothing_is_changed(service: Service) -> None:
    file(service, GUANGZHOU)
    before = snapshot(service)

    found = send(service, message((GUANGZHOU, "members_total", 400), (GUANGZHOU, "wechat_groups", ""))).json

    assert found["differing"] == [
        {
            "period": "2015-04",
            "unit": GUANGZHOU,
            "indicator": "members_total",
            "table": 400,
            "reported": 410,
            "difference": -10,
        }
    ]
    assert snapshot(service) == before


def test_a_dry_run_leaves_no_trace(service: Service) -> None:
    before = snapshot(service)

    answer = send(service, message((SHAOGUAN, "members_total", 1)), query="?dry_run=true")

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert answer.json["created"] == [{"period": "2015-04", "unit": SHAOGUAN}]
    assert snapshot(service) == before


def test_the_same_key_takes_a_table_once(service: Service) -> None:
    body = message((SHAOGUAN, "members_total", 1))

    first, again = (send(service, body, idempotency_key="k") for _ in range(2))

    assert again.headers["idempotent-replayed"] == "true"
    assert first.body == again.body


def test_one_fault_refuses_the_whole_table_and_all_are_named(service: Service) -> None:
    before = snapshot(service)
    body = message(
        (SHAOGUAN, "members_total", 1),
        (GUANGDONG, "members_total", 1),
        (CHANGSHA, "members_total", 1),
        ("440200", "no_such_figure", 1),
        ("440300", "members_total", 99_999_999),
    )

    answer = send(service, body)

    assert (answer.status, answer.code) == (422, "table-refused")
    assert answer.errors == {
        "/2015-04/440200/figures": "unknown-indicator",
        "/2015-04/440300/figures/members_total": "number-out-of-range",
        "/2015-04/430100": "unit-unknown",
        "/2015-04/440000/unit": "unit-not-reporting",
    }
    assert snapshot(service) == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "sdmx-refused"),
        (message(), "sdmx-refused"),
        (message((SHAOGUAN, "members_total", "x")), "sdmx-refused"),
        (message((SHAOGUAN, "members_total", 1), period="2015-03"), "table-refused"),
        (message((SHAOGUAN, "members_total", 1), period="2015-09"), "table-refused"),
        (message((SHAOGUAN, "members_total", 1), period="9999-12"), "table-refused"),
        (message((SHAOGUAN, "members_total", 1)).replace("(1.", "(2."), "table-refused"),
    ],
)
def test_what_cannot_be_taken_is_refused(service: Service, body: str, code: str) -> None:
    answer = send(service, body)

    assert (answer.status, answer.code) == (422, code)
    assert answer.json["findings"]


def test_who_writes_no_report_takes_no_table(service: Service) -> None:
    body = message((SHAOGUAN, "members_total", 1))

    assert send(service, body, by="integrator").status == 403
    assert send(service, body, by="reviewer").status == 403
    assert send(service, body, content_type="application/json").status == 415
    assert send(service, body, by="guangzhou").errors == {"/2015-04/440200": "unit-unknown"}


def test_the_documented_example_is_taken(service: Service) -> None:
    assert send(service, SDMX_TABLE).json["created"] == [{"period": "2015-04", "unit": SHAOGUAN}]
