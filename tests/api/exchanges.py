"""One exchange per operation and documented body: who asks for what, after what, and what the answer is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.api import beginnings as after
from tests.api.beginnings import Given, nothing
from tests.api.test_forms import SECOND
from tests.api.test_workbooks import filled, form
from tests.samples import GUANGDONG, GUANGZHOU, report
from tests.service import OUR_PAGE, Answer, Asked, Service

NO_ID = "0" * 32
"""Where a documented body names something, which has another id in every database."""


@dataclass(frozen=True)
class Exchange:
    """A request to an operation: `after` makes what must exist and gives the ids of it for the address."""

    operation: str
    status: int = 200
    by: str | None = "guangzhou"
    after: Callable[[Service], Given] = nothing
    example: str | None = None
    """The name of the documented body."""
    query: str = ""
    body: object = None
    """Sent where a documented body cannot be: files, and what an office would never read in a manual."""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    """Parts of the address that are not those of Guangzhou in April."""

    def __str__(self) -> str:
        return f"{self.operation} {self.example or self.status}"


SETTINGS = {"secret_key": "0123456789abcdef0123456789abcdef"}
"""What the service needs beyond its defaults: a key for second factors."""


def asked(exchange: Exchange, service: Service, document: Mapping[str, Any]) -> Answer:
    """Do it against a service on its first day."""
    return service.ask(request_of(exchange, service, document))


def request_of(exchange: Exchange, service: Service, document: Mapping[str, Any]) -> Asked:
    """The request, after all that must exist before it has been made in a service on its first day."""
    given = {"period": "2015-04", "unit": GUANGZHOU, "number": "1", "code": GUANGZHOU, "version": "1"}
    if "/forms/" in exchange.operation:
        given["code"] = "baixian-qianxiang"
    given |= exchange.given
    given |= exchange.after(service)
    method, path = exchange.operation.split()
    path = path.format(**given) + (f"?{quote(exchange.query, safe='=&')}" if exchange.query else "")
    body = _body(exchange, service, document)
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, dict):
        body = json.loads(json.dumps(body).replace(NO_ID, given.get("named", NO_ID)))
    headers = {"content-type": exchange.media_type, **exchange.headers}
    return Asked(method, path, exchange.by, body, headers)


def _body(exchange: Exchange, service: Service, document: Mapping[str, Any]) -> object:
    if exchange.example is not None:
        return documented(document)[exchange.operation, exchange.media_type, exchange.example]
    return exchange.body(service) if callable(exchange.body) else exchange.body


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation by method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def documented(document: Mapping[str, Any]) -> dict[tuple[str, str, str], Any]:
    """Every request example by operation, media type and name."""
    return {
        (name, media_type, example): each["value"]
        for name, operation in operations(document)
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items()
        for example, each in content.get("examples", {}).items()
    }


R = "/api/v1/reports"
HERE = f"{R}/{{period}}/{{unit}}"
CSV, BYTES = "text/csv", "application/octet-stream"
SDMX = "application/vnd.sdmx.data+csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LAST = {"if-match": "*"}
LATER = {"prefer": "respond-async"}
PROVINCE = {"unit": GUANGDONG}
IMPORT = "/api/v1/ledger/imports/{import_id}"
MISMATCH = "/api/v1/mismatches/{mismatch_id}"
MONTH = "/api/v1/periods/{period}/{unit}"
PERSON = "/api/v1/units/{code}/contact"
FACTOR = "/api/v1/sessions/current/second-factor"
WHO = "/api/v1/accounts/{account_id}"
HOOK = "/api/v1/webhooks/{webhook_id}"
ADMINISTRATOR = {"role": "administrator", "unit": GUANGZHOU}
CIRCULAR = "/api/v1/circulars/{circular_id}"

EXCHANGES = [
    Exchange(f"POST {R}", 201, example="report"),
    Exchange(f"POST {R}", 201, example="draft", by="shaoguan"),
    Exchange(f"POST {R}", 409, after=after.submitted, example="report"),
    Exchange(f"POST {R}", 422, body=report(figures={"members_total": -1})),
    Exchange(f"GET {R}", after=after.submitted),
    Exchange(f"PUT {HERE}", after=after.submitted, example="report", headers=LAST),
    Exchange(f"PUT {HERE}", after=after.draft, example="draft", by="guangzhou", headers=LAST, status=422),
    Exchange(f"GET {HERE}", after=after.submitted),
    Exchange(f"GET {HERE}", 404),
    Exchange(f"GET {HERE}", 401, by=None),
    Exchange(f"PUT {HERE}", 428, after=after.submitted, example="report"),
    Exchange(f"PUT {HERE}", 412, after=after.submitted, example="report", headers={"if-match": '"7"'}),
    Exchange(
        f"PUT {HERE}", 415, after=after.submitted, example="report", headers={"content-type": "text/plain"}
    ),
    Exchange(f"GET {HERE}/versions", after=after.submitted),
    Exchange(f"GET {HERE}/versions/{{number}}", after=after.submitted),
    Exchange(f"GET {HERE}/diff", after=after.submitted, query="from=1&to=1"),
    Exchange(f"GET {HERE}/draft"),
    Exchange(f"POST {HERE}/submit", after=after.draft, example="nothing"),
    Exchange(f"POST {HERE}/withdraw", after=after.submitted, example="nothing"),
    Exchange(f"POST {HERE}/accept", after=after.submitted, example="nothing", by="reviewer"),
    Exchange(f"POST {HERE}/accept", 403, after=after.submitted, body={}),
    Exchange(f"POST {HERE}/return", after=after.submitted, example="cell", by="reviewer"),
    Exchange(f"POST {HERE}/reopen", after=after.accepted, example="correction", by="reviewer"),
    Exchange(f"GET {HERE}/form.xlsx"),
    Exchange(f"GET {R}/{{period}}/forms.zip", by="reviewer", query="within=440000"),
    Exchange(f"POST {R}/xlsx", 201, body=lambda service: filled(form(service)), media_type=XLSX),
    Exchange("POST /api/v1/evidence", 201, query="filename=会议.pdf", example="pdf", media_type=BYTES),
    Exchange("GET /api/v1/evidence/{evidence_id}", after=after.file),
    Exchange("GET /api/v1/evidence/{evidence_id}/content", after=after.file),
    Exchange(f"POST {HERE}/claims", 201, after=after.file, example="city"),
    Exchange(f"GET {HERE}/claims", after=after.claim),
    Exchange("GET /api/v1/claims/{claim_id}", after=after.claim),
    Exchange("POST /api/v1/claims/{claim_id}/accept", after=after.claim, example="nothing", by="reviewer"),
    Exchange("POST /api/v1/claims/{claim_id}/reject", after=after.claim, example="reason", by="reviewer"),
    Exchange(f"GET {HERE}/consolidation", by="reviewer", after=after.accepted, given=PROVINCE),
    Exchange("POST /api/v1/ledger/imports", 201, "reviewer", example="one_unit", media_type=CSV),
    Exchange(
        "POST /api/v1/ledger/imports", 202, "reviewer", example="one_unit", media_type=CSV, headers=LATER
    ),
    Exchange("POST /api/v1/ledger/imports", 422, "reviewer", body=b"period\n", media_type=CSV),
    Exchange("GET /api/v1/ledger/imports", by="reviewer", after=after.imported),
    Exchange(f"GET {IMPORT}", by="reviewer", after=after.imported),
    Exchange(f"GET {IMPORT}/diff", by="reviewer", after=after.imported_anew),
    Exchange(f"POST {IMPORT}/promote", by="reviewer", after=after.imported_twice, example="earlier"),
    Exchange(f"POST {IMPORT}/rollback", by="reviewer", after=after.imported_anew, example="nothing"),
    Exchange("GET /api/v1/jobs/{job_id}", by="reviewer", after=after.job),
    Exchange("GET /api/v1/jobs/{job_id}/events", by="reviewer", after=after.job),
    Exchange("DELETE /api/v1/jobs/{job_id}", by="reviewer", after=after.job),
    Exchange(
        "POST /api/v1/reconciliations",
        201,
        "reviewer",
        after.submitted,
        "one_unit",
        "period=2015-04&unit=440000",
        media_type=CSV,
    ),
    Exchange("GET /api/v1/ledger/imports/{import_id}/findings", by="reviewer", after=after.imported),
    Exchange("POST /api/v1/reconciliations", 201, "reviewer", after.imported, "in_force"),
    Exchange("GET /api/v1/reconciliations/{run_id}", by="reviewer", after=after.reconciled),
    Exchange("GET /api/v1/reconciliations/{run_id}/mismatches", by="reviewer", after=after.reconciled),
    Exchange(
        "GET /api/v1/reconciliations/{run_id}/figures/{unit}/{indicator}",
        by="reviewer",
        after=after.reconciled,
        given={"indicator": "members_total"},
    ),
    Exchange("GET /api/v1/reconciliations/{run_id}/summary", by="reviewer", after=after.reconciled),
    Exchange("GET /api/v1/mismatches", by="reviewer", after=after.differing),
    Exchange(f"GET {MISMATCH}", after=after.explained),
    Exchange(f"POST {MISMATCH}/explain", after=after.differing, example="reason"),
    Exchange(f"POST {MISMATCH}/confirm", after=after.differing, example="nothing"),
    Exchange(f"POST {MISMATCH}/dispute", after=after.differing, example="reason"),
    Exchange(f"POST {MISMATCH}/resolve", by="reviewer", after=after.explained, example="stands"),
    Exchange("GET /api/v1/aggregates/{period}/{unit}", after=after.submitted),
    Exchange("POST /api/v1/aggregates/sdmx", 201, "scoped", example="one_figure", media_type=SDMX),
    Exchange("GET /api/v1/aggregates/{unit}", after=after.submitted),
    Exchange(
        "GET /api/v1/rankings/{period}/{unit}",
        by="reviewer",
        after=after.submitted,
        query="ratio=townships_mobilized_rate",
        given=PROVINCE,
    ),
    Exchange("GET /api/v1/board/{period}/{unit}", by="reviewer", after=after.submitted, given=PROVINCE),
    Exchange("POST /api/v1/circulars", 201, "reviewer", after.submitted, "province"),
    Exchange("GET /api/v1/circulars", by="reviewer", after=after.circular),
    Exchange(f"GET {CIRCULAR}", by="reviewer", after=after.circular),
    Exchange(f"PUT {CIRCULAR}", by="reviewer", after=after.circular, example="problems", headers=LAST),
    Exchange(f"POST {CIRCULAR}/submit", by="reviewer", after=after.circular, example="nothing"),
    Exchange(f"POST {CIRCULAR}/return", by="reviewer", after=after.waiting_circular, example="reason"),
    Exchange(f"POST {CIRCULAR}/approve", by="reviewer", after=after.waiting_circular, example="leader"),
    Exchange(f"POST {CIRCULAR}/publish", by="reviewer", after=after.approved_circular, example="numbered"),
    Exchange(f"POST {CIRCULAR}/restate", 201, "reviewer", after.published_circular, "reason"),
    Exchange(f"GET {CIRCULAR}.docx", by="reviewer", after=after.circular),
    Exchange(f"GET {CIRCULAR}.xlsx", by="reviewer", after=after.circular),
    Exchange(f"GET {CIRCULAR}.pdf", by="reviewer", after=after.circular),
    Exchange("GET /api/v1/completeness/{period}/{unit}", after=after.submitted),
    Exchange("GET /api/v1/periods/{period}/{unit}"),
    Exchange("PUT /api/v1/periods/{period}/{unit}/deadline", by="reviewer", example="later", given=PROVINCE),
    Exchange("GET /api/v1/units"),
    Exchange("GET /api/v1/units/{code}"),
    Exchange("GET /api/v1/forms"),
    Exchange("POST /api/v1/forms", 422, "administrator", example="refused"),
    Exchange("POST /api/v1/forms", 201, "administrator", body={"definition": SECOND}),
    Exchange("GET /api/v1/forms/{code}/{version}"),
    Exchange("GET /api/v1/forms/{code}/{version}/schema"),
    Exchange("GET /api/v1/forms/{code}/{version}/diff", query="from=1"),
    Exchange("GET /api/v1/events", after=after.submitted),
    Exchange("GET /api/v1/audit", by="auditor", after=after.submitted),
    Exchange(f"POST {MONTH}/close", by="reviewer", after=after.accepted, example="close", given=PROVINCE),
    Exchange(f"POST {MONTH}/restate", by="reviewer", after=after.corrected, example="ledger", given=PROVINCE),
    Exchange(f"PUT {MONTH}/excuse", by="reviewer", example="excuse"),
    Exchange(f"DELETE {MONTH}/excuse", by="reviewer", after=after.excused),
    Exchange(f"GET {MONTH}/vintages", by="reviewer", after=after.restated, given=PROVINCE),
    Exchange(
        f"GET {MONTH}/vintages/diff", by="reviewer", after=after.restated, query="from=1&to=2", given=PROVINCE
    ),
    Exchange(f"GET {MONTH}/vintages/{{number}}", by="reviewer", after=after.closed, given=PROVINCE),
    Exchange(f"GET {PERSON}", after=after.contact),
    Exchange(f"PUT {PERSON}", example="person"),
    Exchange(f"GET {PERSON}/history", after=after.contact),
    Exchange(f"POST {PERSON}/reveal", by="reviewer", after=after.contact, example="call"),
    Exchange("POST /api/v1/sessions", 201, None, after.reporter, "account", headers=OUR_PAGE),
    Exchange("GET /api/v1/sessions/current", by="li", after=after.reporter),
    Exchange("DELETE /api/v1/sessions/current", 204, by="li", after=after.reporter),
    Exchange("PUT /api/v1/sessions/current/password", by="li", after=after.reporter, example="own"),
    Exchange(f"POST {FACTOR}", by="li", after=after.reporter, example="again"),
    Exchange(f"POST {FACTOR}/confirm", by="li", after=after.second_factor, body={"code": NO_ID}),
    Exchange(f"POST {FACTOR}/confirm", 403, "li", after.second_factor, "code"),
    Exchange("POST /api/v1/accounts", 201, "administrator", example="reporter"),
    Exchange("GET /api/v1/accounts", by="administrator", after=after.reporter),
    Exchange(f"GET {WHO}", by="administrator", after=after.reporter),
    Exchange(f"POST {WHO}/disable", by="administrator", after=after.reporter, example="nothing"),
    Exchange(f"POST {WHO}/enable", by="administrator", after=after.disabled, example="nothing"),
    Exchange(f"POST {WHO}/reset", by="administrator", after=after.reporter, example="nothing"),
    Exchange(f"POST {WHO}/grants", by="administrator", after=after.account, example="reporter"),
    Exchange(f"POST {WHO}/grants/confirm", by="administrator", after=after.waiting_grant, body=ADMINISTRATOR),
    Exchange(f"POST {WHO}/grants/confirm", 404, "administrator", after.reporter, "reporter"),
    Exchange(f"POST {WHO}/grants/revoke", by="administrator", after=after.reporter, example="reporter"),
    Exchange("POST /api/v1/tokens", 201, "administrator", example="exchange"),
    Exchange("GET /api/v1/tokens", by="administrator", after=after.token),
    Exchange("POST /api/v1/tokens/{token_id}/revoke", 200, "administrator", after.token, "nothing"),
    Exchange("POST /api/v1/webhooks", 201, "integrator", example="reports"),
    Exchange("GET /api/v1/webhooks", by="integrator", after=after.webhook),
    Exchange(f"GET {HOOK}", by="integrator", after=after.webhook),
    Exchange(f"DELETE {HOOK}", by="integrator", after=after.webhook),
    Exchange(f"POST {HOOK}/test", by="integrator", after=after.webhook, example="nothing"),
    Exchange(f"GET {HOOK}/deliveries", by="integrator", after=after.webhook),
    Exchange(f"POST {HOOK}/redeliver", by="integrator", after=after.webhook, example="nothing"),
    Exchange("GET /api/v1/reminders", by="reviewer", query="period=2015-04"),
    Exchange("GET /api/v1/subscriptions/{unit}"),
    Exchange("PUT /api/v1/subscriptions/{unit}", example="office"),
    Exchange("GET /health/live"),
    Exchange("GET /health/ready"),
]
