"""A report made of reports: what a province, or a city with counties, hands up is the sum of what it accepted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from app.domain.form import FormVersion
from app.domain.ratio import Ratio
from app.domain.wording import amount, clause
from app.domain.wording import share as in_words
from app.errors import Finding, Severity

Figures = Mapping[str, int]

LONGEST_TEXT = 2000
"""Characters of an item's text in a report; what the units wrote is cut there, whole in the consolidation."""


class Part(NamedTuple):
    """An accepted report of one unit."""

    unit: str
    name: str
    figures: Figures
    supplements: Figures
    activities: Sequence[Mapping[str, Any]]


class Difference(NamedTuple):
    """A column whose total is not the sum of its parts."""

    indicator: str
    said: int
    summed: int


def summed(form: FormVersion, parts: Iterable[Part], without: Collection[str] = ()) -> dict[str, int]:
    """The sum of every column over the parts; a column that no part has, or that is left out, is absent."""
    total: dict[str, int] = {}
    for part in parts:
        for code in form.codes:
            if code in part.figures and code not in without:
                total[code] = total.get(code, 0) + part.figures[code]
    return total


def summed_supplements(form: FormVersion, parts: Iterable[Part]) -> dict[str, int]:
    """The same for what has no column."""
    total: dict[str, int] = {}
    for part in parts:
        for code in form.reported_supplements:
            if code in part.supplements:
                total[code] = total.get(code, 0) + part.supplements[code]
    return total


def differences(form: FormVersion, said: Figures, total: Figures) -> list[Difference]:
    """The columns of a report that are not the sums of its parts (R32, R33), in the order of the table."""
    return [
        Difference(code, said[code], total[code])
        for code in form.codes
        if code in said and code in total and said[code] != total[code]
    ]


def left_out(form: FormVersion, level: str) -> frozenset[str]:
    """The columns that rows below a unit of this level do not have: county rows have no column 1 (domain.md 3.2)."""
    if level in form.timetable.due:
        return frozenset()
    return frozenset(
        gate.indicator for activity in form.activities for gate in activity.gates if gate.level == level
    )


def rule_of(form: FormVersion, level: str) -> str:
    """R32 where the notice makes the unit collect (province, centre), R33 where it collects of its own accord."""
    return "R32" if level in form.timetable.due else "R33"


def findings(form: FormVersion, level: str, said: Figures, total: Figures) -> list[Finding]:
    """What is wrong with a consolidated row, at its columns."""
    rule = form.rule.get(rule_of(form, level))
    if rule is None:
        return []
    return [
        Finding(
            rule.id,
            rule.id,
            Severity(rule.severity),
            f"/figures/{found.indicator}",
            rule.message.text,
            {"said": found.said, "sum": found.summed, "difference": found.said - found.summed},
        )
        for found in differences(form, said, total)
    ]


def collected(form: FormVersion, parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The entered items of all parts, by number: done when one did it, counts added, texts under their units.

    Counts are null where no part gave one.
    """
    entries: list[dict[str, Any]] = []
    for number in sorted(form.entered_items):
        said = [(p, a) for p in parts for a in p.activities if a["item"] == number]
        if said:
            entries.append(_entry(number, said))
    return entries


def _entry(number: int, said: Sequence[tuple[Part, Mapping[str, Any]]]) -> dict[str, Any]:
    counts = [entry["count"] for _, entry in said if entry.get("count") is not None]
    texts = [f"{part.name}：{entry['text']}" for part, entry in said if entry.get("text")]
    return {
        "item": number,
        "done": any(entry["done"] for _, entry in said),
        "count": sum(counts) if counts else None,
        "text": "\n".join(texts)[:LONGEST_TEXT],
    }


def generated(form: FormVersion, aggregate: Mapping[str, Any]) -> dict[int, str]:
    """The items that nobody types (附件2 一.3: items (10) to (13)), from effective values, by number.

    A ratio is told as its numerator and share, a figure by its sum; each item is one sentence.
    """
    return {
        item.number: f"{item.label.zh}：" + clause(*_told(form, aggregate, item.ratios, item.figures))
        for item in form.items
        if not item.inputs
    }


def _told(
    form: FormVersion, aggregate: Mapping[str, Any], ratios: Sequence[str], figures: Sequence[str]
) -> list[str]:
    specs = {spec.code: spec for spec in form.ratios}
    by_code = {figure.code: figure for figure in (*form.indicators, *form.supplements)}
    shares = {specs[code].numerator: aggregate["ratios"][code] for code in ratios}
    told = []
    for code in dict.fromkeys([*(specs[ratio].numerator for ratio in ratios), *figures]):
        cell = aggregate["cells"].get(code)
        if cell is not None:
            share = shares.get(code)
            proportion = f"（{in_words(Ratio(share['numerator'], share['denominator']))}）" if share else ""
            told.append(
                f"{by_code[code].label.zh}{amount(cell['effective_sum'], by_code[code].unit.zh)}{proportion}"
            )
    return told
