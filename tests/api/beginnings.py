"""What must exist before an operation can be tried: each gives the ids of it by their names in addresses."""

from __future__ import annotations

from app.api.examples import LEDGER
from tests.domain.files import PDF
from tests.ledger import MISMATCHES, ledger, line
from tests.ledger import imported as imported_ledger
from tests.samples import GUANGDONG, REPORTS, at, figures, report
from tests.service import Service

Given = dict[str, str]


def nothing(_: Service) -> Given:
    return {}


def draft(service: Service) -> Given:
    service.post(REPORTS, report(draft=True))
    return {}


def submitted(service: Service) -> Given:
    service.post(REPORTS, report())
    return {}


def accepted(service: Service) -> Given:
    submitted(service)
    service.post(at("/accept"), by="reviewer")
    return {}


def file(service: Service) -> Given:
    submitted(service)
    answer = service.post("/api/v1/evidence?filename=a.pdf", PDF, content_type="application/octet-stream")
    return {"evidence_id": answer.json["id"], "named": answer.json["id"]}


def claim(service: Service) -> Given:
    given = file(service)
    body = {
        "activity": "mobilization_meeting",
        "level": "prefecture",
        "dated": "2015-04-10",
        "title": "示例：全市动员会新闻稿",
        "evidence": [given["evidence_id"]],
    }
    return given | {"claim_id": service.post(at("/claims"), body).json["id"]}


def imported(service: Service) -> Given:
    submitted(service)
    sent = service.post(
        "/api/v1/ledger/imports?kind=summary", LEDGER.encode(), "reviewer", content_type="text/csv"
    )
    return {"import_id": sent.json["id"]}


def reconciled(service: Service) -> Given:
    given = imported(service)
    body = {"period": "2015-04", "unit": "440000"}
    return given | {"run_id": service.post("/api/v1/reconciliations", body, "reviewer").json["id"]}


def imported_twice(service: Service) -> Given:
    """Two versions of the ledger; the first is named, the second is in force."""
    given = imported(service)
    later = imported_ledger(service, line(members_total=460)).json["id"]
    return given | {"named": later}


def imported_anew(service: Service) -> Given:
    """Two versions of the ledger; the second is named and in force."""
    return {"import_id": imported_twice(service)["named"]}


def differing(service: Service) -> Given:
    """A figure that is seven above the ledger."""
    submitted(service)
    imported_ledger(service, line(members_total=figures()["members_total"] - 7))
    service.post("/api/v1/reconciliations", {"period": "2015-04", "unit": GUANGDONG}, "reviewer")
    (found,) = service.get(MISMATCHES, by="reviewer").json["items"]
    return {"mismatch_id": found["id"]}


def explained(service: Service) -> Given:
    given = differing(service)
    why = {"text": "台账未录入4月下旬新增的3名委员"}
    service.post(f"{MISMATCHES}/{given['mismatch_id']}/explain", why)
    return given


def job(service: Service) -> Given:
    """An import that waits for its turn."""
    answer = service.post(
        "/api/v1/ledger/imports", ledger(line()), "reviewer", content_type="text/csv", prefer="respond-async"
    )
    return {"job_id": answer.json["id"]}


def circular(service: Service) -> Given:
    submitted(service)
    answer = service.post("/api/v1/circulars", {"period": "2015-04", "unit": GUANGDONG}, "reviewer")
    return {"circular_id": answer.json["id"]}


def moved_circular(service: Service, *steps: tuple[str, dict[str, str]]) -> Given:
    given = circular(service)
    for step, body in steps:
        service.post(f"/api/v1/circulars/{given['circular_id']}/{step}", body, "reviewer")
    return given


def waiting_circular(service: Service) -> Given:
    return moved_circular(service, ("submit", {}))


def approved_circular(service: Service) -> Given:
    return moved_circular(service, ("submit", {}), ("approve", {"approver": "示例领导"}))


def published_circular(service: Service) -> Given:
    number = {"number": "示农青〔2015〕3号", "dated": "2015-04-30"}
    return moved_circular(service, ("submit", {}), ("approve", {"approver": "示例领导"}), ("publish", number))
