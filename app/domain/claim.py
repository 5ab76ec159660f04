"""What a claim may cover: the days it may name, and the units of the reporter's own area (R27)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from app.domain.form import FormVersion
from app.domain.form_parts import Activity
from app.domain.normal_form import normal
from app.domain.period import Period
from app.domain.unit import COUNTED_KINDS, Level
from app.errors import Finding, Severity, Text

RULE = "R27"
MOST_CANDIDATES = 10

_SEPARATORS = re.compile(r"[\s,;，；、]+")
_CODE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}")

MESSAGES: Mapping[str, Text] = {
    "date-out-of-range": Text(
        "材料日期须在2015年2月28日至本期截止日之间",
        "The date must lie between 2015-02-28 and the period's cut-off",
    ),
    "date-out-of-window": Text(
        "定期开展的工作须提供本统计期内的材料",
        "What is done regularly needs evidence dated within the window",
    ),
    "unit-outside": Text(
        "该单位不在本单位范围内，不予计入", "The unit is outside your own area and is left out"
    ),
    "unit-unknown": Text("在本单位范围内找不到此单位，请改用代码", "No such unit in your area; use its code"),
    "unit-ambiguous": Text(
        "名称对应多个单位，请改用其中一个代码：{candidates}",
        "Several units have this name; use the code of one: {candidates}",
    ),
    "unit-not-eligible": Text(
        "该单位不属于此层级的统计范围（乡镇不含街道，县只计涉农县）",
        "The unit does not count at this level (streets and counties without agriculture are left out)",
    ),
    "units-missing": Text(
        "没有可计入的单位，请填写单位代码或名称", "No unit is left to count; name units or codes"
    ),
    "activity-unknown": Text("本表式没有此项工作", "The form has no such activity"),
    "evidence-unknown": Text("没有此材料，请先上传", "There is no such file; upload it first"),
    "file-shared": Text(
        "同一文件也被其他单位用作证明材料，请审核人核对",
        "Another unit uses the same file as evidence; the reviewer will look at it",
    ),
}


class Place(NamedTuple):
    """A unit of the reporter's own area, with the name of the unit it reports to."""

    code: str
    name: str
    parent_name: str
    level: str
    township_kind: int | None
    agri_related: bool | None


def finding(code: str, pointer: str, severity: Severity = Severity.ERROR, **values: int | str) -> Finding:
    """A finding of R27; `values` may hold codes and names of the register, never what was sent."""
    text = MESSAGES[code]
    message = Text(text.zh.format(**values), text.en.format(**values)) if values else text
    return Finding(RULE, code, severity, pointer, message, values)


def date_findings(form: FormVersion, period: Period, activity: Activity, dated: date) -> list[Finding]:
    """What is wrong with the day: from the end of February 2015 to the cut-off, the whole window if recurring."""
    window = form.window(period)
    if not form.timetable.first_start <= dated <= window.end:
        return [finding("date-out-of-range", "/dated")]
    if activity.recurring and not window.covers(dated):
        return [finding("date-out-of-window", "/dated")]
    return []


def parted(text: str) -> list[str]:
    """The names or codes of a pasted list."""
    return [part for part in _SEPARATORS.split(normal("NFKC", text)) if part]


class Coverage(NamedTuple):
    """The units that a claim covers, each once, in the order they were named, and what was refused."""

    codes: list[str]
    findings: list[Finding]


def covered(
    named: Sequence[tuple[str, str]],
    area: Iterable[Place],
    *,
    level: str | None,
    own: str,
    known: Collection[str],
) -> Coverage:
    """Resolve names and codes, each with its pointer, within the reporter's own area.

    `level` is the level at which the units must count, None where any unit of the area will do. `own` is the
    reporting unit, which alone counts at the level of prefectures, whatever its own level (Shunde is a
    district). `known` are the codes among those named that the register has somewhere.
    """
    search = _Search(area, level, own)
    codes: dict[str, None] = {}
    findings: list[Finding] = []
    for text, pointer in named:
        found = search.find(text)
        if len(found) == 1 and search.counts(found[0]):
            codes[found[0].code] = None
        else:
            findings.append(_refusal(found, pointer, text, known))
    return Coverage(list(codes), findings)


def _refusal(found: list[Place], pointer: str, text: str, known: Collection[str]) -> Finding:
    if len(found) == 1:
        return finding("unit-not-eligible", pointer, unit=found[0].code)
    if found:
        names = "、".join(f"{p.code} {p.parent_name}{p.name}" for p in found[:MOST_CANDIDATES])
        return finding("unit-ambiguous", pointer, candidates=names)
    outside = next((code for code in spellings(text) if code in known), None)
    return finding("unit-outside", pointer, unit=outside) if outside else finding("unit-unknown", pointer)


def spellings(text: str) -> list[str]:
    """The codes that a text may mean: ledgers write a township with 12 digits, a county with 9 or 12."""
    code = normal("NFKC", text).strip()
    if not _CODE.fullmatch(code):
        return []
    found = [code]
    while len(found[-1]) > 6 and found[-1].endswith("000"):
        found.append(found[-1][:-3])
    return found


class _Search:
    """The area by code and by name: a name alone, or with the name of the unit above before it."""

    def __init__(self, area: Iterable[Place], level: str | None, own: str) -> None:
        self.level, self.own = level, own
        self.by_code: dict[str, Place] = {}
        self.by_name: dict[str, list[Place]] = {}
        for place in area:
            self.by_code[place.code] = place
            for name in {place.name, place.parent_name + place.name}:
                self.by_name.setdefault(name, []).append(place)

    def find(self, text: str) -> list[Place]:
        """The units that are meant; of several with a name those that count, if there are any."""
        codes = spellings(text)
        if codes:
            return [self.by_code[code] for code in codes if code in self.by_code][:1]
        named = self.by_name.get(normal("NFKC", text).strip(), [])
        return [place for place in named if self.counts(place)] or named

    def counts(self, place: Place) -> bool:
        """Whether a unit is eligible at the claim's level."""
        if self.level is None:
            return True
        if self.level == Level.PREFECTURE:
            return place.code == self.own
        if place.level != self.level:
            return False
        if self.level == Level.COUNTY:
            return place.agri_related is not False
        return place.township_kind is None or place.township_kind in COUNTED_KINDS
