"""The life of a report: one table of who may take it from which status to which."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from app.domain.permission import Action
from app.errors import Text


class Status(StrEnum):
    """Where a report stands."""

    ABSENT = "absent"
    """未报: nothing was saved."""
    DRAFT = "draft"
    """草稿: the unit saved or withdrew it; nobody else sees it."""
    SUBMITTED = "submitted"
    """已报: the unit sent it; it waits for review."""
    RETURNED = "returned"
    """退回: the reviewer wants corrections, or reopened it."""
    ACCEPTED = "accepted"
    """已审: the reviewer accepted it; only a reopening changes it."""


class Step(StrEnum):
    """What moves a report."""

    SAVE = "save"
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    RETURN = "return"
    ACCEPT = "accept"
    REOPEN = "reopen"


class Need(StrEnum):
    """What a step asks for besides the permission."""

    OPEN = "open"
    """The period is not closed for the unit."""
    CLOSED = "closed"
    """The period is closed for the unit, reopened or not: until then a return does."""
    OTHER_HANDS = "other_hands"
    """Whoever submitted never reviews."""
    REASONS = "reasons"
    """At least one reason, given with the step."""
    EXPIRY = "expiry"
    """An instant at which the reopening ends, given with the step."""


class Transition(NamedTuple):
    """One line of the table."""

    source: Status
    step: Step
    target: Status
    action: Action
    needs: frozenset[Need]


_WRITE = (Action.WRITE_REPORT, frozenset({Need.OPEN}))
_REVIEW = (Action.REVIEW_REPORT, frozenset({Need.OPEN, Need.OTHER_HANDS}))
_RETURN = (Action.REVIEW_REPORT, frozenset({Need.OPEN, Need.OTHER_HANDS, Need.REASONS}))
_REOPEN = (Action.REVIEW_REPORT, frozenset({Need.OTHER_HANDS, Need.REASONS, Need.EXPIRY}))
_REOPEN_UNREVIEWED = (_REOPEN[0], _REOPEN[1] | {Need.CLOSED})
_REOPEN_UNSENT = (Action.REVIEW_REPORT, frozenset({Need.CLOSED, Need.REASONS, Need.EXPIRY}))

TRANSITIONS = (
    Transition(Status.ABSENT, Step.SAVE, Status.DRAFT, *_WRITE),
    Transition(Status.ABSENT, Step.SUBMIT, Status.SUBMITTED, *_WRITE),
    Transition(Status.ABSENT, Step.REOPEN, Status.ABSENT, *_REOPEN_UNSENT),
    Transition(Status.DRAFT, Step.SAVE, Status.DRAFT, *_WRITE),
    Transition(Status.DRAFT, Step.SUBMIT, Status.SUBMITTED, *_WRITE),
    Transition(Status.DRAFT, Step.REOPEN, Status.DRAFT, *_REOPEN_UNSENT),
    Transition(Status.SUBMITTED, Step.SUBMIT, Status.SUBMITTED, *_WRITE),
    Transition(Status.SUBMITTED, Step.WITHDRAW, Status.DRAFT, *_WRITE),
    Transition(Status.SUBMITTED, Step.RETURN, Status.RETURNED, *_RETURN),
    Transition(Status.SUBMITTED, Step.ACCEPT, Status.ACCEPTED, *_REVIEW),
    Transition(Status.SUBMITTED, Step.REOPEN, Status.RETURNED, *_REOPEN_UNREVIEWED),
    Transition(Status.RETURNED, Step.SAVE, Status.RETURNED, *_WRITE),
    Transition(Status.RETURNED, Step.SUBMIT, Status.SUBMITTED, *_WRITE),
    Transition(Status.RETURNED, Step.REOPEN, Status.RETURNED, *_REOPEN),
    Transition(Status.ACCEPTED, Step.REOPEN, Status.RETURNED, *_REOPEN),
)
"""Every move there is. A submitted report that is sent again stays submitted, as a new version; a returned one
that is opened again gets another end, without which one that has expired could never be sent. What was never sent
stays as it is when it is reopened after the close: the unit may file it then, late (domain.md A19)."""

_TABLE = {(t.source, t.step): t for t in TRANSITIONS}
NAMES = {
    Status.ABSENT: Text("未报", "not reported"),
    Status.DRAFT: Text("草稿", "a draft"),
    Status.SUBMITTED: Text("已报待审", "submitted"),
    Status.RETURNED: Text("已退回", "returned"),
    Status.ACCEPTED: Text("已审核通过", "accepted"),
}
_FORBIDDEN = Text("您的角色无权进行此操作", "Your role does not allow this")
CLOSED = Text("本期已关闭，须先由上级重新开放", "The period is closed; it must be reopened first")
NOT_CLOSED = Text(
    "本期尚未关闭，无需重新开放；待审报表可直接退回", "The period is not closed: return the report instead"
)
_OWN = Text("报送人不得审核自己报送的报表", "Whoever submitted a report does not review it")


class Allowed(NamedTuple):
    """Whether a step can be taken now, and every reason why not."""

    step: Step
    because: tuple[Text, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing stands against it."""
        return not self.because

    def as_json(self) -> dict[str, Any]:
        """The line of `allowed` in the HTTP contract."""
        return {
            "action": self.step.value,
            "ok": self.ok,
            "because": [text._asdict() for text in self.because],
        }


def transition(status: Status, step: Step) -> Transition | None:
    """The line of the table for a step, or None where the status does not know it."""
    return _TABLE.get((status, step))


def allowed(
    status: Status,
    may: Callable[[Action], bool],
    *,
    is_closed: bool = False,
    is_reopened: bool = False,
    is_own: bool = False,
) -> list[Allowed]:
    """What can be done with a report now: every step, in the order of `Step`.

    `may` says whether the caller has a permission at the unit, `is_own` whether the caller submitted what
    would be reviewed. `is_reopened` says that a closed period was opened for this unit, so that what came of
    it can be reviewed, also after the end. Reasons and expiry are given with the step and so keep nobody from asking.
    """
    shut = frozenset(Action) if is_closed else frozenset()
    if is_reopened:
        shut -= {Action.REVIEW_REPORT}
    is_final = is_closed or is_reopened
    return [Allowed(step, tuple(_against(status, step, may, shut, is_own, is_final))) for step in Step]


def _against(
    status: Status,
    step: Step,
    may: Callable[[Action], bool],
    shut: frozenset[Action],
    is_own: bool,
    is_final: bool,
) -> list[Text]:
    line = transition(status, step)
    if line is None:
        name = NAMES[status]
        return [
            Text(
                f"报表当前为{name.zh}，不能进行此操作", f"The report is {name.en}: this step is not possible"
            )
        ]
    return [
        *([] if may(line.action) else [_FORBIDDEN]),
        *([CLOSED] if line.action in shut and Need.OPEN in line.needs else []),
        *([NOT_CLOSED] if Need.CLOSED in line.needs and not is_final else []),
        *([_OWN] if is_own and Need.OTHER_HANDS in line.needs else []),
    ]
