"""The rules of the shipped form written once more as plain Python: a floor to time, and an oracle to test."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks import Facts

STOCKS = (
    ("members_total", "members_added", "members_left", "R10"),
    ("orgs_total", "orgs_new", "orgs_dissolved", "R11"),
)
MEETINGS = ("prefectures_mobilized", "counties_mobilized", "townships_mobilized")


def failing(facts: Facts) -> list[tuple[str, str]]:
    """The rules that fail, each with the code it points at, for whole figures and a known unit."""
    c = {code: value or 0 for code, value in facts.figures.items()}
    return [*_alone(facts, c), *_compared(facts, c)]


def _alone(facts: Facts, c: dict[str, int]) -> Iterator[tuple[str, str]]:
    townships, counties = c["townships_total"], c["counties_agri_total"]
    if facts.unit.level in ("prefecture", "county") and c["prefectures_mobilized"] > 1:
        yield "R03", "prefectures_mobilized"
    if c["counties_mobilized"] > counties:
        yield "R04", "counties_mobilized"
    if c["townships_mobilized"] > townships:
        yield "R05", "townships_mobilized"
    if c["townships_funded_20k"] > townships:
        yield "R06", "townships_funded_20k"
    if c["county_work_committees"] > counties:
        yield "R07", "county_work_committees"
    if townships == 0 and any(c[code] for code in list(c)[6:] if code != "townships_funded_20k"):
        yield "R08", "townships_total"
    for total, added, gone, _ in STOCKS:
        if c[total] - c[added] + c[gone] < 0:
            yield "R09", total
    if c["orgs_rectified"] > c["orgs_total"] + c["orgs_dissolved"]:
        yield "R13", "orgs_rectified"
    if townships and not 5 <= c["members_total"] / townships <= 30:
        yield "R19", "members_total"
    if townships and not 3 <= c["orgs_total"] / townships <= 60:
        yield "R20", "orgs_total"
    if c["wechat_groups"] > c["orgs_total"]:
        yield "R21", "wechat_groups"
    if (facts.supplements.get("coop_orgs_new") or 0) > c["orgs_new"]:
        yield "R22", "coop_orgs_new"
    if townships > (facts.unit.townships or 0):
        yield "R23", "townships_total"
    if counties > (facts.unit.counties or 0):
        yield "R24", "counties_agri_total"
    for code in MEETINGS:
        covered = facts.coverage[code] or 0
        if c[code] and not covered:
            yield "R25", code
        if covered > c[code]:
            yield "R26", code
    if not c["prefectures_mobilized"] and (c["counties_mobilized"] or c["townships_mobilized"]):
        yield "R34", "prefectures_mobilized"


def _compared(facts: Facts, c: dict[str, int]) -> Iterator[tuple[str, str]]:
    before = facts.previous
    if before is None:
        yield "R12", "period"
        return
    p = {code: value or 0 for code, value in before.figures.items()}
    if before.period != facts.period.previous:
        yield "R12", "period"
    else:
        yield from _balances(c, p)
    for code in MEETINGS:
        if c[code] < p[code]:
            yield "R14", code
    if before.period.year == facts.period.year and c["townships_funded_20k"] < p["townships_funded_20k"]:
        yield "R15", "townships_funded_20k"
    for code in ("counties_agri_total", "townships_total"):
        if c[code] != p[code]:
            yield "R16", code
    for code in ("county_work_committees", "members_total", "orgs_total", "wechat_groups"):
        moved = abs(c[code] - p[code])
        if p[code] and moved > 10 and 100 * moved > 30 * p[code]:
            yield "R18", code
    if facts.ledger_flow and c == p:
        yield "R29", "figures"


def _balances(c: dict[str, int], p: dict[str, int]) -> Iterator[tuple[str, str]]:
    for total, added, gone, rule in STOCKS:
        if c[total] != p[total] + c[added] - c[gone]:
            yield rule, total
            if c[total] - p[total] == (c[added] - p[added]) - (c[gone] - p[gone]):
                yield "R17", added
