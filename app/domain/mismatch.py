"""The life of a mismatch: one table of who or what takes it from which state to which."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from app.domain.permission import Action
from app.errors import Text


class State(StrEnum):
    """Where a mismatch stands."""

    OPEN = "open"
    """不一致: a reconciliation found it, and nobody has answered for it."""
    EXPLAINED = "explained"
    """已说明: the unit said why the figures differ."""
    CONFIRMED = "confirmed"
    """已认账: the unit says that the ledger is right and its own figure is not."""
    DISPUTED = "disputed"
    """有异议: the unit says that the ledger is wrong."""
    CLOSED = "closed"
    """已办结: the figures agree, or the reviewer lets the difference stand."""


class Resolution(StrEnum):
    """How a mismatch was closed."""

    LEDGER_CORRECTED = "ledger_corrected"
    """已更正台账: a later import says what was reported."""
    REPORT_CORRECTED = "report_corrected"
    """已更正报表: a later version of the report says what the ledger says."""
    ACCEPTED = "accepted"
    """The reviewer lets the difference stand; the ledger's figure counts all the same."""


class Step(StrEnum):
    """What moves a mismatch."""

    FOUND = "found"
    """By a reconciliation that sees it for the first time."""
    EXPLAIN = "explain"
    CONFIRM = "confirm"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    LEDGER_CORRECTED = "ledger_corrected"
    """By an import, promotion or rollback that makes the figures equal."""
    REPORT_CORRECTED = "report_corrected"
    """By a version of the report that makes them equal."""
    REOPEN = "reopen"
    """By any of these that changes the difference: what was said was said of another one."""


class Cause(StrEnum):
    """Whose figure changed."""

    LEDGER = "ledger"
    REPORT = "report"


class Need(StrEnum):
    """What a step asks for besides the permission."""

    TEXT = "text"
    """Words of at least five characters, as for explanations of warnings."""


class Transition(NamedTuple):
    """One line of the table. `action` is None for what only the service itself does."""

    source: State | None
    step: Step
    target: State
    action: Action | None = None
    needs: frozenset[Need] = frozenset()
    resolution: Resolution | None = None


_TEXT = frozenset({Need.TEXT})
_UNSETTLED = (State.OPEN, State.EXPLAINED, State.CONFIRMED, State.DISPUTED)

TRANSITIONS = (
    Transition(None, Step.FOUND, State.OPEN),
    *(
        Transition(state, step, target, Action.EXPLAIN_MISMATCH, needs)
        for state in _UNSETTLED
        for step, target, needs in (
            (Step.EXPLAIN, State.EXPLAINED, _TEXT),
            (Step.CONFIRM, State.CONFIRMED, frozenset[Need]()),
            (Step.DISPUTE, State.DISPUTED, _TEXT),
        )
    ),
    *(
        Transition(state, Step.RESOLVE, State.CLOSED, Action.RESOLVE_MISMATCH, _TEXT, Resolution.ACCEPTED)
        for state in _UNSETTLED
    ),
    *(
        Transition(state, step, State.CLOSED, resolution=resolution)
        for state in _UNSETTLED
        for step, resolution in (
            (Step.LEDGER_CORRECTED, Resolution.LEDGER_CORRECTED),
            (Step.REPORT_CORRECTED, Resolution.REPORT_CORRECTED),
        )
    ),
    *(Transition(state, Step.REOPEN, State.OPEN) for state in State),
)
"""Every move there is. A unit may say something else as long as nothing is settled; a closed mismatch opens again
only when its difference changes."""

_TABLE = {(line.source, line.step): line for line in TRANSITIONS}
ACTION_OF = {line.step: line.action for line in TRANSITIONS if line.action is not None}
"""The permission of each step that people take, whatever the state."""

_CORRECTED = {Cause.LEDGER: Step.LEDGER_CORRECTED, Cause.REPORT: Step.REPORT_CORRECTED}

NAMES = {
    State.OPEN: Text("不一致", "open"),
    State.EXPLAINED: Text("已说明", "explained"),
    State.CONFIRMED: Text("已认账", "confirmed"),
    State.DISPUTED: Text("有异议", "disputed"),
    State.CLOSED: Text("已办结", "closed"),
}


def transition(state: State | None, step: Step) -> Transition | None:
    """The line of the table for a step, or None where the state does not know it."""
    return _TABLE.get((state, step))


def observed(
    state: State, difference: int, *, reported: int | None, ledger: int | None, cause: Cause
) -> Step | None:
    """The step that new figures make a mismatch take by itself; None for none.

    `difference` is the one that was known. A figure that is missing now compares with nothing and changes
    nothing; two figures that move by the same amount keep the difference, and what was said about it.
    """
    if reported is None or ledger is None or reported - ledger == difference:
        return None
    if reported != ledger:
        return Step.REOPEN
    return None if state is State.CLOSED else _CORRECTED[cause]
