"""The circular on pages: drafted, edited, signed, published and corrected by plain forms."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.console.test_entry import FORM, send, token_of
from tests.office import seeded_url, seeds, service
from tests.people import add, enter
from tests.samples import GUANGDONG, REPORTS, report
from tests.service import Answer, Service

__all__ = ["seeded_url", "seeds", "service"]

PAGE = "/circular"


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


@pytest.fixture
def officer(service: Service) -> Service:
    """A service with the report of a city and the province's reviewer signed in as `chen`."""
    service.post(REPORTS, report())
    enter(service, "chen", add(service, "chen", "reviewer", GUANGDONG))
    return service


def form_of(service: Service, by: str = "chen") -> str:
    return token_of(service.get("/account", by=by))


def act(service: Service, do: str, by: str = "chen", **fields: str) -> Answer:
    return send(service, PAGE, by, form=form_of(service, by), do=do, **fields)


def drafted(service: Service) -> str:
    answer = act(service, "create", unit=GUANGDONG, period="2015-04")
    assert answer.status == 303, answer.body.decode()
    return re.findall("id=([0-9a-f]{32})", answer.headers["location"])[0]


def shown(service: Service, id: str, by: str = "chen", **more: str) -> str:
    answer = service.get(f"{PAGE}?{urlencode({'id': id, **more})}", by=by)
    assert answer.status == 200
    return answer.body.decode()


def test_an_officer_takes_a_circular_from_the_draft_to_its_correction(officer: Service) -> None:
    id = drafted(officer)
    page = shown(officer, id, done="create")
    assert "已生成草稿" in page
    assert all(f"{n}、" in page for n in "一二三四五六七八九")

    version = re.findall(r'name="version" value="(\d+)"', shown(officer, id, edit="1"))[0]
    words = {
        "block-problems": "示例：材料不全。\r\n\r\n示例：迟报。",
        "version": version,
        "contact": "示例甲",
    }
    assert act(officer, "edit", id=id, **words).status == 303
    assert "<p>示例：迟报。</p>" in shown(officer, id)
    assert act(officer, "submit", id=id).status == 303
    assert act(officer, "return", id=id, reason="示例：再改").status == 303
    read = re.findall(r'name="content_hash" value="([0-9a-f]{64})"', shown(officer, id))[0]
    assert act(officer, "approve", id=id, content_hash=read, approver="示例领导").status == 303
    number = "示农青〔2015〕3号"
    assert act(officer, "publish", id=id, number=number, dated="2015-04-30").status == 303
    assert number in shown(officer, id)
    correction = act(officer, "restate", id=id, reason="示例：补报")
    assert "更正内容" in officer.get(correction.headers["location"], by="chen").body.decode()
