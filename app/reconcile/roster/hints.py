"""What would explain a difference: named other readings of the same records, each tried, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from app.domain.period import Period, Window
from app.errors import Text
from app.reconcile.roster.case import ADDED, LEFT, RECTIFIED, TOTAL, Case, when
from app.reconcile.roster.digits import slips

FIRST_START = date(2015, 2, 28)
"""The day after which the work began (附件2 二.1)."""
NEAR = 10
"""Days around the window's ends that are looked at one by one."""
LISTED = 10

HINTS: dict[str, Text] = {
    "calendar-month": Text("填报数等于按自然月统计", "reported equals the calendar-month window"),
    "previous-window": Text("填报数等于上一期的数", "reported equals the figure of the period before"),
    "cumulative": Text(
        "填报数等于自开展以来的累计数", "reported equals the cumulative figure since the beginning"
    ),
    "opening": Text("填报数等于期初数", "reported equals the opening stock"),
    "last-day-left-out": Text("填报数未含截止日当天", "reported leaves out the cut-off day"),
    "first-day-included": Text(
        "填报数含上期截止日当天", "reported includes the cut-off day of the period before"
    ),
    "leavers-kept": Text("填报数未减去已退出（撤销）的", "reported still counts those that have left"),
    "net": Text("填报数等于新增减退出的净数", "reported equals the net of added and left"),
    "spells-apart": Text(
        "填报数把同一人的连续任期分别计算", "reported counts spells that continue one another apart"
    ),
    "duplicates-counted": Text("填报数含重复行", "reported counts duplicate rows"),
    "villages-counted": Text("填报数含村团组织", "reported counts village organizations"),
    "back-entries-by-date": Text(
        "填报数把补录计入其发生的期别", "reported counts back-entries in the period of their date"
    ),
    "without-streets": Text("填报数未含街道", "reported leaves out the streets"),
    "times-not-organizations": Text(
        "填报数按整顿次数而非组织数", "reported counts rectifications, not organizations"
    ),
    "people-not-posts": Text(
        "填报数把在多个乡镇任职的人只计一次", "reported counts a person in several townships once"
    ),
    "swapped": Text(
        "填报数等于台账的另一栏，两栏可能填反", "reported equals another figure; columns may be swapped"
    ),
    "with-unit-beside": Text(
        "填报数含代码在本市内、单独填报的单位",
        "reported equals the ledger including units that answer for themselves",
    ),
    "without-township": Text(
        "差额等于一个乡镇的数，可能漏报", "the difference is one township's figure, which may be missing"
    ),
    "days-after": Text("截止日之后几天的记录可能计入", "records just after the window may have been counted"),
    "days-before": Text(
        "窗口开始前几天的记录可能计入", "records just before the window may have been counted"
    ),
    "last-days": Text("截止日前几天的记录可能未计入", "records of the last days may have been left out"),
    "transposed": Text("两位数字可能颠倒", "two digits transposed"),
    "digit-missing": Text("可能少写一位数字", "a digit may be missing"),
    "digit-extra": Text("可能多写一位数字", "a digit may be one too many"),
    "digit-differs": Text("可能写错一位数字", "one digit may be wrong"),
}
"""What each hint says; the likeliest reading stands first, and ties are ranked in this order."""

_RANK = {code: place for place, code in enumerate(HINTS)}


