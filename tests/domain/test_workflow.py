"""The table of a report's life."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.permission import Action
from app.domain.workflow import TRANSITIONS, Status, Step, allowed, transition

UNIT, REVIEWER = {Action.WRITE_REPORT}, {Action.REVIEW_REPORT}


def steps(status: Status, permissions: Collection[Action], **situation: bool) -> set[str]:
    return {line.step.value for line in allowed(status, permissions.__contains__, **situation) if line.ok}


@pytest.mark.parametrize(
    ("status", "unit", "reviewer"),
    [
        (Status.ABSENT, {"save", "submit"}, set()),
        (Status.DRAFT, {"save", "submit"}, set()),
        (Status.SUBMITTED, {"submit", "withdraw"}, {"return", "accept"}),
        (Status.RETURNED, {"save", "submit"}, {"reopen"}),
        (Status.ACCEPTED, set(), {"reopen"}),
    ],
)
def test_who_may_do_what_in_which_status(status: Status, unit: set[str], reviewer: set[str]) -> None:
    assert steps(status, UNIT) == unit
    assert steps(status, REVIEWER) == reviewer
    assert steps(status, ()) == set()


def test_a_closed_period_leaves_only_the_reopening() -> None:
    both = UNIT | REVIEWER

    assert all(steps(status, both, is_closed=True) == {"reopen"} for status in Status)


def test_whoever_submitted_never_reviews() -> None:
    assert steps(Status.SUBMITTED, UNIT | REVIEWER, is_own=True) == {"submit", "withdraw"}
    assert steps(Status.ACCEPTED, UNIT | REVIEWER, is_own=True) == set()


def test_every_reason_against_a_step_is_given() -> None:
    lines = {
        line.step: line for line in allowed(Status.SUBMITTED, lambda _: False, is_closed=True, is_own=True)
    }

    assert len(lines[Step.ACCEPT].because) == 3
    assert lines[Step.SAVE].as_json() == {
        "action": "save",
        "ok": False,
        "because": [
            {
                "zh": "报表当前为已报待审，不能进行此操作",
                "en": "The report is submitted: this step is not possible",
            }
        ],
    }


def test_before_the_close_an_unreviewed_report_is_returned_and_not_reopened() -> None:
    lines = {line.step: line for line in allowed(Status.SUBMITTED, REVIEWER.__contains__)}

    assert lines[Step.RETURN].ok
    assert [text.en for text in lines[Step.REOPEN].because] == [
        "The period is not closed: return the report instead"
    ]


@given(st.lists(st.sampled_from(Step)))
def test_no_path_leads_out_of_the_table_or_back_to_nothing(path: list[Step]) -> None:
    status = Status.ABSENT
    for step in path:
        line = transition(status, step)
        status = line.target if line else status

    assert status is not Status.ABSENT or not {Step.SAVE, Step.SUBMIT} & {*path}


def test_every_status_can_be_reached_and_left() -> None:
    assert {line.target for line in TRANSITIONS if line.source is not line.target} == {*Status} - {
        Status.ABSENT
    }
    assert {line.source for line in TRANSITIONS} == {*Status}
    assert len({(line.source, line.step) for line in TRANSITIONS}) == len(TRANSITIONS)
