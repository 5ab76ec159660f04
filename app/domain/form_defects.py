"""What is wrong with a form definition whose parts are all well-formed: every defect at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from string import Formatter

from app.domain import expression
from app.domain.form_parts import Authority, Kind
from app.domain.form_version import FormVersion
from app.domain.pointer import pointer
from app.domain.rule import NO_BINDING, Check, Rule, Where, checks_of
from app.errors import Finding, Severity, Text

BUILT_IN = frozenset(
    {("R01", Where.CONTENT), ("R02", Where.CONTENT), ("R30", Where.PERIOD), ("R31", Where.CONTENT)}
)
"""Rules that are code, because they judge what is not yet a number (app.domain.content)."""

_CONDITION = (bool,)
_VALUE = (int, bool, str)
_LOOSE = re.compile(r"\$[a-z_]*")


def defects(form: FormVersion) -> list[Finding]:
    """Everything that keeps a definition from being published, in the order of the file; empty when sound."""
    return [
        *_repeated(form),
        *_catalogue(form),
        *_timetable(form),
        *_indicators(form),
        *_ratios(form),
        *_items(form),
        *_activities(form),
        *(finding for at, rule in enumerate(form.rules) for finding in _rule(form, rule, at)),
    ]


def defect(code: str, at: str, message: Text) -> Finding:
    """A defect of a definition; all of them block."""
    return Finding(code, code, Severity.ERROR, at, message)


def _unknown(at: str) -> Finding:
    return defect(
        "unknown-code", at, Text("引用了本表式未定义的代码", "It names a code that this form does not define")
    )


def _repeated(form: FormVersion) -> Iterator[Finding]:
    """Codes that are used twice. Indicators, supplements and ratios share one space of names."""
    figures = [("indicators", i.code) for i in form.indicators]
    figures += [("supplements", s.code) for s in form.supplements]
    figures += [("ratios", r.code) for r in form.ratios]
    yield from _twice(figures)
    yield from _twice([("groups", group.code) for group in form.groups])
    yield from _twice([("items", item.number) for item in form.items])
    yield from _twice([("activities", activity.code) for activity in form.activities])
    yield from _twice([("categories", category.code) for category in form.categories])
    yield from _twice([("rules", rule.id) for rule in form.rules])
    if [i.column for i in form.indicators] != sorted({i.column for i in form.indicators}):
        message = Text("指标须按列号递增排列，列号不得重复", "Indicators stand in the order of their columns")
        yield defect("column-order", "/indicators", message)


def _twice(named: Sequence[tuple[str, str | int]]) -> Iterator[Finding]:
    places = Counter[str]()
    seen = set[str | int]()
    for member, name in named:
        if name in seen:
            at = pointer(member, places[member])
            yield defect("duplicate-code", at, Text("代码重复", "This code is used twice"))
        seen.add(name)
        places[member] += 1


def _catalogue(form: FormVersion) -> Iterator[Finding]:
    """The rules that the reader of a body applies are part of every form, which words them."""
    rules = {(rule.id, rule.where) for rule in form.rules}
    for missing in sorted(BUILT_IN - rules):
        message = Text(f"规则目录缺少{missing[0]}", f"The catalogue of rules lacks {missing[0]}")
        yield defect("missing-rule", "/rules", message)


def _timetable(form: FormVersion) -> Iterator[Finding]:
    if form.valid_from < form.timetable.first_period:
        message = Text("启用期早于首个报告期", "It is valid from before the first period")
        yield defect("valid-from-too-early", "/valid_from", message)


def _indicators(form: FormVersion) -> Iterator[Finding]:
    groups = {group.code for group in form.groups}
    gated = set(form.evidence_codes())
    for at, indicator in enumerate(form.indicators):
        if indicator.group not in groups:
            yield _unknown(pointer("indicators", at, "group"))
        if (indicator.authority is Authority.EVIDENCE) != (indicator.code in gated):
            message = Text(
                "以证明材料为准的指标须且仅须由一项活动把关",
                "Evidence decides an indicator exactly when an activity gates it",
            )
            yield defect("gate-mismatch", pointer("indicators", at, "authority"), message)
        if indicator.cumulative and indicator.kind is Kind.FLOW:
            message = Text("累计指标须为时点数", "A cumulative indicator is a stock")
            yield defect("cumulative-flow", pointer("indicators", at, "cumulative"), message)


def _ratios(form: FormVersion) -> Iterator[Finding]:
    for at, ratio in enumerate(form.ratios):
        yield from (
            _unknown(pointer("ratios", at, part))
            for part in ("numerator", "denominator")
            if getattr(ratio, part) not in form.labels
        )


def _items(form: FormVersion) -> Iterator[Finding]:
    ratios = {ratio.code for ratio in form.ratios}
    for at, item in enumerate(form.items):
        if not {*item.figures} <= form.labels.keys():
            yield _unknown(pointer("items", at, "figures"))
        if not {*item.ratios} <= ratios:
            yield _unknown(pointer("items", at, "ratios"))


def _activities(form: FormVersion) -> Iterator[Finding]:
    items = {item.number for item in form.items}
    for at, activity in enumerate(form.activities):
        if not {*activity.items} <= items:
            yield _unknown(pointer("activities", at, "items"))
        if not {gate.indicator for gate in activity.gates} <= {*form.codes}:
            yield _unknown(pointer("activities", at, "gates"))


def _rule(form: FormVersion, rule: Rule, at: int) -> Iterator[Finding]:
    here = pointer("rules", at)
    if (rule.holds is not None) != (rule.where is Where.REPORT):
        message = Text(
            "适用于报表的规则须有表达式，其他规则不得有",
            "A rule has an expression exactly when a report is checked",
        )
        yield defect("rule-without-effect", f"{here}/holds", message)
    if not {code for bound in rule.over for code in bound.values()} <= form.labels.keys():
        yield _unknown(f"{here}/over")
    yield from _message(rule, here)
    # A rule that is repeated over several figures has its defects named once.
    repetitions = ([*_check(form, check, here)] for check in checks_of(rule))
    yield from next(filter(None, repetitions), [])


def _message(rule: Rule, here: str) -> Iterator[Finding]:
    """A message may name what is computed or bound, plainly: no attribute, no index, no format."""
    bound = set[str].intersection(*({*binding} for binding in rule.over or (NO_BINDING,)))
    if rule.where is Where.CONTENT:
        bound |= {"code"}
    for language in ("zh", "en"):
        if not _placeholders(getattr(rule.message, language)) <= {*rule.values} | bound:
            message = Text("提示语引用了未定义的数值", "The message names a value that is not defined")
            yield defect("unknown-value", f"{here}/message/{language}", message)
    if {*rule.values} & bound:
        yield defect("duplicate-code", f"{here}/values", Text("名称重复", "This name is used twice"))


def _placeholders(template: str) -> set[str]:
    try:
        parts = [*Formatter().parse(template)]
    except ValueError:
        return {template}
    return {
        f"{name}!{conversion}:{spec}" if conversion or spec else name
        for _, name, spec, conversion in parts
        if name is not None
    }


def _check(form: FormVersion, check: Check, here: str) -> Iterator[Finding]:
    if any(_LOOSE.search(source) for source in [check.pointer, *check.sources]):
        message = Text("规则中有未绑定的 $名称", "A $name in the rule is bound by nothing")
        yield defect("unbound-name", f"{here}/over", message)
        return
    if not _is_pointer(form, check.pointer):
        yield _unknown(f"{here}/at")
    for member, sources, kinds in _expressions(check):
        for source in sources:
            for message in expression.defects(source, form.vocabulary, kinds):
                yield defect("bad-expression", f"{here}/{member}", message)


def _expressions(check: Check) -> Iterable[tuple[str, tuple[str, ...], tuple[type, ...]]]:
    if check.when:
        yield "when", (check.when,), _CONDITION
    yield "holds", (check.holds,), _CONDITION
    for name, value in check.values.items():
        yield f"values/{name}", value.sources, _VALUE


def _is_pointer(form: FormVersion, at: str) -> bool:
    figures = {pointer("figures", code) for code in form.codes}
    supplements = {pointer("supplements", code) for code in form.reported_supplements}
    return at in {"", "/period", "/figures", *figures, *supplements}
