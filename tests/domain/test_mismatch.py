"""The table of a mismatch's life: what each state knows, and what new figures do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.mismatch import (
    ACTION_OF,
    TRANSITIONS,
    Cause,
    Need,
    Resolution,
    State,
    Step,
    observed,
    transition,
)
from app.domain.permission import Action

PEOPLES = {Step.EXPLAIN, Step.CONFIRM, Step.DISPUTE, Step.RESOLVE}
UNSETTLED = [State.OPEN, State.EXPLAINED, State.CONFIRMED, State.DISPUTED]
figure = st.integers(0, 9_999_999)


def test_no_line_says_two_things() -> None:
    assert len({(line.source, line.step) for line in TRANSITIONS}) == len(TRANSITIONS)


def test_people_take_four_steps_and_the_service_the_rest() -> None:
    assert set(ACTION_OF) == PEOPLES
    assert ACTION_OF[Step.RESOLVE] is Action.RESOLVE_MISMATCH
    assert {ACTION_OF[step] for step in PEOPLES - {Step.RESOLVE}} == {Action.EXPLAIN_MISMATCH}


def test_whoever_explains_disputes_or_resolves_says_why() -> None:
    assert {line.step for line in TRANSITIONS if Need.TEXT in line.needs} == PEOPLES - {Step.CONFIRM}


def test_only_a_closed_one_has_a_resolution() -> None:
    assert all((line.target is State.CLOSED) == (line.resolution is not None) for line in TRANSITIONS)


def test_nobody_answers_for_a_closed_one() -> None:
    assert [line.step for line in TRANSITIONS if line.source is State.CLOSED] == [Step.REOPEN]


def test_every_unsettled_state_knows_the_same_steps() -> None:
    known = {state: {line.step for line in TRANSITIONS if line.source is state} for state in UNSETTLED}

    assert len(set(map(frozenset, known.values()))) == 1


@given(st.sampled_from(State), figure, figure, figure, figure, st.sampled_from(Cause))
def test_new_figures_close_reopen_or_leave_it(
    state: State, said: int, known: int, new_said: int, new_known: int, cause: Cause
) -> None:
    step = observed(state, said - known, reported=new_said, ledger=new_known, cause=cause)

    if new_said - new_known == said - known:
        assert step is None
    elif new_said != new_known:
        assert step is Step.REOPEN
    elif state is State.CLOSED:
        assert step is None
    else:
        line = transition(state, step) if step else None
        assert line is not None
        assert line.resolution is Resolution(f"{cause}_corrected")


@given(st.sampled_from(State), st.one_of(st.none(), figure), st.sampled_from(Cause))
def test_a_figure_that_is_missing_moves_nothing(state: State, other: int | None, cause: Cause) -> None:
    assert observed(state, 7, reported=None, ledger=other, cause=cause) is None
    assert observed(state, 7, reported=other, ledger=None, cause=cause) is None


def test_every_step_that_figures_cause_is_in_the_table() -> None:
    for state in State:
        for cause in Cause:
            for said, known in ((1, 1), (5, 1)):
                step = observed(state, 9, reported=said, ledger=known, cause=cause)
                assert step is None or transition(state, step) is not None
