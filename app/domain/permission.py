"""Who may do what, and how far it reaches: one table that decides, documents and is tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from app.errors import Forbidden, NotFound


class Role(StrEnum):
    """The five roles of the contract (design.md section 4)."""

    REPORTER = "reporter"
    REVIEWER = "reviewer"
    INTEGRATOR = "integrator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What a caller can ask for; each operation of the API names exactly one."""

    READ_REGISTER = "register:read"
    CHANGE_REGISTER = "register:change"
    READ_FORMS = "forms:read"
    PUBLISH_FORM = "forms:publish"
    SET_DEADLINE = "deadline:set"
    CLOSE_PERIOD = "period:close"
    EXCUSE_UNIT = "unit:excuse"
    WRITE_REPORT = "report:write"
    READ_REPORT = "report:read"
    READ_DRAFT = "report:read-draft"
    REVIEW_REPORT = "report:review"
    WRITE_EVIDENCE = "evidence:write"
    READ_EVIDENCE = "evidence:read"
    DECIDE_CLAIM = "claim:decide"
    WRITE_LEDGER = "ledger:write"
    READ_MISMATCHES = "mismatches:read"
    EXPLAIN_MISMATCH = "mismatches:explain"
    RESOLVE_MISMATCH = "mismatches:resolve"
    READ_AGGREGATES = "aggregates:read"
    WRITE_CIRCULAR = "circular:write"
    READ_CIRCULAR = "circular:read"
    READ_AUDIT = "audit:read"
    MANAGE_WEBHOOKS = "webhooks:manage"
    MANAGE_SUBSCRIPTIONS = "subscriptions:manage"
    READ_ACCOUNTS = "accounts:read"
    MANAGE_ACCOUNTS = "accounts:manage"
    READ_TOKENS = "tokens:read"
    MANAGE_TOKENS = "tokens:manage"
    READ_CONTACT = "contact:read"
    NAME_CONTACT = "contact:name"
    REVEAL_CONTACT = "contact:reveal"


_ALL = frozenset(Role)
_R, _V, _I, _U, _A = Role.REPORTER, Role.REVIEWER, Role.INTEGRATOR, Role.AUDITOR, Role.ADMINISTRATOR

ROLES: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.READ_REGISTER: _ALL,
        Action.CHANGE_REGISTER: frozenset({_A}),
        Action.READ_FORMS: _ALL,
        Action.PUBLISH_FORM: frozenset({_A}),
        Action.SET_DEADLINE: frozenset({_V}),
        Action.CLOSE_PERIOD: frozenset({_V}),
        Action.EXCUSE_UNIT: frozenset({_V}),
        Action.WRITE_REPORT: frozenset({_R}),
        Action.READ_REPORT: frozenset({_R, _V, _I}),
        Action.READ_DRAFT: frozenset({_R}),
        Action.REVIEW_REPORT: frozenset({_V}),
        Action.WRITE_EVIDENCE: frozenset({_R}),
        Action.READ_EVIDENCE: frozenset({_R, _V}),
        Action.DECIDE_CLAIM: frozenset({_V}),
        Action.WRITE_LEDGER: frozenset({_V}),
        Action.READ_MISMATCHES: frozenset({_R, _V, _I}),
        Action.EXPLAIN_MISMATCH: frozenset({_R, _V}),
        Action.RESOLVE_MISMATCH: frozenset({_V}),
        Action.READ_AGGREGATES: frozenset({_R, _V, _I}),
        Action.WRITE_CIRCULAR: frozenset({_V}),
        Action.READ_CIRCULAR: frozenset({_R, _V, _I}),
        Action.READ_AUDIT: frozenset({_U}),
        Action.MANAGE_WEBHOOKS: frozenset({_I, _A}),
        Action.MANAGE_SUBSCRIPTIONS: frozenset({_R, _A}),
        Action.READ_ACCOUNTS: frozenset({_V, _U, _A}),
        Action.MANAGE_ACCOUNTS: frozenset({_A}),
        Action.READ_TOKENS: frozenset({_U, _A}),
        Action.MANAGE_TOKENS: frozenset({_A}),
        Action.READ_CONTACT: frozenset({_R, _V}),
        Action.NAME_CONTACT: frozenset({_R, _V}),
        Action.REVEAL_CONTACT: frozenset({_V}),
    }
)
"""The roles that may act (promises.md section 6). The administrator sees no report data."""

