"""Rosters for tests to bend: rows of towns of Shunde, as an office sends them."""

from __future__ import annotations

from tests.ledger import IMPORTS, SEVEN
from tests.samples import SHUNDE
from tests.service import Answer, Service

MEMBERS = "member_id,township_code,name,role,start_date,end_date"
ORGS = "org_id,township_code,org_name,org_type,founded_on,dissolved_on,rectified_on,wechat_groups"
TOWN, OTHER_TOWN = "440606101", "440606102"


def member(number: int, start: str, end: str = "", *, town: str = TOWN, name: str = "示例某") -> str:
    """A member's row."""
    return f"M{number:04},{town},{name},委员,{start},{end}\n"


def org(number: int, founded: str, dissolved: str = "", rectified: str = "", *, kind: str = "企业") -> str:
    """An organization's row."""
    return f"D{number:04},{TOWN},示例团支部,{kind},{founded},{dissolved},{rectified},1\n"


def roster(*rows: str, kind: str = "members") -> bytes:
    """A roster file of these rows."""
    return ((MEMBERS if kind == "members" else ORGS) + "\n" + "".join(rows)).encode()


def sent(
    service: Service, *rows: str, kind: str = "members", by: str = "reviewer", query: str = "", **headers: str
) -> Answer:
    """Send a roster."""
    address = f"{IMPORTS}?kind={kind}{query}"
    return service.post(address, roster(*rows, kind=kind), by=by, content_type="text/csv", **headers)


def effective(service: Service, period: str = "2015-04") -> dict[str, int | None]:
    """What counts for Shunde, of the figures that a ledger decides."""
    answer = service.get(f"/api/v1/aggregates/{period}/{SHUNDE}", by="reviewer").json
    return {code: answer["units"][0]["effective"][code] for code in SEVEN}
