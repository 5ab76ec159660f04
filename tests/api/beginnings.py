"""What must exist before an operation can be tried: each gives the ids of it by their names in addresses."""

from __future__ import annotations

from dataclasses import replace

import pyotp

from app.api.examples import ACCOUNT, CLOSE, CONTACT, GRANT, LEDGER, RESTATE, SIGN_IN, TOKEN, WEBHOOK
from app.cli.account import BY
from app.db import Database
from app.domain.permission import Role
from app.services import accounts, grants
from tests.domain.files import PDF
from tests.ledger import MISMATCHES, ledger, line
from tests.ledger import imported as imported_ledger
from tests.people import enter, kept
from tests.samples import GUANGDONG, GUANGZHOU, REPORTS, at, figures, report
from tests.seed import OPENED
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


def closed(service: Service) -> Given:
    """Guangdong's April with one accepted report, closed early."""
    accepted(service)
    service.post(f"/api/v1/periods/2015-04/{GUANGDONG}/close", CLOSE["close"], "reviewer")
    return {}


def corrected(service: Service) -> Given:
    """The same with a ledger that came after the close."""
    closed(service)
    imported_ledger(service, line(members_total=400))
    return {}


def restated(service: Service) -> Given:
    corrected(service)
    service.post(f"/api/v1/periods/2015-04/{GUANGDONG}/restate", RESTATE["ledger"], "reviewer")
    return {}


def excused(service: Service) -> Given:
    service.put(f"/api/v1/periods/2015-04/{GUANGZHOU}/excuse", {"reason": "因灾停工，本月免报"}, "reviewer")
    return {}


def contact(service: Service) -> Given:
    service.put(f"/api/v1/units/{GUANGZHOU}/contact", CONTACT["person"])
    return {}


def webhook(service: Service) -> Given:
    made = service.post("/api/v1/webhooks", WEBHOOK["reports"], "integrator")
    return {"webhook_id": made.json["id"]}


def token(service: Service) -> Given:
    return {"token_id": service.post("/api/v1/tokens", TOKEN["exchange"], "administrator").json["id"]}


def account(service: Service) -> Given:
    """Li's account, which may do nothing yet, with the password of the examples."""
    with Database(service.database_url).transaction() as session:
        made = accounts.create(
            session,
            name=ACCOUNT["reporter"]["name"],
            display_name=ACCOUNT["reporter"]["display_name"],
            unit=GUANGZHOU,
            password_hash=kept(SIGN_IN["account"]["password"]),
            is_initial=False,
            by=BY,
            now=OPENED,
        )
    return {"account_id": made["id"]}


def reporter(service: Service) -> Given:
    """The same, a reporter of Guangzhou, who has signed in."""
    given = account(service)
    service.post(f"/api/v1/accounts/{given['account_id']}/grants", GRANT["reporter"], "administrator")
    enter(service, "li", {"id": given["account_id"]})
    return given


def disabled(service: Service) -> Given:
    given = account(service)
    service.post(f"/api/v1/accounts/{given['account_id']}/disable", {}, "administrator")
    return given


def waiting_grant(service: Service) -> Given:
    """The same, whom one administrator would make an administrator."""
    given = account(service)
    asker = replace(BY, id="account:someone", kind="account")
    with Database(service.database_url).transaction() as session:
        grants.grant(
            session, given["account_id"], role=Role.ADMINISTRATOR, unit=GUANGZHOU, by=asker, now=OPENED
        )
    return given


def second_factor(service: Service) -> Given:
    """A secret that waits for its first code, which is named."""
    given = reporter(service)
    made = service.post(
        "/api/v1/sessions/current/second-factor", {"password": SIGN_IN["account"]["password"]}, by="li"
    )
    return given | {"named": pyotp.TOTP(made.json["secret"]).at(service.clock.now())}
