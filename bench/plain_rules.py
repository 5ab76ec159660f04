"""The rules of the shipped form written once more as plain Python: a floor to time, and an oracle to test."""

from __future__ import annotations

from app.domain.checks import Facts

STOCKS = (
    ("members_total", "members_added", "members_left", "R10"),
    ("orgs_total", "orgs_new", "orgs_dissolved", "R11"),
)
MEETINGS = ("prefectures_mobilized", "counties_mobilized", "townships_mobilized")
WATCHED = ("county_work_committees", "members_total", "orgs_total", "wechat_groups")

Line = tuple[str, str, bool]
"""A rule, the code it points at, and whether it fails."""


def failing(facts: Facts) -> list[tuple[str, str]]:
    """The rules that fail, each with the code it points at; for whole figures and a known unit."""
    c = {code: value or 0 for code, value in facts.figures.items()}
    previous = facts.previous
    is_gap = previous is None or previous.period != facts.period.previous
    lines = [*_alone(facts, c), ("R12", "period", is_gap)]
    if previous is not None:
        p = {code: value or 0 for code, value in previous.figures.items()}
        lines += _compared(facts, c, p, is_same_year=previous.period.year == facts.period.year)
        lines += [] if is_gap else _balances(c, p)
    return [(rule, code) for rule, code, fails in lines if fails]


def _alone(facts: Facts, c: dict[str, int]) -> list[Line]:
    townships, counties = c["townships_total"], c["counties_agri_total"]
    members, orgs = c["members_total"], c["orgs_total"]
    is_city = facts.unit.level in ("prefecture", "county")
    nothing = all(c[code] == 0 for code in list(c)[6:] if code != "townships_funded_20k")
    covered = {code: facts.coverage[code] or 0 for code in MEETINGS}
    return [
        ("R03", "prefectures_mobilized", is_city and c["prefectures_mobilized"] > 1),
        ("R04", "counties_mobilized", c["counties_mobilized"] > counties),
        ("R05", "townships_mobilized", c["townships_mobilized"] > townships),
        ("R06", "townships_funded_20k", c["townships_funded_20k"] > townships),
        ("R07", "county_work_committees", c["county_work_committees"] > counties),
        ("R08", "townships_total", townships == 0 and not nothing),
        *(("R09", total, c[total] + c[gone] < c[added]) for total, added, gone, _ in STOCKS),
        ("R13", "orgs_rectified", c["orgs_rectified"] > orgs + c["orgs_dissolved"]),
        ("R19", "members_total", townships > 0 and not 5 <= members / townships <= 30),
        ("R20", "orgs_total", townships > 0 and not 3 <= orgs / townships <= 60),
        ("R21", "wechat_groups", c["wechat_groups"] > orgs),
        ("R22", "coop_orgs_new", (facts.supplements.get("coop_orgs_new") or 0) > c["orgs_new"]),
        ("R23", "townships_total", townships > (facts.unit.townships or 0)),
        ("R24", "counties_agri_total", counties > (facts.unit.counties or 0)),
        *(("R25", code, c[code] > 0 and covered[code] == 0) for code in MEETINGS),
        *(("R26", code, covered[code] > c[code]) for code in MEETINGS),
        ("R34", MEETINGS[0], not c[MEETINGS[0]] and any(c[code] for code in MEETINGS[1:])),
    ]


def _compared(facts: Facts, c: dict[str, int], p: dict[str, int], *, is_same_year: bool) -> list[Line]:
    moved = {code: abs(c[code] - p[code]) for code in WATCHED}
    return [
        *(("R14", code, c[code] < p[code]) for code in MEETINGS),
        (
            "R15",
            "townships_funded_20k",
            is_same_year and c["townships_funded_20k"] < p["townships_funded_20k"],
        ),
        *(("R16", code, c[code] != p[code]) for code in ("counties_agri_total", "townships_total")),
        *(
            ("R18", code, p[code] > 0 and moved[code] > 10 and 10 * moved[code] > 3 * p[code])
            for code in WATCHED
        ),
        ("R29", "figures", bool(facts.ledger_flow) and c == p),
    ]


def _balances(c: dict[str, int], p: dict[str, int]) -> list[Line]:
    lines: list[Line] = []
    for total, added, gone, rule in STOCKS:
        fails = c[total] != p[total] + c[added] - c[gone]
        is_copied = c[total] - p[total] == (c[added] - p[added]) - (c[gone] - p[gone])
        lines += [(rule, total, fails), ("R17", added, fails and is_copied)]
    return lines
