"""Signing in with an account: what opens a session, what it is good for, and what ends it."""

from __future__ import annotations

from pathlib import Path
from time import sleep

import pytest

from app.api.authentication import MAX_AGE
from app.cli.account import BY
from app.db import Database
from app.domain.permission import Role
from app.main import create_app, operations
from app.services import accounts, grants, passwords
from app.settings import Settings
from tests.people import CURRENT, PASSWORD, SESSIONS, add, cookie_of, enter, sign_in
from tests.samples import REPORTS, report
from tests.service import Answer, Asked, Service

STRANGER = "198.51.100.7"


@pytest.fixture
def li(service: Service) -> str:
    """A reporter of Guangzhou, and her account's id."""
    return str(add(service, "li", "reporter")["id"])


def test_a_person_signs_in_and_files_a_report(service: Service, li: str) -> None:
    answer = sign_in(service, "li")

    assert answer.status == 201
    assert answer.json["grants"] == [{"role": "reporter", "unit": "440100"}]
    assert answer.json["needs"] is None
    assert service.post(REPORTS, report(), by="li").status == 201
    assert service.get(CURRENT, by="li").json == answer.json
    assert service.rows_of("audit_event")[-1]["actor"] == f"account:{li}"


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(service: Service, li: str) -> None:
    parts = sign_in(service, "li").headers["set-cookie"].split("; ")

    assert {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=28800"} <= set(parts)


def test_the_session_changes_at_sign_in_and_the_one_before_ends(service: Service, li: str) -> None:
    sign_in(service, "li")
    before = service.cookies["li"]
    body = {"name": "li", "password": PASSWORD}
    planted = {"cookie": f"yuebao={before}", "sec-fetch-site": "same-origin"}

    after = cookie_of(service.ask(Asked("POST", SESSIONS, None, body, planted)))
    forget(service)

    assert after != before
    assert service.get(CURRENT, by="li").status == 401


def test_a_planted_cookie_is_never_taken_over(service: Service, li: str) -> None:
    planted = {"cookie": f"yuebao={'A' * 43}", "sec-fetch-site": "same-origin"}
    body = {"name": "li", "password": PASSWORD}

    answer = service.ask(Asked("POST", SESSIONS, None, body, planted))

    assert answer.status == 201
    assert cookie_of(answer) != "A" * 43


def refused(service: Service, name: str, password: str) -> Answer:
    answer = sign_in(service, name, password)
    assert (answer.status, answer.code) == (401, "sign-in-refused")
    assert "set-cookie" not in answer.headers
    return answer


def without_ids(answer: Answer) -> tuple[object, object]:
    body = {k: v for k, v in answer.json.items() if k not in {"request_id", "instance"}}
    return body, {k: v for k, v in answer.headers.items() if k != "x-request-id"}


def test_wrong_name_wrong_password_and_disabled_account_are_answered_alike(service: Service, li: str) -> None:
    wang = add(service, "wang", "reporter")
    with Database(service.database_url).transaction() as session:
        accounts.disable(session, wang["id"], by=BY, now=service.clock.now())

    told = [
        without_ids(refused(service, name, password))
        for name, password in [("li", "wrong"), ("nobody", PASSWORD), ("wang", PASSWORD)]
    ]

    assert all(each == told[0] for each in told)


def test_after_five_wrong_passwords_the_right_one_waits_at_most_a_quarter_of_an_hour(
    service: Service, li: str
) -> None:
    for _ in range(5):
        refused(service, "li", "wrong")

    blocked = sign_in(service, "li")
    assert (blocked.status, blocked.code) == (429, "too-many-sign-ins")
    assert 0 < int(blocked.headers["retry-after"]) <= 901

    service.clock.set("2015-04-24T09:14:59+08:00")
    assert sign_in(service, "li").status == 429
    service.clock.set("2015-04-24T09:15:00+08:00")
    assert sign_in(service, "li").status == 201


def test_an_unknown_name_is_blocked_just_the_same(service: Service) -> None:
    for _ in range(5):
        refused(service, "nobody", "wrong")

    assert sign_in(service, "nobody").status == 429


def test_a_stranger_elsewhere_locks_nobody_out(service: Service, li: str) -> None:
    for _ in range(7):
        service.client = STRANGER
        sign_in(service, "li", "wrong")
    service.client = "192.0.2.1"

    assert sign_in(service, "li").status == 201


def test_twenty_guesses_at_once_are_no_more_than_five(service: Service, li: str) -> None:
    body = {"name": "li", "password": "wrong"}
    told = service.together([Asked("POST", SESSIONS, None, body) for _ in range(20)])

    assert sorted(each.status for each in told) == [401] * 5 + [429] * 15


def test_signing_out_ends_the_session_within_half_a_second(service: Service, li: str) -> None:
    sign_in(service, "li")
    answer = service.ask(Asked("DELETE", CURRENT, "li"))
    sleep(MAX_AGE + 0.01)

    assert answer.status == 204
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert service.get(CURRENT, by="li").status == 401


@pytest.mark.parametrize("how", ["disable", "grant", "revoke", "reset"])
def test_whatever_changes_an_account_ends_its_sessions(service: Service, li: str, how: str) -> None:
    sign_in(service, "li")
    now = service.clock.now()

    with Database(service.database_url).transaction() as session:
        if how == "disable":
            accounts.disable(session, li, by=BY, now=now)
        if how == "reset":
            accounts.reset(session, li, password_hash="x", by=BY, now=now)
        if how == "grant":
            grants.grant(session, li, role=Role.REVIEWER, unit="440000", by=BY, now=now)
        if how == "revoke":
            grants.revoke(session, li, role=Role.REPORTER, unit="440100", by=BY, now=now)
    forget(service)

    assert service.get(CURRENT, by="li").status == 401


def test_a_session_ends_when_idle_and_after_eight_hours_whatever_happens(service: Service, li: str) -> None:
    sign_in(service, "li")
    service.clock.set("2015-04-24T09:29:59+08:00")
    forget(service)
    assert service.get(CURRENT, by="li").status == 200

    for minute in range(59, 480, 29):
        service.clock.set(f"2015-04-24T{9 + minute // 60:02}:{minute % 60:02}:00+08:00")
        forget(service)
        assert service.get(CURRENT, by="li").status == 200
    service.clock.set("2015-04-24T17:00:00+08:00")
    forget(service)
    assert service.get(CURRENT, by="li").status == 401


def test_an_idle_session_ends(service: Service, li: str) -> None:
    sign_in(service, "li")
    service.clock.set("2015-04-24T09:30:00+08:00")
    forget(service)

    assert service.get(CURRENT, by="li").status == 401


def forget(service: Service) -> None:
    """Let the edge forget whom it has just seen, as half a second would; its layers are made anew."""
    service.app.middleware_stack = None


WRITES = {
    "from another site": {"sec-fetch-site": "cross-site"},
    "from a sibling site": {"sec-fetch-site": "same-site"},
    "a form of another site": {
        "sec-fetch-site": "cross-site",
        "content-type": "application/x-www-form-urlencoded",
    },
    "plain text": {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
    "an old browser, another origin": {"sec-fetch-site": "", "origin": "https://evil.example"},
    "no origin at all": {"sec-fetch-site": ""},
    "without our header": {"x-yuebao-request": ""},
    "a form of our own host": {"x-yuebao-request": "", "content-type": "application/x-www-form-urlencoded"},
}


@pytest.mark.parametrize("name", WRITES)
def test_no_other_site_writes_with_the_cookie(service: Service, li: str, name: str) -> None:
    enter(service, "li", {"id": li})
    writes = [name.split() for name in operations(service.app) - {f"POST {SESSIONS}"} if name[:4] != "GET "]
    assert len(writes) > 50
    for method, path in writes:
        answer = service.ask(Asked(method, path, "li", report(), WRITES[name]))
        assert (answer.status, answer.code) == (403, "cross-site"), (method, path)


def test_no_other_site_signs_a_browser_in(service: Service, li: str) -> None:
    body = {"name": "li", "password": PASSWORD}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = service.ask(Asked("POST", SESSIONS, None, body, headers))
        assert (answer.status, answer.code) == (403, "cross-site")


def test_a_bearer_request_never_gets_a_cookie(service: Service) -> None:
    told = [service.get(CURRENT), service.ask(Asked("DELETE", CURRENT)), service.post(REPORTS, report())]

    assert [each.status for each in told] == [200, 403, 201]
    assert not any("set-cookie" in each.headers for each in told)
    assert told[0].json["kind"] == "token"


def test_token_and_cookie_together_are_refused(service: Service, li: str) -> None:
    enter(service, "li", {"id": li})
    token = {"authorization": f"Bearer {service.tokens['guangzhou']}"}

    assert service.ask(Asked("GET", CURRENT, "li", None, token)).status == 400


def test_an_initial_password_opens_nothing_but_the_change_to_ones_own(service: Service) -> None:
    add(service, "zhao", "reporter", is_initial=True)
    assert sign_in(service, "zhao").json["needs"] == "password"
    assert service.post(REPORTS, report(), by="zhao").status == 404
    assert service.get("/api/v1/forms", by="zhao").status == 403

    new = "另一个 很长的 密码 8852"
    answer = service.put(f"{CURRENT}/password", {"current": PASSWORD, "new": new}, by="zhao")
    before = service.cookies["zhao"]
    service.cookies["zhao"] = cookie_of(answer)

    assert answer.json["needs"] is None
    assert before != service.cookies["zhao"]
    assert service.post(REPORTS, report(), by="zhao").status == 201
    assert sign_in(service, "zhao", new).status == 201


def test_an_initial_password_is_worth_nothing_after_a_week(service: Service) -> None:
    add(service, "zhao", "reporter", is_initial=True)
    service.clock.set("2015-04-28T09:00:00+08:00")

    refused(service, "zhao", PASSWORD)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "password-length"),
        ("x" * 129, "password-length"),
        ("password1234", "password-weak"),
        ("1234567890", "password-weak"),
        ("aaaaaaaaaaaaaaa", "password-weak"),
        ("qwertyuiop", "password-weak"),
        ("yuebao2015", "password-weak"),
        (PASSWORD, "password-same"),
    ],
)
def test_a_password_that_others_would_think_of_is_refused(
    service: Service, li: str, new: str, code: str
) -> None:
    enter(service, "li", {"id": li})

    answer = service.put(f"{CURRENT}/password", {"current": PASSWORD, "new": new}, by="li")

    assert (answer.status, answer.code) == (422, code)
    assert new not in answer.body.decode()