OPENED_BY_SCOPE: Mapping[Action, Role] = MappingProxyType(
    {
        Action.WRITE_LEDGER: Role.INTEGRATOR,
        Action.WRITE_REPORT: Role.INTEGRATOR,
        Action.WRITE_EVIDENCE: Role.INTEGRATOR,
        Action.READ_EVIDENCE: Role.INTEGRATOR,
    }
)
"""Actions that an integrator's token gets only when it was made with the scope of the same name."""

_REPORT = "/api/v1/reports/{period}/{unit}"
_UNIT = "/api/v1/units/{code}"
_ACCOUNT = "/api/v1/accounts/{account_id}"
_FORM = "/api/v1/forms/{code}/{version}"
_IMPORT = "/api/v1/ledger/imports/{import_id}"
_RUN = "/api/v1/reconciliations/{run_id}"
_MISMATCH = "/api/v1/mismatches/{mismatch_id}"
_CIRCULAR = "/api/v1/circulars/{circular_id}"
_JOB = "/api/v1/jobs/{job_id}"

OPERATIONS_OF: Mapping[Action, tuple[str, ...]] = MappingProxyType(
    {
        Action.READ_REGISTER: ("GET /api/v1/units", f"GET {_UNIT}", "GET /api/v1/periods/{period}/{unit}"),
        Action.CHANGE_REGISTER: (),
        Action.READ_FORMS: ("GET /api/v1/forms", f"GET {_FORM}", f"GET {_FORM}/schema", f"GET {_FORM}/diff"),
        Action.PUBLISH_FORM: ("POST /api/v1/forms",),
        Action.CLOSE_PERIOD: (
            "POST /api/v1/periods/{period}/{unit}/close",
            "POST /api/v1/periods/{period}/{unit}/restate",
        ),
        Action.EXCUSE_UNIT: (
            "PUT /api/v1/periods/{period}/{unit}/excuse",
            "DELETE /api/v1/periods/{period}/{unit}/excuse",
        ),
        Action.MANAGE_WEBHOOKS: (
            "POST /api/v1/webhooks",
            "GET /api/v1/webhooks",
            "GET /api/v1/webhooks/{webhook_id}",
            "DELETE /api/v1/webhooks/{webhook_id}",
            "POST /api/v1/webhooks/{webhook_id}/test",
            "GET /api/v1/webhooks/{webhook_id}/deliveries",
            "POST /api/v1/webhooks/{webhook_id}/redeliver",
        ),
        Action.MANAGE_SUBSCRIPTIONS: (
            "GET /api/v1/subscriptions/{unit}",
            "PUT /api/v1/subscriptions/{unit}",
        ),
        Action.SET_DEADLINE: ("PUT /api/v1/periods/{period}/{unit}/deadline",),
        Action.WRITE_REPORT: (
            "POST /api/v1/reports",
            "POST /api/v1/reports/xlsx",
            "POST /api/v1/aggregates/sdmx",
            f"PUT {_REPORT}",
            f"GET {_REPORT}/draft",
            f"POST {_REPORT}/submit",
            f"POST {_REPORT}/withdraw",
        ),
        Action.READ_REPORT: (
            "GET /api/v1/reminders",
            "GET /api/v1/reports",
            "GET /api/v1/reports/{period}/forms.zip",
            f"GET {_REPORT}",
            f"GET {_REPORT}/versions",
            f"GET {_REPORT}/versions/{{number}}",
            f"GET {_REPORT}/diff",
            f"GET {_REPORT}/form.xlsx",
            f"GET {_REPORT}/consolidation",
            "GET /api/v1/events",
        ),
        Action.READ_DRAFT: (),
        Action.REVIEW_REPORT: (f"POST {_REPORT}/accept", f"POST {_REPORT}/return", f"POST {_REPORT}/reopen"),
        Action.WRITE_EVIDENCE: ("POST /api/v1/evidence", f"POST {_REPORT}/claims"),
        Action.READ_EVIDENCE: (
            "GET /api/v1/evidence/{evidence_id}",
            "GET /api/v1/evidence/{evidence_id}/content",
            f"GET {_REPORT}/claims",
            "GET /api/v1/claims/{claim_id}",
        ),
        Action.DECIDE_CLAIM: (
            "POST /api/v1/claims/{claim_id}/accept",
            "POST /api/v1/claims/{claim_id}/reject",
        ),
        Action.WRITE_LEDGER: (
            "GET /api/v1/ledger/imports",
            "POST /api/v1/ledger/imports",
            f"GET {_IMPORT}",
            f"GET {_IMPORT}/diff",
            f"GET {_IMPORT}/findings",
            f"POST {_IMPORT}/promote",
            f"POST {_IMPORT}/rollback",
            "POST /api/v1/reconciliations",
            f"GET {_JOB}",
            f"GET {_JOB}/events",
            f"DELETE {_JOB}",
        ),
        Action.READ_MISMATCHES: (
            f"GET {_RUN}",
            f"GET {_RUN}/summary",
            f"GET {_RUN}/mismatches",
            f"GET {_RUN}/figures/{{unit}}/{{indicator}}",
            "GET /api/v1/mismatches",
            f"GET {_MISMATCH}",
        ),
        Action.EXPLAIN_MISMATCH: (
            f"POST {_MISMATCH}/explain",
            f"POST {_MISMATCH}/confirm",
            f"POST {_MISMATCH}/dispute",
        ),
        Action.RESOLVE_MISMATCH: (f"POST {_MISMATCH}/resolve",),
        Action.READ_AGGREGATES: (
            "GET /api/v1/periods/{period}/{unit}/vintages",
            "GET /api/v1/periods/{period}/{unit}/vintages/diff",
            "GET /api/v1/periods/{period}/{unit}/vintages/{number}",
            "GET /api/v1/aggregates/{period}/{unit}",
            "GET /api/v1/aggregates/{unit}",
            "GET /api/v1/completeness/{period}/{unit}",
            "GET /api/v1/rankings/{period}/{unit}",
            "GET /api/v1/board/{period}/{unit}",
        ),
        Action.WRITE_CIRCULAR: (
            "POST /api/v1/circulars",
            f"PUT {_CIRCULAR}",
            f"POST {_CIRCULAR}/submit",
            f"POST {_CIRCULAR}/return",
            f"POST {_CIRCULAR}/approve",
            f"POST {_CIRCULAR}/publish",
            f"POST {_CIRCULAR}/restate",
        ),
        Action.READ_CIRCULAR: (
            "GET /api/v1/circulars",
            f"GET {_CIRCULAR}",
            f"GET {_CIRCULAR}.docx",
            f"GET {_CIRCULAR}.pdf",
            f"GET {_CIRCULAR}.xlsx",
        ),
        Action.READ_AUDIT: ("GET /api/v1/audit",),
        Action.READ_ACCOUNTS: ("GET /api/v1/accounts", f"GET {_ACCOUNT}"),
        Action.MANAGE_ACCOUNTS: (
            "POST /api/v1/accounts",
            f"POST {_ACCOUNT}/disable",
            f"POST {_ACCOUNT}/enable",
            f"POST {_ACCOUNT}/reset",
            f"POST {_ACCOUNT}/grants",
            f"POST {_ACCOUNT}/grants/confirm",
            f"POST {_ACCOUNT}/grants/revoke",
        ),
        Action.READ_TOKENS: ("GET /api/v1/tokens",),
        Action.MANAGE_TOKENS: ("POST /api/v1/tokens", "POST /api/v1/tokens/{token_id}/revoke"),
        Action.READ_CONTACT: (f"GET {_UNIT}/contact", f"GET {_UNIT}/contact/history"),
        Action.NAME_CONTACT: (f"PUT {_UNIT}/contact",),
        Action.REVEAL_CONTACT: (f"POST {_UNIT}/contact/reveal",),
    }
)
"""Every operation under the action that it needs. The service does not start with one that is not here."""

