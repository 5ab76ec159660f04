"""Reconciling with an import that is named: only with one that concerns the caller's units."""

from __future__ import annotations

import pytest

from tests.api.filing import without_ids
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, HUNAN
from tests.service import Answer, Service

HEADER = "period,unit_code,members_added,members_left,members_total,orgs_new,orgs_dissolved,orgs_rectified,orgs_total\n"
ROW = "2015-04,{code},41,12,451,38,4,9,690\n"
RUNS = "/api/v1/reconciliations"
CSV = {"content_type": "text/csv"}


def imported(service: Service, *codes: str, by: str) -> str:
    body = (HEADER + "".join(ROW.format(code=code) for code in codes)).encode()
    answer = service.post("/api/v1/ledger/imports?kind=summary", body, by=by, **CSV)
    assert answer.status == 201, answer.body
    return str(answer.json["id"])


def run(service: Service, unit: str, import_id: str, by: str) -> Answer:
    return service.post(RUNS, {"period": "2015-04", "unit": unit, "ledger_import": import_id}, by=by)


@pytest.mark.parametrize("codes", [[GUANGZHOU], [GUANGZHOU, CHANGSHA]], ids=["own", "with others"])
def test_an_import_that_concerns_the_callers_units_may_be_named(service: Service, codes: list[str]) -> None:
    import_id = imported(service, *codes, by="centre")

    assert run(service, GUANGDONG, import_id, "reviewer").status == 201


def test_an_import_of_others_reads_as_one_that_does_not_exist(service: Service) -> None:
    import_id = imported(service, GUANGZHOU, by="reviewer")

    refused, absent = (run(service, HUNAN, each, "hunan") for each in (import_id, "0" * 32))

    assert refused.status == absent.status == 404
    assert without_ids(refused.json) == without_ids(absent.json)


@pytest.mark.parametrize("path", ["/api/v1/ledger/imports", f"{RUNS}?period=2015-04&unit={GUANGDONG}"])
def test_a_refused_file_comes_back_with_its_lines(service: Service, path: str) -> None:
    refused = service.post(path, b"x", "reviewer", **CSV)

    assert (refused.status, refused.code) == (422, "import-rejected")
    assert {found["line"] for found in refused.json["findings"]} == {1}
    assert refused.json["accepted"] == 0
