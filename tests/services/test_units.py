"""The register in use: corrections, denominators that follow them, and who contributes to a sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from app.cli.context import OPERATOR
from app.db import Database, Session
from app.domain.unit import Level, UnitRow
from app.services import units
from tests.samples import CENTRE, FOSHAN, GUANGDONG, GUANGDONG_UNITS, GUANGZHOU, SHUNDE, unit
from tests.seed import OPENED

DAY = date(2015, 4, 25)


@pytest.fixture
def session(seeded_url: str) -> Iterator[Session]:
    """A transaction that is never kept."""

    class Undo(Exception):
        pass

    try:
        with Database(seeded_url).transaction() as made:
            yield made
            raise Undo
    except Undo:
        pass


def load(session: Session, *rows: UnitRow) -> dict[str, int]:
    return units.load(session, rows, by=OPERATOR, now=OPENED)


def town(code: str = "440606999", parent: str = SHUNDE) -> UnitRow:
    opened = date(2015, 1, 1)
    return UnitRow(code, "示例镇", Level.TOWNSHIP, parent, parent, False, None, 1, opened, *[None] * 4)


def codes(session: Session, of: str, on: date = DAY) -> list[str]:
    return [row["code"] for row in units.contributors(session, units.get(session, of), on=on)]


def test_a_new_town_raises_the_count_of_its_reporting_unit_and_of_no_other(session: Session) -> None:
    counts = load(session, town())

    assert counts["added"] == 1
    assert counts["changed"] == 1
    assert units.get(session, SHUNDE)["townships_count"] == 7
    assert units.get(session, FOSHAN)["townships_count"] == 15


def test_a_stated_count_stands(session: Session) -> None:
    load(session, replace(unit(SHUNDE), townships_count=9))
    load(session, town())

    assert units.get(session, SHUNDE)["townships_count"] == 9


def test_loading_the_same_again_changes_nothing(session: Session) -> None:
    before = units.known(session)

    counts = load(session, *before)

    assert (counts["added"], counts["changed"]) == (0, 0)
    assert units.known(session) == before


def test_a_unit_that_moves_takes_its_subtree_along(session: Session) -> None:
    load(session, replace(unit(SHUNDE), report_parent=FOSHAN))

    assert units.get(session, SHUNDE)["report_path"] == f"{CENTRE}/{GUANGDONG}/{FOSHAN}/{SHUNDE}"
    assert units.get(session, "440606103")["report_path"].startswith(
        f"{CENTRE}/{GUANGDONG}/{FOSHAN}/{SHUNDE}/"
    )


def test_the_topmost_reporting_units_below_make_up_a_sum(session: Session) -> None:
    assert codes(session, GUANGDONG) == GUANGDONG_UNITS
    assert codes(session, FOSHAN) == [FOSHAN]
    assert codes(session, "440103") == []
    assert set(GUANGDONG_UNITS) < set(codes(session, CENTRE))


def test_a_unit_below_a_reporting_one_counts_through_it(session: Session) -> None:
    load(session, replace(unit("440103"), reports=True))

    assert "440103" not in codes(session, GUANGDONG)
    assert codes(session, GUANGZHOU) == ["440103"]


@pytest.mark.parametrize(
    ("changes", "is_expected"),
    [
        ({"valid_from": date(2015, 4, 25)}, True),
        ({"valid_from": date(2015, 4, 26)}, False),
        ({"valid_to": date(2015, 4, 26)}, True),
        ({"valid_to": date(2015, 4, 25)}, False),
    ],
)
def test_a_unit_is_expected_while_it_exists(
    session: Session, changes: dict[str, date], is_expected: bool
) -> None:
    load(session, replace(unit(SHUNDE), **changes))

    assert (SHUNDE in codes(session, GUANGDONG)) == is_expected


def test_an_empty_register_is_told_from_a_full_one(database_url: str) -> None:
    with Database(database_url).transaction() as session:
        assert units.is_empty(session)
        load(session, unit(CENTRE))
        assert not units.is_empty(session)
