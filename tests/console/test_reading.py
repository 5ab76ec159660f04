"""Who reads which page: visitors sign in first, a reader stays within reach, a reporter is asked before being told."""

from __future__ import annotations

import re

import pytest

from tests.api.test_aggregates import reconcile
from tests.api.test_closings import ledger
from tests.console.test_entry import FORM, token_of
from tests.office import seeded_url, seeds, service
from tests.people import add, enter
from tests.samples import GUANGDONG, GUANGZHOU, REPORTS, report
from tests.service import Answer, Asked, Service

__all__ = ["seeded_url", "seeds", "service"]

READ = ("/board", "/trends", "/mismatches", "/mismatch", "/circular", "/close", "/report")
WRITE = ("/circular", "/close", "/report", "/report/table")
DOORS = {
    "reporter": {"/report", "/board", "/trends", "/mismatches", "/circular"},
    "reviewer": {"/board", "/trends", "/mismatches", "/circular", "/close"},
    "auditor": set(),
    "administrator": set(),
}
MULTIPART = {"content-type": "multipart/form-data; boundary=x", "sec-fetch-site": "same-origin"}
STRANGE = ("x", "４４", "%00", "9" * 40, "44' OR 1", "%ED%A0%80", "000000")


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


def known(service: Service, name: str, role: str, unit: str) -> None:
    enter(service, name, add(service, name, role, unit))


def text(answer: Answer) -> str:
    assert answer.headers["content-type"].startswith("text/html"), answer.body
    return answer.body.decode()


@pytest.mark.parametrize("path", READ)
def test_a_visitor_signs_in_and_comes_back_to_the_page(service: Service, path: str) -> None:
    name = "id" if path == "/mismatch" else "period"

    answer = service.get(f"{path}?{name}=2015-04", by=None)

    assert (answer.status, answer.headers["location"]) == (303, f"/login?next={path}%3F{name}%3D2015-04")


@pytest.mark.parametrize("path", WRITE)
def test_a_visitor_writes_nothing(service: Service, path: str) -> None:
    answer = service.ask(Asked("POST", path, None, b"do=close", FORM))

    assert (answer.status, answer.headers["location"]) == (303, f"/login?next={path.removesuffix('/table')}")


@pytest.mark.parametrize("role", DOORS)
def test_the_menu_has_what_the_reader_may_use_and_the_rest_refuses(service: Service, role: str) -> None:
    known(service, "zhao", role, GUANGDONG)

    found = set(re.findall(r'<a href="(/[a-z]+)\?lang=zh"', text(service.get("/?lang=zh", by="zhao"))))

    assert found - {"/account"} == DOORS[role]
    for path in set(READ) - {"/mismatch"}:
        assert service.get(path, by="zhao").status == (200 if path in DOORS[role] else 403), path


def test_what_is_out_of_reach_reads_as_what_does_not_exist(service: Service) -> None:
    known(service, "chen", "reviewer", GUANGDONG)

    for path in ("/board", "/trends", "/mismatches", "/close"):
        pages = [service.get(f"{path}?unit={unit}", by="chen") for unit in ("430000", "999999")]
        assert [page.status for page in pages] == [404, 404]
        strip = [re.sub(r"unit=\d+", "", text(page)) for page in pages]
        assert strip[0] == strip[1]


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("name", ["unit", "period", "id", "state", "sort", "done", "edit", "lang"])
def test_no_address_breaks_a_page(service: Service, path: str, name: str) -> None:
    known(service, "chen", "reviewer", GUANGDONG)

    for value in STRANGE:
        assert service.get(f"{path}?{name}={value}", by="chen").status in (200, 403, 404, 422)


def test_a_reporter_is_not_told_what_the_ledger_says_before_the_unit_has_reported(service: Service) -> None:
    known(service, "li", "reporter", GUANGZHOU)
    known(service, "chen", "reviewer", GUANGDONG)
    ledger(service, 987_654)

    board, trends = (f"/{name}?unit={GUANGZHOU}&period=2015-04" for name in ("board", "trends"))

    assert "987,654" in text(service.get(board, by="chen"))
    assert "987,654" not in text(service.get(board, by="li"))
    flow = '<td class="figure">3</td>'
    assert flow in text(service.get(trends, by="chen"))
    assert flow not in text(service.get(trends, by="li"))
    service.post(REPORTS, report())
    assert "987,654" in text(service.get(board, by="li"))


def test_a_mismatch_is_read_by_its_unit_and_those_above_and_by_nobody_else(service: Service) -> None:
    known(service, "chen", "reviewer", GUANGDONG)
    known(service, "li", "reporter", GUANGZHOU)
    known(service, "sun", "reporter", "440200")
    service.post(REPORTS, report())
    reconcile(service, f"{GUANGZHOU},,3,1,987654,2,1,1,613")
    month = "period=2015-04"
    (one,) = set(
        re.findall(r"/mismatch\?id=[0-9a-f]{32}", text(service.get(f"/mismatches?{month}", by="li")))
    )

    assert one in text(service.get(f"/mismatches?{month}&unit={GUANGDONG}", by="chen"))
    assert "987,654" in text(service.get(one, by="chen"))
    assert "987,654" in text(service.get(one, by="li"))
    assert service.get(one, by="sun").status == 404
    assert one not in text(service.get(f"/mismatches?{month}", by="sun"))


@pytest.mark.parametrize("path", WRITE)
def test_a_form_from_elsewhere_or_of_another_session_is_refused(service: Service, path: str) -> None:
    known(service, "chen", "reviewer", GUANGDONG)
    known(service, "wang", "reviewer", GUANGDONG)
    foreign = token_of(service.get("/account", by="wang"))
    part = f'--x\r\nContent-Disposition: form-data; name="form"\r\n\r\n{foreign}\r\n--x--\r\n'.encode()
    is_file = path.endswith("/table")
    body, headers = (part, MULTIPART) if is_file else (f"form={foreign}".encode(), FORM)

    outside = service.ask(Asked("POST", path, "chen", body, {**headers, "sec-fetch-site": "cross-site"}))
    other = service.ask(Asked("POST", path, "chen", body, headers))

    assert (outside.status, outside.code) == (403, "cross-site")
    assert other.status == 403
    assert "页面已过期" in text(other)


def test_an_account_with_an_initial_password_is_sent_to_replace_it(service: Service) -> None:
    enter(service, "li", add(service, "li", "reporter", is_initial=True))

    assert service.get("/board", by="li").headers["location"] == "/account"
