"""The register over HTTP: who reports to whom, filters and pages."""

from __future__ import annotations

import pytest

from tests.samples import CENTRE, FOSHAN, GUANGDONG, GUANGDONG_UNITS, GUANGZHOU, HUNAN, SHUNDE
from tests.service import Service

UNITS = "/api/v1/units"


def codes(service: Service, query: str, by: str = "centre") -> list[str]:
    answer = service.get(f"{UNITS}{query}", by=by)
    assert answer.status == 200, answer.json
    return [row["code"] for row in answer.json["items"]]


def test_a_unit_shows_both_parents_and_its_denominators(service: Service) -> None:
    shunde = service.get(f"{UNITS}/{SHUNDE}", by="shunde").json

    assert shunde == {
        "code": SHUNDE,
        "name": "顺德区",
        "level": "county",
        "report_parent": GUANGDONG,
        "admin_parent": FOSHAN,
        "reports": True,
        "agri_related": True,
        "township_kind": None,
        "valid_from": "2015-01-01",
        "valid_to": None,
        "counties_count": 1,
        "agri_counties_count": 1,
        "townships_count": 6,
    }


def test_foshan_counts_without_shunde(service: Service) -> None:
    foshan = service.get(f"{UNITS}/{FOSHAN}", by="foshan").json

    assert (foshan["counties_count"], foshan["townships_count"]) == (4, 15)


def test_the_province_has_twenty_two_that_report(service: Service) -> None:
    below = service.get(f"{UNITS}?parent={GUANGDONG}", by="reviewer").json["items"]

    assert [row["code"] for row in below if row["reports"]] == GUANGDONG_UNITS


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?level=province", ["310000", HUNAN, GUANGDONG]),
        ("?level=centre", [CENTRE]),
        (f"?parent={SHUNDE}&level=township&limit=2", ["440606001", "440606002"]),
        ("?q=4401&level=prefecture", [GUANGZHOU]),
        ("?q=顺德", [SHUNDE]),
        ("?q=广州&level=prefecture", [GUANGZHOU]),
        ("?q=%25", []),
        ("?q=_", []),
        ("?q=/", []),
        ("?q=%5C", []),
        ("?q=' OR 1=1 --", []),
        ("?q=", None),
        ("?parent=449999", []),
    ],
)
def test_filters(service: Service, query: str, expected: list[str] | None) -> None:
    found = codes(service, query)

    if expected is None:
        assert len(found) == 100
    elif "level=township" in query:
        assert len(found) == 2
        assert all(code.startswith(SHUNDE) for code in found)
    else:
        assert found == expected


def test_pages_hold_every_unit_once_in_order(service: Service) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = service.get(f"{UNITS}?limit=50{cursor}", by="reviewer").json
        seen += [row["code"] for row in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert seen == sorted(set(seen))
    assert set(GUANGDONG_UNITS) < set(seen)
    assert HUNAN not in seen


@pytest.mark.parametrize("by", ["guangzhou", "shunde", "reviewer", "hunan", "auditor", "administrator"])
def test_everybody_sees_the_units_within_reach_and_no_others(service: Service, by: str) -> None:
    seen = codes(service, "?limit=1000", by=by)

    for code in (GUANGZHOU, SHUNDE, GUANGDONG, HUNAN, CENTRE):
        assert (code in seen) == (service.get(f"{UNITS}/{code}", by=by).status == 200)


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=1001",
        "?limit=x",
        "?level=city",
        "?parent=x",
        f"?q={'x' * 41}",
        "?cursor=!",
        "?sort=name",
        "?q=a&q=b",
    ],
)
def test_a_question_that_means_nothing_is_refused(service: Service, query: str) -> None:
    assert service.get(f"{UNITS}{query}", by="reviewer").status == 422


@pytest.mark.parametrize("code", ["449999", "123456789"])
def test_an_unknown_unit_is_not_found(service: Service, code: str) -> None:
    assert service.get(f"{UNITS}/{code}", by="reviewer").status == 404
