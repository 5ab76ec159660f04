"""Months side by side: what sums over time, what does not, and where values must not be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.domain.balance import balances
from app.domain.form_diff import Effect, diff
from app.domain.form_parts import Kind
from app.domain.form_version import FormVersion
from app.domain.period import Period
from app.domain.ratio import Ratio, format_points, points


class Month(NamedTuple):
    """The sums of one month, as `app.domain.aggregate.aggregate` makes them, and the form they follow."""

    period: Period
    form: FormVersion
    body: Mapping[str, Any]


_CELL = ("reported_sum", "effective_sum", "units_expected", "units_with_value")
_RATIO = ("numerator", "denominator", "ratio", "display")
_BASES = ("", "all_units_")
"""The two bases of a ratio (domain.md 3.2): units that reported, and all units."""


def series(months: Sequence[Month], first: Period) -> dict[str, Any]:
    """The months from `first` on, each with its changes, and what the range comes to.

    `months` are in time order and reach back to the first one with data, because flows accumulate from there;
    months between them that nobody filled may be left out. `codes` and `ratios` describe every series of the
    range; a series that a month's form does not have is null in it, never 0.
    """
    shown = [month for month in months if month.period >= first]
    codes, ratios = _described([month.form for month in shown])
    walk = _Walk(codes, ratios)
    items = [walk.step(month) for month in months]
    items = [item for item, month in zip(items, months, strict=True) if month.period >= first]
    return {
        "codes": codes,
        "ratios": ratios,
        "items": items,
        "range": {code: _over(code, about["kind"], items) for code, about in codes.items()},
    }


def _described(forms: Sequence[FormVersion]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every series of these forms: the newest form's words and order first, then what has ended."""
    codes: dict[str, Any] = {}
    ratios: dict[str, Any] = {}
    for form in reversed(forms):
        groups = {group.code: group.label.text._asdict() for group in form.groups}
        for figure in form.summed:
            words = {"label": form.labels[figure.code]._asdict(), "unit": figure.unit.text._asdict()}
            codes.setdefault(
                figure.code,
                {
                    **words,
                    "kind": figure.kind.value,
                    "group": groups.get(getattr(figure, "group", "")),
                },
            )
        for ratio in form.ratios:
            parts = {"numerator": ratio.numerator, "denominator": ratio.denominator}
            ratios.setdefault(ratio.code, {"label": ratio.label.text._asdict(), **parts})
    return codes, ratios


class _Walk:
    """Goes through the months once, and remembers the last one and what the flows have come to."""

    def __init__(self, codes: Mapping[str, Any], ratios: Mapping[str, Any]) -> None:
        self.codes = codes
        self.ratios = ratios
        self.last: Month | None = None
        self.cumulative: dict[str, int] = {}
        self.since: dict[str, str] = {}

    def step(self, month: Month) -> dict[str, Any]:
        """The month as the answer shows it."""
        changes = diff(self.last.form, month.form) if self.last else []
        broken = {change.code for change in changes if change.breaks}
        before = self.last if self.last and self.last.period == month.period.previous else None
        for code in broken:
            self.cumulative.pop(code, None)
            self.since.pop(code, None)
        item = {
            "period": str(month.period),
            "form": month.form.id,
            "provisional": month.body["provisional"],
            "breaks": [change.as_json() for change in changes if change.breaks],
            "cells": {code: self._cell(code, month, before, broken) for code in self.codes},
            "ratios": {code: _ratio(code, month, before, broken) for code in self.ratios},
            "balances": _balances(month, before, broken),
        }
        self.last = month
        return item

    def _cell(self, code: str, month: Month, before: Month | None, broken: set[str]) -> dict[str, Any] | None:
        cell = month.body["cells"].get(code)
        if cell is None:
            return None
        value = cell["effective_sum"]
        was = before.body["cells"].get(code) if before and code not in broken else None
        known = was is not None and was["effective_sum"] is not None and value is not None
        return {
            **{name: cell[name] for name in _CELL},
            "change": value - was["effective_sum"] if was and known else None,
            **self._accumulated(code, str(month.period), value),
        }

    def _accumulated(self, code: str, period: str, value: int | None) -> dict[str, Any]:
        if self.codes[code]["kind"] != Kind.FLOW:
            return {}
        if value is not None:
            self.cumulative[code] = self.cumulative.get(code, 0) + value
            self.since.setdefault(code, period)
        return {"cumulative": self.cumulative.get(code), "since": self.since.get(code)}


