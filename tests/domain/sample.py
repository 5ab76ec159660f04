"""The shipped form, and a city's sound report of 2015-05 with its predecessor, from which cases depart."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.checks import Facts, Figures, Previous, UnitFacts
from app.domain.form import FormVersion, builtin_forms, load_form
from app.domain.period import Period


def sound(text: str) -> FormVersion:
    """The form of a definition that has no defects."""
    form, findings = load_form(text)
    assert form is not None, findings
    return form


TEXT = builtin_forms()[0]
FORM = sound(TEXT)
APRIL, MAY = Period(2015, 4), Period(2015, 5)
CITY = UnitFacts("prefecture", counties=4, townships=15)

NOW: Mapping[str, int] = {
    "prefectures_mobilized": 1,
    "counties_agri_total": 4,
    "counties_mobilized": 4,
    "county_work_committees": 3,
    "townships_total": 15,
    "townships_mobilized": 15,
    "members_added": 3,
    "members_left": 1,
    "members_total": 202,
    "townships_funded_20k": 10,
    "orgs_new": 20,
    "orgs_dissolved": 2,
    "orgs_rectified": 1,
    "orgs_total": 336,
    "wechat_groups": 290,
}
BEFORE: Mapping[str, int] = {
    **NOW,
    "members_added": 5,
    "members_left": 4,
    "members_total": 200,
    "orgs_new": 9,
    "orgs_dissolved": 1,
    "orgs_total": 318,
    "wechat_groups": 280,
}
COVERED: Mapping[str, int] = {
    "prefectures_mobilized": 1,
    "counties_mobilized": 4,
    "townships_mobilized": 15,
}


def facts(
    c: Figures | None = None,
    p: Figures | None = None,
    *,
    x: int | None = None,
    e: Figures | None = None,
    unit: UnitFacts = CITY,
    flow: bool | None = None,
    period: str = "2015-05",
    after: str | None = "2015-04",
) -> Facts:
    """The sample's facts with other figures, predecessor, supplement, coverage, unit, ledger or months."""
    previous = Previous(Period.parse(after), {**BEFORE, **(p or {})}) if after else None
    return Facts(
        period=Period.parse(period),
        unit=unit,
        figures={**NOW, **(c or {})},
        supplements={} if x is None else {"coop_orgs_new": x},
        previous=previous,
        ledger_flow=flow,
        coverage={**COVERED, **(e or {})},
    )
