"""Whatever a month goes through, sums made from parts that are kept are those of a process that keeps nothing."""

from __future__ import annotations

from collections.abc import Callable

from app.db import Database
from app.domain.aggregate import View
from app.domain.period import Period
from app.services.aggregates import Answers
from app.services.parts import Parts
from tests.api.test_aggregates import file, reconcile
from tests.samples import CENTRE, GUANGDONG, GUANGZHOU, REPORTS, RETURN, SHAOGUAN, at, report
from tests.service import Service

MAY = "2015-05-20T09:00:00+08:00"
SUMS = [
    (period, unit, view)
    for period in ("2015-04", "2015-05")
    for unit in (CENTRE, GUANGDONG, GUANGZHOU)
    for view in View
]

Step = Callable[[Service], object]

STEPS: dict[str, Step] = {
    "a report": lambda s: file(s, GUANGZHOU),
    "a correction": lambda s: s.put(at(""), report(figures={"wechat_groups": 305}), if_match='"1"'),
    "an acceptance": lambda s: s.post(at("/accept"), by="reviewer"),
    "a row in the ledger": lambda s: reconcile(s, f"{GUANGZHOU},,3,1,410,2,1,1,613"),
    "a ledger's row without a report": lambda s: reconcile(s, f"{SHAOGUAN},,3,1,7,2,1,1,9", period="2015-05"),
    "a report of the next month": lambda s: file(s, GUANGZHOU, period="2015-05"),
    "a withdrawal": lambda s: s.post(at("/withdraw", GUANGZHOU, "2015-05")),
    "a neighbour's report": lambda s: file(s, SHAOGUAN),
    "a neighbour's acceptance": lambda s: s.post(at("/accept", SHAOGUAN), by="reviewer"),
    "a neighbour's draft": lambda s: s.post(REPORTS, report(SHAOGUAN, "2015-05", draft=True), by="shaoguan"),
    "a neighbour's submission": lambda s: s.post(at("/submit", SHAOGUAN, "2015-05"), by="shaoguan"),
    "a return": lambda s: s.post(at("/return", SHAOGUAN, "2015-05"), RETURN, by="reviewer"),
    "another deadline": lambda s: s.put(
        f"/api/v1/periods/2015-05/{GUANGDONG}/deadline",
        {"due_on": "2015-05-29", "reason": "示例延期"},
        by="reviewer",
    ),
    "a close": lambda s: s.post(
        f"/api/v1/periods/2015-04/{GUANGDONG}/close", {"reason": "提前关闭示例"}, by="reviewer"
    ),
}
"""What happens, in this order; each may change what comes next."""


def check(service: Service, database: Database) -> list[bytes]:
    """Each sum of the running service is what a fresh look says; those sums."""
    bodies = []
    for period, unit, view in SUMS:
        kept = service.get(f"/api/v1/aggregates/{period}/{unit}?view={view}", by="centre")
        asked = {"unit_code": unit, "period": Period.parse(period), "view": view}
        with database.snapshot() as session:
            whole = Answers().computed(session, **asked)
            fresh = Answers(parts=Parts()).computed(session, **asked)
        assert kept.body == whole.body == fresh.body, (period, unit, view)
        assert kept.etag == f'"{fresh.tag}"', (period, unit, view)
        bodies.append(kept.body)
    return bodies


def test_what_is_kept_is_what_a_fresh_look_says_whatever_happens(service: Service) -> None:
    service.clock.set(MAY)
    database = Database(service.database_url)
    before = check(service, database)

    for name, step in STEPS.items():
        answer = step(service)
        assert answer is None or answer.status in {200, 201}, (name, answer.json)  # type: ignore[attr-defined]
        after = check(service, database)
        silent = {"a neighbour's draft", "another deadline"}
        assert (after == before) == (name in silent), name
        before = after