def _ratio(code: str, month: Month, before: Month | None, broken: set[str]) -> dict[str, Any] | None:
    found = month.body["ratios"].get(code)
    if found is None:
        return None
    was = before.body["ratios"].get(code) if before and code not in broken else None
    made: dict[str, Any] = {}
    for basis in _BASES:
        made |= {basis + name: found[basis + name] for name in _RATIO}
        change = points(_pair(was, basis), _pair(found, basis)) if was else None
        made[f"{basis}change_points"] = format_points(change)
    return made


def _pair(found: Mapping[str, Any], basis: str) -> Ratio:
    return Ratio(found[f"{basis}numerator"], found[f"{basis}denominator"])


def _balances(month: Month, before: Month | None, broken: set[str]) -> list[dict[str, Any]]:
    """Nothing for the first month and after a gap: the identity is not decidable there (R12)."""
    if before is None:
        return []
    codes = (before.body["cells"].keys() & month.body["cells"].keys()) - broken
    return balances(before.body["units"], month.body["units"], codes)


def _over(code: str, kind: str, items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the range comes to: a flow's sum, a stock's last value; never across a break.

    `from` and `to` are the months that it rests on, `incomplete` those of them in which not every expected
    unit has a value.
    """
    since = max((n for n, item in enumerate(items) if _breaks(item, code, first=n == 0)), default=0)
    cells = [(item["period"], item["cells"][code]) for item in items[since:] if item["cells"][code]]
    known = [(period, cell) for period, cell in cells if cell["effective_sum"] is not None]
    used = known if kind == Kind.FLOW else known[-1:]
    values = [cell["effective_sum"] for _, cell in used]
    is_over = not items or items[-1]["cells"][code] is None
    return {
        "kind": kind,
        "value": None if is_over or not values else sum(values),
        "from": used[0][0] if used else None,
        "to": used[-1][0] if used else None,
        "incomplete": [p for p, cell in used if cell["units_with_value"] < cell["units_expected"]],
        "is_broken": since > 0 or is_over,
    }


def _breaks(item: Mapping[str, Any], code: str, *, first: bool) -> bool:
    """Whether the series begins anew here; what happened before the first month of the range does not matter."""
    broken = {change["code"] for change in item["breaks"] if change["effect"] != Effect.REMOVED}
    return not first and code in broken


def as_columns(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same for charts: one array per value, all as long as `periods`, null where there is nothing."""
    items = found["items"]
    kept = {name: value for name, value in found.items() if name not in {"items", "codes", "ratios"}}
    return {
        **kept,
        "periods": [item["period"] for item in items],
        "forms": [item["form"] for item in items],
        "provisional": [item["provisional"] for item in items],
        "breaks": [{"period": item["period"], **change} for item in items for change in item["breaks"]],
        "codes": {code: about | _arrays(code, "cells", items) for code, about in found["codes"].items()},
        "ratios": {code: about | _arrays(code, "ratios", items) for code, about in found["ratios"].items()},
        "balances": [{"period": i["period"], **each} for i in items for each in i["balances"]],
    }


_CLASHES = {"numerator": "numerators", "denominator": "denominators"}
"""A ratio's own codes keep these names, so its sums take the plural."""


def _arrays(code: str, part: str, items: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    cells = [item[part][code] for item in items]
    names = next((list(cell) for cell in cells if cell), [])
    return {_CLASHES.get(name, name): [cell[name] if cell else None for cell in cells] for name in names}
