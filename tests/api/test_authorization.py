"""Every operation against every role and place, by the table that decides (app/domain/permission.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.domain.permission import OPENED_BY_SCOPE, ROLES, Action
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU, REOPEN, REPORTS, RETURN, at, report
from tests.seed import PEOPLE
from tests.service import Answer, Asked, Service

FORM = '''code = "x"'''


def ready(service: Service, status: str) -> None:
    """Guangzhou's and Changsha's reports of April in a state, so that only permission can refuse."""
    if status == "absent":
        return
    for code in (GUANGZHOU, CHANGSHA):
        service.post(REPORTS, report(code, draft=status == "draft"), by="everybody")
        if status == "accepted":
            service.post(at("/accept", code), by="centre")


@dataclass(frozen=True)
class Operation:
    """One operation: the action that it needs, the state that it begins from, and how it is asked for."""

    action: Action
    ask: Callable[[str], Asked]
    status: str = "submitted"
    place: str = "unit"
    """What its address names: a unit, a province, or nothing, where out of reach cannot be."""


def _post(path: str, body: Any, **headers: str) -> Callable[[str], Asked]:
    return lambda code: Asked("POST", path.replace("{unit}", code), None, body, headers)


def _get(path: str) -> Callable[[str], Asked]:
    return lambda code: Asked("GET", path.replace("{unit}", code), None)


HERE = "/api/v1/reports/2015-04/{unit}"
OPERATIONS: dict[str, Operation] = {
    "POST /api/v1/reports": Operation(
        Action.WRITE_REPORT, lambda code: Asked("POST", REPORTS, None, report(code)), "absent"
    ),
    "GET /api/v1/reports": Operation(Action.READ_REPORT, _get(REPORTS), place="none"),
    "PUT /api/v1/reports/{period}/{unit}": Operation(
        Action.WRITE_REPORT,
        lambda code: Asked("PUT", at("", code), None, report(code), {"if-match": "*"}),
    ),
    "GET /api/v1/reports/{period}/{unit}": Operation(Action.READ_REPORT, _get(HERE)),
    "GET /api/v1/reports/{period}/{unit}/versions": Operation(Action.READ_REPORT, _get(f"{HERE}/versions")),
    "GET /api/v1/reports/{period}/{unit}/versions/{number}": Operation(
        Action.READ_REPORT, _get(f"{HERE}/versions/1")
    ),
    "GET /api/v1/reports/{period}/{unit}/diff": Operation(
        Action.READ_REPORT, _get(f"{HERE}/diff?from=1&to=1")
    ),
    "GET /api/v1/reports/{period}/{unit}/draft": Operation(Action.WRITE_REPORT, _get(f"{HERE}/draft")),
    "POST /api/v1/reports/{period}/{unit}/submit": Operation(
        Action.WRITE_REPORT, _post(f"{HERE}/submit", {}), "draft"
    ),
    "POST /api/v1/reports/{period}/{unit}/withdraw": Operation(
        Action.WRITE_REPORT, _post(f"{HERE}/withdraw", {})
    ),
    "POST /api/v1/reports/{period}/{unit}/accept": Operation(
        Action.REVIEW_REPORT, _post(f"{HERE}/accept", {})
    ),
    "POST /api/v1/reports/{period}/{unit}/return": Operation(
        Action.REVIEW_REPORT, _post(f"{HERE}/return", RETURN)
    ),
    "POST /api/v1/reports/{period}/{unit}/reopen": Operation(
        Action.REVIEW_REPORT, _post(f"{HERE}/reopen", REOPEN), "accepted"
    ),
    "GET /api/v1/reports/{period}/{unit}/consolidation": Operation(
        Action.READ_REPORT,
        lambda code: Asked("GET", f"/api/v1/reports/2015-04/{code[:2]}0000/consolidation", None),
        place="province",
    ),
    "GET /api/v1/reports/{period}/{unit}/claims": Operation(Action.READ_EVIDENCE, _get(f"{HERE}/claims")),
    "GET /api/v1/aggregates/{period}/{unit}": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/aggregates/2015-04/{unit}")
    ),
    "GET /api/v1/aggregates/{unit}": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/aggregates/{unit}?from=2015-04&to=2015-05")
    ),
    "GET /api/v1/rankings/{period}/{unit}": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/rankings/2015-04/{unit}?ratio=townships_mobilized_rate")
    ),
    "GET /api/v1/board/{period}/{unit}": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/board/2015-04/{unit}")
    ),
    "GET /api/v1/completeness/{period}/{unit}": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/completeness/2015-04/{unit}")
    ),
    "GET /api/v1/periods/{period}/{unit}": Operation(
        Action.READ_REGISTER, _get("/api/v1/periods/2015-04/{unit}")
    ),
    "PUT /api/v1/periods/{period}/{unit}/deadline": Operation(
        Action.SET_DEADLINE,
        lambda code: Asked(
            "PUT",
            f"/api/v1/periods/2015-04/{code[:2]}0000/deadline",
            None,
            {"due_on": "2015-04-27", "reason": "顺延至周一"},
        ),
        place="province",
    ),
    "POST /api/v1/periods/{period}/{unit}/close": Operation(
        Action.CLOSE_PERIOD,
        lambda code: Asked(
            "POST", f"/api/v1/periods/2015-04/{code[:2]}0000/close", None, {"reason": "各市已报，提前关闭"}
        ),
        place="province",
    ),
    "GET /api/v1/periods/{period}/{unit}/vintages": Operation(
        Action.READ_AGGREGATES, _get("/api/v1/periods/2015-04/{unit}/vintages")
    ),
    "POST /api/v1/reconciliations": Operation(
        Action.WRITE_LEDGER,
        lambda code: Asked(
            "POST", "/api/v1/reconciliations", None, {"period": "2015-04", "unit": code[:2] + "0000"}
        ),
        place="province",
    ),
    "GET /api/v1/units": Operation(Action.READ_REGISTER, _get("/api/v1/units"), place="none"),
    "GET /api/v1/units/{code}": Operation(Action.READ_REGISTER, _get("/api/v1/units/{unit}")),
    "GET /api/v1/forms": Operation(Action.READ_FORMS, _get("/api/v1/forms"), place="none"),
    "GET /api/v1/forms/{code}/{version}": Operation(
        Action.READ_FORMS, _get("/api/v1/forms/baixian-qianxiang/1"), place="none"
    ),
    "GET /api/v1/forms/{code}/{version}/schema": Operation(
        Action.READ_FORMS, _get("/api/v1/forms/baixian-qianxiang/1/schema"), place="none"
    ),
    "GET /api/v1/forms/{code}/{version}/diff": Operation(
        Action.READ_FORMS, _get("/api/v1/forms/baixian-qianxiang/1/diff?from=1"), place="none"
    ),
    "POST /api/v1/forms": Operation(
        Action.PUBLISH_FORM, _post("/api/v1/forms", {"definition": FORM}), place="none"
    ),
    "POST /api/v1/circulars": Operation(
        Action.WRITE_CIRCULAR,
        lambda code: Asked(
            "POST", "/api/v1/circulars", None, {"period": "2015-04", "unit": code[:2] + "0000"}
        ),
        place="province",
    ),
    "GET /api/v1/circulars": Operation(Action.READ_CIRCULAR, _get("/api/v1/circulars"), place="none"),
    "GET /api/v1/events": Operation(Action.READ_REPORT, _get("/api/v1/events"), place="none"),
    "GET /api/v1/audit": Operation(Action.READ_AUDIT, _get("/api/v1/audit"), place="none"),
}
ELSEWHERE = {
    "POST /api/v1/periods/{period}/{unit}/restate",
    "GET /api/v1/periods/{period}/{unit}/vintages/diff",
    "GET /api/v1/periods/{period}/{unit}/vintages/{number}",
    "POST /api/v1/ledger/imports",
    "GET /api/v1/ledger/imports/{import_id}",
    "GET /api/v1/ledger/imports",
    "GET /api/v1/ledger/imports/{import_id}/diff",
    "POST /api/v1/ledger/imports/{import_id}/promote",
    "POST /api/v1/ledger/imports/{import_id}/rollback",
    "GET /api/v1/jobs/{job_id}",
    "GET /api/v1/jobs/{job_id}/events",
    "DELETE /api/v1/jobs/{job_id}",
    "GET /api/v1/mismatches",
    "GET /api/v1/mismatches/{mismatch_id}",
    "POST /api/v1/mismatches/{mismatch_id}/explain",
    "POST /api/v1/mismatches/{mismatch_id}/confirm",
    "POST /api/v1/mismatches/{mismatch_id}/dispute",
    "POST /api/v1/mismatches/{mismatch_id}/resolve",
    "GET /api/v1/reconciliations/{run_id}/summary",
    "GET /api/v1/reconciliations/{run_id}",
    "GET /api/v1/reconciliations/{run_id}/mismatches",
    "POST /api/v1/evidence",
    "GET /api/v1/evidence/{evidence_id}",
    "GET /api/v1/evidence/{evidence_id}/content",
    "POST /api/v1/reports/{period}/{unit}/claims",
    "GET /api/v1/claims/{claim_id}",
    "POST /api/v1/claims/{claim_id}/accept",
    "POST /api/v1/claims/{claim_id}/reject",
    "GET /api/v1/reports/{period}/{unit}/form.xlsx",
    "GET /api/v1/reports/{period}/forms.zip",
    "POST /api/v1/reports/xlsx",
    "GET /api/v1/circulars/{circular_id}",
    "PUT /api/v1/circulars/{circular_id}",
    "POST /api/v1/circulars/{circular_id}/submit",
    "POST /api/v1/circulars/{circular_id}/return",
    "POST /api/v1/circulars/{circular_id}/approve",
    "POST /api/v1/circulars/{circular_id}/publish",
    "POST /api/v1/circulars/{circular_id}/restate",
    "GET /api/v1/circulars/{circular_id}.docx",
    "GET /api/v1/circulars/{circular_id}.xlsx",
    "GET /api/v1/circulars/{circular_id}.pdf",
    "POST /api/v1/aggregates/sdmx",
}
"""Tested with the close, the ledger, evidence, claims, workbooks and circulars, which need what must exist first."""


def operations(service: Service) -> set[str]:
    """Every operation behind the prefix, as the application itself lists them."""
    routes = [r for r in service.app.router.routes if isinstance(r, APIRoute) and r.path.startswith("/api/")]
    return {f"{method} {route.path}" for route in routes for method in route.methods}


def test_no_operation_is_left_out(service: Service) -> None:
    assert operations(service) == OPERATIONS.keys() | ELSEWHERE


def test_nothing_but_health_and_pages_answers_without_a_caller(service: Service) -> None:
    for operation in OPERATIONS.values():
        asked = operation.ask(GUANGZHOU)
        answer = service.ask(Asked(asked.method, asked.path, None, asked.body, asked.headers))
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert "www-authenticate" in answer.headers


def is_allowed(person: str, action: Action) -> bool:
    role, _, scopes = PEOPLE[person]
    return role in ROLES[action] or (OPENED_BY_SCOPE.get(action) is role and action.value in scopes)


def reaches(person: str, code: str) -> bool:
    unit = PEOPLE[person][1]
    inside = {"000000": True, "440000": code.startswith("44"), "430000": code.startswith("43")}
    return inside.get(unit, unit == code)


def check(answer: Answer, status: int, line: str) -> None:
    got = (
        200
        if answer.status < 300 or (answer.status == 422 and answer.code == "form-invalid")
        else answer.status
    )
    assert got == status, (line, answer.status, answer.body.decode())
    if status in {403, 404}:
        assert answer.code == {403: "forbidden", 404: "not-found"}[status]


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_table_of_permissions_decides(service: Service, name: str) -> None:
    operation = OPERATIONS[name]
    ready(service, operation.status)
    absent = service.get("/api/v1/units/449999", by="reviewer")

    for person in PEOPLE:
        for code in (GUANGZHOU, CHANGSHA):
            asked = operation.ask(code)
            place = code[:2] + "0000" if operation.place == "province" else code
            path = asked.path if asked.method == "GET" else f"{asked.path}?dry_run=true"
            answer = service.ask(Asked(asked.method, path, person, asked.body, asked.headers))

            line, may = f"{person} at {place}: {name}", is_allowed(person, operation.action)
            if operation.place != "none" and not reaches(person, place):
                check(answer, 404, line)
                assert anonymous(answer) == anonymous(absent)
            else:
                check(answer, 200 if may else 403, line)


def anonymous(answer: Answer) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Everything that a caller can tell two refusals apart by, but for the ids of the requests."""
    body = {k: v for k, v in answer.json.items() if k not in {"instance", "request_id"}}
    return answer.status, {k: v for k, v in answer.headers.items() if k != "x-request-id"}, body


