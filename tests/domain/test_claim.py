"""What a claim may cover, and what claims prove in the end."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.claim import Place, covered, date_findings, parted, spellings
from app.domain.form import builtin_forms, load_form
from app.domain.form_version import LEVELS, FormVersion
from app.domain.period import Period
from app.domain.proof import Judgment, Proof, judged_activities, units_covered
from app.domain.values import figures_row


def built_in() -> FormVersion:
    form, _ = load_form(builtin_forms()[0])
    assert form is not None
    return form


FORM = built_in()
ACTIVITY = {activity.code: activity for activity in FORM.activities}

CITY = Place("440900", "茂名市", "", "prefecture", None, None)
AREA = [
    CITY,
    Place("440981", "高州市", "茂名市", "county", None, True),
    Place("440902", "茂南区", "茂名市", "county", None, None),
    Place("440904", "电白区", "茂名市", "county", None, False),
    Place("440981101", "太平镇", "高州市", "township", 1, None),
    Place("440902101", "太平镇", "茂南区", "township", 1, None),
    Place("440902001", "河东街道", "茂南区", "township", 0, None),
    Place("440904101", "河东", "电白区", "township", 1, None),
]


def codes(*named: str, level: str | None = "township") -> tuple[list[str], list[str]]:
    """The units that count, and the codes of what was found, in the order of what was named."""
    found = covered(
        [(text, f"/units/{i}") for i, text in enumerate(named)],
        AREA,
        level=level,
        own="440900",
        known={"440606", "440606101"},
    )
    return found.codes, [finding.code for finding in found.findings]


CASES = [
    (("440981101",), "township", ["440981101"], []),
    (("440981101000",), "township", ["440981101"], []),
    (("440981000",), "county", ["440981"], []),
    (("440981000000", "440981"), "county", ["440981"], []),
    (("４４０９８１",), "county", ["440981"], []),
    (("太平镇",), "township", [], ["unit-ambiguous"]),
    (("高州市太平镇", "茂南区太平镇"), "township", ["440981101", "440902101"], []),
    (("高州市",), "county", ["440981"], []),
    (("茂南区",), "county", ["440902"], []),
    (("电白区",), "county", [], ["unit-not-eligible"]),
    (("河东街道",), "township", [], ["unit-not-eligible"]),
    (("440981",), "township", [], ["unit-not-eligible"]),
    (("440900",), "prefecture", ["440900"], []),
    (("440981",), "prefecture", [], ["unit-not-eligible"]),
    (("440606", "440606101000"), "county", [], ["unit-outside", "unit-outside"]),
    (("999999", "无此镇", "44090"), "county", [], ["unit-unknown"] * 3),
    (("440981", "河东街道"), None, ["440981", "440902001"], []),
]


@pytest.mark.parametrize(("named", "level", "counted", "found"), CASES)
def test_units_are_resolved_within_the_area_and_counted_at_their_level(
    named: tuple[str, ...], level: str | None, counted: list[str], found: list[str]
) -> None:
    assert codes(*named, level=level) == (counted, found)


def test_an_ambiguous_name_is_asked_back_with_its_codes() -> None:
    (found,) = covered([("太平镇", "/units/0")], AREA, level="township", own="440900", known=()).findings

    assert found.values["candidates"] == "440981101 高州市太平镇、440902101 茂南区太平镇"
    assert "440902101" in found.message.en


@given(st.lists(st.text(max_size=30), max_size=8), st.sampled_from([None, *LEVELS]))
def test_whatever_is_named_each_is_counted_or_refused_once(named: list[str], level: str | None) -> None:
    found = covered(
        [(text, f"/units/{i}") for i, text in enumerate(named)], AREA, level=level, own="440900", known=()
    )

    assert len(found.codes) + len(found.findings) <= len(named)
    assert set(found.codes) <= {place.code for place in AREA}
    assert {finding.rule for finding in found.findings} <= {"R27"}


def test_a_pasted_list_is_parted_however_it_was_written() -> None:
    assert parted(" 陈村镇、北滘镇，乐从镇;龙江镇\t勒流街道\r\n\n440606106 ") == [
        "陈村镇",
        "北滘镇",
        "乐从镇",
        "龙江镇",
        "勒流街道",
        "440606106",
    ]


@pytest.mark.parametrize("text", ["", "44", "4409811", "44098110a", "高州市"])
def test_only_six_nine_or_twelve_digits_are_a_code(text: str) -> None:
    assert spellings(text) == []


DATES = [
    ("mobilization_meeting", "2015-05", "2015-02-27", ["date-out-of-range"]),
    ("mobilization_meeting", "2015-05", "2015-02-28", []),
    ("mobilization_meeting", "2015-05", "2015-05-25", []),
    ("mobilization_meeting", "2015-05", "2015-05-26", ["date-out-of-range"]),
    ("bulletin", "2015-04", "2015-03-01", []),
    ("bulletin", "2015-04", "2015-02-28", ["date-out-of-window"]),
    ("bulletin", "2015-05", "2015-04-25", ["date-out-of-window"]),
    ("bulletin", "2015-05", "2015-04-26", []),
]


@pytest.mark.parametrize(("activity", "period", "dated", "found"), DATES)
def test_a_claim_names_a_day_that_its_period_covers(
    activity: str, period: str, dated: str, found: list[str]
) -> None:
    findings = date_findings(FORM, Period.parse(period), ACTIVITY[activity], date.fromisoformat(dated))

    assert [finding.code for finding in findings] == found


PROOFS = [
    Proof("mobilization_meeting", "prefecture", 1, 1, 0, 0),
    Proof("mobilization_meeting", "county", 3, 5, 1, 2),
    Proof("bulletin", "prefecture", 1, 1, 0, 1),
    Proof("innovation_contest", "prefecture", 1, 1, 0, 0),
    Proof("budget_document", "township", 9, 9, 9, 9),
]


def test_a_meeting_once_proved_stays_proved() -> None:
    assert units_covered(FORM, PROOFS, accepted=True) == {
        "prefectures_mobilized": 1,
        "counties_mobilized": 3,
        "townships_mobilized": 0,
    }
    assert units_covered(FORM, PROOFS, accepted=False)["counties_mobilized"] == 5
    assert units_covered(FORM, PROOFS, levels={"county"}, accepted=True) == {"counties_mobilized": 3}


DONE = [
    {"item": 3, "done": True},
    {"item": 5, "count": 2},
    {"item": 7, "done": True},
    {"item": 4, "done": False},
]


@pytest.mark.parametrize(
    ("closed", "otherwise"), [(False, Judgment.PENDING), (True, Judgment.DEEMED_NOT_HELD)]
)
def test_what_was_said_to_be_done_is_judged_by_its_evidence(closed: bool, otherwise: Judgment) -> None:
    judged = judged_activities(FORM, DONE, PROOFS, closed=closed)

    assert {each["activity"]: each["judgment"] for each in judged} == {
        "leader_supervision": otherwise,
        "regular_circular": Judgment.NOT_REPORTED,
        "bulletin": otherwise,
        "innovation_contest": Judgment.HELD,
    }
    assert [each["activity"] for each in judged if each["claimed"]] == ["bulletin", "innovation_contest"]


@pytest.mark.parametrize(
    ("covered_units", "closed", "counted", "flags"),
    [
        (0, False, 6, ["pending"]),
        (0, True, 0, ["deemed_not_held"]),
        (4, True, 4, ["partly_deemed"]),
        (7, True, 6, []),
    ],
)
def test_after_the_close_the_smaller_number_counts(
    covered_units: int, closed: bool, counted: int, flags: list[str]
) -> None:
    code = "counties_mobilized"

    row = figures_row(FORM.governed(), {code: 6}, {code: covered_units}, None, closed)

    assert (row.effective[code], row.flags.get(code, [])) == (counted, flags)


def test_at_levels_without_evidence_the_units_word_counts_after_the_close_too() -> None:
    row = figures_row(
        FORM.governed({"prefecture"}), {"counties_mobilized": 6, "prefectures_mobilized": 1}, {}, None, True
    )

    assert row.effective["counties_mobilized"] == 6
    assert row.effective["prefectures_mobilized"] == 0
    assert row.evidenced == {"prefectures_mobilized": 0}
