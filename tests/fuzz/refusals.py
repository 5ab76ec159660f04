"""Which refusals of a request that fits the OpenAPI document are right, and why a schema cannot say it."""

from __future__ import annotations

from typing import Any

WORDS = "words that say nothing are no reason (R10)"

REFUSALS: dict[str, str] = {
    "cursor-invalid": "a cursor is what the page before gave, and means nothing to anybody else",
    "version-conflict": "which version there is now, nobody knows but who read it",
    "idempotency-key-reused": "what a key was used for, nobody knows but who used it",
    "content-changed": "what a content is by now, nobody knows but who read it",
    "report-refused": "what a report must hold is said by its form, which is data (`/forms/{code}/{version}/schema`)",
    "form-invalid": "what a definition must fulfil is more than its shape (docs/forms.md)",
    "claim-refused": "whether files and units fit a claim is seen when it is made",
    "file-type-mismatch": "a file is judged by its content",
    "not-a-workbook": "a file is judged by its content",
    "sdmx-refused": "a table is judged line by line",
    "table-refused": "a table is judged line by line",
    "due-on-out-of-range": "which days a deadline may be moved to depends on the month of the address",
    "period-invalid": "which months have begun, no schema says",
    "close-blocked": "what is missing from a period, and which day it is, no schema says",
    "range-backwards": "a range ends after it begins",
    "range-too-long": "a range holds at most 60 months",
}
"""Reasons by the code of the problem."""

AT: dict[tuple[str, str], str] = {
    ("POST /api/v1/ledger/imports", "import-rejected"): "what a CSV file holds is judged line by line",
    ("POST /api/v1/ledger/imports", "as-of-in-the-future"): "which day it is, no schema says",
    (
        "POST /api/v1/ledger/imports",
        "unsupported-media-type",
    ): "a workbook is taken for a roster, not for a summary",
    ("POST /api/v1/reconciliations", "import-rejected"): "what a CSV file holds is judged line by line",
    (
        "POST /api/v1/reconciliations",
        "missing-field",
    ): "a CSV body needs both parameters, a JSON body neither",
    ("POST /api/v1/reports", "unit-not-reporting"): "which units report, the register says",
    ("PUT /api/v1/reports/{period}/{unit}", "unit-not-reporting"): "which units report, the register says",
    ("PUT /api/v1/reports/{period}/{unit}", "unknown-value"): "the body is of the report at the address",
    ("GET /api/v1/reports/{period}/{unit}/diff", "missing-field"): "both versions are named, or since=return",
    (
        "PUT /api/v1/units/{code}/contact",
        "invalid-contact",
    ): "a name is visible, which no pattern says briefly",
    ("POST /api/v1/mismatches/{mismatch_id}/explain", "text-too-short"): WORDS,
    ("POST /api/v1/mismatches/{mismatch_id}/dispute", "text-too-short"): WORDS,
    ("POST /api/v1/mismatches/{mismatch_id}/resolve", "text-too-short"): WORDS,
    ("PUT /api/v1/units/{code}/contact", "invalid-email"): "no pattern says what an address is",
    ("POST /api/v1/tokens", "invalid-text"): "a name is visible, which no pattern says briefly",
    ("POST /api/v1/accounts", "invalid-text"): "a name is visible, which no pattern says briefly",
    ("PUT /api/v1/subscriptions/{unit}", "invalid-email"): "no pattern says what an address is",
    ("POST /api/v1/forms", "invalid-text"): "no schema says which names members may have at every depth",
    ("POST /api/v1/forms", "unknown-field"): "a definition is sent as text or as its members, not as both",
    ("POST /api/v1/webhooks", "url-malformed"): "no pattern says what an address is",
    ("POST /api/v1/webhooks", "url-internal"): "what is inside and what outside, no pattern says",
    ("POST /api/v1/tokens", "invalid-format"): "a network is more than its digits",
    ("GET /api/v1/rankings/{period}/{unit}", "unknown-ratio"): "ratios come with the form that is in force",
}
"""Reasons by operation and code, where the same code would be a defect elsewhere."""


def is_right(operation: str, problem: dict[str, Any]) -> bool:
    """Whether an operation may refuse so what the document allows: by the problem's code or by every finding's."""
    found = {finding["code"] for finding in problem.get("errors", [])}
    return any(
        codes and all(code in REFUSALS or (operation, code) in AT for code in codes)
        for codes in ({problem["code"]}, found)
    )