def test_the_current_password_is_asked_for_and_guesses_are_counted(service: Service, li: str) -> None:
    enter(service, "li", {"id": li})
    body = {"current": "wrong", "new": "另一个 很长的 密码 8852"}

    told = [service.put(f"{CURRENT}/password", body, by="li") for _ in range(6)]

    assert [each.code for each in told] == ["password-wrong"] * 5 + ["too-many-sign-ins"]


def test_a_token_has_no_password(service: Service) -> None:
    body = {"current": "x", "new": "另一个 很长的 密码 8852"}
    assert service.put(f"{CURRENT}/password", body).code == "account-needed"


def test_a_stranger_sends_no_more_than_a_form(service: Service) -> None:
    body = {"name": "li", "password": "x" * 20_000}

    assert service.ask(Asked("POST", SESSIONS, None, body)).status == 413


def test_sign_ins_that_cannot_be_hashed_in_time_are_told_to_come_back(service: Service) -> None:
    asked = [Asked("POST", SESSIONS, None, {"name": f"n{n}", "password": "x"}) for n in range(40)]

    told = service.together(asked)

    assert {each.status for each in told} == {401, 503}
    assert all("retry-after" in each.headers for each in told if each.status == 503)
    assert sum(each.status == 503 for each in told) >= 40 - passwords.WAITING - passwords.AT_ONCE - 2


def test_the_cookie_of_production_belongs_to_this_host_and_to_https(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))

    assert app.edge.cookie == "__Host-yuebao"
    assert app.state.sign_in.cookie("x").endswith("; Path=/; Max-Age=28800; HttpOnly; SameSite=Lax; Secure")


def test_the_audit_names_who_came_in_who_left_and_who_did_not_get_in(service: Service, li: str) -> None:
    sign_in(service, "li")
    service.ask(Asked("DELETE", CURRENT, "li"))
    refused(service, "li", "wrong")
    refused(service, "nobody", "wrong")

    rows = [row for row in service.rows_of("audit_event") if row["action"].startswith("session.")]
    assert [(row["action"], row["actor"], row["object"]) for row in rows] == [
        ("session.open", f"account:{li}", f"account:{li}"),
        ("session.close", f"account:{li}", f"account:{li}"),
        ("session.refuse", "anonymous", f"account:{li}"),
        ("session.refuse", "anonymous", "account:unknown"),
    ]
    assert {row["address"] for row in rows} == {"192.0.2.1"}


def test_a_new_installation_has_no_account(service: Service) -> None:
    assert service.rows_of("account") == []
