"""The paragraphs of a circular, each written from the facts; no number in them was ever typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from app.domain.form_parts import Activity, Authority, Figure, Indicator, Kind
from app.domain.form_parts import Ratio as RatioSpec
from app.domain.proof import Judgment
from app.domain.ratio import Ratio
from app.domain.wording import (
    amount,
    change,
    clause,
    day,
    day_and_weekday,
    full_label,
    month,
    moved,
    names,
    share,
)

if TYPE_CHECKING:
    from app.domain.circular import Facts

Body = Mapping[str, Any]

LARGEST = 5
"""How many of the largest differences the text names; attachment 3 lists all."""


def overview(facts: Facts) -> list[str]:
    """1: period, how many were due, on time, late and missing, the cut-off, and what the figures rest on."""
    of = facts.completeness
    counted = clause(
        f"本期应报单位{of['expected']}个，已报{of['submitted']}个",
        f"其中按时报送{of['on_time']}个、迟报{of['late']}个",
        f"漏报{of['missing']}个" if facts.closed_on else f"尚未报送{of['missing']}个",
        f"免报{of['excused']}个" if of["excused"] else "",
    )
    cut_off = facts.form.window(facts.period).end
    basis = clause(f"数据统计截止{day(cut_off)}", _ledger(facts), _vintage(facts))
    return [counted, basis]


def _ledger(facts: Facts) -> str:
    if facts.reconciliation is None:
        return "本期尚未与台账数据库比对"
    as_of = f"（数据截止{day(facts.ledger_as_of)}）" if facts.ledger_as_of else ""
    return f"乡镇团委委员和直属团组织数据以台账数据库{as_of}为准"


def _vintage(facts: Facts) -> str:
    if facts.vintage is None or facts.closed_on is None:
        return "数据尚未审核截止，为暂定数"
    return f"{day(facts.closed_on)}审核截止（第{facts.vintage}版）"


def submission(facts: Facts) -> list[str]:
    """2: the rates of submission and of timeliness, who was late, who is missing, how often one was returned."""
    of, called = facts.completeness, _names(facts.aggregate)
    rates = clause(
        f"报送率{share(_ratio(of['rates']['submitted']))}", f"及时率{share(_ratio(of['rates']['on_time']))}"
    )
    late = f"迟报单位：{names(called[code] for code in of['lists']['late'])}。"
    absent = "漏报单位" if facts.closed_on else "尚未报送的单位"
    missing = f"{absent}：{names(called[code] for code in of['lists']['missing'])}。"
    excused = (
        [f"免报单位：{names(called[code] for code in of['lists']['excused'])}。"] if of["excused"] else []
    )
    return [rates, late, missing, *excused, f"审核期间退回报表{facts.returns}次。"]


def coverage(facts: Facts) -> list[str]:
    """3: the numbers and shares that the notice demands, this month against last, and the supplements."""
    demanded = [spec for spec in facts.form.ratios if spec.demanded]
    supplements = [s for s in facts.form.supplements if s.code in facts.aggregate["cells"]]
    lines = [_proportion(facts, spec) for spec in demanded]
    lines += [clause(*_moved(facts, supplement)) for supplement in supplements]
    return lines + _basis(facts)


def organization(facts: Facts) -> list[str]:
    """4: what the ledger decides, by heading, with the flows since the first month, and the other shares."""
    form = facts.form
    lines = [
        line
        for group in form.groups
        if (
            line := _group(
                facts, group.label.zh, [i for i in _of_ledger(form.indicators) if i.group == group.code]
            )
        )
    ]
    return lines + [_proportion(facts, spec) for spec in form.ratios if not spec.demanded]


def reconciliation(facts: Facts) -> list[str]:
    """5: what differs from the ledger, the largest differences, what the ledger lacks, too much and too little."""
    found = facts.reconciliation
    if found is None:
        return ["本期尚未与台账数据库比对。"]
    of = found["summary"]
    counted = clause(
        f"与台账数据库比对{of['compared']}项，一致{of['matched']}项，不一致{of['mismatched']}项",
        f"台账缺失{of['missing_in_ledger']}项",
    )
    if not found["mismatches"]:
        return [counted]
    return [counted, *_too_much(facts, found["mismatches"]), _largest(facts, found["mismatches"])]


def deemed(facts: Facts) -> list[str]:
    """6: which figures were reduced for lack of evidence (无证明材料，视为未开展)."""
    lines = [
        line
        for indicator in facts.form.indicators
        if indicator.authority is Authority.EVIDENCE and (line := _reduced(facts, indicator))
    ]
    lines += [line for activity in facts.form.activities if (line := _deemed(facts, activity))]
    if lines:
        return lines
    if facts.closed_on is None:
        return ["证明材料尚在审核，截止后无证明材料的，视为未开展。"]
    return ["本期没有因缺少证明材料而核减的数据。"]


def ranking(facts: Facts) -> list[str]:
    """7: where the ranking stands."""
    if not facts.rankings:
        return ["本期不作排名。"]
    return [f"各单位{names(r['label'] for r in facts.rankings)}排名见附件2。"]


def problems(facts: Facts) -> list[str]:
    """8: what the figures themselves show to be wrong; an officer adds the rest."""
    of = facts.completeness
    behind = of["missing"] + of["late"]
    found = facts.reconciliation["mismatches"] if facts.reconciliation else []
    lines = [
        f"部分单位未按时报送，迟报、漏报共{behind}个。" if behind else "",
        f"{len({m['unit'] for m in found})}个单位填报数与台账不一致，共{len(found)}项。" if found else "",
        f"审核期间退回报表{facts.returns}次，填报质量有待提高。" if facts.returns else "",
    ]
    return [line for line in lines if line] or ["本期报送情况总体良好。"]


def requirements(facts: Facts) -> list[str]:
    """9: the next deadline with its weekday."""
    coming = facts.period.next
    lines = [f"请于{day_and_weekday(facts.next_due)}24时前报送{month(coming)}报表及证明材料。"]
    if facts.completeness["missing"] and facts.closed_on:
        lines.append("漏报单位请说明原因并尽快补报。")
    if facts.reconciliation and facts.reconciliation["mismatches"]:
        lines.append("填报数与台账不一致的单位，请按附件3逐项核实，更正报表或台账。")
    return lines


def _proportion(facts: Facts, spec: RatioSpec) -> str:
    """One ratio in words: number, base, share and change."""
    now = facts.aggregate["ratios"][spec.code]
    before = facts.previous["ratios"].get(spec.code) if facts.previous else None
    figure = _figure(facts, spec.numerator)
    ratio = _ratio(now)
    return clause(
        f"{figure.label.zh}为{amount(now['numerator'], figure.unit.zh)}",
        f"{spec.label.zh}{share(ratio)}",
        moved(ratio, _ratio(before) if before else None),
    )


def _moved(facts: Facts, figure: Figure) -> list[str]:
    now = facts.aggregate["cells"][figure.code]["effective_sum"]
    return [
        f"{figure.label.zh}为{amount(now, figure.unit.zh)}",
        change(now, _before(facts, figure.code), figure.unit.zh),
    ]


def _before(facts: Facts, code: str) -> int | None:
    cell = facts.previous["cells"].get(code) if facts.previous else None
    return cell["effective_sum"] if cell else None


def _basis(facts: Facts) -> list[str]:
    """Both bases of the shares where they differ: the reporting units, and all units as a lower bound."""
    ratios = facts.aggregate["ratios"]
    demanded = [spec for spec in facts.form.ratios if spec.demanded]
    differ = [s for s in demanded if ratios[s.code]["display"] != ratios[s.code]["all_units_display"]]
    if not differ:
        return []
    told = "、".join(f"{s.label.zh}{ratios[s.code]['all_units_display']}" for s in differ)
    of = facts.completeness
    return [
        f"以上比例按已报单位计算（{of['submitted']}/{of['expected'] - of['excused']}）；未报单位按未开展计，{told}。"
    ]


def _group(facts: Facts, heading: str, indicators: Sequence[Indicator]) -> str:
    if not indicators:
        return ""
    flows = [i for i in indicators if i.kind is Kind.FLOW]
    stocks = [i for i in indicators if i.kind is not Kind.FLOW]
    parts = [
        "、".join(f"{i.label.zh}{amount(_now(facts, i), i.unit.zh)}" for i in flows),
        *("，".join(_moved(facts, i)).removesuffix("，") + _with_ledger(facts, i) for i in stocks),
    ]
    return f"{heading}：" + clause(*parts) + _since(facts, flows)


def _now(facts: Facts, figure: Figure) -> int | None:
    value: int | None = facts.aggregate["cells"][figure.code]["effective_sum"]
    return value


def _with_ledger(facts: Facts, figure: Figure) -> str:
    """Both totals where units that did not report count with the ledger's figure (domain.md 3.1)."""
    cell = facts.aggregate["cells"][figure.code]
    if cell["effective_sum"] == cell["effective_sum_reporting_only"]:
        return ""
    own = amount(cell["effective_sum_reporting_only"], figure.unit.zh)
    return f"（含未报单位台账数，仅计已报单位为{own}）"


