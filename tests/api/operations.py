"""Every operation of the API: the action that it needs, what must be there before it, and how it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from app.cli.account import BY
from app.db import Database
from app.domain.permission import (
    Action,
    Role,
)
from app.services import accounts, grants, tokens
from tests.people import add
from tests.samples import CHANGSHA, GUANGZHOU, REOPEN, REPORTS, RETURN, at, report
from tests.service import Asked, Service

FORM = '''code = "x"'''


def ready(service: Service, status: str) -> None:
    """Guangzhou's and Changsha's reports of April in a state, so that only permission can refuse."""
    if status in {"absent", "excused", "account", "disabled", "contact", "token"}:
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


def _role(code: str, path: str, role: str) -> Asked:
    return Asked("POST", f"{ACCOUNT}/grants{path}", None, {"role": role, "unit": code})


def _get(path: str) -> Callable[[str], Asked]:
    return lambda code: Asked("GET", path.replace("{unit}", code), None)


def prepared(service: Service, status: str, code: str) -> str:
    """What an operation on accounts, tokens or contacts needs at a unit; the id of what was made."""
    if status == "contact":
        service.put(f"/api/v1/units/{code}/contact", PERSON, by="everybody")
    if status == "excused":
        service.put(f"/api/v1/periods/2015-04/{code}/excuse", EXCUSE, by="centre")
    if status == "token":
        with Database(service.database_url).transaction() as session:
            life = {"role": Role.INTEGRATOR, "name": "x", "by": BY, "now": service.clock.now()}
            return tokens.create(session, unit=code, **life).split("_")[1]
    if status not in {"account", "disabled"}:
        return ""
    made = str(add(service, f"of{code}", "reporter", code)["id"])
    with Database(service.database_url).transaction() as session:
        if status == "disabled":
            accounts.disable(session, made, by=BY, now=service.clock.now())
        else:
            asker = replace(BY, id="account:someone", kind="account")
            asked = {"role": Role.ADMINISTRATOR, "unit": code, "by": asker, "now": service.clock.now()}
            grants.grant(session, made, **asked)
    return made


EXCUSE = {"reason": "因灾停工，本月免报"}
PERSON = {"name": "示例甲", "phone": "13800000000"}
ACCOUNT = "/api/v1/accounts/{made}"
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
    "PUT /api/v1/periods/{period}/{unit}/excuse": Operation(
        Action.EXCUSE_UNIT,
        lambda code: Asked("PUT", f"/api/v1/periods/2015-04/{code}/excuse", None, EXCUSE),
        "absent",
    ),
    "DELETE /api/v1/periods/{period}/{unit}/excuse": Operation(
        Action.EXCUSE_UNIT,
        lambda code: Asked("DELETE", f"/api/v1/periods/2015-04/{code}/excuse", None),
        "excused",
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
    "POST /api/v1/webhooks": Operation(
        Action.MANAGE_WEBHOOKS,
        lambda code: Asked(
            "POST", "/api/v1/webhooks", None, {"unit": code, "url": "https://hooks.example.org/"}
        ),
    ),
    "GET /api/v1/webhooks": Operation(Action.MANAGE_WEBHOOKS, _get("/api/v1/webhooks"), place="none"),
    "GET /api/v1/reminders": Operation(
        Action.READ_REPORT, _get("/api/v1/reminders?period=2015-04&unit={unit}")
    ),
    "GET /api/v1/subscriptions/{unit}": Operation(
        Action.MANAGE_SUBSCRIPTIONS, _get("/api/v1/subscriptions/{unit}")
    ),
    "PUT /api/v1/subscriptions/{unit}": Operation(
        Action.MANAGE_SUBSCRIPTIONS,
        lambda code: Asked(
            "PUT", f"/api/v1/subscriptions/{code}", None, {"emails": ["nongqing@example.org"]}
        ),
    ),
    "GET /api/v1/audit": Operation(Action.READ_AUDIT, _get("/api/v1/audit"), place="none"),
    "GET /api/v1/units/{code}/contact": Operation(
        Action.READ_CONTACT, _get("/api/v1/units/{unit}/contact"), "contact"
    ),
    "GET /api/v1/units/{code}/contact/history": Operation(
        Action.READ_CONTACT, _get("/api/v1/units/{unit}/contact/history"), "contact"
    ),
    "PUT /api/v1/units/{code}/contact": Operation(
        Action.NAME_CONTACT,
        lambda code: Asked("PUT", f"/api/v1/units/{code}/contact", None, PERSON),
        "contact",
    ),
    "POST /api/v1/units/{code}/contact/reveal": Operation(
        Action.REVEAL_CONTACT, _post("/api/v1/units/{unit}/contact/reveal", {"reason": "电话催报"}), "contact"
    ),
    "GET /api/v1/accounts": Operation(Action.READ_ACCOUNTS, _get("/api/v1/accounts"), place="none"),
    "GET /api/v1/accounts/{account_id}": Operation(Action.READ_ACCOUNTS, _get(ACCOUNT), "account"),
    "POST /api/v1/accounts": Operation(
        Action.MANAGE_ACCOUNTS,
        lambda code: Asked(
            "POST", "/api/v1/accounts", None, {"name": "new", "display_name": "示例", "unit": code}
        ),
        "absent",
    ),
    **{
        f"POST /api/v1/accounts/{{account_id}}/{step}": Operation(
            Action.MANAGE_ACCOUNTS, _post(f"{ACCOUNT}/{step}", {}), status
        )
        for step, status in {"disable": "account", "enable": "disabled", "reset": "disabled"}.items()
    },
    "POST /api/v1/accounts/{account_id}/grants": Operation(
        Action.MANAGE_ACCOUNTS, lambda code: _role(code, "", "reviewer"), "account"
    ),
    "POST /api/v1/accounts/{account_id}/grants/confirm": Operation(
        Action.MANAGE_ACCOUNTS, lambda code: _role(code, "/confirm", "administrator"), "account"
    ),
    "POST /api/v1/accounts/{account_id}/grants/revoke": Operation(
        Action.MANAGE_ACCOUNTS, lambda code: _role(code, "/revoke", "reporter"), "account"
    ),
    "GET /api/v1/tokens": Operation(Action.READ_TOKENS, _get("/api/v1/tokens"), place="none"),
    "POST /api/v1/tokens": Operation(
        Action.MANAGE_TOKENS,
        lambda code: Asked("POST", "/api/v1/tokens", None, {"name": "x", "unit": code}),
        "absent",
    ),
    "POST /api/v1/tokens/{token_id}/revoke": Operation(
        Action.MANAGE_TOKENS, _post("/api/v1/tokens/{made}/revoke", {}), "token"
    ),
}
ELSEWHERE = {
    "GET /api/v1/webhooks/{webhook_id}",
    "DELETE /api/v1/webhooks/{webhook_id}",
    "POST /api/v1/webhooks/{webhook_id}/test",
    "GET /api/v1/webhooks/{webhook_id}/deliveries",
    "POST /api/v1/webhooks/{webhook_id}/redeliver",
    "POST /api/v1/periods/{period}/{unit}/restate",
    "GET /api/v1/periods/{period}/{unit}/vintages/diff",
    "GET /api/v1/periods/{period}/{unit}/vintages/{number}",
    "POST /api/v1/ledger/imports",
    "GET /api/v1/ledger/imports/{import_id}",
    "GET /api/v1/ledger/imports",
    "GET /api/v1/ledger/imports/{import_id}/diff",
    "GET /api/v1/ledger/imports/{import_id}/findings",
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
    "GET /api/v1/reconciliations/{run_id}/figures/{unit}/{indicator}",
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
"""Tested with what must exist first: the close, the ledger, evidence, claims, webhooks, workbooks and circulars."""
