"""Answers that are kept: a bounded number of bytes, the least recently asked go first."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from app.db import Database
from app.domain.aggregate import View
from app.domain.period import FIRST
from app.domain.permission import Actor, Grant, Role
from app.errors import Forbidden, NotFound
from app.models import Unit
from app.services import aggregates, revisions
from app.services.aggregates import MOST_BYTES, Answers
from tests.samples import CENTRE, GUANGDONG, HUNAN

UNITS = Unit.__table__  # type: ignore[attr-defined]
BY = Actor("t", "示例", "token", (Grant(Role.REVIEWER, CENTRE, CENTRE),))


@pytest.fixture
def database(seeded_url: str) -> Database:
    return Database(seeded_url)


def ask(database: Database, answers: Answers, unit: str) -> int:
    with database.transaction() as session:
        return len(answers.computed(session, unit_code=unit, period=FIRST, view=View.ALL).body)


def is_kept(database: Database, answers: Answers, unit: str) -> bool:
    with database.transaction() as session:
        return answers.kept(session, unit_code=unit, period=FIRST, view=View.ALL, by=BY) is not None


def test_the_oldest_answer_makes_room(database: Database) -> None:
    size = ask(database, Answers(), GUANGDONG) + ask(database, Answers(), HUNAN)
    answers = Answers(most=size)
    for unit in (GUANGDONG, HUNAN, GUANGDONG, HUNAN):
        ask(database, answers, unit)
    assert is_kept(database, answers, GUANGDONG)
    assert is_kept(database, answers, HUNAN)

    ask(database, answers, "440100")

    assert not is_kept(database, answers, GUANGDONG)
    assert is_kept(database, answers, HUNAN)
    assert is_kept(database, answers, "440100")


def test_an_answer_that_is_too_large_is_given_and_not_kept(database: Database) -> None:
    answers = Answers(most=100)

    assert ask(database, answers, GUANGDONG) > 100
    assert not is_kept(database, answers, GUANGDONG)


def test_asking_again_takes_no_more_room(database: Database) -> None:
    answers = Answers(most=ask(database, Answers(), GUANGDONG))
    for _ in range(5):
        ask(database, answers, GUANGDONG)

    assert is_kept(database, answers, GUANGDONG)


def test_units_are_known_only_so_many_at_a_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregates, "MOST_KNOWN", 2)
    answers = Answers()

    for unit in (GUANGDONG, HUNAN, CENTRE, GUANGDONG):
        assert ask(database, answers, unit) == ask(database, Answers(), unit)
        assert len(answers._known) <= 2


def test_who_may_read_a_unit_follows_the_register(database: Database) -> None:
    answers = Answers()
    ask(database, answers, GUANGDONG)
    by = Actor("t", "示例", "token", (Grant(Role.REVIEWER, GUANGDONG, f"{CENTRE}/{GUANGDONG}"),))
    asked: Any = {"unit_code": GUANGDONG, "period": FIRST, "view": View.ALL, "by": by}
    with database.transaction() as session:
        assert answers.kept(session, **asked) is not None

    with database.transaction() as session:
        session.run(update(UNITS).where(UNITS.c.code == GUANGDONG).values(report_path=f"{CENTRE}/{HUNAN}/x"))
        revisions.bump(session, revisions.REGISTER)

    with database.transaction() as session, pytest.raises((NotFound, Forbidden)):
        answers.kept(session, **asked)


def test_what_a_province_takes_is_far_below_the_bound(database: Database) -> None:
    size = ask(database, Answers(), GUANGDONG)

    assert 32 * 12 * 2 * size < MOST_BYTES
