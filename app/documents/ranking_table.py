"""A ranking as the annex of a circular prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.documents.listing import Listing
from app.domain.period import Period

HEADINGS = ("名次", "单位代码", "单位名称", "分子", "分母", "比例", "备注")


def ranking_listing(found: Mapping[str, Any]) -> Listing:
    """The rows of `GET /rankings/{period}/{unit}` in their order; whoever has no rank has a remark."""
    period = Period.parse(found["period"])
    label = found["label"]["zh"]
    return Listing(
        title=f"{found['name']}{period.year}年{period.month}月{label}排名",
        filename=f"{found['unit']}_{found['name']}_{found['period']}_{label}排名",
        period=period,
        headings=HEADINGS,
        rows=[
            (
                *(row["rank"], row["unit"], row["name"], row["numerator"], row["denominator"]),
                *(row["display"], row["remark"]["zh"] if row["remark"] else None),
            )
            for row in found["items"]
        ],
    )
