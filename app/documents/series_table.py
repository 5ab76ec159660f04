"""A range of months as a table: a row per month, a column per series, for Excel's own charts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.documents.listing import Cell, Listing
from app.domain.period import Period


def series_listing(found: Mapping[str, Any]) -> Listing:
    """The effective sums and the ratios (reporting basis) of `GET /aggregates/{unit}`.

    Flows take a second column, 累计, what they have come to since 2015-04 or since the series broke. 备注 names
    the series that may not be compared with the month before.
    """
    codes, ratios = found["codes"], found["ratios"]
    flows = [code for code, about in codes.items() if about["kind"] == "flow"]
    headings = [
        *("期别", "表式", "暂定"),
        *(_heading(about) for about in codes.values()),
        *(f"{_heading(codes[code])}（累计）" for code in flows),
        *(about["label"]["zh"] for about in ratios.values()),
        "备注",
    ]
    return Listing(
        title=f"{found['name']} {found['from']}至{found['to']} 分月汇总",
        filename=f"{found['unit']}_{found['name']}_{found['from']}_{found['to']}_分月汇总",
        period=Period.parse(found["to"]),
        headings=headings,
        rows=[_row(item, codes, flows, ratios) for item in found["items"]],
    )


def _row(
    item: Mapping[str, Any], codes: Mapping[str, Any], flows: list[str], ratios: Mapping[str, Any]
) -> list[Cell]:
    return [
        *(item["period"], item["form"], "是" if item["provisional"] else "否"),
        *(_of(item["cells"][code], "effective_sum") for code in codes),
        *(_of(item["cells"][code], "cumulative") for code in flows),
        *(_of(item["ratios"][code], "display") for code in ratios),
        "；".join(f"{_name(each['code'], codes, ratios)}：{each['reason']['zh']}" for each in item["breaks"]),
    ]


def _heading(about: Mapping[str, Any]) -> str:
    """乡镇团委·新增团委委员数量: the table's own labels are whole only with their group."""
    label, group = about["label"]["zh"], about["group"]
    return f"{group['zh']}·{label}" if group else str(label)


def _of(cell: Mapping[str, Any] | None, name: str) -> Cell:
    return cell[name] if cell else None


def _name(code: str, codes: Mapping[str, Any], ratios: Mapping[str, Any]) -> str:
    about = codes.get(code) or ratios.get(code)
    return str(about["label"]["zh"]) if about else code