def test_an_integrator_writes_only_with_the_scope(service: Service) -> None:
    assert service.post(REPORTS, report(), by="integrator").status == 403
    assert service.post(REPORTS, report(), by="scoped").status == 201


def test_a_city_inside_another_by_administration_is_outside_by_reporting(service: Service) -> None:
    service.post(REPORTS, report("440606"), by="shunde")

    assert service.get(at("", "440606"), by="foshan").status == 404
    assert service.get("/api/v1/units/440606", by="foshan").status == 404
    assert service.get("/api/v1/units/440606103", by="foshan").status == 404
    assert service.get("/api/v1/units/440606103", by="shunde").status == 200


def test_every_canary_stays_with_its_unit(service: Service) -> None:
    """A string planted per unit is in no answer to a reporter of another."""
    planted = {"guangzhou": GUANGZHOU, "shaoguan": "440200", "foshan": "440600", "changsha": CHANGSHA}
    for person, code in planted.items():
        body = report(code, narrative=f"canary-{code}", contact={"name": f"鸟{code}", "phone": "13800000000"})
        assert service.post(REPORTS, body, by=person).status == 201

    pages = [REPORTS, "/api/v1/units", "/api/v1/events", "/api/v1/forms"]
    for person, own in planted.items():
        for code in planted.values():
            pages += [
                at(path, code) for path in ("", "/versions", "/versions/1", "/diff?from=1&to=1", "/draft")
            ]
            pages += [f"/api/v1/{what}/2015-04/{code}" for what in ("aggregates", "completeness", "periods")]
            pages += [f"/api/v1/board/2015-04/{code}", f"/api/v1/aggregates/{code}"]
            pages += [f"/api/v1/rankings/2015-04/{code}?ratio=townships_mobilized_rate"]
        pages += [f"/api/v1/aggregates/2015-04/{GUANGDONG}"]
        for page in pages:
            said = service.get(page, by=person).body.decode()
            assert not any(
                f"canary-{code}" in said or f"鸟{code}" in said for code in planted.values() if code != own
            )
