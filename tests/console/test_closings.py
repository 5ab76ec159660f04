"""The close of a month on a page: what stands against it, closing with a reason, and restating."""

from __future__ import annotations

from tests.api.test_closings import APRIL, ledger
from tests.console.test_circulars import engine_name, form_of, officer
from tests.console.test_entry import send
from tests.office import seeded_url, seeds, service
from tests.samples import GUANGDONG, at
from tests.service import Answer, Service

__all__ = ["engine_name", "officer", "seeded_url", "seeds", "service"]

PAGE = "/close"


def act(service: Service, do: str, **fields: str) -> Answer:
    form = form_of(service)
    return send(service, PAGE, "chen", form=form, do=do, unit=GUANGDONG, period="2015-04", **fields)


def shown(service: Service) -> str:
    answer = service.get(f"{PAGE}?period=2015-04", by="chen")
    assert answer.status == 200
    return answer.body.decode()


def test_an_early_close_needs_a_reason_and_a_later_ledger_is_restated(officer: Service) -> None:
    page = shown(officer)
    assert "报送截止时间未到" in page
    assert '<b lang="zh-CN">广州市</b> 该单位报表已报送、尚未审核' in page

    refused = act(officer, "close", reason="")
    assert (refused.status, "报送截止时间未到" in refused.body.decode()) == (422, True)
    assert act(officer, "close", reason="短").status == 422
    officer.post(at("/accept"), by="reviewer")
    closed = act(officer, "close", reason="各市已报，提前关闭")
    assert closed.status == 303
    assert "已关闭：" in officer.get(closed.headers["location"], by="chen").body.decode()
    assert "关闭以来没有变化" in shown(officer)
    assert act(officer, "close", reason="再关一次试试").status == 409

    ledger(officer, 9999)
    assert "<b>9,999</b>" in shown(officer)
    assert act(officer, "restate", reason="").status == 422
    assert act(officer, "restate", reason="台账更新").status == 422
    assert act(officer, "restate", reason="台账有更新").status == 303
    assert "第2版" in shown(officer)
    assert officer.get(APRIL, by="reviewer").json["vintage"] == 2
