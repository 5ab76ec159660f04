"""The board of a month as a table to hand round or to call people by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.documents.listing import Cell, Listing
from app.domain.period import SHANGHAI, Period

HEADINGS = (
    *("单位代码", "单位名称", "状态", "时效", "收到时间", "停留天数", "此前连续漏报"),
    *("台账未核实", "待解决事项", "下一步"),
)
STATES = {
    "absent": "未报",
    "excused": "免报",
    "draft": "草稿",
    "submitted": "待审",
    "returned": "已退回",
    "accepted": "已审",
}
TIMELINESS = {"on_time": "按时", "late": "迟报", None: None}


def board_listing(found: Mapping[str, Any]) -> Listing:
    """The rows of `GET /board/{period}/{unit}`: no person and no figure is in them."""
    period = Period.parse(found["period"])
    return Listing(
        title=f"{found['name']}{period.year}年{period.month}月报送进度",
        filename=f"{found['unit']}_{found['name']}_{found['period']}_报送进度",
        period=period,
        headings=HEADINGS,
        rows=[_row(line) for line in found["items"]],
    )


def _row(line: Mapping[str, Any]) -> list[Cell]:
    received = line["received_at"]
    return [
        *(line["unit"], line["name"], STATES[line["state"]], TIMELINESS[line["timeliness"]]),
        f"{received.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if received else None,
        *(line["age_days"], line["omitted_before"], line["open_mismatches"]),
        "；".join(f"{each['zh']}{each['count']}" for each in line["blockers"]),
        line["next_action"]["zh"],
    ]