_CURRENT = "/api/v1/sessions/current"
OPERATIONS_OF_ANYBODY: frozenset[str] = frozenset(
    {
        "POST /api/v1/sessions",
        f"GET {_CURRENT}",
        f"DELETE {_CURRENT}",
        f"PUT {_CURRENT}/password",
        f"POST {_CURRENT}/second-factor",
        f"POST {_CURRENT}/second-factor/confirm",
    }
)
"""Operations on nothing but one's own session and account; the first one is open to strangers."""

ACTION_OF: Mapping[str, Action] = MappingProxyType(
    {operation: action for action, operations in OPERATIONS_OF.items() for operation in operations}
)
"""The action that an operation needs."""


def check_listed(operations: Iterable[str]) -> None:
    """Refuse operations that nobody has decided about. Raises ValueError with their names."""
    unknown = sorted(set(operations) - ACTION_OF.keys() - OPERATIONS_OF_ANYBODY)
    if unknown:
        raise ValueError(f"not in the table of operations (app/domain/permission.py): {', '.join(unknown)}")


@dataclass(frozen=True, slots=True)
class Grant:
    """A role at a unit; it reaches the unit's reporting subtree (`path` is the unit's report path)."""

    role: Role
    unit: str
    path: str

    def reaches(self, path: str) -> bool:
        """Whether the unit with this report path is the grant's own or lies below it."""
        return path == self.path or path.startswith(self.path + "/")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a token, an account or the service itself, with its grants and scopes."""

    id: str
    name: str
    kind: str
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    """Where it may come from, as CIDR; empty for anywhere."""
    request_id: str = ""
    address: str = ""

    def calling(self, request_id: str, address: str) -> Actor:
        """The same with one request's id and address; `replace` takes three times as long."""
        fixed = self.id, self.name, self.kind, self.grants, self.scopes, self.networks
        return Actor(*fixed, request_id, address)

    def may(self, action: Action, path: str) -> bool:
        """Whether one of the grants that reach the unit allows the action."""
        return action in self.actions_at(path)

    def actions_at(self, path: str) -> frozenset[Action]:
        """All that the grants which reach the unit allow."""
        return _allowed(tuple([g.role for g in self.grants if g.reaches(path)]), self.scopes)

    def check(self, action: Action, path: str) -> None:
        """Refuse an action at a unit: out of reach reads as absent, within reach as forbidden.

        Raises NotFound or Forbidden (design.md section 4: "Out of scope reads as 404, not 403").
        """
        roles = tuple([g.role for g in self.grants if g.reaches(path)])
        if not roles:
            raise NotFound()
        if action not in _allowed(roles, self.scopes):
            raise Forbidden()

    def check_role(self, action: Action) -> None:
        """Refuse an action that is tied to no unit (publishing a form, reading the register)."""
        if not self.reach(action):
            raise Forbidden()

    def reach(self, action: Action) -> tuple[str, ...]:
        """The report paths below which the action is allowed: what a list may show."""
        return tuple(sorted({g.path for g in self.grants if action in _allowed((g.role,), self.scopes)}))

    @property
    def is_reporter_only(self) -> bool:
        """Whether the caller is nothing but a reporter, who sees no ledger before the unit has reported."""
        return bool(self.grants) and all(g.role is Role.REPORTER for g in self.grants)

    def stands_at(self, action: Action, path: str) -> bool:
        """Whether a grant at this very unit, not at one above it, allows the action: the unit itself asks."""
        roles = tuple([g.role for g in self.grants if g.path == path])
        return action in _allowed(roles, self.scopes)

    def role_at(self, path: str) -> str:
        """The role under which the actor stands at a unit, for the audit.

        Where none of the grants reaches (publishing a form for all), the first one counts.
        """
        roles = [g.role.value for g in self.grants if g.reaches(path)] or [g.role.value for g in self.grants]
        return roles[0] if roles else self.kind


@lru_cache(maxsize=256)
def _allowed(roles: tuple[Role, ...], scopes: frozenset[str]) -> frozenset[Action]:
    return frozenset(action for action in Action for role in roles if _allows(role, action, scopes))


def _allows(role: Role, action: Action, scopes: frozenset[str]) -> bool:
    if role in ROLES[action]:
        return True
    return OPENED_BY_SCOPE.get(action) is role and action.value in scopes


SYSTEM = Actor(id="system", name="yuebao", kind="system")
"""The service itself and the operator's command line."""
