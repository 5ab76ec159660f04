"""The close of a period: what stands against it, what is shut afterwards, and what differs between vintages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.completeness import UnitState
from app.domain.difference import difference
from app.domain.workflow import Status
from app.errors import Finding, Severity, Text

Body = Mapping[str, Any]

TOO_EARLY = "close-before-deadline"

VALUES = ("reported", "evidenced", "ledger", "effective")
"""The values of a figure that a restatement lists when they change."""

_UNREVIEWED = Text("该单位报表已报送、尚未审核", "The unit's report is submitted and not yet reviewed")
_RETURNED = Text("该单位报表已退回、尚未重报", "The unit's report was returned and not yet sent again")
_WAITING = {Status.SUBMITTED.value: _UNREVIEWED, Status.RETURNED.value: _RETURNED}


def blockers(states: Iterable[UnitState], *, now: datetime, deadline: datetime) -> list[Finding]:
    """What stands against a close: it is too early, which a reason must explain, or reports wait for somebody.

    Missing reports do not: that they are missing (漏报) is what a close makes final.
    """
    early = _warning(
        TOO_EARLY,
        "/deadline",
        Text(
            "报送截止时间未到，提前关闭须说明理由",
            "The deadline has not passed: an early close needs a reason",
        ),
    )
    waiting = [
        _warning(f"close-{state.status}", f"/units/{state.unit}", _WAITING[state.status])
        for state in sorted(states)
        if state.status in _WAITING
    ]
    return [*([early] if now <= deadline else []), *waiting]


def _warning(code: str, pointer: str, message: Text) -> Finding:
    return Finding(code, code, Severity.WARNING, pointer, message)


def is_reopened(reopening: Body | None, now: datetime) -> bool:
    """Whether a unit may write into what was closed; the leave ends by itself at its instant."""
    return reopening is not None and now <= datetime.fromisoformat(reopening["expires_at"])


def outside(pointers: Collection[str], old: Body, new: Body) -> list[Finding]:
    """A finding for each cell that a correction changes and the reopening does not name; no pointer names all.

    Contact and explanations go with any correction.
    """
    text = Text(
        "重新开放的范围不含此项，请恢复原值或联系上级",
        "The reopening does not cover this cell: restore its value, or ask for a wider one",
    )
    free = ("/contact", "/explanations", *pointers)
    return [
        Finding("cell-not-reopened", "cell-not-reopened", Severity.ERROR, cell["pointer"], text)
        for cell in difference(old, new)
        if pointers and not any(_covers(each, cell["pointer"]) for each in free)
    ]


def _covers(pointer: str, cell: str) -> bool:
    return cell == pointer or cell.startswith(pointer.rstrip("/") + "/")


def changes(old: Sequence[Body], new: Sequence[Body]) -> list[dict[str, Any]]:
    """The cells in which the rows of two aggregates differ: {unit, indicator, value, old, new}, by unit.

    A unit that only one side has reads as null on the other.
    """
    before, after = ({row["unit"]: row for row in rows} for rows in (old, new))
    return [
        cell
        for unit in sorted(before.keys() | after.keys())
        for cell in _row_changes(unit, before.get(unit, {}), after.get(unit, {}))
    ]


def _row_changes(unit: str, old: Body, new: Body) -> Iterable[dict[str, Any]]:
    for value in VALUES:
        was, now = old.get(value) or {}, new.get(value) or {}
        if was == now:
            continue
        for code in [*was, *(code for code in now if code not in was)]:
            if was.get(code) != now.get(code):
                yield {
                    "unit": unit,
                    "indicator": code,
                    "value": value,
                    "old": was.get(code),
                    "new": now.get(code),
                }
