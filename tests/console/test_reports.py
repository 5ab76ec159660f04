"""The reporter's page: what to do next, the table up and down, every finding at once, and the receipt."""

from __future__ import annotations

import pytest

from tests.api.test_workbooks import CELLS, filled, form
from tests.console.test_circulars import form_of
from tests.console.test_entry import send
from tests.office import seeded_url, seeds, service
from tests.people import add, enter
from tests.samples import GUANGZHOU, RETURN, at
from tests.service import Answer, Asked, Service

__all__ = ["seeded_url", "seeds", "service"]

PAGE = "/report"


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


@pytest.fixture
def clerk(service: Service) -> Service:
    """A service to which the reporter of a city is signed in as `li`."""
    enter(service, "li", add(service, "li", "reporter", GUANGZHOU))
    return service


def upload(service: Service, data: bytes, token: str | None = None, **fields: str) -> Answer:
    named = {"form": token or form_of(service, "li"), "unit": GUANGZHOU, "period": "2015-04", **fields}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in named.items()]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="表.xlsx"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + data + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x", "sec-fetch-site": "same-origin"}
    return service.ask(Asked("POST", f"{PAGE}/table", "li", body, headers))


def shown(service: Service, query: str = "period=2015-04") -> str:
    answer = service.get(f"{PAGE}?{query}", by="li")
    assert answer.status == 200
    return answer.body.decode()


def test_a_reporter_sends_the_table_from_the_page_and_gets_a_receipt(clerk: Service) -> None:
    assert "下载官方表，填好后在本页上传" in shown(clerk)
    table = form(clerk)

    wrong = {CELLS["counties_mobilized"]: 9999, CELLS["members_total"]: "x"}
    refused = upload(clerk, filled(table, **wrong))
    page = refused.body.decode()
    assert refused.status == 422
    assert page.count('<li class="error">') >= 2

    sent = upload(clerk, filled(table))
    assert sent.status == 303, sent.body.decode()
    receipt = clerk.get(sent.headers["location"], by="li").body.decode()
    assert "收到时间 4月24日 09:00，第1版" in receipt
    assert "按时" in receipt
    assert "等待上级审核" in receipt
    assert upload(clerk, filled(table)).status == 409


def test_a_draft_is_kept_sent_and_taken_back_by_buttons(clerk: Service) -> None:
    assert upload(clerk, filled(form(clerk)), draft="1").status == 303
    assert "草稿尚未报送" in shown(clerk)
    assert '<span class="chip ">草稿</span>' in clerk.get("/board", by="li").body.decode()

    for step, told in (("submit", "已报待审"), ("withdraw", "草稿")):
        answer = send(clerk, PAGE, "li", form=form_of(clerk, "li"), do=step, unit=GUANGZHOU, period="2015-04")
        assert answer.status == 303, answer.body.decode()
        assert told in shown(clerk)


def test_a_returned_report_says_why_and_the_table_starts_from_what_was_sent(clerk: Service) -> None:
    upload(clerk, filled(form(clerk)))
    clerk.post(at("/return"), RETURN, by="reviewer")

    page = shown(clerk)

    assert all(reason["text"] in page for reason in RETURN["reasons"])
    assert upload(clerk, filled(form(clerk))).status == 303


def test_a_file_that_is_none_and_one_that_is_too_large_are_refused(clerk: Service) -> None:
    for data, status in ((b"", 422), (b"PK not a workbook", 422), (b"x" * (5 * 1024 * 1024), 413)):
        assert upload(clerk, data).status == status
    assert "请先选择填好的" in upload(clerk, b"").body.decode()


def test_a_reporter_files_for_no_other_unit(clerk: Service) -> None:
    assert upload(clerk, filled(form(clerk)), unit="440200").status == 404
