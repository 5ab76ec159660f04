"""What changes from one form version to the next, and which series it breaks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from app.domain.form_parts import Figure, Indicator, Ratio
from app.domain.form_version import FormVersion
from app.errors import Text


class Effect(StrEnum):
    """What happens to the series of a code."""

    ADDED = "added"
    """It begins; it is null before."""
    REMOVED = "removed"
    """It ends; it is null afterwards, never 0."""
    BROKEN = "broken"
    """It goes on and means something else: values before and after must not be compared."""
    REWORDED = "reworded"
    """It goes on and means the same."""


class Change(NamedTuple):
    """What happens to one indicator, supplement or ratio."""

    code: str
    effect: Effect
    reason: Text

    @property
    def breaks(self) -> bool:
        """Whether values before and after must not be compared."""
        return self.effect is not Effect.REWORDED

    def as_json(self) -> dict[str, Any]:
        """The change as clients read it."""
        return {
            "code": self.code,
            "effect": self.effect.value,
            "comparable": not self.breaks,
            "reason": self.reason._asdict(),
        }


_MEANING: Mapping[str, Text] = MappingProxyType(
    {
        "definition": Text("指标解释", "definition"),
        "scope": Text("统计范围", "scope"),
        "unit": Text("计量单位", "unit of measure"),
        "kind": Text("时点或时期", "stock or flow"),
        "cumulative": Text("是否累计", "cumulative or not"),
        "authority": Text("数据权威", "authority"),
        "gate": Text("证明材料", "evidence"),
        "origin": Text("来源", "origin"),
        "numerator": Text("分子", "numerator"),
        "denominator": Text("分母", "denominator"),
    }
)
"""The parts of a series that decide what its values mean; all others only word it."""


def diff(old: FormVersion, new: FormVersion) -> list[Change]:
    """Every code that begins, ends or changes: those of the new version in its order, then those that end.

    Meanings are compared in Chinese, which binds; a better translation breaks nothing. A ratio breaks with
    its parts.
    """
    before, after = _series(old), _series(new)
    changes = [_change(code, before.get(code), series) for code, series in after.items()]
    ended = [_removed(code) for code in before if code not in after]
    return [*(change for change in changes if change), *ended]


def comparable(
    old: FormVersion, new: FormVersion, figures: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Those figures of a report in the old version that the new version's may be compared with."""
    if old.id == new.id:
        return dict(figures)
    broken = {change.code for change in diff(old, new) if change.breaks}
    return {code: value for code, value in figures.items() if code not in broken and code in new.labels}


class _Series(NamedTuple):
    meaning: Mapping[str, object]
    wording: object


def _series(form: FormVersion) -> dict[str, _Series]:
    gates = {g.indicator: (a.code, g.level) for a in form.activities for g in a.gates}
    figures = {f.code: _of_figure(f, gates.get(f.code)) for f in (*form.indicators, *form.supplements)}
    return figures | {ratio.code: _of_ratio(ratio, figures) for ratio in form.ratios}


def _of_figure(figure: Figure, gate: tuple[str, str] | None) -> _Series:
    meaning = {
        "definition": figure.definition.zh,
        "scope": figure.scope.zh,
        "unit": figure.unit.zh,
        "kind": figure.kind,
        "gate": gate,
        "cumulative": isinstance(figure, Indicator) and figure.cumulative,
        "authority": figure.authority if isinstance(figure, Indicator) else None,
        "origin": getattr(figure, "origin", None),
    }
    return _Series(meaning, figure)


def _of_ratio(ratio: Ratio, figures: Mapping[str, _Series]) -> _Series:
    parts = {"numerator": ratio.numerator, "denominator": ratio.denominator}
    return _Series({part: (code, figures[code].meaning) for part, code in parts.items()}, ratio)


def _change(code: str, before: _Series | None, after: _Series) -> Change | None:
    if before is None:
        return Change(code, Effect.ADDED, Text("新增，此前各期为空", "It begins here and is null before"))
    changed = [part for part in _MEANING if before.meaning.get(part) != after.meaning.get(part)]
    if changed:
        return Change(code, Effect.BROKEN, _broken(changed))
    if before.wording != after.wording:
        return Change(code, Effect.REWORDED, Text("仅文字或位置调整，可比", "Only its words or place"))
    return None


def _broken(parts: Iterable[str]) -> Text:
    named = [_MEANING[part] for part in parts]
    zh, en = "、".join(name.zh for name in named), ", ".join(name.en for name in named)
    return Text(f"口径变化（{zh}），前后不可比", f"Not comparable with earlier periods: changed {en}")


def _removed(code: str) -> Change:
    return Change(
        code, Effect.REMOVED, Text("取消，此后各期为空而非0", "It ends here and is then null, not 0")
    )
