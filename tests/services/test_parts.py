"""A sum that is kept in parts is, to the byte, the sum without parts; whatever changes, and however it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.cli.context import OPERATOR
from app.db import Database
from app.domain.aggregate import View
from app.domain.period import FIRST, Period
from app.domain.permission import Actor, Grant, Role
from app.services import closings, figures, forms, parts, revisions, units
from app.services.aggregates import Answers, of_unit
from app.services.parts import MANY, Parts
from app.services.periods import Policy
from tests.samples import CENTRE, CHANGSHA, GUANGDONG, GUANGDONG_UNITS, HUNAN
from tests.samples import figures as sample
from tests.seed import OPENED

REVIEWER = Actor("t", "示例", "token", (Grant(Role.REVIEWER, CENTRE, CENTRE),))


class Country:
    """A database, and a process that keeps its sums in parts."""

    def __init__(self, url: str, many: int = 1) -> None:
        self.database = Database(url)
        self.parts = Parts(many)
        self.answers = Answers(parts=self.parts)

    def say(self, code: str, period: str = "2015-04", **changes: int) -> None:
        """A unit reports the sample's figures with these changes."""
        with self.database.transaction() as session:
            form = forms.in_force(session, Period.parse(period))
            key: Any = {"unit": code, "period": period, "form": form, "policy": Policy()}
            before = figures.get(session, period, code)
            figures.refresh(session, **key, before=before, reported={**sample(code, period), **changes})

    def close(self, place: str, period: Period = FIRST) -> None:
        """Whoever collects there closes the month."""
        with self.database.transaction() as session:
            closings.close(
                session,
                period=period,
                unit_code=place,
                reason="提前关闭示例",
                by=REVIEWER,
                now=OPENED,
                policy=Policy(),
            )

    def check(self, place: str = CENTRE, period: Period = FIRST, view: View = View.ALL) -> str:
        """What is kept is what a fresh look says; its tag."""
        with self.database.transaction() as session:
            unit = units.get(session, place)
            whole = of_unit(session, unit=unit, period=period, view=view)
            kept = self.answers.computed(session, unit_code=place, period=period, view=view)
            assert kept.body == orjson.dumps(whole)
            return kept.tag

    def is_provisional(self, place: str = CENTRE, view: View = View.ALL) -> bool:
        """What the sum that is kept in parts says of itself, once it is seen to be the whole."""
        self.check(place, view=view)
        with self.database.transaction() as session:
            kept = self.answers.computed(session, unit_code=place, period=FIRST, view=view)
        said: bool = orjson.loads(kept.body)["provisional"]
        return said

    def collectors(self) -> set[str]:
        """The units that every reporting unit reports to, directly."""
        with self.database.transaction() as session:
            top = units.get(session, CENTRE)
            expected = units.contributors(session, top, on=FIRST.day(25))
            return {str(row["report_parent"]) for row in expected}


@pytest.fixture(params=[1, MANY], ids=["by city", "by province"])
def country(request: pytest.FixtureRequest, seeded_url: str) -> Country:
    return Country(seeded_url, request.param)


@pytest.mark.parametrize("view", View)
def test_parts_make_the_whole_to_the_byte(country: Country, view: View) -> None:
    country.check(view=view)
    for code in (*GUANGDONG_UNITS[:8], CHANGSHA):
        country.say(code)
        country.check(view=view)
    country.say(CHANGSHA, members_total=7)

    country.check(view=view)
    country.check(GUANGDONG, view=view)
    country.check(HUNAN, view=view)


def test_a_change_makes_another_tag_and_none_the_same(country: Country) -> None:
    first = country.check()
    country.say(CHANGSHA)
    second = country.check()

    assert first != second == country.check()
    assert Country(str(country.database.engine.url.render_as_string(hide_password=False))).check() == second


def test_a_closed_month_is_provisional_until_every_unit_is_final(country: Country) -> None:
    country.say(CHANGSHA)
    country.close(GUANGDONG)
    assert country.is_provisional(GUANGDONG) is False
    assert country.is_provisional() is True

    provinces = country.collectors()
    for province in provinces - {GUANGDONG}:
        country.close(province)
        country.check()

    assert country.is_provisional() is False
    assert country.is_provisional(view=View.CENTRE) is False


def test_a_month_that_the_centre_closed_is_its_vintage(country: Country) -> None:
    country.say(CHANGSHA)
    country.close(CENTRE)
    country.check()
    country.say(CHANGSHA, members_total=7)

    assert country.is_provisional() is False
    country.check(HUNAN)


def test_an_earlier_month_matters_to_a_later_one(country: Country) -> None:
    may = Period(2015, 5)
    country.check(period=may)

    country.say(CHANGSHA)

    country.check(period=may)
    country.say(CHANGSHA, "2015-06")
    country.check(period=may)


def test_who_does_not_name_the_unit_loses_time_and_no_truth(country: Country) -> None:
    """A figure that changes with nothing but the period's counter, as other services may do it."""
    country.say(CHANGSHA)
    country.check()
    with country.database.transaction() as session:
        session.control("UPDATE figures SET closed_under = '430000'")
        revisions.bump_period(session, "2015-04")

    country.check()


def test_another_register_is_another_country(country: Country) -> None:
    country.check()
    with country.database.transaction() as session:
        row = next(u for u in units.known(session) if u.code == CHANGSHA)
        units.load(session, [replace(row, name="示例市")], by=OPERATOR, now=OPENED)

    country.check()


@pytest.mark.parametrize("limit", ["MOST_BYTES", "MOST_UNITS", "MOST_ROWS"])
def test_sums_are_the_same_however_little_may_be_kept(
    country: Country, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(parts, limit, 30)
    for code in (CHANGSHA, GUANGDONG_UNITS[0]):
        country.say(code)
        for place in (CENTRE, GUANGDONG, HUNAN, CHANGSHA):
            country.check(place)


def test_a_tag_changes_with_any_unit(country: Country) -> None:
    tags = [country.check()]
    for code in (CHANGSHA, GUANGDONG_UNITS[0]):
        country.say(code)
        tags += [country.check(), country.check()]

    assert len(set(tags)) == 3
    assert tags[1] == tags[2]


def test_a_report_leaves_the_units_of_other_cities_as_they_are(seeded_url: str) -> None:
    country = Country(seeded_url, MANY)
    country.check()
    before = dict(country.parts._units)

    country.say(CHANGSHA)
    country.check()

    changed = {key[-1] for key, unit in country.parts._units.items() if unit is not before[key]}
    assert changed == {CHANGSHA}


def test_only_a_small_sum_that_is_kept_is_quick(country: Country) -> None:
    asked = FIRST, View.ALL
    assert not country.parts.is_quick(GUANGDONG, *asked)

    country.check(GUANGDONG)
    country.check()

    assert country.parts.is_quick(GUANGDONG, *asked) == (country.parts._many == MANY)
    assert not country.parts.is_quick(HUNAN, *asked)


def test_where_nobody_reports_the_sum_is_of_nothing(country: Country) -> None:
    country.check("440606003")
