"""Reports between a body and a service, and between a service and an answer."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from app.api.answers import instant, json_answer
from app.api.conditional import etag_of
from app.api.findings import finding
from app.api.strict_json import Loaded
from app.db import Row
from app.domain.permission import Action, Actor
from app.domain.workflow import Status, allowed
from app.errors import Finding, merge
from app.services.idempotency import Answer
from app.services.reports import Saved, Submission
from app.services.steps import is_closed


def row_json(row: Row) -> dict[str, Any]:
    """A report in a list: no contact, no figures."""
    same = ("period", "name", "status", "version", "received_at", "timeliness")
    form = f"{row['form_code']}/{row['form_version']}"
    return {"unit": row["unit_code"], "form": form, **{name: row[name] for name in same}}


def submission_of(body: Loaded, period: str | None = None, unit: str | None = None) -> Submission:
    """The parts of a body that the route itself needs, and the rest for the domain to judge.

    On an update the path says whose report it is; a body that names another is a finding.
    """
    content: dict[str, Any] = dict(body.value)
    found: list[Finding] = []
    named_unit, named_period = content.pop("unit", unit), content.pop("period", period)
    draft = content.pop("draft", False)
    if not isinstance(draft, bool):
        found.append(finding("wrong-type", "/draft"))
    if not isinstance(named_unit, str) or not named_unit:
        found.append(finding("missing-field" if "unit" not in body.value else "wrong-type", "/unit"))
    elif unit is not None and named_unit != unit:
        found.append(finding("unknown-value", "/unit"))
    if period is not None and named_period != period:
        found.append(finding("unknown-value", "/period"))
    return Submission(
        unit=unit or (named_unit if isinstance(named_unit, str) else ""),
        period=period or named_period,
        content=content,
        draft=draft is True,
        found=merge(body.findings, found),
    )


def filed(actor: Actor, now: datetime, status: int, saved: Saved, committed: bool) -> Answer:
    """What the author of a write is told; `allowed` says what can be done next, and why the rest cannot."""
    report = saved.report
    body = report_json(saved, actor, now) | {"committed": committed}
    headers = {"ETag": etag_of(report["version"])} if committed and report["version"] else {}
    if status == 201 and committed:
        headers["Location"] = f"/api/v1/reports/{report['period']}/{report['unit_code']}"
    return json_answer(body, status, headers)


def report_json(saved: Saved, actor: Actor, now: datetime) -> dict[str, Any]:
    """A report as the contract writes it; its content is masked already where it must be."""
    report, path = saved.report, saved.unit["report_path"]
    return {
        "period": report["period"],
        "unit": report["unit_code"],
        "name": saved.unit["name"],
        "form": f"{report['form_code']}/{report['form_version']}",
        "status": report["status"],
        "version": report["version"],
        "content_hash": report["content_hash"],
        "received_at": instant(report["received_at"]) if report["received_at"] else None,
        "timeliness": report["timeliness"],
        "deadline": instant(saved.deadline),
        **saved.content,
        "findings": saved.findings,
        "reasons": report["reasons"],
        "evidence": saved.evidence,
        "allowed": _allowed(
            report["status"],
            actor.actions_at(path),
            is_own=saved.author == actor.id,
            is_closed=is_closed(saved.figures, now),
            is_reopened=bool(saved.figures and saved.figures["reopening"]),
        ),
    }


@lru_cache(maxsize=128)
def _allowed(status: str, permitted: frozenset[Action], **situation: bool) -> list[dict[str, Any]]:
    """`allowed` as the contract writes it; there are only a few different ones, and nobody changes them."""
    steps = allowed(Status(status), permitted.__contains__, **situation)
    return [step.as_json() for step in steps]
