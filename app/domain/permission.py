"""Who may do what, and how far it reaches: one table that decides, documents and is tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
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
    request_id: str = ""
    address: str = ""

    def may(self, action: Action, path: str) -> bool:
        """Whether one of the grants that reach the unit allows the action."""
        return any(g.reaches(path) and self._allows(g.role, action) for g in self.grants)

    def check(self, action: Action, path: str) -> None:
        """Refuse an action at a unit: out of reach reads as absent, within reach as forbidden.

        Raises NotFound or Forbidden (design.md section 4: "Out of scope reads as 404, not 403").
        """
        if not any(g.reaches(path) for g in self.grants):
            raise NotFound()
        if not self.may(action, path):
            raise Forbidden()

    def check_role(self, action: Action) -> None:
        """Refuse an action that is tied to no unit (publishing a form, reading the register)."""
        if not any(self._allows(g.role, action) for g in self.grants):
            raise Forbidden()

    def reach(self, action: Action) -> tuple[str, ...]:
        """The report paths below which the action is allowed: what a list may show."""
        return tuple(sorted({g.path for g in self.grants if self._allows(g.role, action)}))

    @property
    def is_reporter_only(self) -> bool:
        """Whether the caller is nothing but a reporter, who sees no ledger before the unit has reported."""
        return bool(self.grants) and all(g.role is Role.REPORTER for g in self.grants)

    def role_at(self, path: str) -> str:
        """The role under which the actor stands at a unit, for the audit.

        Where none of the grants reaches (publishing a form for all), the first one counts.
        """
        roles = [g.role.value for g in self.grants if g.reaches(path)] or [g.role.value for g in self.grants]
        return roles[0] if roles else self.kind

    def _allows(self, role: Role, action: Action) -> bool:
        if role in ROLES[action]:
            return True
        return OPENED_BY_SCOPE.get(action) is role and action.value in self.scopes


SYSTEM = Actor(id="system", name="yuebao", kind="system")
"""The service itself and the operator's command line."""
