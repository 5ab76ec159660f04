"""Every rule of the shipped form, with its numbers: a report that just passes and one that just fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checks import Facts, Figures, Previous, UnitFacts, check
from app.domain.period import Period
from app.errors import Severity
from bench import plain_rules
from tests.domain.sample import APRIL, BEFORE, CITY, FORM, MAY, NOW, TEXT, facts, sound

C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15 = FORM.codes
NO_TOWNSHIPS = {C5: 0, C6: 0, C10: 0}
NOTHING = dict.fromkeys((C7, C8, C9, C11, C12, C13, C14, C15), 0)
ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def of(rule: str, case: Facts) -> list[tuple[str, dict[str, Any]]]:
    return [(f.pointer, dict(f.values)) for f in check(FORM, case) if f.rule == rule]


def test_the_sample_is_a_report_without_any_finding() -> None:
    assert check(FORM, facts()) == []


# rule, severity, facts that pass, facts that fail, where it points, the values of its message
CASES = [
    ("R03", ERROR, facts({C1: 1}), facts({C1: 2}), C1, {"a": 2}),
    ("R03", ERROR, facts({C1: 1}), facts({C1: 2}, unit=UnitFacts("county", 1, 6)), C1, {"a": 2}),
    ("R04", ERROR, facts({C3: 4}), facts({C3: 5}), C3, {"a": 5, "b": 4}),
    ("R05", ERROR, facts({C6: 15}), facts({C6: 16}), C6, {"a": 16, "b": 15}),
    ("R06", ERROR, facts({C10: 15}), facts({C10: 16}), C10, {"a": 16, "b": 15}),
    ("R07", WARNING, facts({C4: 4}), facts({C4: 5}), C4, {"a": 5, "b": 4}),
    ("R08", WARNING, facts({**NO_TOWNSHIPS, **NOTHING}), facts({**NO_TOWNSHIPS, **NOTHING, C15: 1}), C5, {}),
    (
        "R09",
        ERROR,
        facts({C9: 2, C7: 3, C8: 1}),
        facts({C9: 1, C7: 3, C8: 1}),
        C9,
        {"total": C9, "added": C7, "gone": C8, "v": -1},
    ),
    (
        "R09",
        ERROR,
        facts({C14: 18}),
        facts({C14: 17}),
        C14,
        {"total": C14, "added": C11, "gone": C12, "v": -1},
    ),
    ("R10", WARNING, facts(), facts({C9: 205}), C9, {"a": 200, "b": 3, "c": 1, "d": 205, "e": 3}),
    ("R11", WARNING, facts(), facts({C12: 3}), C14, {"a": 318, "b": 20, "c": 3, "d": 336, "e": 1}),
    ("R13", ERROR, facts({C13: 338}), facts({C13: 339}), C13, {"a": 339, "b": 338}),
    ("R14", WARNING, facts(), facts({C1: 0}), C1, {"code": C1, "a": 1, "b": 0}),
    ("R14", WARNING, facts(), facts({C3: 3}), C3, {"code": C3, "a": 4, "b": 3}),
    ("R14", WARNING, facts(), facts({C6: 14}, after="2014-12"), C6, {"code": C6, "a": 15, "b": 14}),
    ("R15", WARNING, facts({C10: 11}), facts({C10: 9}), C10, {"a": 10, "b": 9}),
    (
        "R15",
        WARNING,
        facts({C10: 9}, period="2016-01", after="2015-12"),
        facts({C10: 9}),
        C10,
        {"a": 10, "b": 9},
    ),
    ("R16", WARNING, facts(), facts({C2: 3}), C2, {"code": C2, "a": 4, "b": 3, "high": True}),
    ("R16", WARNING, facts(), facts({C5: 14}), C5, {"code": C5, "a": 15, "b": 14, "high": False}),
    ("R16", WARNING, facts(), facts({C5: 22}, {C5: 20}), C5, {"code": C5, "a": 20, "b": 22, "high": False}),
    ("R16", WARNING, facts(), facts({C5: 23}, {C5: 20}), C5, {"code": C5, "a": 20, "b": 23, "high": True}),
    (
        "R17",
        WARNING,
        facts({C7: 8, C8: 4, C9: 204}),
        facts({C7: 8, C8: 5, C9: 202}),
        C7,
        {"total": C9, "added": C7, "gone": C8, "a": 5, "b": 8},
    ),
    (
        "R17",
        WARNING,
        facts({C11: 30, C12: 3, C14: 338}),
        facts({C11: 30, C12: 3, C14: 337}),
        C11,
        {"total": C14, "added": C11, "gone": C12, "a": 9, "b": 30},
    ),
    (
        "R18",
        WARNING,
        facts({C15: 130}, {C15: 100}),
        facts({C15: 131}, {C15: 100}),
        C15,
        {"code": C15, "a": 100, "b": 131, "r": "31.0"},
    ),
    (
        "R18",
        WARNING,
        facts({C14: 70}, {C14: 100}),
        facts({C14: 69}, {C14: 100}),
        C14,
        {"code": C14, "a": 100, "b": 69, "r": "-31.0"},
    ),
    (
        "R18",
        WARNING,
        facts({C9: 40}, {C9: 30}),
        facts({C9: 41}, {C9: 30}),
        C9,
        {"code": C9, "a": 30, "b": 41, "r": "36.7"},
    ),
    (
        "R18",
        WARNING,
        facts({C4: 99}, {C4: 0}),
        facts({C4: 12}, {C4: 1}),
        C4,
        {"code": C4, "a": 1, "b": 12, "r": "1100.0"},
    ),
    ("R19", WARNING, facts({C9: 75}), facts({C9: 74}), C9, {"v": "4.9"}),
    ("R19", WARNING, facts({C9: 450}), facts({C9: 451}), C9, {"v": "30.1"}),
    ("R20", WARNING, facts({C14: 45}), facts({C14: 44}), C14, {"v": "2.9"}),
    ("R20", WARNING, facts({C14: 900}), facts({C14: 901}), C14, {"v": "60.1"}),
    ("R21", WARNING, facts({C15: 336}), facts({C15: 337}), C15, {"a": 337, "b": 336}),
    ("R23", WARNING, facts(), facts({C5: 16}), C5, {"a": 16, "b": 15}),
    ("R24", WARNING, facts(), facts({C2: 5}), C2, {"a": 5, "b": 4}),
    ("R25", INFO, facts({C1: 0}, e={C1: 0}), facts({C1: 1}, e={C1: 0}), C1, {"code": C1}),
    ("R25", INFO, facts({C3: 1}, e={C3: 1}), facts({C3: 1}, e={C3: 0}), C3, {"code": C3}),
    ("R25", INFO, facts({C6: 0}, e={C6: 0}), facts({C6: 1}, e={C6: 0}), C6, {"code": C6}),
    ("R26", WARNING, facts(), facts({C3: 3}), C3, {"code": C3, "e": 4, "r": 3}),
    ("R26", WARNING, facts(), facts({C6: 14}), C6, {"code": C6, "e": 15, "r": 14}),
    ("R34", INFO, facts({C1: 0, C3: 0, C6: 0}), facts({C1: 0, C3: 1, C6: 0}), C1, {}),
    ("R34", INFO, facts({C1: 1, C3: 0, C6: 9}), facts({C1: 0, C3: 0, C6: 1}), C1, {}),
]


@pytest.mark.parametrize(
    ("rule", "severity", "passing", "failing", "code", "values"),
    CASES,
    ids=[f"{rule}-{code}-{at}" for at, (rule, _, _, _, code, _) in enumerate(CASES)],
)
def test_a_rule_fires_exactly_beyond_its_bound(
    rule: str, severity: Severity, passing: Facts, failing: Facts, code: str, values: dict[str, Any]
) -> None:
    assert of(rule, passing) == []
    assert of(rule, failing) == [(f"/figures/{code}", values)]
    assert FORM.rule[rule].severity is severity


def test_a_balance_is_not_checked_across_a_gap_which_is_told_instead() -> None:
    after_a_gap = facts({C9: 1000, C14: 1000}, period="2015-06", after="2015-04")
    never_reported = facts(after=None)

    for case in (after_a_gap, never_reported):
        assert of("R12", case) == [("/period", {})]
        assert of("R10", case) == of("R11", case) == of("R17", case) == []
    assert of("R12", facts()) == []
    assert FORM.rule["R12"].severity is INFO


def test_a_supplement_is_compared_only_when_it_was_given() -> None:
    assert of("R22", facts(x=None)) == of("R22", facts(x=20)) == []
    assert of("R22", facts(x=21)) == [("/supplements/coop_orgs_new", {"a": 21, "b": 20})]


def test_an_unchanged_report_is_doubted_only_while_the_ledger_shows_a_flow() -> None:
    same = {"p": NOW}

    assert of("R29", facts(flow=True, **same)) == [("/figures", {})]
    assert of("R29", facts(flow=False, **same)) == []
    assert of("R29", facts(flow=None, **same)) == []
    assert of("R29", facts(flow=True)) == []


def test_a_province_may_count_many_prefectures() -> None:
    assert of("R03", facts({C1: 21}, unit=UnitFacts("province"))) == []


def test_a_change_is_not_measured_against_nothing() -> None:
    nothing = {C9: 0, C14: 0, C4: 0, C15: 0}

    assert of("R18", facts({}, nothing)) == []
    assert of("R19", facts({C5: 0})) == of("R20", facts({C5: 0})) == []


def test_the_first_period_runs_the_rules_that_need_no_predecessor() -> None:
    first = facts({C9: 1, C7: 3, C8: 0}, period="2015-04", after="2015-03", flow=True)

    found = {f.rule for f in check(FORM, first)}

    assert "R09" in found
    assert not found & {"R10", "R11", "R12", "R14", "R15", "R16", "R17", "R18", "R29"}


def test_a_blank_is_not_zero_and_silences_the_rules_that_need_it() -> None:
    without = {code: value for code, value in NOW.items() if code != C5}
    case = Facts(
        MAY, CITY, {**without, C6: 99, C10: 99, C3: 99}, previous=Previous(APRIL, {**BEFORE, C5: None})
    )

    found = {f.rule for f in check(FORM, case)}

    assert "R04" in found
    assert not found & {"R05", "R06", "R08", "R16", "R19", "R20", "R23"}


def test_what_the_register_does_not_say_is_not_compared() -> None:
    unknown = facts({C2: 99, C5: 99}, unit=UnitFacts("prefecture"))

    assert of("R23", unknown) == of("R24", unknown) == []


def test_evidence_that_is_not_judged_is_not_missed() -> None:
    case = Facts(APRIL, CITY, {**NOW, C1: 1}, coverage={C1: 0})

    assert [pointer for pointer, _ in of("R25", case)] == [f"/figures/{C1}"]


def test_messages_name_the_numbers_and_the_labels_in_both_languages() -> None:
    [found] = [f for f in check(FORM, facts({C3: 3})) if f.rule == "R14"]

    assert found.message.zh == "累计指标“召开动员会县数量”比上期减少(4→3)，请说明"
    assert found.message.en.startswith(
        "The cumulative figure “Counties that held a mobilization meeting” fell (4→3)"
    )


def test_the_catalogue_lists_every_rule_from_1_to_34() -> None:
    assert [rule.id for rule in FORM.rules] == [f"R{number:02d}" for number in range(1, 35)]


any_figures = st.dictionaries(st.sampled_from([*FORM.codes, "ended_series"]), st.integers() | st.none())


@given(any_figures, any_figures, any_figures, st.integers() | st.none(), st.booleans() | st.none())
def test_checks_never_raise_whatever_the_numbers_are(
    now: Figures, before: Figures, covered: Figures, count: int | None, flow: bool | None
) -> None:
    case = Facts(
        period=Period(2015, 6),
        unit=UnitFacts("prefecture", count, count),
        figures=now,
        supplements={"coop_orgs_new": count},
        previous=Previous(Period(2015, 5), before),
        ledger_flow=flow,
        coverage=covered,
    )

    for finding in check(FORM, case):
        assert finding.rule in FORM.rule
        assert "{" not in finding.message.zh + finding.message.en


small = st.integers(0, 40)
everywhere = st.fixed_dictionaries(dict.fromkeys(FORM.codes, small))


@given(
    now=everywhere,
    before=st.none() | everywhere,
    covered=st.fixed_dictionaries(dict.fromkeys(FORM.evidence_codes(), small)),
    register=st.tuples(small, small),
    new=small,
    flow=st.booleans(),
    month=st.sampled_from([Period(2015, 5), Period(2015, 6), Period(2016, 1)]),
    level=st.sampled_from(["province", "prefecture", "county"]),
)
def test_the_form_says_what_the_same_rules_say_in_plain_python(
    now: dict[str, int],
    before: dict[str, int] | None,
    covered: dict[str, int],
    register: tuple[int, int],
    new: int,
    flow: bool,
    month: Period,
    level: str,
) -> None:
    case = Facts(
        period=month,
        unit=UnitFacts(level, *register),
        figures=now,
        supplements={"coop_orgs_new": new},
        previous=Previous(APRIL, before) if before else None,
        ledger_flow=flow,
        coverage=covered,
    )

    said = sorted((f.rule, f.pointer.rpartition("/")[2]) for f in check(FORM, case))

    assert said == sorted(plain_rules.failing(case))


def test_a_rule_that_cannot_be_computed_says_so_and_spoils_no_other() -> None:
    gap = "(c.members_added - c.members_left)"
    form = sound(
        TEXT.replace(
            'holds = "c.counties_mobilized <= c.counties_agri_total"', f'holds = "{gap}*{gap}*{gap} < 1"'
        )
    )

    found = {f.rule: f for f in check(form, facts({C7: 9_999_999, C8: 0, C6: 16}))}

    assert (found["R04"].code, found["R04"].severity) == ("rule-not-evaluated", INFO)
    assert "R05" in found


def test_a_quotient_by_zero_is_shown_as_a_dash() -> None:
    form = sound(TEXT.replace('when = "c.townships_total > 0"\nholds = "5 *', 'holds = "5 *'))

    [found] = [f for f in check(form, facts({C5: 0})) if f.rule == "R19"]

    assert found.values == {"v": None}
    assert found.message.zh.startswith("平均每乡镇委员—名")