@dataclass(frozen=True, slots=True)
class Hint:
    """A hypothesis: the reading `code` gives `value`, which is what was reported, by this arithmetic.

    `records` is how many records make the difference, None where no record does.
    """

    code: str
    message: Text
    value: int
    arithmetic: str
    records: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The hint as the HTTP contract writes it."""
        return {
            "code": self.code,
            "message": self.message._asdict(),
            "value": self.value,
            "arithmetic": self.arithmetic,
            "records": self.records,
        }


class _Reading(NamedTuple):
    """A code, the condition of what it counts, and what it counts if not records."""

    code: str
    condition: str
    counted: str = "*"
    detail: Text = Text("", "")


def find_hints(
    case: Case, reported: int, numbers: Mapping[str, int], *, previous: Window | None, first: date | None
) -> tuple[Hint, ...]:
    """At most ten readings that give exactly what was reported, the likeliest first.

    `numbers` are the unit's added, left and total, and as `value` the figure itself. All readings of records
    are counted in one pass.
    """
    ledger = numbers["value"]
    readings = list(_readings(case, previous, Window(first or FIRST_START, case.window.end)))
    picked = ", ".join(f"count({r.counted}) FILTER ({r.condition})" for r in readings)
    values = case.rows(f"SELECT {picked} FROM held")[0]
    found = [
        hint(reading.code, value, ledger, reading.detail)
        for reading, value in zip(readings, values, strict=True)
        if value == reported
    ]
    found += _other_figures(case, reported, numbers)
    found += _days_around(case, reported, ledger)
    found += _townships(case, reported, ledger)
    found += [Hint(code, HINTS[code], reported, f"{ledger} → {reported}") for code in slips(ledger, reported)]
    return ranked(found)


def ranked(found: Iterable[Hint]) -> tuple[Hint, ...]:
    """At most ten of the hints, the likeliest first."""
    return tuple(sorted(found, key=lambda each: _RANK[each.code])[:LISTED])


def hint(code: str, value: int, ledger: int, detail: Text = Text("", ""), records: int | None = None) -> Hint:
    """The hint of a code: this reading gives `value`, where the ledger says `ledger`."""
    message = HINTS[code]
    said = Text(message.zh + detail.zh, message.en + detail.en)
    return Hint(
        code, said, value, _arithmetic(ledger, value), abs(value - ledger) if records is None else records
    )


def _arithmetic(ledger: int, value: int) -> str:
    return f"{ledger} {'+' if value >= ledger else '−'} {abs(value - ledger)} = {value}"


def _readings(case: Case, previous: Window | None, since: Window) -> Iterator[_Reading]:
    own = f"is_own AND {case.scope}"
    plain = f"{own} AND reason IS NULL"

    def windows(code: str, window: Window, detail: Text = Text("", "")) -> _Reading:
        return _Reading(code, f"{plain} AND {when(case.role, window)}", detail=detail)

    start, end = case.window
    yield windows("calendar-month", _calendar_month(end))
    if previous is not None:
        yield windows("previous-window", previous)
    if case.role != TOTAL:
        yield windows("cumulative", since, Text(f"（{since.start} 之后）", f" (after {since.start})"))
        yield windows("first-day-included", Window(start - timedelta(1), end))
    else:
        yield _Reading("opening", f"{plain} AND {when('opening', case.window)}")
        yield _Reading("leavers-kept", f"{plain} AND counts_from <= DATE '{end}'")
    yield windows("last-day-left-out", Window(start, end - timedelta(1)))
    yield from _records_otherwise(case, own)
    yield _Reading("without-streets", f"{case.counts} AND (township // 100) % 10 <> 0")
    if case.beside:
        named = "、".join(f"{unit.name} {unit.code}" for unit in case.beside)
        everybody = f"reason IS NULL AND {case.scope} AND {when(case.role, case.window)}"
        yield _Reading("with-unit-beside", everybody, detail=Text(f"：{named}", f": {named}"))


def _records_otherwise(case: Case, own: str) -> Iterator[_Reading]:
    """The same window over other records, or with each day as the record says it."""
    as_said = when(case.role, case.window, "begun", "ended", "rectified")
    by_spell = when(case.role, case.window, "begun", "spell_ended", "rectified")
    yield _Reading("back-entries-by-date", f"{own} AND reason IS NULL AND {by_spell}")
    yield _Reading("duplicates-counted", f"({case.counts}) OR ({own} AND reason = 'duplicate' AND {as_said})")
    if "role" in case.terms:
        among = "reason IS NULL OR reason = 'merged-spell'"
        yield _Reading("spells-apart", f"{own} AND ({among}) AND {as_said}")
        yield _Reading("people-not-posts", case.counts, "DISTINCT identity")
    else:
        village = "reason = 'village-organization'"
        yield _Reading("villages-counted", f"({case.counts}) OR (is_own AND {village} AND {as_said})")


def _calendar_month(end: date) -> Window:
    month = Period(end.year, end.month)
    return Window(month.day(1) - timedelta(1), month.day(31))


def _other_figures(case: Case, reported: int, numbers: Mapping[str, int]) -> Iterator[Hint]:
    """The unit's other figures of the same roster, and what net counting gives."""
    ledger, values = numbers["value"], {role: numbers[role] for role in (ADDED, LEFT, TOTAL)}
    net = values[ADDED] - values[LEFT]
    if case.role in (ADDED, LEFT) and case.scope == "true" and reported in (net, -net) and values[LEFT]:
        arithmetic = f"{values[ADDED]} − {values[LEFT]} = {net}"
        yield Hint("net", HINTS["net"], reported, arithmetic)
    for role, value in values.items():
        if role != case.role and value == reported and value:
            yield hint("swapped", value, ledger)
    if case.role == RECTIFIED:
        start, end = case.window
        days = f"list_filter(string_split(counts_rectified, ';'), lambda day: day > '{start}' AND day <= '{end}')"
        (times,) = case.rows(f"SELECT coalesce(sum(len({days})), 0)::BIGINT FROM held WHERE {case.counts}")[0]
        if times == reported:
            yield hint("times-not-organizations", times, ledger)


