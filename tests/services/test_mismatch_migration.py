"""What runs had found before mismatches had a life is kept, and the last of it becomes the mismatch."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.models.migrate import connect, downgrade, migrate
from tests.house.repository import ROOT
from tests.ledger import imported, line, reconciled
from tests.samples import REPORTS, figures, report
from tests.service import Service

TOTAL = figures()["members_total"]
(SCRIPT,) = (ROOT / "migrations/versions").glob("*_give_mismatches_a_life.py")
BEFORE = re.search(r'down_revision = "(\d+)"', SCRIPT.read_text())[1]  # type: ignore[index]


def test_what_was_found_survives_the_way_back_and_forth(service: Service) -> None:
    service.post(REPORTS, report())
    for difference in (7, 9):
        service.clock.set(f"2015-04-{17 + difference}T09:00:00+08:00")
        imported(service, line(members_total=TOTAL - difference))
        reconciled(service)
    service.app.state.database.stop()

    downgrade(service.database_url, BEFORE)
    migrate(service.database_url)

    with connect(service.database_url) as connection:
        mismatches = connection.execute(text("SELECT difference, state, revision FROM mismatch")).all()
        lines = connection.execute(
            text("SELECT difference FROM reconciliation_mismatch ORDER BY difference")
        ).all()
        versions = connection.execute(text("SELECT period, number FROM report_version")).all()
        ranks = connection.execute(text("SELECT rank FROM ledger_import ORDER BY id")).all()
    assert [tuple(row) for row in mismatches] == [(9, "open", 0)]
    assert [row[0] for row in lines] == [7, 9]
    assert [tuple(row) for row in versions] == [("2015-04", 1)]
    assert [row[0] for row in ranks] == [1, 2]
    with connect(service.database_url) as connection, pytest.raises(DBAPIError, match="is immutable"):
        connection.execute(text("UPDATE report_version SET author = 'x'"))
    service.app.state.database.start()
