"""Snapshots: what a circular is written from, gathered at the moment of a close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from app.db import Row, Session, prepared
from app.domain.aggregate import View
from app.domain.form import FormVersion
from app.domain.period import SHANGHAI, Period
from app.domain.permission import Actor
from app.domain.proof import Decision, judged_activities
from app.models import Claim, ReportVersion
from app.services import aggregates, completeness, coverage, reconciliations
from app.services.periods import Policy

_VERSIONS = ReportVersion.__table__  # type: ignore[attr-defined]
_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_CONTENTS = prepared(
    select(_VERSIONS.c.unit_code, _VERSIONS.c.number, _VERSIONS.c.content)
    .where(_VERSIONS.c.period == bindparam("month"), _VERSIONS.c.draft.is_(False))
    .order_by(_VERSIONS.c.unit_code, _VERSIONS.c.number)
)
_COUNTED = prepared(
    select(_CLAIMS.c.id, _CLAIMS.c.unit_code)
    .where(
        _CLAIMS.c.status == Decision.ACCEPTED.value,
        _CLAIMS.c.dated <= bindparam("through", type_=_CLAIMS.c.dated.type),
    )
    .order_by(_CLAIMS.c.id)
)


def facts(
    session: Session, unit: Row, period: Period, form: FormVersion, vintage: int, *, by: Actor, policy: Policy
) -> dict[str, Any]:
    """What a circular is written from, each part exactly as the contract answers it."""
    every = aggregates.live(session, unit=unit, period=period, view=View.ALL, vintage=vintage)
    centre = aggregates.live(session, unit=unit, period=period, view=View.CENTRE, vintage=vintage)
    complete = completeness.of_unit(session, unit_code=unit["code"], period=period, policy=policy, by=by)
    run = reconciliations.latest(session, period=period, unit_code=unit["code"], by=by)
    codes = [row["unit"] for row in every["units"]]
    mine = set(codes)
    through = form.window(period).end
    return {
        "aggregate": every,
        "centre": centre,
        "completeness": {**complete, "deadline": complete["deadline"].astimezone(SHANGHAI).isoformat()},
        "reconciliation": reconciliations.as_json(run, reconciliations.mismatches(session, run["id"]))
        if run
        else None,
        "activities": _activities(session, codes, period, form),
        "claims": [row["id"] for row in session.all(_COUNTED, through=through) if row["unit_code"] in mine],
    }


def _activities(
    session: Session, codes: Sequence[str], period: Period, form: FormVersion
) -> dict[str, list[dict[str, Any]]]:
    """The final judgment of the activities without a column, by unit; none said counts as not reported."""
    said = {row["unit_code"]: row["content"] for row in session.all(_CONTENTS, month=str(period))}
    proofs = coverage.all_proofs(session, period, form)
    return {
        code: judged_activities(
            form, said.get(code, {}).get("activities", ()), proofs.get(code, ()), closed=True
        )
        for code in codes
    }
