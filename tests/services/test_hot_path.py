"""What one report costs the database: a handful of statements, each of them by an index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.db import Database
from app.domain.period import Period
from app.domain.permission import Actor, Grant, Role
from app.services import figures, forms, reports
from app.services.drafts import _LAST
from app.services.periods import Policy
from app.services.report_queries import _CAME_BACK
from app.services.reports import Submission
from tests.samples import GUANGZHOU, report
from tests.seed import OPENED

REPORTER = Actor("token:x", "x", "token", (Grant(Role.REPORTER, GUANGZHOU, f"000000/440000/{GUANGZHOU}"),))
FEW = 11


@pytest.fixture
def engine_name() -> str:
    """SQLite alone tells what it runs and how."""
    return "sqlite"


@contextmanager
def watched(url: str, *, is_in_ledger: bool = False) -> Iterator[list[str]]:
    """The statements that filing one report runs, of a unit of which the ledger says something or nothing."""
    body = report()
    content = {name: value for name, value in body.items() if name not in {"unit", "period"}}
    seen: list[str] = []
    with Database(url).transaction() as session:
        forms.parse_all(session)
        if is_in_ledger:
            form, period = forms.in_force(session, Period(2015, 4)), "2015-04"
            known = {"members_total": 1}
            figures.refresh(
                session, unit=GUANGZHOU, period=period, form=form, before=None, policy=Policy(), ledger=known
            )
        session.connection.set_trace_callback(seen.append)
        submission = Submission(GUANGZHOU, "2015-04", content)
        reports.submit(session, submission=submission, by=REPORTER, now=OPENED, policy=Policy())
        session.flush()
        session.connection.set_trace_callback(None)
    yield [text for text in seen if not text.startswith("--")]


def test_filing_a_report_takes_a_handful_of_statements(seeded_url: str) -> None:
    with watched(seeded_url) as statements:
        assert len(statements) <= FEW, "\n".join(statements)


def test_a_unit_of_the_ledger_costs_one_look_up_more(seeded_url: str) -> None:
    with watched(seeded_url, is_in_ledger=True) as statements:
        assert len(statements) <= FEW + 1, "\n".join(statements)
        asked = [text for text in statements if "FROM mismatch" in text]

    assert len(asked) == 1
    with Database(seeded_url).transaction() as session:
        (plan,) = session.connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()
    assert "USING INDEX" in plan[-1]


def test_none_of_them_reads_a_whole_table_that_grows(seeded_url: str) -> None:
    with watched(seeded_url) as statements, Database(seeded_url).transaction() as session:
        for text in statements:
            plan = [
                str(row[-1]) for row in session.connection.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()
            ]
            small = ("form_version", "VALUES CLAUSE")
            scans = [line for line in plan if line.startswith("SCAN")]
            assert not [line for line in scans if not any(name in line for name in small)], text


def test_what_brought_a_report_back_is_found_by_an_index_of_its_own(seeded_url: str) -> None:
    with Database(seeded_url).transaction() as session:
        sql = _CAME_BACK.for_dialect(session.dialect).sql
        (plan,) = session.connection.execute(f"EXPLAIN QUERY PLAN {sql}", (GUANGZHOU,)).fetchall()

    assert "USING INDEX ix_outbox_event_back" in plan[-1]


def test_the_last_version_of_a_unit_is_sought_month_by_month(seeded_url: str) -> None:
    with Database(seeded_url).transaction() as session:
        compiled = _LAST.for_dialect(session.dialect)
        values = compiled.parameters({"unit": GUANGZHOU, "month": "2015-05"})
        plan = session.connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", values).fetchall()

    assert "SEARCH report_version USING INDEX" in plan[0][-1]
    assert "(period=? AND unit_code=?)" in plan[0][-1]
