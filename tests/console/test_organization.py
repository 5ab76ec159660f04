"""Signing in with one's organization, against a provider that runs for these tests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from app.cli.account import BY
from app.db import Database
from app.domain.address import Outgoing
from app.errors import Problem
from app.services import accounts
from app.services.outbound import Outcome
from app.services.provider import Errand, Provider
from tests import openid
from tests.office import Seeds, seeded_url, seeds
from tests.people import CURRENT, add, cookie_of, sign_in
from tests.service import Answer, Service

__all__ = ["seeded_url", "seeds"]

BACK = "/login/provider/return"
RETURN_URL = f"http://yuebao.test{BACK}"


@pytest.fixture
def engine_name() -> str:
    """The pages call the services that are tested on both databases."""
    return "sqlite"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with openid.running() as found:
        yield found


@pytest.fixture
def linked(issuer: str, seeds: Seeds, seeded_url: str, tmp_path: Path) -> Iterator[Service]:
    """A service that trusts the provider, at the provider's time; `li` is linked with `sub-li` there."""
    settings = {
        "data_dir": tmp_path,
        "oidc_issuer": issuer,
        "oidc_client_id": openid.CLIENT,
        "oidc_client_secret": openid.SECRET,
        "oidc_return_url": RETURN_URL,
        "oidc_networks": "127.0.0.0/8",
    }
    with Service(seeded_url, seeds("sqlite").tokens, **settings) as running:
        running.clock.set(datetime.now(UTC).isoformat())
        link(running, add(running, "li", "reporter")["id"], issuer, "sub-li")
        yield running


def link(service: Service, account: str, issuer: str, subject: str) -> None:
    with Database(service.database_url).transaction() as session:
        accounts.link(session, account, issuer=issuer, subject=subject, by=BY, now=service.clock.now())


def errand_of(answer: Answer) -> str:
    """The cookie that a browser leaves with."""
    return answer.headers["set-cookie"].split(";")[0]


def back(service: Service, errand: str, **brought: str) -> Answer:
    return service.get(f"{BACK}?{urlencode(brought)}", by=None, cookie=errand, sec_fetch_site="cross-site")


def test_a_person_signs_in_at_the_provider(linked: Service) -> None:
    away = linked.get("/login/provider?next=/account", by=None)
    query = parse_qs(urlsplit(away.headers["location"]).query)
    brought = openid.consent(away.headers["location"], "sub-li")
    answer = back(linked, errand_of(away), **brought)

    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == [RETURN_URL]
    assert "HttpOnly" in away.headers["set-cookie"]
    assert (answer.status, answer.headers["location"]) == (303, "/account")
    linked.cookies["li"] = next(
        value.partition("=")[2].split(";")[0] for value in answer.cookies if value.startswith("yuebao=")
    )
    assert linked.get(CURRENT, by="li").json["account"] == "li"


def test_the_login_page_offers_it(linked: Service) -> None:
    assert "/login/provider?next=" in linked.get("/login", by=None).body.decode()


def test_a_linked_account_has_no_password_here(linked: Service) -> None:
    assert sign_in(linked, "li").code == "sign-in-refused"


def test_who_is_not_linked_or_disabled_stays_outside(linked: Service) -> None:
    for subject in ("sub-nobody", "sub-li"):
        away = linked.get("/login/provider", by=None)
        answer = back(linked, errand_of(away), **openid.consent(away.headers["location"], subject))
        if subject == "sub-nobody":
            li = next(row["id"] for row in linked.rows_of("account") if row["name"] == "li")
            with Database(linked.database_url).transaction() as session:
                accounts.disable(session, li, by=BY, now=linked.clock.now())

        assert (answer.status, "统一身份登录未完成" in answer.body.decode()) == (401, True)
        assert not any(value.startswith("yuebao=") for value in answer.cookies)


def test_only_the_browser_that_left_comes_back_and_only_once(linked: Service) -> None:
    away, other = linked.get("/login/provider", by=None), linked.get("/login/provider", by=None)
    brought = openid.consent(away.headers["location"], "sub-li")
    mine = errand_of(away)

    told = [
        back(linked, errand_of(other), **brought).status,
        back(linked, "x=y", **brought).status,
        back(linked, mine, **(brought | {"state": "x"})).status,
        back(linked, mine, **(brought | {"iss": "https://evil.example"})).status,
        back(linked, mine, code="", state=brought["state"], error="access_denied").status,
    ]
    right = back(linked, mine, **brought).status
    again = back(linked, mine, **brought).status

    assert told == [401] * 5
    assert (right, again) == (303, 503)


