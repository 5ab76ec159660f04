"""The shipped form holds what the notice says; a definition with defects is refused with all of them."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.deadline import Override, Shift
from app.domain.form import FormVersion, build_form, builtin_forms, in_force, load_form
from app.domain.form_parts import Input
from app.domain.period import Period, Window
from app.domain.rule import Rule, Where
from app.domain.rulebook import COMMON_FACTS
from tests.domain.sample import FORM, TEXT, sound

NEXT = sound(
    TEXT.replace("version = 1", "version = 2").replace('valid_from = "2015-04"', 'valid_from = "2015-07"')
)


RULES = ("R01", "R02", "R04", "R14", "R19", "R27", "R30", "R31")
"""Enough of the catalogue to spoil; a form of fewer rules is judged faster."""

DATA = tomllib.loads(TEXT)
DATA["rules"] = [rule for rule in DATA["rules"] if rule["id"] in RULES]


def changed(*edits: tuple[str, Any]) -> list[tuple[str, str]]:
    """The defects of the definition after some edits, each at a path of dots."""
    data = deepcopy(DATA)
    for path, value in edits:
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        part: Any = data
        for step in parents:
            part = part[step]
        part[last] = value
    form, findings = build_form(data)
    assert (form is None) == bool(findings)
    return [(f.code, f.pointer) for f in findings]


def test_the_shipped_form_is_sound_and_reads_back_from_its_json() -> None:
    form, findings = build_form(FORM.as_json())

    assert findings == []
    assert form == FORM
    assert FORM.id == "baixian-qianxiang/1"
    assert len(builtin_forms()) == 1


@pytest.mark.parametrize(
    ("column", "code", "kind", "authority"),
    [
        (1, "prefectures_mobilized", "stock", "evidence"),
        (2, "counties_agri_total", "stock", "declared"),
        (3, "counties_mobilized", "stock", "evidence"),
        (4, "county_work_committees", "stock", "declared"),
        (5, "townships_total", "stock", "declared"),
        (6, "townships_mobilized", "stock", "evidence"),
        (7, "members_added", "flow", "ledger"),
        (8, "members_left", "flow", "ledger"),
        (9, "members_total", "stock", "ledger"),
        (10, "townships_funded_20k", "stock", "budget"),
        (11, "orgs_new", "flow", "ledger"),
        (12, "orgs_dissolved", "flow", "ledger"),
        (13, "orgs_rectified", "flow", "ledger"),
        (14, "orgs_total", "stock", "ledger"),
        (15, "wechat_groups", "stock", "declared"),
    ],
)
def test_the_columns_are_those_of_the_table(column: int, code: str, kind: str, authority: str) -> None:
    indicator = FORM.indicators[column - 1]

    assert (indicator.column, indicator.code) == (column, code)
    assert (indicator.kind, indicator.authority) == (kind, authority)
    assert FORM.indicator[code] is indicator


def test_the_lists_that_other_rooms_ask_for() -> None:
    c1, c3, c6 = "prefectures_mobilized", "counties_mobilized", "townships_mobilized"

    assert [FORM.codes.index(code) + 1 for code in FORM.ledger_codes] == [7, 8, 9, 11, 12, 13, 14]
    assert [FORM.codes.index(code) + 1 for code in FORM.flow_codes] == [7, 8, 11, 12, 13]
    assert [i.code for i in FORM.indicators if i.cumulative] == [c1, c3, c6]
    assert FORM.evidence_codes() == (c1, c3, c6)
    assert FORM.evidence_codes(["prefecture"]) == (c1,)
    assert FORM.prefilled_codes == ("counties_agri_total", "townships_total")
    assert FORM.reported_supplements == ("coop_orgs_new",)
    assert [(r.numerator, r.denominator) for r in FORM.ratios if r.demanded] == [
        (c1, "prefectures_total"),
        (c3, "counties_agri_total"),
        (c6, "townships_total"),
        ("county_work_committees", "counties_agri_total"),
    ]


def test_thirteen_items_of_which_four_are_written_by_the_system() -> None:
    assert [item.number for item in FORM.items] == list(range(1, 14))
    assert [item.number for item in FORM.items if not item.inputs] == [10, 11, 12, 13]
    assert all(bool(item.inputs) != bool(item.figures) for item in FORM.items)
    assert FORM.items[0].inputs == (Input.DONE, Input.COUNT, Input.TEXT)


def test_evidence_gates_what_note_1_names_and_nothing_else() -> None:
    required = [a for a in FORM.activities if a.required]

    assert {item for a in required for item in a.items} == {1, 3, 4, 5, 7}
    assert [a.code for a in FORM.activities if a.recurring] == [
        "leader_supervision",
        "regular_circular",
        "bulletin",
    ]
    assert [a.code for a in FORM.activities if not a.required] == ["budget_document"]


def test_rules_of_other_rooms_are_in_the_catalogue_without_an_expression() -> None:
    elsewhere = {rule.id: rule.where for rule in FORM.rules if rule.where is not Where.REPORT}

    assert elsewhere == {
        "R01": Where.CONTENT,
        "R02": Where.CONTENT,
        "R27": Where.CLAIM,
        "R28": Where.RECONCILIATION,
        "R30": Where.PERIOD,
        "R31": Where.CONTENT,
        "R32": Where.CONSOLIDATION,
        "R33": Where.CONSOLIDATION,
    }


def test_cities_are_due_on_the_25th_and_provinces_on_the_30th() -> None:
    assert FORM.deadline(Period(2015, 4), "province").due == date(2015, 4, 25)
    assert FORM.deadline(Period(2015, 2), "centre").due == date(2015, 2, 28)
    assert FORM.deadline(Period(2015, 4), "province", shift=Shift.NEXT_WORKDAY).due == date(2015, 4, 27)
    override = Override(date(2015, 4, 28), "首期延后")
    assert FORM.deadline(Period(2015, 4), "province", override=override).due == date(2015, 4, 28)
    with pytest.raises(KeyError):
        FORM.due_day("prefecture")


def test_windows_and_openings_come_from_the_form() -> None:
    assert FORM.window(Period(2015, 4)) == Window(date(2015, 2, 28), date(2015, 4, 25))
    assert NEXT.window(Period(2015, 7)) == Window(date(2015, 6, 25), date(2015, 7, 25))
    assert FORM.opens_at(Period(2015, 5)) == datetime(2015, 4, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "version"), [("2015-03", None), ("2015-04", 1), ("2015-06", 1), ("2015-07", 2), ("2019-01", 2)]
)
def test_a_period_keeps_the_version_that_was_valid_in_it(period: str, version: int | None) -> None:
    found = in_force([NEXT, FORM], Period.parse(period))

    assert (found.version if found else None) == version


@pytest.mark.parametrize(
    ("text", "said"),
    [("code = x", "line 1, column 8"), ("a = 1\na = 2\n", "line 2"), ("a = " + "[" * 50_000, "end")],
)
def test_text_that_is_no_toml_is_refused_with_its_place(text: str, said: str) -> None:
    form, [found] = load_form(text)

    assert form is None
    assert found.code == "not-toml"
    assert said in found.message.en


# what is edited, the code and the pointer of the defect
DEFECTS: list[tuple[list[tuple[str, Any]], str, str]] = [
    ([("colour", "red")], "unknown-field", "/colour"),
    ([("version", 0)], "invalid-value", "/version"),
    ([("valid_from", "2015-13")], "invalid-value", "/valid_from"),
    ([("valid_from", "2015-03")], "valid-from-too-early", "/valid_from"),
    ([("indicators.0.code", "C 1")], "invalid-value", "/indicators/0/code"),
    ([("indicators.0.label", {"zh": "动员会"})], "missing-field", "/indicators/0/label/en"),
    ([("indicators.0.group", "village")], "unknown-code", "/indicators/0/group"),
    ([("indicators.1.column", 1)], "column-order", "/indicators"),
    ([("indicators.3.authority", "evidence")], "gate-mismatch", "/indicators/3/authority"),
    ([("indicators.0.authority", "declared")], "gate-mismatch", "/indicators/0/authority"),
    ([("indicators.6.cumulative", True)], "cumulative-flow", "/indicators/6/cumulative"),
    ([("supplements.0.code", "orgs_new")], "duplicate-code", "/supplements/0"),
    ([("groups.1.code", "prefecture")], "duplicate-code", "/groups/1"),
    ([("items.1.number", 1)], "duplicate-code", "/items/1"),
    ([("rules.1.id", "R01")], "duplicate-code", "/rules/1"),
    ([("ratios.0.numerator", "nobody")], "unknown-code", "/ratios/0/numerator"),
    ([("ratios.0.denominator", "nobody")], "unknown-code", "/ratios/0/denominator"),
    ([("items.9.figures", ["nobody"])], "unknown-code", "/items/9/figures"),
    ([("items.9.ratios", ["nobody"])], "unknown-code", "/items/9/ratios"),
    ([("activities.1.items", [14])], "unknown-code", "/activities/1/items"),
    (
        [("activities.1.gates", [{"indicator": "nobody", "level": "county"}])],
        "unknown-code",
        "/activities/1/gates",
    ),
    ([("rules.0.id", "R99")], "missing-rule", "/rules"),
    ([("rules.2.holds", "c.nobody > 1")], "bad-expression", "/rules/2/holds"),
    ([("rules.2.holds", "c.orgs_new >")], "bad-expression", "/rules/2/holds"),
    ([("rules.2.when", "c.orgs_new")], "bad-expression", "/rules/2/when"),
    ([("rules.2.values.a", "c.orgs_new / 2")], "bad-expression", "/rules/2/values/a"),
    ([("rules.4.values.v.per", "c.nobody")], "bad-expression", "/rules/4/values/v"),
    ([("rules.3.holds", "c.$other > 1")], "unbound-name", "/rules/3/over"),
    ([("rules.3.over", ["nobody"])], "unknown-code", "/rules/3/over"),
    ([("rules.2.at", "/figures/nobody")], "unknown-code", "/rules/2/at"),
    ([("rules.2.message.zh", "共{z}个")], "unknown-value", "/rules/2/message/zh"),
    ([("rules.2.message.en", "{a.__class__}")], "unknown-value", "/rules/2/message/en"),
    ([("rules.2.message.en", "{a:>9999999999}")], "unknown-value", "/rules/2/message/en"),
    ([("rules.2.message.en", "{a")], "unknown-value", "/rules/2/message/en"),
    ([("rules.3.values.code", "c.orgs_new")], "duplicate-code", "/rules/3/values"),
    ([("rules.5.holds", "c.orgs_new > 1")], "rule-without-effect", "/rules/5/holds"),
    ([("rules.2.where", "claim")], "rule-without-effect", "/rules/2/holds"),
]


@pytest.mark.parametrize(("edits", "code", "at"), DEFECTS, ids=[f"{code}{at}" for _, code, at in DEFECTS])
def test_a_defect_is_found_where_it_is(edits: list[tuple[str, Any]], code: str, at: str) -> None:
    assert (code, at) in changed(*edits)


def test_every_defect_is_reported_at_once() -> None:
    found = changed(
        ("rules.2.holds", "c.nobody > 1"),
        ("rules.3.holds", "c.$code >"),
        ("ratios.0.numerator", "nobody"),
        ("groups.1.code", "prefecture"),
    )

    assert [(code, at) for code, at in found if not at.startswith("/indicators")] == [
        ("duplicate-code", "/groups/1"),
        ("unknown-code", "/ratios/0/numerator"),
        ("bad-expression", "/rules/2/holds"),
        ("bad-expression", "/rules/3/holds"),
    ]


def test_several_misshapen_parts_are_reported_at_once() -> None:
    found = changed(("version", 0), ("colour", "red"), ("indicators.0.label", {}))

    assert len(found) == 4


def test_the_manual_names_every_part_of_a_form_every_member_of_a_rule_and_every_fact() -> None:
    manual = Path("docs/forms.md").read_text(encoding="utf-8")

    names = {*FormVersion.model_fields, *Rule.model_fields, *COMMON_FACTS} - {"id"}

    assert {name for name in names if f"`{name}" not in manual} == set()
