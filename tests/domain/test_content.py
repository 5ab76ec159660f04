"""What a body may hold: every defect at once, blank is not zero, one canonical form."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.canonical import digest
from app.domain.contact import is_phone, masked_name, masked_phone
from app.domain.content import ActivityEntry, Explanation, masked, parse_content, read_period
from app.domain.period import Period
from app.errors import Severity
from tests.domain.sample import FORM, NOW


class Unusable:
    """Stands in a body for a number that the strict loader could not read."""

    def __init__(self, code: str) -> None:
        self.code = code


def body(**members: Any) -> dict[str, Any]:
    whole = {
        "contact": {"name": "示例甲", "phone": "13800000000"},
        "figures": dict(NOW),
        "supplements": {"coop_orgs_new": 2},
        "activities": [{"item": 3, "done": True, "count": 2, "text": "督导两次"}],
        "narrative": "第一段\n第二段",
        "explanations": [{"rule": "R10", "category": "ledger_entry", "text": "台账补录两名委员"}],
    }
    return {**whole, **members}


def without(members: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name not in names}


def found(raw: dict[str, Any], *, draft: bool = False) -> list[tuple[str, str, str]]:
    _, findings = parse_content(FORM, raw, draft=draft)
    return [(f.rule, f.code, f.pointer) for f in findings]


def test_a_sound_body_is_kept_whole() -> None:
    content, findings = parse_content(FORM, body())

    assert findings == []
    assert content.figures == NOW
    assert content.activities == (ActivityEntry(3, True, 2, "督导两次"),)
    assert content.explanations == (Explanation("R10", "ledger_entry", "台账补录两名委员"),)


def test_only_contact_and_figures_must_be_there() -> None:
    content, findings = parse_content(FORM, {name: body()[name] for name in ("contact", "figures")})

    assert findings == []
    assert (content.supplements, content.activities, content.narrative, content.explanations) == (
        {},
        (),
        "",
        (),
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (-1, "number-out-of-range"),
        (10_000_000, "number-out-of-range"),
        (10**400, "number-out-of-range"),
        (None, "wrong-type"),
        (True, "wrong-type"),
        ("12", "wrong-type"),
        ("１２", "wrong-type"),
        ([], "wrong-type"),
        (object(), "wrong-type"),
        (Decimal("12.0"), "wrong-type"),
        (12.0, "wrong-type"),
        (Decimal("12.5"), "too-precise"),
        (Decimal("1E-999999"), "too-precise"),
        (12.5, "too-precise"),
        (float("nan"), "number-not-finite"),
        (Decimal("sNaN"), "number-not-finite"),
        (Decimal("1E+999999"), "wrong-type"),
        (Unusable("number-not-finite"), "number-not-finite"),
        (Unusable("number-out-of-range"), "number-out-of-range"),
    ],
)
def test_a_cell_is_a_whole_number_or_a_finding_of_r01(value: object, code: str) -> None:
    content, findings = parse_content(FORM, body(figures={**NOW, "orgs_new": value}))

    assert [(f.rule, f.code, f.pointer) for f in findings] == [("R01", code, "/figures/orgs_new")]
    assert findings[0].message.zh == "“新建数量”须为非负整数，无发生填0"
    assert content.figures == without(dict(NOW), "orgs_new")


@pytest.mark.parametrize("value", [0, 9_999_999])
def test_zero_and_the_largest_number_are_figures(value: int) -> None:
    content, findings = parse_content(FORM, body(figures={**NOW, "orgs_new": value}))

    assert findings == []
    assert content.figures["orgs_new"] == value


# the members that replace those of a sound body; the rule, the code and the pointer of what is found
RULED: list[tuple[dict[str, Any], str, str, str]] = [
    ({"figures": without(dict(NOW), "orgs_new")}, "R02", "missing-field", "/figures/orgs_new"),
    ({"supplements": {"coop_orgs_new": None}}, "R01", "wrong-type", "/supplements/coop_orgs_new"),
    ({"contact": {"name": "示例甲"}}, "R31", "missing-field", "/contact/phone"),
    ({"contact": {"name": " ", "phone": "13800000000"}}, "R31", "invalid-contact", "/contact/name"),
    ({"contact": {"name": "甲", "phone": "138"}}, "R31", "invalid-phone", "/contact/phone"),
    ({"contact": {"name": "甲", "phone": ""}}, "R31", "invalid-phone", "/contact/phone"),
]
# the same, for what no rule of the form is about
DEFECTS: list[tuple[dict[str, Any], str, str]] = [
    ({"figures": {**NOW, "nobody": 1}}, "unknown-field", "/figures/nobody"),
    ({"figures": {**NOW, "a/b~c": 1}}, "unknown-field", "/figures/a~1b~0c"),
    ({"figures": {**NOW, "\ud800": 1}}, "invalid-text", "/figures"),
    ({"figures": {**NOW, "x" * 99: 1}}, "unknown-field", "/figures"),
    ({"figures": []}, "wrong-type", "/figures"),
    ({"supplements": {"prefectures_total": 21}}, "unknown-field", "/supplements/prefectures_total"),
    ({"status": "accepted"}, "unknown-field", "/status"),
    ({"__proto__": {}}, "unknown-field", "/__proto__"),
    ({"contact": {"name": 7, "phone": "13800000000"}}, "wrong-type", "/contact/name"),
    ({"contact": {"name": "甲\n乙", "phone": "13800000000"}}, "invalid-text", "/contact/name"),
    ({"contact": {"name": "甲" * 51, "phone": "13800000000"}}, "text-too-long", "/contact/name"),
    ({"narrative": "a\x00b"}, "invalid-text", "/narrative"),
    ({"narrative": "a\x1bb"}, "invalid-text", "/narrative"),
    ({"narrative": "a\u202eb"}, "invalid-text", "/narrative"),
    ({"narrative": "a\u2066b"}, "invalid-text", "/narrative"),
    ({"narrative": "a\ud800b"}, "invalid-text", "/narrative"),
    ({"narrative": "a\uffffb"}, "invalid-text", "/narrative"),
    ({"narrative": None}, "wrong-type", "/narrative"),
    ({"narrative": "长" * 20_001}, "text-too-long", "/narrative"),
    ({"activities": {}}, "wrong-type", "/activities"),
    ({"activities": [{"item": 10}]}, "unknown-item", "/activities/0/item"),
    ({"activities": [{"item": 14}]}, "unknown-item", "/activities/0/item"),
    ({"activities": [{"done": True}]}, "missing-field", "/activities/0/item"),
    ({"activities": [{"item": "3"}]}, "wrong-type", "/activities/0/item"),
    ({"activities": [{"item": 3}, {"item": 3}]}, "duplicate-item", "/activities/1/item"),
    ({"activities": [{"item": 3, "done": 1}]}, "wrong-type", "/activities/0/done"),
    ({"activities": [{"item": 3, "count": -1}]}, "number-out-of-range", "/activities/0/count"),
    ({"activities": [{"item": 3, "count": True}]}, "wrong-type", "/activities/0/count"),
    ({"activities": [{"item": 3, "text": 3}]}, "wrong-type", "/activities/0/text"),
    ({"activities": [{"item": 3, "who": ""}]}, "unknown-field", "/activities/0/who"),
    (
        {"explanations": [{"rule": "R99", "category": "other", "text": ""}]},
        "unknown-rule",
        "/explanations/0/rule",
    ),
    ({"explanations": [{"rule": 10, "category": "other", "text": ""}]}, "wrong-type", "/explanations/0/rule"),
    (
        {"explanations": [{"rule": "R10", "category": "no", "text": ""}]},
        "unknown-category",
        "/explanations/0/category",
    ),
    ({"explanations": [{"rule": "R10", "category": "other"}]}, "missing-field", "/explanations/0/text"),
    ({"explanations": [{"rule": "R10", "text": ""}]}, "missing-field", "/explanations/0/category"),
]


@pytest.mark.parametrize(
    ("members", "rule", "code", "at"),
    [*RULED, *((members, code, code, at) for members, code, at in DEFECTS)],
    ids=str,
)
def test_a_defect_of_the_body_is_found_where_it_is(
    members: dict[str, Any], rule: str, code: str, at: str
) -> None:
    assert found(body(**members)) == [(rule, code, at)]


def test_a_part_of_the_wrong_type_is_refused_along_with_what_it_should_have_held() -> None:
    assert found(body(contact=None, activities=[3]))[:4] == [
        ("wrong-type", "wrong-type", "/contact"),
        ("R31", "missing-field", "/contact/name"),
        ("R31", "missing-field", "/contact/phone"),
        ("wrong-type", "wrong-type", "/activities/0"),
    ]


def test_a_list_has_an_end() -> None:
    entry = {"rule": "R10", "category": "other", "text": ""}

    content, findings = parse_content(FORM, body(explanations=[entry] * 101))

    assert [(f.code, f.pointer) for f in findings] == [("too-many", "/explanations")]
    assert len(content.explanations) == 100


def test_every_defect_comes_at_once_and_the_sound_rest_is_kept() -> None:
    raw = {
        "contact": {"name": "", "phone": "1"},
        "figures": {"orgs_new": 5, "orgs_total": "5"},
        "narrative": 5,
        "colour": "red",
    }

    content, findings = parse_content(FORM, raw)

    assert len(findings) == 2 + 13 + 1 + 1 + 1
    assert content.figures == {"orgs_new": 5}


def test_findings_repeat_nothing_that_was_sent() -> None:
    secret = "秘密秘密秘密秘密"
    raw = body(
        contact={"name": secret * 20, "phone": secret},
        figures={**NOW, "orgs_new": secret},
        explanations=[{"rule": secret, "category": secret, "text": ""}],
        activities=[{"item": secret}],
    )

    _, findings = parse_content(FORM, raw)

    assert len(findings) == 6
    assert secret not in json.dumps([f.as_json() for f in findings], ensure_ascii=False)


def test_a_draft_may_be_unfinished_but_not_malformed() -> None:
    unfinished = {"contact": {"name": "", "phone": "138"}, "figures": {"orgs_new": 5, "orgs_total": None}}

    content, hints = parse_content(FORM, unfinished, draft=True)
    _, errors = parse_content(FORM, {**unfinished, "figures": {"orgs_new": -5}}, draft=True)

    assert {f.severity for f in hints} == {Severity.INFO}
    assert content.figures == {"orgs_new": 5}
    assert [f.pointer for f in errors if f.severity is Severity.ERROR] == ["/figures/orgs_new"]


def test_texts_are_composed_trimmed_and_have_plain_line_feeds() -> None:
    content, findings = parse_content(FORM, body(narrative=" e\u0301\r\n二\t\n "))

    assert findings == []
    assert content.narrative == "é\n二"


def test_a_category_is_its_code_or_its_chinese_name() -> None:
    raw = body(explanations=[{"rule": "R16", "category": "行政区划调整", "text": "撤县设区"}])

    content, findings = parse_content(FORM, raw)

    assert findings == []
    assert content.explanations[0].category == "division_change"


def test_a_count_that_was_left_blank_stays_blank() -> None:
    content, _ = parse_content(FORM, body(activities=[{"item": 6, "count": None}, {"item": 1, "done": True}]))

    assert [(entry.item, entry.count) for entry in content.activities] == [(1, None), (6, None)]


texts = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=40)
numbers = st.integers(0, 9_999_999)
activities = st.fixed_dictionaries(
    {"item": st.integers(1, 9)}, optional={"done": st.booleans(), "count": numbers | st.none(), "text": texts}
)
explanations = st.fixed_dictionaries(
    {
        "rule": st.sampled_from(sorted(FORM.rule)),
        "category": st.sampled_from(["other", "更正上期"]),
        "text": texts,
    }
)
bodies = st.fixed_dictionaries(
    {
        "contact": st.just({"name": "示例甲", "phone": "020-83330000"}),
        "figures": st.fixed_dictionaries(dict.fromkeys(FORM.codes, numbers)),
        "activities": st.lists(activities, max_size=4, unique_by=lambda entry: entry["item"]),
        "explanations": st.lists(explanations, max_size=4),
        "narrative": texts,
    },
    optional={"supplements": st.fixed_dictionaries({"coop_orgs_new": numbers})},
)


@given(bodies, st.randoms(use_true_random=False))
def test_the_hash_knows_neither_order_nor_spaces_and_content_reads_back(
    raw: dict[str, Any], random: Any
) -> None:
    def shuffled(members: dict[str, Any]) -> dict[str, Any]:
        return dict(random.sample(sorted(members.items()), len(members)))

    again = shuffled({**raw, "figures": shuffled(raw["figures"]), "narrative": f" {raw['narrative']}\r\n"})
    again["activities"] = random.sample(raw["activities"], len(raw["activities"]))
    content, findings = parse_content(FORM, raw)

    assert findings == []
    assert digest(parse_content(FORM, again)[0].as_json()) == digest(content.as_json())
    assert parse_content(FORM, content.as_json()) == (content, [])


@given(bodies, st.sampled_from(FORM.codes))
def test_the_hash_knows_every_figure(raw: dict[str, Any], code: str) -> None:
    other = {**raw, "figures": {**raw["figures"], code: (raw["figures"][code] + 1) % 10_000_000}}

    assert len({digest(parse_content(FORM, each)[0].as_json()) for each in (raw, other)}) == 2


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*body(), "other"]), json_like))
def test_no_body_is_too_strange_to_read(raw: dict[str, Any]) -> None:
    content, findings = parse_content(FORM, raw)

    assert findings
    json.dumps([f.as_json() for f in findings]).encode()
    assert digest(content.as_json())


@pytest.mark.parametrize(
    ("phone", "masked_as"),
    [
        ("13800000000", "138****0000"),
        ("19912345678", "199****5678"),
        ("020-83330000", "020-****0000"),
        ("02083330000", "020-****0000"),
        ("010 62281234", "010-****1234"),
        ("0751-8881234", "0751-****1234"),
        ("0751-8881234-801", "0751-****1234"),
        ("020-83330000转12", "020-****0000"),
    ],
)
def test_mobiles_and_landlines_are_phones_and_are_masked(phone: str, masked_as: str) -> None:
    assert is_phone(phone)
    assert masked_phone(phone) == masked_as


@pytest.mark.parametrize(
    "text",
    [
        "12800000000",
        "1380000000",
        "138000000000",
        "83330000",
        "0100-83330000",
        "020--83330000",
        "020-833300",
        "１３８00000000",
        "+8613800000000",
        "13800000000\n",
        "000-83330000",
    ],
)
def test_nothing_else_is_a_phone_and_its_mask_shows_nothing(text: str) -> None:
    assert not is_phone(text)
    assert masked_phone(text) == "****"


def test_masks_tell_neither_length_nor_absence_wrongly() -> None:
    assert masked_name("示例") == masked_name("示例甲乙") == "示**"
    assert masked_name("") == masked_phone("") == ""


def test_a_masked_content_keeps_everything_but_the_contact() -> None:
    content, _ = parse_content(FORM, body())
    whole = content.as_json()

    shown = masked(whole)

    assert shown["contact"] == {"name": "示**", "phone": "138****0000"}
    assert without(shown, "contact") == without(whole, "contact")


OPENING = datetime(2015, 4, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "now", "expected"),
    [
        ("2015-04", OPENING, Period(2015, 4)),
        ("2015-05", OPENING, Period(2015, 5)),
        ("2015-05", OPENING - timedelta(milliseconds=1), None),
        ("2015-03", OPENING, None),
        ("2026-13", OPENING, None),
        ("9999-12", OPENING, None),
        (201504, OPENING, None),
        (None, OPENING, None),
    ],
)
def test_a_period_is_reported_from_its_opening_on_and_never_before_2015_04(
    value: object, now: datetime, expected: Period | None
) -> None:
    period, findings = read_period(FORM, value, now)

    assert period == expected
    assert [(f.rule, f.code, f.pointer) for f in findings] == [("R30", "period-invalid", "/period")] * (
        expected is None
    )