def _since(facts: Facts, flows: Sequence[Figure]) -> str:
    first = facts.form.timetable.first_period
    if not flows or facts.period <= first:
        return ""
    told = "、".join(f"{f.label.zh}{amount(facts.cumulative.get(f.code), f.unit.zh)}" for f in flows)
    return f"{month(first)}以来累计{told}。"


def _of_ledger(indicators: Iterable[Indicator]) -> list[Indicator]:
    return [i for i in indicators if i.authority is Authority.LEDGER]


def _too_much(facts: Facts, found: Sequence[Body]) -> list[str]:
    """多报 and 少报 per figure, in the order of the table."""
    lines = []
    for code in facts.form.ledger_codes:
        differences = [m["difference"] for m in found if m["indicator"] == code]
        over, under = sum(d for d in differences if d > 0), -sum(d for d in differences if d < 0)
        figure = _figure(facts, code)
        told = [
            f"多报{over}{figure.unit.zh}" if over else "",
            f"少报{under}{figure.unit.zh}" if under else "",
        ]
        if over or under:
            lines.append(f"{full_label(facts.form, code)}合计{'、'.join(t for t in told if t)}")
    return ["；".join(lines) + "。"] if lines else []


def _largest(facts: Facts, found: Sequence[Body]) -> str:
    called = _names(facts.aggregate)
    ordered = sorted(found, key=lambda m: (-abs(m["difference"]), m["unit"], m["indicator"]))
    return f"差异较大的有：{'；'.join(_difference(facts, called, m) for m in ordered[:LARGEST])}。"


