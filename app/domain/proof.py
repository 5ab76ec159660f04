"""What claims prove: units covered per level, and the judgment of activities that have no column."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.form import FormVersion
from app.domain.form_parts import Activity
from app.domain.form_version import LEVELS


class Decision(StrEnum):
    """Where a claim stands."""

    PENDING = "pending"
    """The unit filed it; nobody has decided."""
    ACCEPTED = "accepted"
    """The reviewer accepted it: it counts."""
    REJECTED = "rejected"
    """The reviewer rejected it, with a reason: it proves nothing."""


class Proof(NamedTuple):
    """Distinct units that claims of one activity and level cover, dated up to a period's cut-off.

    `accepted` counts accepted claims only, `claimed` pending ones too; `…_now` only those dated in the window.
    """

    activity: str
    level: str
    accepted: int
    claimed: int
    accepted_now: int
    claimed_now: int


class Judgment(StrEnum):
    """What counts of an activity that a report says was carried out."""

    HELD = "held"
    """Accepted evidence proves it."""
    PENDING = "pending"
    """Nothing accepted yet, and the period is open: evidence may follow."""
    DEEMED_NOT_HELD = "deemed_not_held"
    """Closed without accepted evidence: 无证明材料，视为未开展."""
    NOT_REPORTED = "not_reported"
    """The report does not say that it was carried out."""


def units_covered(
    form: FormVersion, proofs: Collection[Proof], *, levels: Collection[str] = LEVELS, accepted: bool
) -> dict[str, int]:
    """For each indicator that evidence gates at these levels: the distinct units covered.

    With `accepted` those that count, else also those that may come to count.
    """
    covered = dict.fromkeys(form.evidence_codes(levels), 0)
    if not proofs:
        return covered
    found = {(proof.activity, proof.level): proof for proof in proofs}
    for activity in form.activities:
        for gate in activity.gates:
            proof = found.get((activity.code, gate.level))
            if proof and gate.indicator in covered:
                covered[gate.indicator] += _count(activity, proof, accepted=accepted)
    return covered


def judged_activities(
    form: FormVersion, said: Sequence[Mapping[str, Any]], proofs: Collection[Proof], *, closed: bool
) -> list[dict[str, Any]]:
    """The judgment of every activity that needs evidence and has no column, in the order of the form.

    `said` are the activities of a report's content. The content itself is never changed by it.
    """
    done = {entry["item"] for entry in said if entry.get("done") or entry.get("count")}
    judged = []
    for activity in form.judged:
        mine = [proof for proof in proofs if proof.activity == activity.code] if proofs else ()
        held = bool(mine) and any(_count(activity, proof, accepted=True) for proof in mine)
        judged.append(
            {
                "activity": activity.code,
                "items": list(activity.items),
                "judgment": _judgment(not done.isdisjoint(activity.items), held, closed).value,
                "claimed": bool(mine) and any(_count(activity, proof, accepted=False) for proof in mine),
            }
        )
    return judged


def _judgment(is_done: bool, is_held: bool, closed: bool) -> Judgment:
    if not is_done:
        return Judgment.NOT_REPORTED
    if is_held:
        return Judgment.HELD
    return Judgment.DEEMED_NOT_HELD if closed else Judgment.PENDING


def _count(activity: Activity, proof: Proof, *, accepted: bool) -> int:
    """What recurs is proved by each window's own evidence; what does not stays proved."""
    if activity.recurring:
        return proof.accepted_now if accepted else proof.claimed_now
    return proof.accepted if accepted else proof.claimed
