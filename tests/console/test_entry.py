"""Signing in and out on the pages: by plain forms, in both languages, and not from elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pyotp
import pytest

from tests.office import seeded_url, seeds, service
from tests.people import CURRENT, PASSWORD, add, enter
from tests.service import Answer, Asked, Service

__all__ = ["seeded_url", "seeds", "service"]

FORM = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


def send(
    service: Service, path: str, by: str | None = None, headers: dict[str, str] = FORM, **fields: str
) -> Answer:
    return service.ask(Asked("POST", path, by, urlencode(fields).encode(), headers))


def token_of(answer: Answer) -> str:
    found = re.search(r'name="form" value="([0-9a-f]{64})"', answer.body.decode())
    assert found
    return found[1]


def cookie(service: Service, name: str, answer: Answer) -> None:
    service.cookies[name] = answer.headers["set-cookie"].split(";")[0].partition("=")[2]


def test_a_person_signs_in_sees_the_account_and_signs_out(service: Service) -> None:
    add(service, "li", "reporter")

    answer = send(service, "/login", name=" Li ", password=PASSWORD, next="/account")
    cookie(service, "li", answer)
    account = service.get("/account", by="li")
    left = send(service, "/logout", "li", form=token_of(account))

    assert (answer.status, answer.headers["location"]) == (303, "/account")
    assert "示例li" in account.body.decode()
    assert "报送 · 440100" in account.body.decode()
    assert (left.status, left.headers["location"]) == (303, "/login")
    service.app.middleware_stack = None
    assert service.get(CURRENT, by="li").status == 401


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_wrong_password_is_told_on_the_page_and_never_shown(service: Service, lang: str) -> None:
    answer = send(service, f"/login?lang={lang}", name="li", password="geheim-4711", next="/")
    text = answer.body.decode()

    assert answer.status == 401
    assert {"zh": "账号或密码不正确", "en": "the password is wrong"}[lang] in text
    assert "geheim-4711" not in text
    assert 'value="li"' in text


def test_too_many_tries_say_when_to_come_back(service: Service) -> None:
    told = [send(service, "/login", name="li", password="x") for _ in range(6)]

    assert [each.status for each in told] == [401] * 5 + [429]
    assert "retry-after" in told[-1].headers


@pytest.mark.parametrize(
    ("asked", "leads"),
    [
        ("/account", "/account"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x=y", "/"),
        ("", "/"),
    ],
)
def test_signing_in_never_leads_elsewhere(service: Service, asked: str, leads: str) -> None:
    add(service, "li", "reporter")

    assert send(service, "/login", name="li", password=PASSWORD, next=asked).headers["location"] == leads


@pytest.mark.parametrize("path", ["/login", "/logout", "/account/password", "/account/second-factor"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "null"},
    ],
)
def test_forms_of_other_sites_are_refused(service: Service, path: str, headers: dict[str, str]) -> None:
    enter(service, "li", add(service, "li", "reporter"))

    answer = send(service, path, "li", headers={**FORM, **headers}, name="li", password=PASSWORD)

    assert (answer.status, answer.code) == (403, "cross-site")


@pytest.mark.parametrize("path", ["/logout", "/account/password", "/account/second-factor"])
def test_a_form_of_another_session_is_refused(service: Service, path: str) -> None:
    li, wang = add(service, "li", "reporter"), add(service, "wang", "reporter")
    enter(service, "li", li)
    enter(service, "wang", wang)
    foreign = token_of(service.get("/account", by="wang"))

    for form in (foreign, "", "０"):
        assert send(service, path, "li", form=form, password=PASSWORD).code == "form-outdated"


def test_an_initial_password_leads_to_the_page_that_replaces_it(service: Service) -> None:
    add(service, "li", "reporter", is_initial=True)
    answer = send(service, "/login", name="li", password=PASSWORD, next="/")
    cookie(service, "li", answer)
    page = service.get("/account", by="li")
    assert answer.headers["location"] == "/account"
    assert "须先设置自己的密码" in page.body.decode()

    form = token_of(page)
    weak = send(service, "/account/password", "li", form=form, current=PASSWORD, new="password1234")
    assert (weak.status, "密码过于常见" in weak.body.decode()) == (422, True)
    done = send(
        service, "/account/password", "li", form=form, current=PASSWORD, new="另一个 很长的 密码 8852"
    )
    cookie(service, "li", done)
    assert done.headers["location"] == "/account"
    assert "须先设置" not in service.get("/account", by="li").body.decode()


def test_a_page_of_ones_own_asks_a_visitor_to_sign_in(service: Service) -> None:
    answer = service.get("/account", by=None)

    assert (answer.status, answer.headers["location"]) == (303, "/login?next=/account")


def test_a_form_is_small_and_a_form(service: Service) -> None:
    assert service.ask(Asked("POST", "/login", None, b"x=" + b"y" * 20_000, FORM)).status == 413
    assert service.ask(Asked("POST", "/login", None, b"a=1&" * 30, FORM)).status == 400
    assert service.ask(Asked("POST", "/login", None, b"name=%ff", FORM)).status == 400
    assert (
        service.ask(Asked("POST", "/login", None, b"{}", {**FORM, "content-type": "text/plain"})).status
        == 415
    )


def test_pages_keep_their_strict_policy_and_say_where_they_come_from(service: Service) -> None:
    for path in ("/login", "/"):
        headers = service.get(path, by=None).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "form-action 'self'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "same-origin"


def test_a_second_factor_is_set_up_on_the_page_and_then_asked_for(
    engine_name: str, seeds: object, seeded_url: str, tmp_path: object
) -> None:
    with Service(seeded_url, {}, data_dir=tmp_path, secret_key=KEY) as running:
        enter(running, "li", add(running, "li", "reviewer", "440000"))
        form = token_of(running.get("/account", by="li"))
        shown = send(running, "/account/second-factor", "li", form=form, password=PASSWORD).body.decode()
        found = re.search(r'class="key">([A-Z2-7]{32})<', shown)
        assert found
        app = pyotp.TOTP(found[1])
        at = running.clock.now()
        codes = send(
            running, "/account/second-factor/confirm", "li", form=form, code=app.at(at)
        ).body.decode()
        assert len(re.findall(r"<li><code>[0-9a-f-]{31}</code>", codes)) == 10

        asked = send(running, "/login", name="li", password=PASSWORD)
        assert (asked.status, 'name="code"' in asked.body.decode()) == (401, True)
        assert send(running, "/login", name="li", password=PASSWORD, code=app.at(at)).status == 401
        running.clock.set("2015-04-24T09:00:30+08:00")
        code = app.at(running.clock.now())
        assert send(running, "/login", name="li", password=PASSWORD, code=code).status == 303
