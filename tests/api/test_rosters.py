"""Rosters as imports: what they decide, what they leave, and how they are refused."""

from __future__ import annotations

from tests.ledger import SEVEN
from tests.rosters import member, org, sent
from tests.samples import SHUNDE
from tests.service import Service

AFTER = "2015-04-26T09:00:00+08:00"


def effective(service: Service, period: str = "2015-04") -> dict[str, int | None]:
    """What counts for Shunde, of the figures that a ledger decides."""
    answer = service.get(f"/api/v1/aggregates/{period}/{SHUNDE}", by="reviewer").json
    return {code: answer["units"][0]["effective"][code] for code in SEVEN}


def test_a_pair_of_rosters_decides_the_seven_figures(service: Service) -> None:
    service.clock.set(AFTER)

    members = sent(
        service, member(1, "2014-01-01"), member(2, "2015-04-02"), member(3, "2014-01-01", "2015-04-03")
    )
    orgs = sent(
        service,
        org(1, "2014-01-01"),
        org(2, "2015-04-02"),
        org(3, "2014-01-01", "2015-04-03", "2015-04-01"),
        kind="orgs",
    )

    assert members.status == 201, members.json
    assert orgs.status == 201, orgs.json
    assert (members.json["kind"], members.json["periods"], members.json["units"]) == (
        "members",
        ["2015-04"],
        [SHUNDE],
    )
    assert members.json["records"] == {"added": 3, "changed": 0, "removed": 0, "back_entries": 0}
    assert effective(service) == {
        "members_added": 1,
        "members_left": 1,
        "members_total": 2,
        "orgs_new": 1,
        "orgs_dissolved": 1,
        "orgs_rectified": 1,
        "orgs_total": 2,
    }
