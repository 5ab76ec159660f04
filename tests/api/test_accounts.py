"""Accounts and roles: made, given, taken away, and never by oneself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import PASSWORD, SESSIONS, add, enter, sign_in
from tests.samples import CHANGSHA, GUANGDONG, GUANGZHOU
from tests.service import Answer, Asked, Service

ACCOUNTS = "/api/v1/accounts"
NEW = {"name": "chen", "display_name": "示例陈", "unit": GUANGZHOU}
REPORTER = {"role": "reporter", "unit": GUANGZHOU}
ADMINISTRATOR = {"role": "administrator", "unit": GUANGDONG}


@pytest.fixture
def chief(service: Service) -> str:
    """An administrator of Guangdong, signed in as `chief`; gives the account's id."""
    return administrator(service, "chief")


def administrator(service: Service, name: str, unit: str = GUANGDONG) -> str:
    made = add(service, name, "administrator", unit)
    enter(service, name, made)
    return str(made["id"])


def create(service: Service, by: str = "chief", **changes: Any) -> Answer:
    return service.post(ACCOUNTS, NEW | changes, by=by)


def grants_of(answer: Answer) -> list[tuple[str, str]]:
    return [(grant["role"], grant["unit"]) for grant in answer.json["grants"]]


def test_an_account_is_made_given_a_role_and_used(service: Service, chief: str) -> None:
    made = create(service)
    initial = made.json["initial_password"]
    given = service.post(f"{made.headers['location']}/grants", REPORTER, by="chief")

    assert (made.status, made.json["grants"]) == (201, [])
    assert grants_of(given) == [("reporter", GUANGZHOU)]
    assert sign_in(service, "chen", initial).json["needs"] == "password"


def test_the_initial_password_is_in_no_other_answer(service: Service, chief: str) -> None:
    made = create(service, **{})
    key = {"idempotency_key": "k1"}
    first = service.post(ACCOUNTS, NEW | {"name": "chen2"}, by="chief", **key)
    again = service.post(ACCOUNTS, NEW | {"name": "chen2"}, by="chief", **key)

    assert again.headers["idempotent-replayed"] == "true"
    assert again.json == first.json | {"initial_password": None}
    assert "initial_password" not in service.get(made.headers["location"], by="chief").json


def test_names_that_look_alike_cannot_be_two(service: Service, chief: str) -> None:
    assert create(service).status == 201
    assert create(service).code == "name-taken"
    for name in ("Chen", "chen ", "сhen", "ｃhen", "che\u200bn", "-chen", "c"):
        assert create(service, name=name).status == 422, name


def test_an_administrator_reaches_only_the_own_subtree(service: Service, chief: str) -> None:
    far = add(service, "far", "reporter", CHANGSHA)

    assert create(service, unit=CHANGSHA).status == 404
    for path in ("", "/disable", "/enable", "/reset", "/grants", "/grants/revoke"):
        method, body = ("GET", None) if not path else ("POST", REPORTER if "grants" in path else {})
        asked = Asked(method, f"{ACCOUNTS}/{far['id']}{path}", "chief", body)
        absent = Asked(method, f"{ACCOUNTS}/{'0' * 32}{path}", "chief", body)
        assert anonymous(service.ask(asked)) == anonymous(service.ask(absent))
    near = create(service).json["id"]
    answer = service.post(f"{ACCOUNTS}/{near}/grants", {"role": "reviewer", "unit": "000000"}, by="chief")
    assert answer.status == 404
    assert "far" not in service.get(ACCOUNTS, by="chief").body.decode()


def anonymous(answer: Answer) -> tuple[int, dict[str, Any]]:
    return answer.status, {k: v for k, v in answer.json.items() if k not in {"request_id", "instance"}}


SELF = ["disable", "enable", "reset", "grants", "grants/confirm", "grants/revoke"]


@pytest.mark.parametrize("action", SELF)
@pytest.mark.parametrize("role", ["administrator", "reviewer", "auditor", "reporter"])
def test_nobody_changes_their_own_account_or_roles(
    service: Service, chief: str, action: str, role: str
) -> None:
    body = {"role": role, "unit": GUANGDONG} if "grants" in action else {}
    before = service.rows_of("grant")

    answer = service.post(f"{ACCOUNTS}/{chief}/{action}", body, by="chief")

    assert (answer.status, answer.code) == (403, "own-account")
    assert service.rows_of("grant") == before


def test_administrator_takes_two_and_the_second_is_another_person(service: Service, chief: str) -> None:
    deputy = administrator(service, "deputy")
    target = add(service, "target", "reporter")["id"]
    place = f"{ACCOUNTS}/{target}/grants"

    asked = service.post(place, ADMINISTRATOR, by="chief")
    twice = service.post(place, ADMINISTRATOR, by="chief")
    alone = service.post(f"{place}/confirm", ADMINISTRATOR, by="chief")
    done = service.post(f"{place}/confirm", ADMINISTRATOR, by="deputy")
    again = service.post(f"{place}/confirm", ADMINISTRATOR, by="deputy")

    assert deputy
    assert asked.json["pending"] == [ADMINISTRATOR]
    assert ("administrator", GUANGDONG) not in grants_of(asked)
    assert (twice.status, twice.code) == (409, "granted-already")
    assert (alone.status, alone.code) == (403, "second-person-needed")
    assert ("administrator", GUANGDONG) in grants_of(done)
    assert again.status == 404