def _difference(facts: Facts, called: Mapping[str, str], m: Body) -> str:
    unit = _figure(facts, m["indicator"]).unit.zh
    way = "多报" if m["difference"] > 0 else "少报"
    return (
        f"{called.get(m['unit'], m['unit'])}{full_label(facts.form, m['indicator'])}填报{m['reported']}{unit}、"
        f"台账{m['ledger']}{unit}，{way}{abs(m['difference'])}{unit}"
    )


def _reduced(facts: Facts, indicator: Indicator) -> str:
    codes = facts.aggregate["cells"][indicator.code]["units_deemed"]
    rows = {unit["unit"]: unit for unit in facts.aggregate["units"]}
    told = [
        f"{rows[code]['name']}填报{rows[code]['reported'][indicator.code]}{indicator.unit.zh}、"
        f"认定{rows[code]['effective'][indicator.code]}{indicator.unit.zh}"
        for code in codes
        if code in rows
    ]
    return f"{indicator.label.zh}：{'；'.join(told)}。" if told else ""


def _deemed(facts: Facts, activity: Activity) -> str:
    """Who said to have carried out an activity without a column and proved none of it."""
    called = _names(facts.aggregate)
    units = [
        called.get(code, code)
        for code, judged in facts.activities.items()
        if any(j["activity"] == activity.code and j["judgment"] == Judgment.DEEMED_NOT_HELD for j in judged)
    ]
    return f"{activity.label.zh}：{names(units)}无证明材料，视为未开展。" if units else ""


def _figure(facts: Facts, code: str) -> Figure:
    return next(f for f in (*facts.form.indicators, *facts.form.supplements) if f.code == code)


def _ratio(body: Body) -> Ratio:
    return Ratio(body["numerator"], body["denominator"])


def _names(aggregate: Body) -> dict[str, str]:
    return {unit["unit"]: unit["name"] for unit in (*aggregate["units"], *aggregate["separate"])}