def test_a_code_of_another_browser_is_worth_nothing_without_its_verifier(linked: Service) -> None:
    away, other = linked.get("/login/provider", by=None), linked.get("/login/provider", by=None)
    stolen = openid.consent(away.headers["location"], "sub-li")["code"]
    state = parse_qs(urlsplit(other.headers["location"]).query)["state"][0]

    assert back(linked, errand_of(other), code=stolen, state=state).status == 503


def test_without_a_provider_in_the_settings_the_paths_do_not_exist(
    seeds: Seeds, seeded_url: str, tmp_path: Path
) -> None:
    with Service(seeded_url, {}, data_dir=tmp_path) as running:
        assert running.get("/login/provider", by=None).status == 404
        assert running.get(BACK, by=None).status == 404


def test_a_provider_that_is_away_is_said_on_the_page(seeds: Seeds, seeded_url: str, tmp_path: Path) -> None:
    settings = {
        "oidc_issuer": "http://127.0.0.1:9",
        "oidc_client_id": "x",
        "oidc_client_secret": "y",
        "oidc_return_url": RETURN_URL,
    }
    with Service(seeded_url, {}, data_dir=tmp_path, **settings) as running:
        answer = running.get("/login/provider", by=None)

        assert (answer.status, "身份认证服务暂不可用" in answer.body.decode()) == (503, True)


NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"}, private=True)
ERRAND = Errand("s", "n", "v")
ISSUER = "https://id.example"


def telling(token: str) -> Callable[..., Outcome]:
    """A provider whose answers a test writes: a token that a real one would never sign."""

    def ask(url: str, body: bytes | None, headers: object, *, allowed: Outgoing) -> Outcome:
        found: Any = {"keys": [KEY.as_dict(private=False)]}
        if url.endswith("configuration"):
            found = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a"}
            found |= {"token_endpoint": f"{ISSUER}/t", "jwks_uri": f"{ISSUER}/k"}
        elif body is not None:
            found = {"id_token": token}
        return Outcome(200, body=json.dumps(found).encode())

    return ask


def subject(key: RSAKey = KEY, header: dict[str, Any] | None = None, token: str = "", **claims: Any) -> str:
    at = int(NOW.timestamp())
    good = {"iss": ISSUER, "aud": "c", "sub": "li", "nonce": "n", "iat": at, "exp": at + 300}
    kept = {name: value for name, value in (good | claims).items() if value is not None}
    made = token or jwt.encode({"alg": "RS256", "kid": "one"} | (header or {}), kept, key)
    provider = Provider(ISSUER, "c", "secret", RETURN_URL, Outgoing(), telling(made))
    return provider.subject(ERRAND, code="x", state="s", issuer="", now=NOW)


def test_a_token_that_fits_names_its_subject() -> None:
    assert subject() == "li"
    assert subject(aud=["c", "d"], azp="c") == "li"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"aud": ["c", "other"]},
        {"aud": ["c", "other"], "azp": "other"},
        {"nonce": "other"},
        {"nonce": None},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"exp": int((NOW - timedelta(seconds=61)).timestamp())},
        {"iat": int((NOW + timedelta(seconds=61)).timestamp())},
        {"key": OTHER},
        {"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJsaSJ9."},
        {"token": "a.b.c"},
        {"token": "not a token"},
    ],
)
def test_a_token_that_does_not_fit_opens_nothing(claims: dict[str, Any]) -> None:
    with pytest.raises(Problem) as refused:
        subject(**claims)

    assert refused.value.code == "sign-in-refused"


def test_cookies_keep_their_page(linked: Service) -> None:
    away = linked.get("/login/provider?next=//evil.example", by=None)
    answer = back(linked, errand_of(away), **openid.consent(away.headers["location"], "sub-li"))

    assert answer.headers["location"] == "/"
    assert cookie_of(answer) is not None
