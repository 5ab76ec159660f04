"""The life of a circular: 草稿, 送审, 批准, 印发, 更正, as one table of who may move it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

from app.errors import Conflict, Text


class CircularState(StrEnum):
    """Where a circular stands."""

    DRAFT = "draft"
    """草稿: a reviewer edits it."""
    SUBMITTED = "submitted"
    """送审: it waits for the leader's decision and is edited no more."""
    APPROVED = "approved"
    """批准: a leader signed exactly this content."""
    PUBLISHED = "published"
    """印发: numbered, dated, sent; never changed."""
    CORRECTED = "corrected"
    """已更正: a later edition took its place; it stays readable."""


class CircularStep(StrEnum):
    """What moves a circular."""

    EDIT = "edit"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    PUBLISH = "publish"
    RESTATE = "restate"


_S, _T = CircularState, CircularStep
LIFE: dict[tuple[CircularState, CircularStep], CircularState] = {
    (_S.DRAFT, _T.EDIT): _S.DRAFT,
    (_S.DRAFT, _T.SUBMIT): _S.SUBMITTED,
    (_S.DRAFT, _T.APPROVE): _S.APPROVED,
    (_S.SUBMITTED, _T.RETURN): _S.DRAFT,
    (_S.SUBMITTED, _T.APPROVE): _S.APPROVED,
    (_S.APPROVED, _T.RETURN): _S.DRAFT,
    (_S.APPROVED, _T.PUBLISH): _S.PUBLISHED,
    (_S.PUBLISHED, _T.RESTATE): _S.PUBLISHED,
}
"""Every move there is. Approving a draft hands it in and signs it at once, where the leader does both.
A published one stays published while its correction is written, and is `corrected` once that is published."""

NAMES = {
    _S.DRAFT: Text("草稿", "a draft"),
    _S.SUBMITTED: Text("已送审", "submitted for approval"),
    _S.APPROVED: Text("已批准", "approved"),
    _S.PUBLISHED: Text("已印发", "published"),
    _S.CORRECTED: Text("已更正", "corrected by a later edition"),
}
_UNAPPROVED = Text("通报须经批准后方可印发", "A circular is published only after it was approved")


class AllowedStep(NamedTuple):
    """Whether a step can be taken now, and why not."""

    step: CircularStep
    because: Text | None

    def as_json(self) -> dict[str, Any]:
        """A line of `allowed`, as reports have it."""
        because = [self.because._asdict()] if self.because else []
        return {"action": self.step.value, "ok": not because, "because": because}


def target(state: CircularState, step: CircularStep) -> CircularState:
    """The state that a step leads to. Raises Conflict where the state does not know it."""
    if (refusal := _refusal(state, step)) is not None:
        code = "not-approved" if refusal is _UNAPPROVED else "wrong-status"
        raise Conflict(refusal, code=code, status_now=state.value)
    return LIFE[state, step]


def allowed_steps(state: CircularState) -> list[AllowedStep]:
    """Every step in the order of `CircularStep`."""
    return [AllowedStep(step, _refusal(state, step)) for step in CircularStep]


def _refusal(state: CircularState, step: CircularStep) -> Text | None:
    if (state, step) in LIFE:
        return None
    if step is CircularStep.PUBLISH and state in (CircularState.DRAFT, CircularState.SUBMITTED):
        return _UNAPPROVED
    name = NAMES[state]
    return Text(
        f"通报当前为{name.zh}，不能进行此操作", f"The circular is {name.en}: this step is not possible"
    )
