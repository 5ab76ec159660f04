"""The attachments of a circular: the summary table, the ranking and the list of differences, as rows of cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.domain.wording import full_label

if TYPE_CHECKING:
    from app.domain.circular import Facts

Cell = str | int | None
Table = dict[str, Any]

TOTAL = "合计"
STATES = {
    "open": "待核实",
    "explained": "已说明",
    "confirmed": "已确认",
    "disputed": "有异议",
    "resolved": "已处理",
}
"""What a state of a mismatch is called; one that is not here keeps its code."""


def attachments(facts: Facts) -> list[Table]:
    """附件1 汇总表, 附件2 排名, 附件3 差异清单: each {code, title, columns, rows}, a row as long as its columns."""
    return [_summary(facts), _ranking(facts), _differences(facts)]


def changed_rows(old: Mapping[str, Any], new: Mapping[str, Any]) -> Table:
    """Which cells of the summary table are others now: unit, indicator, old and new, in the table's order.

    A row or a column that only one of them has reads as unknown (null) in the other.
    """
    before, after = _cells_of(old), _cells_of(new)
    keys = [*after, *(key for key in before if key not in after)]
    rows: list[list[Cell]] = [
        [*key, before.get(key), after.get(key)] for key in keys if before.get(key) != after.get(key)
    ]
    return _table("changes", "更正数据", ["单位", "指标", "原数", "更正后"], rows)


def _cells_of(table: Mapping[str, Any]) -> dict[tuple[str, str], Cell]:
    columns = table["columns"]
    return {
        (row[0], column): value
        for row in table["rows"]
        for column, value in zip(columns[1:], row[1:], strict=True)
    }


def _table(code: str, title: str, columns: list[str], rows: list[list[Cell]]) -> Table:
    return {"code": code, "title": title, "columns": columns, "rows": rows}


def _summary(facts: Facts) -> Table:
    codes = facts.form.codes
    rows = [
        [unit["name"] + remark, *(unit["effective"].get(code) for code in codes)]
        for units, remark in ((facts.aggregate["units"], ""), (facts.aggregate["separate"], "（单列）"))
        for unit in units
    ]
    total = [TOTAL, *(facts.aggregate["cells"][code]["effective_sum"] for code in codes)]
    labels = [
        full_label(facts.form, code)
        if facts.form.indicator[code].authority == "ledger"
        else facts.form.labels[code].zh
        for code in codes
    ]
    return _table("summary", "汇总表", ["单位", *labels], [*rows, total])


def _ranking(facts: Facts) -> Table:
    """One row per ratio and unit; ties share a rank, who cannot be ranked stands below with the reason."""
    rows: list[list[Cell]] = [
        [
            ranked["label"],
            row["rank"] if row["rank"] is not None else row["note"],
            row["name"],
            row["display"],
        ]
        for ranked in facts.rankings
        for row in ranked["rows"]
    ]
    return _table("ranking", "排名", ["指标", "位次", "单位", "比例"], rows)


def _differences(facts: Facts) -> Table:
    names = {unit["unit"]: unit["name"] for unit in (*facts.aggregate["units"], *facts.aggregate["separate"])}
    found = facts.reconciliation or {"mismatches": []}
    rows: list[list[Cell]] = [_difference(facts, names, m) for m in found["mismatches"]]
    return _table("differences", "差异清单", ["单位", "指标", "填报数", "台账数", "差异", "状态"], rows)


def _difference(facts: Facts, names: Mapping[str, str], m: Mapping[str, Any]) -> list[Cell]:
    label = full_label(facts.form, m["indicator"])
    state = STATES.get(m["state"], m["state"])
    return [names.get(m["unit"], m["unit"]), label, m["reported"], m["ledger"], m["difference"], state]
