"""The next phase is a file and no code: series end as null, begin anew, or break with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.checks import Facts, Previous, UnitFacts, check
from app.domain.content import parse_content
from app.domain.form import in_force
from app.domain.form_diff import Effect, comparable, diff
from app.domain.form_schema import json_schema
from app.domain.period import Period
from tests.domain.sample import FORM, NOW, TEXT, sound

NEXT = sound(Path("examples/forms/baixian-qianxiang-2.toml").read_text(encoding="utf-8"))
MEETINGS = ["prefectures_mobilized", "counties_mobilized", "townships_mobilized"]


def test_the_meeting_columns_end_in_july_and_one_indicator_begins() -> None:
    effects = {change.code: change.effect for change in diff(FORM, NEXT)}

    assert effects == {
        "townships_rectified": Effect.ADDED,
        "townships_rectified_rate": Effect.ADDED,
        **dict.fromkeys(
            [*MEETINGS, *(f"{code}_rate" for code in MEETINGS), "prefectures_total"], Effect.REMOVED
        ),
        **{i.code: Effect.REWORDED for i in NEXT.indicators if i.code in FORM.codes},
    }
    assert in_force([FORM, NEXT], Period(2015, 6)) is FORM
    assert in_force([FORM, NEXT], Period(2015, 7)) is NEXT


def test_schema_reading_and_rules_follow_the_new_file() -> None:
    figures = {code: value for code, value in NOW.items() if code not in MEETINGS} | {
        "townships_rectified": 16
    }
    contact = {"name": "示例甲", "phone": "020-83330000"}
    content, findings = parse_content(NEXT, {"contact": contact, "figures": figures})
    before = Previous(Period(2015, 6), comparable(FORM, NEXT, NOW))
    facts = Facts(Period(2015, 7), UnitFacts("prefecture", 4, 15), content.figures, previous=before)

    found = {f.rule for f in check(NEXT, facts)}

    assert findings == []
    assert json_schema(NEXT)["properties"]["figures"]["required"] == list(NEXT.codes)
    assert {"R10", "R11", "R35"} <= found
    assert not found & {"R12", "R14", "R36"}


def test_what_ends_is_null_afterwards_and_never_zero() -> None:
    [ended] = [change for change in diff(FORM, NEXT) if change.code == "counties_mobilized"]

    assert ended.as_json() == {
        "code": "counties_mobilized",
        "effect": "removed",
        "comparable": False,
        "reason": {"zh": "取消，此后各期为空而非0", "en": "It ends here and is then null, not 0"},
    }
    assert not {*MEETINGS} & comparable(FORM, NEXT, NOW).keys()
    assert comparable(FORM, NEXT, NOW)["orgs_new"] == NOW["orgs_new"]


def changed(old: str, new: str) -> dict[str, tuple[Effect, str]]:
    """What one edit of the shipped file changes."""
    assert old in TEXT
    edited = sound(TEXT.replace("version = 1", "version = 2").replace(old, new))
    return {change.code: (change.effect, change.reason.en) for change in diff(FORM, edited)}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("截止日由直属团组织建立的微信群数量。", "截止日微信群数量。", {"wechat_groups": "definition"}),
        ("计群数，不计组织数；", "", {"wechat_groups": "scope"}),
        (
            'numerator = "townships_funded_20k"\ndenominator = "townships_total"',
            'numerator = "townships_funded_20k"\ndenominator = "counties_agri_total"',
            {"townships_funded_20k_rate": "denominator"},
        ),
        ('level = "county"', 'level = "township"', {"counties_mobilized": "evidence"}),
    ],
)
def test_a_change_of_meaning_breaks_the_series_and_its_ratios(
    old: str, new: str, expected: dict[str, str]
) -> None:
    found = changed(old, new)

    for code, part in expected.items():
        assert found[code] == (Effect.BROKEN, f"Not comparable with earlier periods: changed {part}")
    assert found.keys() - expected.keys() <= {"wechat_groups_rate", "counties_mobilized_rate"}
    assert {effect for effect, _ in found.values()} == {Effect.BROKEN}


def test_a_better_wording_breaks_nothing() -> None:
    found = changed('label.en = "Townships"', 'label.en = "Towns and townships"')

    assert found == {"townships_total": (Effect.REWORDED, "Only its words or place")}


def test_a_version_does_not_differ_from_itself() -> None:
    assert diff(FORM, FORM) == []
    assert comparable(FORM, FORM, NOW) == NOW
