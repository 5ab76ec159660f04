"""Bodies that pass every rule, for tests to bend."""

from __future__ import annotations

from typing import Any

from app.api.examples import FIGURES

GUANGZHOU = "440100"
SHAOGUAN = "440200"
FOSHAN = "440600"
SHUNDE = "440606"
GUANGDONG = "440000"
CENTRE = "000000"


def report(unit: str = GUANGZHOU, period: str = "2015-04", **changes: Any) -> dict[str, Any]:
    """A whole report; `figures` given as keywords of their own name replace single cells."""
    figures = {**FIGURES, **changes.pop("figures", {})}
    body: dict[str, Any] = {
        "period": period,
        "unit": unit,
        "contact": {"name": "示例甲", "phone": "13800000000"},
        "figures": figures,
    }
    return body | changes
