"""Coverage: what the claims of a unit prove for a period; months carry it on without a new upload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, case, distinct, func, select

from app.db import Session, prepared
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.proof import Decision, Proof, judged_activities, units_covered
from app.models import Claim, ClaimUnit
from app.services.periods import Policy

_CLAIMS = Claim.__table__  # type: ignore[attr-defined]
_COVERED = ClaimUnit.__table__  # type: ignore[attr-defined]
_IS_ACCEPTED = _CLAIMS.c.status == Decision.ACCEPTED.value
_IS_NOW = _CLAIMS.c.dated > bindparam("after", type_=_CLAIMS.c.dated.type)
_UNIT = _COVERED.c.unit_code
_COUNTED = (
    select(
        _CLAIMS.c.activity,
        _CLAIMS.c.level,
        func.count(distinct(case((_IS_ACCEPTED, _UNIT)))).label("accepted"),
        func.count(distinct(_UNIT)).label("claimed"),
        func.count(distinct(case((and_(_IS_ACCEPTED, _IS_NOW), _UNIT)))).label("accepted_now"),
        func.count(distinct(case((_IS_NOW, _UNIT)))).label("claimed_now"),
    )
    .join(_COVERED, _COVERED.c.claim_id == _CLAIMS.c.id)
    .where(
        _CLAIMS.c.status != Decision.REJECTED.value,
        _CLAIMS.c.dated <= bindparam("through", type_=_CLAIMS.c.dated.type),
    )
    .group_by(_CLAIMS.c.activity, _CLAIMS.c.level)
)
_PROOFS = prepared(_COUNTED.where(_CLAIMS.c.unit_code == bindparam("unit")))
_ALL_PROOFS = prepared(_COUNTED.add_columns(_CLAIMS.c.unit_code).group_by(_CLAIMS.c.unit_code))


def proofs(session: Session, unit: str, period: Period, form: FormVersion) -> list[Proof]:
    """What the unit's claims prove up to the cut-off of a period, under whichever period they were filed."""
    window = form.window(period)
    rows = session.all(_PROOFS, unit=unit, after=window.start, through=window.end)
    return [Proof(**row) for row in rows]


def all_proofs(session: Session, period: Period, form: FormVersion) -> dict[str, list[Proof]]:
    """The same of every unit that filed a claim, by the code of the unit."""
    window = form.window(period)
    found: dict[str, list[Proof]] = {}
    for row in session.all(_ALL_PROOFS, after=window.start, through=window.end):
        found.setdefault(row.pop("unit_code"), []).append(Proof(**row))
    return found


def evidence_of(
    form: FormVersion,
    content: Mapping[str, Any],
    proofs: Sequence[Proof],
    policy: Policy,
    *,
    closed: bool = False,
) -> dict[str, Any]:
    """What a report shows of its evidence: units covered by indicator, and the activities without a column.

    Only `closed` makes lack of evidence final.
    """
    levels = policy.evidence_levels
    accepted = units_covered(form, proofs, levels=levels, accepted=True)
    claimed = units_covered(form, proofs, levels=levels, accepted=False)
    return {
        "covered": {code: {"accepted": accepted[code], "claimed": claimed[code]} for code in accepted},
        "activities": judged_activities(form, content.get("activities", ()), proofs, closed=closed),
    }