def _days_around(case: Case, reported: int, ledger: int) -> Iterator[Hint]:
    """Records on days near the ends of the window that make the difference exactly."""
    column = {ADDED: "counts_from", LEFT: "counts_until", TOTAL: "counts_from"}.get(case.role)
    if column is None:
        return
    start, end = case.window
    plain = f"is_own AND reason IS NULL AND {case.scope} AND {column}"
    rows = case.rows(
        f"SELECT {column}, count(*) FROM held WHERE {plain} BETWEEN DATE '{start - timedelta(NEAR)}'"
        f" AND DATE '{end + timedelta(NEAR)}' GROUP BY {column}"
    )
    by_day = dict(rows)
    missing = reported - ledger
    around = [("days-after", [end + timedelta(i) for i in range(1, NEAR + 1)], missing)]
    around.append(("last-days", [end - timedelta(i) for i in range(NEAR)], -missing))
    if case.role != TOTAL:
        around.append(("days-before", [start - timedelta(i) for i in range(NEAR)], missing))
    for code, days, wanted in around:
        if wanted > 0:
            yield from _runs(code, days, by_day, wanted, reported, ledger)


def _runs(
    code: str, days: Sequence[date], by_day: dict[date, int], wanted: int, reported: int, ledger: int
) -> Iterator[Hint]:
    """The shortest run of days from the window's end that has as many records as are wanted, or one such day."""
    total = 0
    for distance, day in enumerate(days, 1):
        total += by_day.get(day, 0)
        if total == wanted or by_day.get(day) == wanted:
            span = (day,) if by_day.get(day) == wanted else (days[0], day)
            yield hint(code, reported, ledger, _days_text(wanted, span, distance), wanted)
            return


def _days_text(records: int, days: tuple[date, ...], distance: int) -> Text:
    said = " – ".join(day.isoformat() for day in days)
    return Text(
        f"：{said} 有 {records} 条（第 {distance} 天）", f": {records} records on {said} (day {distance})"
    )


def _townships(case: Case, reported: int, ledger: int) -> Iterator[Hint]:
    """The townships whose own figure is what was left out; more than three would say nothing."""
    missing = ledger - reported
    if missing <= 0:
        return
    rows = case.rows(
        f"SELECT township FROM held WHERE {case.counts} GROUP BY township HAVING count(*) = {missing}"
        " ORDER BY township LIMIT 4"
    )
    if len(rows) <= 3:
        for (township,) in rows:
            yield hint("without-township", reported, ledger, Text(f"：{township}", f": {township}"))
