"""The entity tag of a sum changes with what the sum depends on, and with nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from app.db import Database
from app.models import Unit
from app.services import revisions
from tests.api.test_aggregates import file, reconcile
from tests.samples import (
    GUANGDONG,
    GUANGZHOU,
    REPORTS,
    SHAOGUAN,
    at,
    report,
)
from tests.service import Service

UNITS = Unit.__table__  # type: ignore[attr-defined]


class TestEntityTags:
    ADDRESS = f"/api/v1/aggregates/2015-04/{GUANGDONG}"

    def tag(self, service: Service, period: str = "2015-04") -> str:
        """Asked three times, so that the answer is computed, found to stand, and known to stand."""
        address = self.ADDRESS.replace("2015-04", period)
        tag, *later = (service.get(address, by="reviewer").etag for _ in range(3))
        assert later == [tag, tag]
        return tag

    def test_an_unchanged_answer_is_not_sent_again(self, service: Service) -> None:
        first = service.get(self.ADDRESS, by="reviewer")

        again = service.get(self.ADDRESS, by="reviewer", if_none_match=first.etag)

        assert (again.status, again.body, again.etag) == (304, b"", first.etag)
        assert not first.etag.startswith("W/")

    def test_the_same_question_gets_the_same_bytes(self, service: Service) -> None:
        file(service, GUANGZHOU)

        first, again = (service.get(self.ADDRESS, by=by) for by in ("reviewer", "centre"))

        assert (first.body, first.etag) == (again.body, again.etag)

    def test_an_answer_known_to_stand_is_still_refused_to_who_may_not_read_it(self, service: Service) -> None:
        self.tag(service)
        absent = service.get(self.ADDRESS.replace(GUANGDONG, "449900"), by="guangzhou")

        refused = service.get(self.ADDRESS, by="guangzhou")

        assert (refused.status, refused.code) == (absent.status, absent.code) == (404, "not-found")

    def test_a_change_by_another_process_is_seen_at_once(self, service: Service) -> None:
        before = self.tag(service)

        with Database(service.database_url).transaction() as session:
            session.run(update(UNITS).where(UNITS.c.code == GUANGDONG).values(name="示例省"))
            revisions.bump(session, revisions.REGISTER)

        assert self.tag(service) != before

    @pytest.mark.parametrize("change", ["report", "correction", "acceptance", "withdrawal", "ledger"])
    def test_every_change_makes_another_answer(self, service: Service, change: str) -> None:
        file(service, GUANGZHOU)
        before = self.tag(service)

        if change == "report":
            file(service, SHAOGUAN)
        elif change == "correction":
            service.put(at(""), report(figures={"wechat_groups": 1}), if_match='"1"')
        elif change == "acceptance":
            service.post(at("/accept"), by="reviewer")
        elif change == "withdrawal":
            service.post(at("/withdraw"))
        else:
            reconcile(service, f"{GUANGZHOU},,3,1,400,2,1,1,613")

        assert self.tag(service) != before
        fresh = service.get(self.ADDRESS, by="reviewer", if_none_match=before)
        assert fresh.status == 200

    def test_a_draft_changes_nothing(self, service: Service) -> None:
        before = self.tag(service)

        service.post(REPORTS, report(draft=True))

        assert self.tag(service) == before

    def test_an_earlier_month_that_stands_in_for_a_missing_one_changes_the_later(
        self, service: Service
    ) -> None:
        body = report(SHAOGUAN, figures={"townships_total": 90, "townships_mobilized": 90})
        service.post(REPORTS, body, by="shaoguan")
        service.clock.set("2015-05-20T09:00:00+08:00")
        before = self.tag(service, "2015-05")

        service.post(at("/accept", SHAOGUAN), by="reviewer")

        assert self.tag(service, "2015-05") != before

    def test_a_later_month_changes_no_earlier_one(self, service: Service) -> None:
        service.clock.set("2015-05-20T09:00:00+08:00")
        before = self.tag(service)

        file(service, GUANGZHOU, period="2015-05")

        assert self.tag(service) == before

    def test_views_have_tags_of_their_own(self, service: Service) -> None:
        centre = service.get(f"{self.ADDRESS}?view=centre", by="reviewer")

        assert centre.etag != self.tag(service)
