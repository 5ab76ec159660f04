"""Findings of a ledger file as a list that an office opens beside the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.documents.summary import BOM, csv_line

COLUMNS = ("级别 severity", "行 line", "栏 column", "代码 code", "值 value", "说明", "what to do")
_LEVELS = {"error": "错误 error", "warning": "警告 warning", "info": "提示 info"}


def findings_csv(findings: Iterable[Mapping[str, Any]], counts: Mapping[str, int] | None) -> str:
    """A header and a line for each finding, for Excel: UTF-8 with a byte order mark, CR LF; then the counts of all."""
    lines = [BOM + csv_line(list(COLUMNS))]
    for found in findings:
        told = (found[name] for name in ("line", "column", "code", "value"))
        words = found["message"]["zh"], found["message"]["en"]
        lines.append(csv_line([_LEVELS[found["severity"]], *told, *words]))
    if counts is not None:
        said = "，".join(f"{name} {counts[level]}" for level, name in _LEVELS.items())
        lines.append(csv_line(["合计 total", "", "", "", "", said, ""]))
    return "".join(lines)
