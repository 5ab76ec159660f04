"""Figures derived from rosters: agreement with a plain oracle, the stock-flow identity, back-entries, levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.period import Window
from app.reconcile import DERIVED, Rosters, derive, reconcile, save_roster
from app.reconcile.engine import Engine
from app.reconcile.roster.run import RosterKind, RosterOptions
from tests.reconcile.roster_sample import (
    APRIL,
    FARMER,
    FRUIT,
    MAY,
    SECRETARY,
    STREET,
    TEACHER,
    members,
    orgs,
    read,
)
from tests.reconcile.sample import UNITS, cell

FIRST = date(2015, 4, 1)
TOWNSHIPS = ("999901101", "999901102", "999806101")
ABOVE = {
    "999901101": ("999901101", "999901", "999900", "990000", "000000"),
    "999901102": ("999901102", "999901", "999900", "990000", "000000"),
    "999806101": ("999806101", "999806", "990000", "000000"),
}
LEVELS = ["999901101", "999901", "999806", "999900", "990000", "000000"]


@dataclass(frozen=True, order=True)
class Spell:
    """A record of the oracle."""

    identity: str
    township: str
    begun: date
    ended: date | None = None
    kind: str = ""
    rectified: tuple[date, ...] = ()
    groups: int = 0


days = st.integers(0, 60).map(lambda n: FIRST + timedelta(n))


@st.composite
def spells(draw: st.DrawFn, *, is_org: bool = False) -> Spell:
    begun = draw(days)
    ended = draw(st.none() | st.integers(0, 40).map(lambda n: begun + timedelta(n)))
    township = draw(st.sampled_from(TOWNSHIPS))
    if not is_org:
        return Spell(draw(st.sampled_from(["M1", "M2", "M3"])), township, begun, ended)
    kind = draw(st.sampled_from(["农村合作组织", "行业"]))
    rectified = tuple(sorted(draw(st.sets(days, max_size=3))))
    name = draw(st.integers(1, 50))
    return Spell(f"D{name}", township, begun, ended, kind, rectified, draw(st.integers(0, 3)))


windows = st.tuples(days, st.integers(1, 40)).map(lambda pair: Window(pair[0], pair[0] + timedelta(pair[1])))


def unique(found: list[Spell], *, is_org: bool) -> list[Spell]:
    keys = {(s.identity,) if is_org else (s.identity, s.township, s.begun): s for s in found}
    return list(keys.values())


def merged(found: list[Spell]) -> list[Spell]:
    """The oracle: next start ≤ previous end + 1 day in one township is one spell."""
    result = []
    ordered = sorted(found, key=lambda s: (s.identity, s.township, s.begun))
    for _, group in groupby(ordered, key=lambda s: (s.identity, s.township)):
        current: Spell | None = None
        for spell in group:
            if current and (current.ended is None or spell.begun <= current.ended + timedelta(1)):
                ends = (current.ended, spell.ended)
                ended = None if None in ends else max(ends)  # type: ignore[type-var]
                current = Spell(current.identity, current.township, current.begun, ended)
            else:
                result += [current] if current else []
                current = spell
        result += [current] if current else []
    return result


def count(found: list[Spell], window: Window) -> tuple[int, int, int]:
    """Added, left and alive, as domain.md 4.4 writes it."""
    s, e = window
    return (
        sum(s < m.begun <= e for m in found),
        sum(m.ended is not None and s < m.ended <= e for m in found),
        sum(m.begun <= e and (m.ended is None or m.ended > e) for m in found),
    )


def member_line(m: Spell) -> str:
    return f"{m.identity},{m.township},,,委员,,,{m.begun},{m.ended or ''},,"


def org_line(o: Spell) -> str:
    rectified = ";".join(map(str, o.rectified))
    return f"{o.identity},{o.township},,,{o.kind},{o.begun},{o.ended or ''},,{rectified},,,{o.groups},"


SLOW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(st.lists(spells(), min_size=1, max_size=9), st.lists(windows, min_size=1, max_size=3))
def test_members_agree_with_the_oracle_and_the_identity_holds(
    engine: Engine, tmp_path: Path, given_spells: list[Spell], given_windows: list[Window]
) -> None:
    records = unique(given_spells, is_org=False)
    named = {str(i): w for i, w in enumerate(given_windows)}
    named |= {f"before {i}": Window(w.start - timedelta(1), w.start) for i, w in enumerate(given_windows)}

    roster = read(engine, tmp_path, members(*map(member_line, records)))
    figures = derive(roster, None, named, UNITS, engine=engine, at=LEVELS)

    assert roster.ok
    for unit in LEVELS:
        mine = [m for m in merged(records) if unit in ABOVE[m.township]]
        for name, window in named.items():
            found = figures[name, unit]
            assert (found["members_added"], found["members_left"], found["members_total"]) == count(
                mine, window
            )
        for i in range(len(given_windows)):
            now, opening = figures[str(i), unit], figures[f"before {i}", unit]["members_total"]
            assert opening is not None
            assert opening + now["members_added"] - now["members_left"] == now["members_total"]  # type: ignore[operator]


@SLOW
@given(st.lists(spells(is_org=True), min_size=1, max_size=9), windows)
def test_organizations_agree_with_the_oracle(
    engine: Engine, tmp_path: Path, given_orgs: list[Spell], window: Window
) -> None:
    records = unique(given_orgs, is_org=True)
    s, e = window

    roster = read(engine, tmp_path, orgs(*map(org_line, records)), "orgs")
    path = tmp_path / "orgs.parquet"
    save_roster(roster, path)
    figures = derive(None, roster, {"w": window}, UNITS, engine=engine, at=LEVELS)
    kept = derive(None, path, {"w": window}, UNITS, engine=engine, at=LEVELS)

    assert figures == kept
    for unit in LEVELS:
        mine = [o for o in records if unit in ABOVE[o.township]]
        new, dissolved, total = count(mine, window)
        alive = [o for o in mine if o.begun <= e and (o.ended is None or o.ended > e)]
        assert figures["w", unit] == dict.fromkeys(DERIVED) | {
            "orgs_new": new,
            "orgs_dissolved": dissolved,
            "orgs_total": total,
            "orgs_rectified": sum(any(s < day <= e for day in o.rectified) for o in mine),
            "coop_orgs_new": sum(s < o.begun <= e and o.kind == "农村合作组织" for o in mine),
            "wechat_groups": sum(o.groups for o in alive),
        }


def test_a_unit_that_reports_for_itself_is_not_counted_in_its_city(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, members(SECRETARY, FARMER, TEACHER))

    figures = derive(roster, None, {"2015-04": APRIL}, UNITS, engine=engine)

    assert {unit: row["members_added"] for (_, unit), row in figures.items()} == {
        "999700": 0,
        "999806": 1,
        "999900": 1,
    }


@pytest.mark.parametrize(
    ("second", "added", "left", "total"),
    [("2015-04-20", 1, 0, 1), ("2015-04-21", 1, 0, 1), ("2015-04-22", 2, 1, 1)],
    ids=["same day", "next day", "a day later"],
)
def test_spells_merge_up_to_a_day_after(
    engine: Engine, tmp_path: Path, second: str, added: int, left: int, total: int
) -> None:
    again = cell(cell(FARMER, 7, second), 8, "")

    roster = read(engine, tmp_path, members(FARMER, again))
    figures = derive(roster, None, {"w": APRIL}, UNITS, engine=engine)["w", "999900"]

    assert (figures["members_added"], figures["members_left"], figures["members_total"]) == (
        added,
        left,
        total,
    )


def test_back_entries_count_in_the_first_open_period(engine: Engine, tmp_path: Path) -> None:
    late = cell(FARMER, 0, "M0009")
    before, after = tmp_path / "before.parquet", tmp_path / "after.parquet"
    two = {"2015-04": APRIL, "2015-05": MAY}
    save_roster(read(engine, tmp_path, members(SECRETARY, TEACHER)), before)
    closed = derive(before, None, two, UNITS, engine=engine)["2015-04", "999900"]

    roster = read(engine, tmp_path, members(SECRETARY, TEACHER, late, cell(late, 0, "M0010")))
    save_roster(roster, after, earlier=before, closed=APRIL.end)
    figures = derive(after, None, two, UNITS, engine=engine)

    assert figures["2015-04", "999900"] == closed
    assert figures["2015-05", "999900"]["members_added"] == 2
    assert figures["2015-05", "999900"]["members_left"] == 2
    moved = engine.execute(f"SELECT identity FROM '{after}' WHERE is_back_entry ORDER BY 1").fetchall()
    assert moved == [("M0009",), ("M0010",)]


def test_an_end_entered_late_counts_in_the_first_open_period(engine: Engine, tmp_path: Path) -> None:
    before, after, later = (tmp_path / f"{name}.parquet" for name in ("before", "after", "later"))
    two = {"2015-04": APRIL, "2015-05": MAY}
    save_roster(read(engine, tmp_path, members(SECRETARY)), before)

    roster = read(engine, tmp_path, members(cell(SECRETARY, 8, "2015-04-20")))
    save_roster(roster, after, earlier=before, closed=APRIL.end)
    save_roster(roster, later, earlier=after, closed=MAY.end)
    figures = derive(after, None, two, UNITS, engine=engine)

    assert figures["2015-04", "999900"]["members_total"] == 1
    assert figures["2015-05", "999900"]["members_left"] == 1
    assert derive(later, None, two, UNITS, engine=engine) == figures


def test_a_rectification_entered_late_counts_in_the_first_open_period(engine: Engine, tmp_path: Path) -> None:
    before, after = tmp_path / "before.parquet", tmp_path / "after.parquet"
    save_roster(read(engine, tmp_path, orgs(FRUIT, STREET), "orgs"), before)

    roster = read(engine, tmp_path, orgs(FRUIT, cell(STREET, 8, "2015-04-09")), "orgs")
    save_roster(roster, after, earlier=before, closed=APRIL.end)
    figures = derive(None, after, {"2015-04": APRIL, "2015-05": MAY}, UNITS, engine=engine)

    assert figures["2015-04", "999900"]["orgs_rectified"] == 1
    assert figures["2015-05", "999900"]["orgs_rectified"] == 1


def test_a_refused_roster_has_no_figures(engine: Engine, tmp_path: Path) -> None:
    roster = read(engine, tmp_path, members(cell(SECRETARY, 7, "")))

    with pytest.raises(ValueError, match="accepted"):
        derive(roster, None, {"w": APRIL}, UNITS, engine=engine)
    with pytest.raises(ValueError, match="accepted"):
        save_roster(roster, tmp_path / "x.parquet")


REPORTED = {
    "2015-04": {
        "999900": {
            "members_added": 1,
            "members_left": 1,
            "members_total": 2,
            "orgs_new": 1,
            "orgs_dissolved": 0,
            "orgs_rectified": 1,
            "orgs_total": 2,
        }
    }
}


def test_rosters_are_reconciled_in_one_call(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(members(SECRETARY, FARMER, TEACHER), encoding="utf-8")
    (tmp_path / "o.csv").write_text(orgs(FRUIT, STREET), encoding="utf-8")

    result = reconcile(Rosters(tmp_path / "m.csv", tmp_path / "o.csv"), REPORTED, UNITS)

    assert result.ok
    assert [(m["indicator"], m["difference"]) for m in result.comparisons["2015-04"].mismatches] == [
        ("members_total", 1)
    ]
    assert result.figures["2015-04", "999900"]["wechat_groups"] == 3


def test_back_entries_are_moved_in_that_call_too(engine: Engine, tmp_path: Path) -> None:
    before = tmp_path / "before.parquet"
    save_roster(read(engine, tmp_path, members(SECRETARY)), before)
    (tmp_path / "m.csv").write_text(members(SECRETARY, FARMER), encoding="utf-8")
    options = RosterOptions(earlier={RosterKind.MEMBERS: before}, closed=APRIL.end)

    result = reconcile(Rosters(tmp_path / "m.csv", None), REPORTED, UNITS, options=options)

    assert result.figures["2015-04", "999900"]["members_added"] == 0
    assert result.figures["2015-04", "999900"]["orgs_total"] is None


def test_one_error_in_either_roster_and_nothing_is_compared(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(members(cell(SECRETARY, 7, "")), encoding="utf-8")
    (tmp_path / "o.csv").write_text(orgs(FRUIT), encoding="utf-8")

    result = reconcile(Rosters(tmp_path / "m.csv", tmp_path / "o.csv"), REPORTED, UNITS)

    assert (result.ok, dict(result.comparisons), dict(result.figures)) == (False, {}, {})
