"""Signing in through an OpenID provider: authorization code with PKCE, state and nonce (OpenID Connect Core)."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.domain.address import Outgoing, parse_target
from app.errors import Text, Unauthenticated, Unavailable
from app.services.outbound import Outcome, call

ALGORITHMS = ("RS256", "ES256", "PS256")
"""How the provider may sign. Never `none`, and never with a secret that both sides know."""

FRESH = 3600.0
"""Seconds for which the provider's description and keys are remembered."""

LEEWAY = 60
"""Seconds by which the clocks of both sides may differ."""

ACCEPT = {"Accept": "application/json"}

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser keeps while it is with the provider: only the one that left can come back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Errand:
        """Three secrets of 256 bits."""
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))

    def text(self) -> str:
        """As a cookie."""
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @classmethod
    def parse(cls, text: str) -> Errand | None:
        """Back from a cookie; None for anything else."""
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None

    @property
    def challenge(self) -> str:
        """PKCE S256 (RFC 7636)."""
        return urlsafe_b64encode(sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Provider:
    """The one provider that the settings name. Its methods wait for the network: never call them on a lane."""

    issuer: str
    client_id: str
    client_secret: str
    return_url: str
    allowed: Outgoing
    ask: Callable[..., Outcome] = call
    clock: Callable[[], float] = monotonic
    _known: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def address(self, errand: Errand) -> str:
        """Where the browser goes to prove who it is."""
        query = {
            "response_type": "code",
            "scope": "openid",
            "client_id": self.client_id,
            "redirect_uri": self.return_url,
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": errand.challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str(self._description()["authorization_endpoint"])
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"

    def subject(self, errand: Errand | None, *, code: str, state: str, issuer: str, now: datetime) -> str:
        """Who came back with this code. Raises Unauthenticated for whatever does not fit, Unavailable.

        `issuer` is the parameter `iss` of the answer, empty when there was none (RFC 9207).
        """
        if errand is None or not code or not hmac.compare_digest(errand.state.encode(), state.encode()):
            raise not_proved()
        if issuer not in ("", self.issuer):
            raise not_proved()
        token = self._exchange(code, errand.verifier)
        claims = self._claims(token, now)
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), errand.nonce.encode()):
            raise not_proved()
        return str(claims["sub"])

    def _exchange(self, code: str, verifier: str) -> str:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.return_url,
            "code_verifier": verifier,
        }
        pair = f"{quote(self.client_id, safe='')}:{quote(self.client_secret, safe='')}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {b64encode(pair.encode()).decode()}",
        }
        url = str(self._description()["token_endpoint"])
        answer = self.ask(url, urlencode(body).encode(), ACCEPT | headers, allowed=self.allowed)
        return str(_object(answer).get("id_token", ""))

    def _claims(self, token: str, now: datetime) -> dict[str, Any]:
        """The claims of a token that the provider signed for this service, and that is in force."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            decoded = jwt.decode(token, self._keys(), algorithms=ALGORITHMS)
            registry.validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError):
            # Perhaps the keys have changed since; the next try reads them anew.
            self._known.clear()
            raise not_proved() from None
        audience = decoded.claims["aud"]
        others = isinstance(audience, list) and len(audience) > 1
        if (others or "azp" in decoded.claims) and decoded.claims.get("azp") != self.client_id:
            raise not_proved()
        return dict(decoded.claims)

    def _description(self) -> dict[str, Any]:
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found: dict[str, Any] = self._remembered(url, lambda: self._get(url))
        if found.get("issuer") != self.issuer or not all(isinstance(found.get(e), str) for e in ENDPOINTS):
            self._known.clear()
            raise _misdescribed()
        try:
            for endpoint in ENDPOINTS:
                parse_target(found[endpoint], self.allowed)
        except ValueError:
            raise _unreachable() from None
        return found

    def _get(self, url: str) -> dict[str, Any]:
        return _object(self.ask(url, None, ACCEPT, allowed=self.allowed))

    def _keys(self) -> KeySet:
        url = str(self._description()["jwks_uri"])
        keys: KeySet = self._remembered(url, lambda: KeySet.import_key_set(self._get(url)))  # type: ignore[arg-type]
        return keys

    def _remembered(self, url: str, ask: Callable[[], Any]) -> Any:
        known = self._known.get(url)
        if known is None or self.clock() - known[0] > FRESH:
            known = self._known[url] = (self.clock(), ask())
        return known[1]


def not_proved() -> Unauthenticated:
    """401: what came back from the provider proves nothing."""
    return Unauthenticated(
        Text(
            "统一身份登录未完成，请重新登录", "Signing in with your organization did not succeed; try again"
        ),
        code="sign-in-refused",
    )


def _misdescribed() -> Unavailable:
    return Unavailable(
        Text(
            "身份认证服务的配置有误，请联系系统管理员",
            "The identity provider describes itself wrongly; tell the operator",
        ),
        code="provider-unavailable",
    )


def _unreachable() -> Unavailable:
    return Unavailable(
        Text("身份认证服务暂不可用，请稍后重试", "The identity provider cannot be used now; try again later"),
        code="provider-unavailable",
        headers={"Retry-After": "30"},
    )


def _object(answer: Outcome) -> dict[str, Any]:
    if answer.status != 200 or not answer.is_whole:
        raise _unreachable()
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        raise _misdescribed() from None
    if not isinstance(found, dict):
        raise _misdescribed()
    return found
