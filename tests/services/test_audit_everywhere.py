"""Every write operation of the API, found in the application itself: without its audit row nothing is stored."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from app.api.examples import SDMX_TABLE
from app.errors import Unavailable
from app.models import metadata
from app.services import audit
from tests.api.test_workbooks import filled, form, send
from tests.domain.files import PDF
from tests.samples import GUANGDONG, GUANGZHOU, at
from tests.service import Answer, Asked, Service
from tests.services.test_audit import WRITES, Write, asked

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
HOOK = {"unit": GUANGDONG, "url": "https://hooks.example.org/"}
RAW = {"content-type": "application/octet-stream"}


def upload(service: Service) -> Answer:
    return service.ask(Asked("POST", "/api/v1/evidence?filename=a.pdf", "guangzhou", PDF, RAW))


def claim(service: Service) -> Answer:
    rows = service.rows(metadata.tables["evidence"])
    body = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "示例：全市动员会新闻稿",
        "evidence": [rows[-1]["id"]],
    }
    return service.post(at("/claims"), body)


def of_last(table: str, method: str, path: str, by: str, body: Any = None) -> Any:
    """A step at the address of the row that was made last."""

    def step(service: Service) -> Answer:
        last = service.rows(metadata.tables[table])[-1]["id"]
        return service.ask(Asked(method, path.replace("{id}", last), by, body))

    return step


def workbook(service: Service) -> Answer:
    return send(service, filled(form(service)))


MAKE_HOOK = asked("POST", "/api/v1/webhooks", "integrator", HOOK)

SDMX = "application/vnd.sdmx.data+csv"
CIRCULAR = asked("POST", "/api/v1/circulars", "reviewer", {"period": "2015-04", "unit": GUANGDONG})


def on_circular(step: str, body: Any, method: str = "POST") -> Any:
    """A step of the circular that was made last, whatever its version."""

    def take(service: Service) -> Answer:
        last = service.rows(metadata.tables["circular"])[-1]["id"]
        path = f"/api/v1/circulars/{last}{step}"
        return service.ask(Asked(method, path, "reviewer", body, {"if-match": "*"}))

    return take


APPROVE = on_circular("/approve", {})
PUBLISH = on_circular("/publish", {})

EXCUSE = asked("PUT", f"/api/v1/periods/2015-04/{GUANGZHOU}/excuse", "reviewer", {"reason": "示例原因"})

OPERATIONS: dict[str, Write] = {
    "POST /api/v1/reports": WRITES["file"],
    "PUT /api/v1/reports/{period}/{unit}": WRITES["correct"],
    "POST /api/v1/reports/{period}/{unit}/submit": WRITES["submit"],
    "POST /api/v1/reports/{period}/{unit}/withdraw": WRITES["withdraw"],
    "POST /api/v1/reports/{period}/{unit}/accept": WRITES["accept"],
    "POST /api/v1/reports/{period}/{unit}/return": WRITES["return"],
    "POST /api/v1/reports/{period}/{unit}/reopen": WRITES["reopen"],
    "PUT /api/v1/periods/{period}/{unit}/deadline": WRITES["deadline"],
    "POST /api/v1/periods/{period}/{unit}/close": WRITES["close"],
    "POST /api/v1/periods/{period}/{unit}/restate": WRITES["restate"],
    "PUT /api/v1/periods/{period}/{unit}/excuse": Write(EXCUSE),
    "DELETE /api/v1/periods/{period}/{unit}/excuse": Write(
        asked("DELETE", f"/api/v1/periods/2015-04/{GUANGZHOU}/excuse", "reviewer"), (EXCUSE,)
    ),
    "POST /api/v1/forms": WRITES["form"],
    "POST /api/v1/ledger/imports": WRITES["import"],
    "POST /api/v1/reconciliations": WRITES["reconcile"],
    "POST /api/v1/evidence": Write(upload),
    "POST /api/v1/reports/{period}/{unit}/claims": Write(claim, (upload,)),
    "POST /api/v1/claims/{claim_id}/accept": Write(
        of_last("claim", "POST", "/api/v1/claims/{id}/accept", "reviewer", {}), (upload, claim)
    ),
    "POST /api/v1/claims/{claim_id}/reject": Write(
        of_last("claim", "POST", "/api/v1/claims/{id}/reject", "reviewer", {"reason": "日期不明"}),
        (upload, claim),
    ),
    "POST /api/v1/webhooks": Write(MAKE_HOOK),
    "DELETE /api/v1/webhooks/{webhook_id}": Write(
        of_last("webhook", "DELETE", "/api/v1/webhooks/{id}", "integrator"), (MAKE_HOOK,)
    ),
    "POST /api/v1/webhooks/{webhook_id}/test": Write(
        of_last("webhook", "POST", "/api/v1/webhooks/{id}/test", "integrator", {}), (MAKE_HOOK,)
    ),
    "POST /api/v1/webhooks/{webhook_id}/redeliver": Write(
        of_last("webhook", "POST", "/api/v1/webhooks/{id}/redeliver", "integrator", {}), (MAKE_HOOK,)
    ),
    "PUT /api/v1/subscriptions/{unit}": Write(
        asked("PUT", f"/api/v1/subscriptions/{GUANGZHOU}", "guangzhou", {"emails": ["a@office.example"]})
    ),
    "POST /api/v1/reports/xlsx": Write(workbook),
    "POST /api/v1/aggregates/sdmx": Write(
        asked("POST", "/api/v1/aggregates/sdmx", "scoped", SDMX_TABLE.encode(), content_type=SDMX)
    ),
    "POST /api/v1/circulars": Write(CIRCULAR),
    "PUT /api/v1/circulars/{circular_id}": Write(on_circular("", {"blocks": []}, "PUT"), (CIRCULAR,)),
    "POST /api/v1/circulars/{circular_id}/submit": Write(on_circular("/submit", {}), (CIRCULAR,)),
    "POST /api/v1/circulars/{circular_id}/return": Write(
        on_circular("/return", {"reason": "示例原因"}), (CIRCULAR, APPROVE)
    ),
    "POST /api/v1/circulars/{circular_id}/approve": Write(APPROVE, (CIRCULAR,)),
    "POST /api/v1/circulars/{circular_id}/publish": Write(PUBLISH, (CIRCULAR, APPROVE)),
    "POST /api/v1/circulars/{circular_id}/restate": Write(
        on_circular("/restate", {"reason": "示例原因"}), (CIRCULAR, APPROVE, PUBLISH)
    ),
    "POST /api/v1/ledger/imports/{import_id}/promote": WRITES["promote"],
    "POST /api/v1/ledger/imports/{import_id}/rollback": WRITES["roll back"],
    "POST /api/v1/mismatches/{mismatch_id}/explain": WRITES["explain"],
    "POST /api/v1/mismatches/{mismatch_id}/confirm": WRITES["confirm"],
    "POST /api/v1/mismatches/{mismatch_id}/dispute": WRITES["dispute"],
    "POST /api/v1/mismatches/{mismatch_id}/resolve": WRITES["resolve"],
}


OF_JOBS = {"DELETE /api/v1/jobs/{job_id}"}
"""Cancelling needs a job that runs meanwhile; tests/api/test_jobs.py sees its row of the audit."""

OF_IDENTITY = re.compile("/api/v1/(accounts|sessions|tokens)|/contact")
"""tests/services/test_identity_trail.py breaks the audit under each of these."""


def test_every_operation_that_writes_is_here(service: Service) -> None:
    routes = [r for r in service.app.router.routes if isinstance(r, APIRoute) and r.path.startswith("/api/")]
    writing = {f"{method} {r.path}" for r in routes for method in r.methods & WRITING}

    of_identity = {operation for operation in writing if OF_IDENTITY.search(operation)}
    assert writing == OPERATIONS.keys() | OF_JOBS | of_identity


@pytest.mark.parametrize("name", OPERATIONS)
def test_without_its_audit_row_nothing_is_stored(
    service: Service, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = OPERATIONS[name]
    for step in write.before:
        assert step(service).status in {200, 201}
    before = service.stored()

    def break_down(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as broken:
        broken.setattr(audit, "record", break_down)
        assert write.step(service).status == 503
    assert service.stored() == before

    assert write.step(service).status in {200, 201}
    assert service.stored() != before
