"""The words in which a page explains a figure: why a record does not count, and what a record is."""

from __future__ import annotations

from typing import Any

from app.db import Session
from app.domain.period import Period
from app.domain.permission import Actor
from app.errors import Text
from app.services import explanations, units
from app.services.explanations import Question

SHOWN = 20
"""Records of each list on a page."""

REASONS = {
    "outside-window": Text("不在本期统计期间", "outside the window"),
    "not-yet-started": Text("截止日之后才开始", "begins after the cut-off day"),
    "already-left": Text("截止日前已退出（撤销）", "had left by the cut-off day"),
    "still-there": Text("未退出（撤销）", "has not left"),
    "never-rectified": Text("未整顿", "was not rectified"),
    "other-type": Text("不属该类型", "of another type"),
    "merged-spell": Text("与前一任期连续，已合并", "continues an earlier spell"),
    "duplicate": Text("重复行", "repeats another row"),
    "village-organization": Text(
        "村团组织，不属直属团组织", "a village organization, which is not a direct one"
    ),
    "unit-not-reporting": Text("所在单位不报送", "of a unit that does not report"),
}
"""Why a record was left out, by the code in the API."""


def question_of(session: Session, mismatch: Any, *, by: Actor) -> Question:
    """What to ask about the figure of a mismatch."""
    return explanations.of_figure(
        session,
        period=Period.parse(mismatch["period"]),
        unit=units.get(session, mismatch["unit_code"]),
        indicator=mismatch["indicator"],
        by=by,
    )


def towns_of(question: Question) -> dict[str, str]:
    """The names of the townships of the records, by code."""
    return {unit.code: unit.name for unit in question.units if len(unit.code) == 9}
