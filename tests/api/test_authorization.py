"""Every operation against every role and place, by the table that decides (app/domain/permission.py)."""

from __future__ import annotations

from io import BytesIO
from itertools import product
from typing import Any
from zipfile import ZipFile

import pytest

from app.domain.permission import (
    ACTION_OF,
    OPENED_BY_SCOPE,
    OPERATIONS_OF,
    OPERATIONS_OF_ANYBODY,
    ROLES,
    Action,
    check_listed,
)
from app.main import operations
from tests.api.operations import (
    ELSEWHERE,
    OPERATIONS,
    prepared,
    ready,
)
from tests.people import enter_all
from tests.samples import CHANGSHA, GUANGZHOU, REPORTS, at, report
from tests.seed import PEOPLE
from tests.service import Answer, Asked, Service


def test_no_operation_is_left_out(service: Service) -> None:
    assert operations(service.app) == OPERATIONS.keys() | ELSEWHERE | OPERATIONS_OF_ANYBODY


def test_the_table_names_each_operation_once_and_no_other(service: Service) -> None:
    named = [name for names in OPERATIONS_OF.values() for name in names]

    assert sorted(named) == sorted(operations(service.app) - OPERATIONS_OF_ANYBODY)
    assert OPERATIONS_OF.keys() == ROLES.keys() == set(Action)
    assert {name: each.action for name, each in OPERATIONS.items()}.items() <= ACTION_OF.items()


def test_an_operation_that_nobody_decided_about_keeps_the_service_from_starting() -> None:
    with pytest.raises(ValueError, match="GET /api/v1/surprise"):
        check_listed(["GET /api/v1/units", "GET /api/v1/surprise"])


def test_nothing_but_health_and_pages_answers_without_a_caller(service: Service) -> None:
    for operation in OPERATIONS.values():
        asked = operation.ask(GUANGZHOU)
        answer = service.ask(Asked(asked.method, asked.path, None, asked.body, asked.headers))
        assert (answer.status, answer.code) == (401, "unauthenticated")
        assert "www-authenticate" in answer.headers


def is_allowed(person: str, action: Action, mechanism: str) -> bool:
    role, _, scopes = PEOPLE[person]
    by_scope = mechanism == "token" and OPENED_BY_SCOPE.get(action) is role and action.value in scopes
    return role in ROLES[action] or by_scope


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
    """For sixteen people, by token and by cookie: at the own unit, at one below, beside and far away."""
    operation = OPERATIONS[name]
    ready(service, operation.status)
    made = {code: prepared(service, operation.status, code) for code in (GUANGZHOU, CHANGSHA)}
    absent = service.get("/api/v1/units/449999", by="reviewer")
    enter_all(service, PEOPLE)

    for person, mechanism in product(PEOPLE, ("token", "cookie")):
        by, may = (
            person + "@cookie" * (mechanism == "cookie"),
            is_allowed(person, operation.action, mechanism),
        )
        for code in (GUANGZHOU, CHANGSHA):
            asked = operation.ask(code)
            place = code[:2] + "0000" if operation.place == "province" else code
            path = asked.path.replace("{made}", made[code])
            path = path if asked.method == "GET" else f"{path}?dry_run=true"
            answer = service.ask(Asked(asked.method, path, by, asked.body, asked.headers))

            line = f"{by} at {place}: {name}"
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


PLANTED = {"guangzhou": GUANGZHOU, "shaoguan": "440200", "foshan": "440600", "changsha": CHANGSHA}


def pages() -> list[str]:
    """Every operation that reads, at each of the units, with the exports of both kinds."""
    reads = [operation.ask(code) for operation in OPERATIONS.values() for code in PLANTED.values()]
    exports = [at("/form.xlsx", code) for code in PLANTED.values()]
    exports += [f"{REPORTS}/2015-04/forms.zip?within={code}" for code in PLANTED.values()]
    exports += [
        f"{path}&format=csv" for path in (f"{REPORTS}?period=2015-04", "/api/v1/mismatches?state=open")
    ]
    return sorted({asked.path for asked in reads if asked.method == "GET"} | {*exports})


def said(answer: Answer) -> str:
    """All that an answer tells: its headers, and its body, unpacked when it is an archive of archives."""
    return str(answer.headers) + unpacked(answer.body).decode("utf-8", "replace")


def unpacked(content: bytes) -> bytes:
    if not content.startswith(b"PK"):
        return content
    with ZipFile(BytesIO(content)) as archive:
        return b"\n".join(unpacked(archive.read(name)) for name in archive.namelist())


def test_every_canary_stays_with_its_unit(service: Service) -> None:
    """A string planted per unit is in no answer, header or export to a reporter of another, and in no log."""
    for person, code in PLANTED.items():
        body = report(code, narrative=f"canary-{code}", contact={"name": f"鸟{code}", "phone": "13800000000"})
        assert service.post(REPORTS, body, by=person).status == 201

    seen = set()
    for (person, own), page in product(PLANTED.items(), pages()):
        words = said(service.get(page, by=person))
        sung = {code for code in PLANTED.values() if f"canary-{code}" in words or f"鸟{code}" in words}
        assert sung <= {own}, (person, page)
        seen |= sung
    assert seen == {*PLANTED.values()}
    assert not any("canary" in line or "鸟" in line for line in service.log)