def test_a_pending_role_is_no_role(service: Service, chief: str) -> None:
    target = add(service, "target")["id"]
    enter(service, "target", {"id": target})

    service.post(f"{ACCOUNTS}/{target}/grants", ADMINISTRATOR, by="chief")
    sign_in(service, "target")

    assert service.get(ACCOUNTS, by="target").status == 403


def test_an_account_with_a_handed_out_password_becomes_no_administrator(service: Service, chief: str) -> None:
    administrator(service, "deputy")
    puppet = create(service).json["id"]
    service.post(f"{ACCOUNTS}/{puppet}/grants", ADMINISTRATOR, by="chief")

    answer = service.post(f"{ACCOUNTS}/{puppet}/grants/confirm", ADMINISTRATOR, by="deputy")

    assert (answer.status, answer.code) == (409, "password-initial")


def test_the_password_of_an_administrator_is_not_reset_over_http(service: Service, chief: str) -> None:
    deputy = administrator(service, "deputy")

    answer = service.post(f"{ACCOUNTS}/{deputy}/reset", {}, by="chief")

    assert (answer.status, answer.code) == (403, "administrator-account")


def test_a_token_is_not_a_second_person(service: Service, chief: str) -> None:
    """The seed's administrator token was made at the command line, as all the accounts here were."""
    target = add(service, "target", "reporter")["id"]
    place = f"{ACCOUNTS}/{target}/grants"
    service.post(place, ADMINISTRATOR, by="administrator")

    assert service.post(f"{place}/confirm", ADMINISTRATOR, by="administrator").code == "second-person-needed"


@pytest.mark.parametrize("person", ["guangzhou", "reviewer", "integrator", "guangdong_auditor"])
@pytest.mark.parametrize("action", [*SELF, ""])
def test_nobody_else_makes_or_changes_accounts(service: Service, person: str, action: str) -> None:
    target = add(service, "target", "reporter", at=GUANGZHOU)["id"]
    path = f"{ACCOUNTS}/{target}/{action}" if action else ACCOUNTS
    body = NEW if not action else REPORTER if "grants" in action else {}

    assert service.post(path, body, by=person).status == 403


def test_reviewers_and_auditors_read_what_lies_below_them(service: Service) -> None:
    add(service, "near", "reporter", GUANGZHOU)
    add(service, "far", "reporter", CHANGSHA)

    for person, seen in {"reviewer": ["near"], "auditor": ["far", "near"], "hunan": ["far"]}.items():
        assert [row["name"] for row in service.get(ACCOUNTS, by=person).json["items"]] == seen
    assert service.get(ACCOUNTS).status == 403


def test_a_disabled_account_is_enabled_again(service: Service, chief: str) -> None:
    target = add(service, "target", "reporter")["id"]
    place = f"{ACCOUNTS}/{target}"

    assert service.post(f"{place}/disable", {}, by="chief").json["disabled_at"]
    assert service.post(f"{place}/disable", {}, by="chief").code == "account-disabled"
    assert sign_in(service, "target").status == 401
    assert service.post(f"{place}/enable", {}, by="chief").json["disabled_at"] is None
    assert service.post(f"{place}/enable", {}, by="chief").code == "account-enabled"
    assert sign_in(service, "target").status == 201


def test_a_reset_gives_a_new_initial_password(service: Service, chief: str) -> None:
    target = add(service, "target", "reporter")["id"]

    initial = service.post(f"{ACCOUNTS}/{target}/reset", {}, by="chief").json["initial_password"]

    assert sign_in(service, "target", PASSWORD).status == 401
    assert sign_in(service, "target", initial).json["needs"] == "password"


@pytest.mark.parametrize(
    "body",
    [
        {**NEW, "roles": ["administrator"]},
        {**NEW, "is_password_initial": False},
        {**NEW, "password_hash": "x"},
        {**NEW, "disabled_at": None},
        {**NEW, "id": "0" * 32},
    ],
)
def test_no_field_is_smuggled_in(service: Service, chief: str, body: dict[str, Any]) -> None:
    assert service.post(ACCOUNTS, body, by="chief").code == "unknown-field"


def test_a_dry_run_leaves_no_account(service: Service, chief: str) -> None:
    before = len(service.rows_of("account"))

    answer = service.post(f"{ACCOUNTS}?dry_run=true", NEW, by="chief")

    assert (answer.status, answer.json["committed"]) == (200, False)
    assert len(service.rows_of("account")) == before


def test_accounts_come_in_pages(service: Service, chief: str) -> None:
    for name in ("a1", "b1", "c1"):
        add(service, name)

    first = service.get(f"{ACCOUNTS}?limit=2", by="chief").json
    rest = service.get(f"{ACCOUNTS}?cursor={first['next']}", by="chief").json

    assert [row["name"] for row in first["items"] + rest["items"]] == ["a1", "b1", "c1", "chief"]
    assert rest["next"] is None


def test_signing_in_takes_no_more_than_names_and_passwords(service: Service) -> None:
    assert (
        service.post(SESSIONS, {"name": "x", "password": "y", "role": "administrator"}, by=None).status == 422
    )
