"""Explanations: the records that count, why the others do not, the identity, and hints with their arithmetic."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter

import pytest

from app.domain.period import Window
from app.reconcile import Explanation, LedgerUnit, explain, save_roster
from app.reconcile.engine import Engine
from app.reconcile.roster.digits import slips
from tests.reconcile.roster_sample import APRIL, MAY, members, orgs, read
from tests.reconcile.sample import UNITS


def member(number: int, start: str, end: str = "", township: str = "999901101", role: str = "委员") -> str:
    return f"M{number:04},{township},,,{role},,,{start},{end},,"


def org(number: int, start: str, kind: str = "行业", end: str = "", rectified: str = "") -> str:
    return f"D{number:04},999901101,,,{kind},{start},{end},,{rectified},,,1,"


BASE = [member(i, "2014-01-01") for i in range(12)] + [member(100 + i, "2015-04-10") for i in range(5)]


@pytest.fixture
def why(engine: Engine, tmp_path: Path):
    """Explain a figure of a roster of these rows."""

    def explained(
        rows: list[str],
        indicator: str,
        reported: int | None,
        *,
        unit: str = "999900",
        window: Window = APRIL,
        previous: Window | None = None,
        units: dict[str, LedgerUnit] = UNITS,
    ) -> Explanation:
        is_member = indicator.startswith("members")
        text = members(*rows) if is_member else orgs(*rows)
        roster = read(engine, tmp_path, text, "members" if is_member else "orgs")
        path = tmp_path / "kept.parquet"
        save_roster(roster, path)
        said = {} if reported is None else {indicator: reported}
        return explain(path, unit, indicator, window, units, reported=said, previous=previous, engine=engine)

    return explained


def test_what_counts_and_what_does_not_is_listed_with_reasons(why) -> None:
    rows = [
        member(1, "2014-01-01"),
        member(2, "2014-01-01", "2015-04-01"),
        member(2, "2015-04-02"),
        member(3, "2015-04-26"),
        member(4, "2014-01-01", "2015-04-20"),
        member(5, "2014-01-01"),
        member(5, "2014-01-01"),
    ]

    found = why(rows, "members_total", None)

    assert [record["identity"] for record in found.counted] == ["M0001", "M0002", "M0005"]
    assert found.excluded == {"already-left": 1, "duplicate": 1, "merged-spell": 1, "not-yet-started": 1}
    part = next(r for r in found.excluded_records if r["reason"] == "merged-spell")
    assert (part["line"], part["part_of"]) == (4, 3)
    assert "name" not in part


def test_the_identity_is_shown_on_both_sides(engine: Engine, tmp_path: Path) -> None:
    save_roster(
        read(engine, tmp_path, members(*BASE, member(200, "2014-01-01", "2015-04-20"))), tmp_path / "m"
    )

    found = explain(
        tmp_path / "m",
        "999900",
        "members_total",
        APRIL,
        UNITS,
        reported={"members_added": 5, "members_left": 0, "members_total": 18},
        reported_before={"members_total": 13},
        engine=engine,
    ).as_json()

    assert found["identity"]["ledger"] == {"opening": 13, "added": 5, "left": 1, "total": 17, "holds": True}
    assert found["identity"]["reported"]["holds"] is True
    assert found["difference"] == 1


def test_the_period_before_is_shown_with_who_came_and_went(why) -> None:
    rows = [*BASE, member(200, "2015-05-02"), member(201, "2014-01-01", "2015-05-03")]

    found = why(rows, "members_total", None, window=MAY, previous=APRIL)

    assert found.ledger == 18
    assert found.previous["ledger"] == 18
    assert [r["identity"] for r in found.previous["came"]["records"]] == ["M0200"]
    assert [r["identity"] for r in found.previous["went"]["records"]] == ["M0201"]


SEVEN_LATE = [member(300 + i, "2015-04-26") for i in range(7)]


@pytest.mark.parametrize(
    ("rows", "indicator", "reported", "code", "arithmetic"),
    [
        (BASE + SEVEN_LATE, "members_added", 12, "days-after", "5 + 7 = 12"),
        ([*BASE, member(999, "2015-02-27")], "members_added", 6, "days-before", "5 + 1 = 6"),
        ([*BASE, member(400, "2015-04-25")], "members_added", 5, "last-day-left-out", "6 − 1 = 5"),
        (
            [*BASE, member(400, "2014-01-01", "2015-04-02")],
            "members_total",
            18,
            "leavers-kept",
            "17 + 1 = 18",
        ),
        (BASE, "members_total", 12, "opening", "17 − 5 = 12"),
        (BASE, "members_total", 71, "transposed", "17 → 71"),
        (BASE, "members_total", 1, "digit-missing", "17 → 1"),
        (BASE, "members_added", 17, "swapped", "5 + 12 = 17"),
        (
            [*BASE, member(500, "2015-03-01", "2015-03-31"), member(500, "2015-04-01")],
            "members_added",
            7,
            "spells-apart",
            "6 + 1 = 7",
        ),
        ([*BASE, BASE[-1]], "members_added", 6, "duplicates-counted", "5 + 1 = 6"),
        (
            [*BASE, member(104, "2015-04-10", township="999901102")],
            "members_added",
            5,
            "people-not-posts",
            "6 − 1 = 5",
        ),
        (
            [*BASE, member(7, "2015-04-10", township="999901102")],
            "members_added",
            5,
            "without-township",
            "6 − 1 = 5",
        ),
        (
            [org(1, "2015-04-01"), org(2, "2015-04-02"), org(3, "2015-04-03", "村团组织")],
            "orgs_new",
            3,
            "villages-counted",
            "2 + 1 = 3",
        ),
        (
            [org(1, "2013-04-01", rectified="2015-04-01;2015-04-09"), org(2, "2013-04-02")],
            "orgs_rectified",
            2,
            "times-not-organizations",
            "1 + 1 = 2",
        ),
    ],
)
def test_a_difference_has_a_hint(
    why, rows: list[str], indicator: str, reported: int, code: str, arithmetic: str
) -> None:
    found = why(rows, indicator, reported)

    assert (code, arithmetic) in [(hint.code, hint.arithmetic) for hint in found.hints]


def test_the_calendar_month_and_the_cumulative_reading_are_tried(why) -> None:
    rows = [*BASE, member(600, "2015-04-28"), member(601, "2015-05-10"), member(602, "2015-05-30")]

    month = why(rows, "members_added", 2, window=MAY, previous=APRIL)
    cumulative = why(rows, "members_added", 7, window=MAY, previous=APRIL)
    before = why([*rows, member(603, "2015-05-11")], "members_added", 5, window=MAY, previous=APRIL)

    assert month.ledger == 2
    assert month.hints == ()
    assert cumulative.hints[0].code == "cumulative"
    assert before.hints[0].code == "previous-window"


def test_a_unit_that_lies_inside_a_city_by_its_code_is_tried(why) -> None:
    units = {
        "440000": LedgerUnit("440000", "示例省", None, None),
        "440600": LedgerUnit("440600", "示例市", "440600", "440000"),
        "440604": LedgerUnit("440604", "示例县", "440600", "440600"),
        "440606": LedgerUnit("440606", "示例区", "440606", "440000"),
        **UNITS,
        "999899": LedgerUnit("999899", "样本区", "999899", "990000"),
        "999899101": LedgerUnit("999899101", "样本镇", "999899", "999899"),
        "999800": LedgerUnit("999800", "样本大市", "999800", "990000"),
        "999801101": LedgerUnit("999801101", "样本二镇", "999800", "999800"),
    }
    rows = [member(1, "2015-04-01", township="999806101")]

    found = why(rows, "members_added", 1, unit="999800", units=units)

    assert found.ledger == 0
    hint = next(hint for hint in found.hints if hint.code == "with-unit-beside")
    assert "示例区 999806" in hint.message.zh
    assert hint.arithmetic == "0 + 1 = 1"


def test_equal_figures_need_no_hint(why) -> None:
    assert why(BASE, "members_added", 5).hints == ()


def test_an_indicator_that_no_roster_decides_is_a_mistake_of_the_caller(why) -> None:
    with pytest.raises(KeyError):
        why(BASE, "members_of_the_band", 1)


@pytest.mark.parametrize(
    ("meant", "written", "codes"),
    [
        (123, 132, ["transposed"]),
        (123, 321, ["transposed"]),
        (123, 124, ["digit-differs"]),
        (123, 13, ["digit-missing"]),
        (123, 1123, ["digit-extra"]),
        (123, 123, []),
        (5, 6, []),
        (123, 456, []),
    ],
)
def test_slips_of_the_finger(meant: int, written: int, codes: list[str]) -> None:
    assert list(slips(meant, written)) == codes


def test_an_explanation_takes_a_moment(engine: Engine, tmp_path: Path) -> None:
    rows = [member(i, "2014-01-01", township=("999901101", "999806101")[i % 2]) for i in range(40_000)]
    save_roster(read(engine, tmp_path, members(*rows)), tmp_path / "m")

    began = perf_counter()
    found = explain(tmp_path / "m", "999900", "members_total", APRIL, UNITS, reported={"members_total": 1})

    assert found.ledger == 20_000
    # A tenth of this on a quiet machine; the bench holds the real limit.
    assert perf_counter() - began < 3


def test_dates_are_plain_text_in_json(why) -> None:
    record = why(BASE, "members_added", None).as_json()["counted"]["records"][0]

    assert (record["begun"], record["township"], date.fromisoformat(record["begun"]).year) == (
        "2015-04-10",
        "999901101",
        2015,
    )
