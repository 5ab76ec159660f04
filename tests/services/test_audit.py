"""The audit: one row per write in the write's own transaction, sealed into a chain that shows every change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from app.cli.context import OPERATOR
from app.db import Database, Session
from app.domain.permission import Role
from app.domain.register import read_register, register_text
from app.errors import Problem, Unavailable
from app.models import metadata
from app.services import audit, forms, tokens, units
from tests.samples import GUANGDONG, GUANGZHOU, REOPEN, REPORTS, RETURN, at, report, unit
from tests.seed import OPENED
from tests.service import Asked, Service

EVENTS = metadata.tables["audit_event"]
SECOND = (
    forms.builtin_forms()[0].replace("version = 1\n", "version = 2\n", 1).replace("2015-04", "2015-05", 1)
)
LEDGER = (
    "period,unit_code,unit_name,members_added,members_left,members_total,orgs_new,orgs_dissolved,"
    "orgs_rectified,orgs_total,as_of\n2015-04,440100,,3,1,410,2,1,1,613,2015-04-25\n"
)

Step = Callable[[Service], Any]


def asked(method: str, path: str, by: str, body: object = None, **headers: str) -> Step:
    """A request, as a step."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda service: service.ask(Asked(method, path, by, body, named))


FILE = asked("POST", REPORTS, "guangzhou", report())
DRAFT = asked("POST", REPORTS, "guangzhou", report(draft=True))
EARLY = {"reason": "各市已报，提前关闭"}
CLOSE = asked("POST", f"/api/v1/periods/2015-04/{GUANGDONG}/close", "reviewer", EARLY)
ACCEPT = asked("POST", at("/accept"), "reviewer", {})


def on_the_last(address: str, step: str, by: str, body: object) -> Step:
    """A step of what a list shows first: the last import, the only mismatch."""

    def take(service: Service) -> Any:
        found = service.get(address, by="reviewer").json["items"][0]["id"]
        return service.post(f"{address}/{found}/{step}", body, by=by)

    return take


IMPORTS, MISMATCHES = "/api/v1/ledger/imports", "/api/v1/mismatches"
IMPORT = asked(
    "POST", IMPORTS, "reviewer", LEDGER.replace(",410,", ",411,").encode(), content_type="text/csv"
)
RECONCILE = asked("POST", "/api/v1/reconciliations", "reviewer", {"period": "2015-04", "unit": GUANGDONG})
WHY = {"text": "台账尚未录入四月下旬的变动"}
ROLL_BACK = on_the_last(IMPORTS, "rollback", "reviewer", {})


@dataclass(frozen=True)
class Write:
    """A write, what must be there before it, and how many rows of the audit it leaves."""

    step: Step
    before: tuple[Step, ...] = ()
    rows: int = 1


def on_command_line(work: Callable[[Session], Any]) -> Step:
    """A write of the command line, in a transaction of its own."""

    def step(service: Service) -> None:
        with Database(service.database_url).transaction() as session:
            work(session)

    return step


def correct_the_register(session: Session) -> None:
    lines = register_text([unit(GUANGZHOU)]).replace("广州市", "羊城市").splitlines(keepends=True)
    rows, _ = read_register(lines, units.known(session))
    units.load(session, rows, by=OPERATOR, now=OPENED)


def make_a_token(session: Session) -> None:
    tokens.create(session, role=Role.REVIEWER, unit=GUANGDONG, name="x", by=OPERATOR, now=OPENED)


def revoke_a_token(session: Session) -> None:
    tokens.revoke(session, tokens.listed(session)[0]["id"], by=OPERATOR, now=OPENED)


WRITES = {
    "file": Write(FILE),
    "draft": Write(DRAFT),
    "correct": Write(asked("PUT", at(""), "guangzhou", report(), if_match='"1"'), (FILE,)),
    "submit": Write(asked("POST", at("/submit"), "guangzhou", {}), (DRAFT,)),
    "withdraw": Write(asked("POST", at("/withdraw"), "guangzhou", {}), (FILE,)),
    "accept": Write(ACCEPT, (FILE,)),
    "return": Write(asked("POST", at("/return"), "reviewer", RETURN), (FILE,)),
    "reopen": Write(asked("POST", at("/reopen"), "reviewer", REOPEN), (FILE, ACCEPT)),
    "deadline": Write(
        asked(
            "PUT",
            f"/api/v1/periods/2015-04/{GUANGDONG}/deadline",
            "reviewer",
            {"due_on": "2015-04-27", "reason": "顺延"},
        )
    ),
    "close": Write(CLOSE, (FILE,)),
    "restate": Write(
        asked("POST", f"/api/v1/periods/2015-04/{GUANGDONG}/restate", "reviewer", EARLY),
        (
            FILE,
            CLOSE,
            asked("POST", "/api/v1/ledger/imports", "reviewer", LEDGER.encode(), content_type="text/csv"),
        ),
    ),
    "form": Write(asked("POST", "/api/v1/forms", "administrator", {"definition": SECOND})),
    "import": Write(
        asked("POST", "/api/v1/ledger/imports", "reviewer", LEDGER.encode(), content_type="text/csv"), (FILE,)
    ),
    "reconcile": Write(
        asked("POST", "/api/v1/reconciliations", "reviewer", {"period": "2015-04", "unit": GUANGDONG}),
        (FILE,),
    ),
    "import and reconcile": Write(
        asked(
            "POST",
            f"/api/v1/reconciliations?period=2015-04&unit={GUANGDONG}",
            "reviewer",
            LEDGER.encode(),
            content_type="text/csv",
        ),
        (FILE,),
        rows=2,
    ),
    "promote": Write(
        on_the_last(IMPORTS, "promote", "reviewer", {"in_force": None}), (FILE, IMPORT, ROLL_BACK)
    ),
    "roll back": Write(ROLL_BACK, (FILE, IMPORT, RECONCILE)),
    **{
        step: Write(on_the_last(MISMATCHES, step, "reviewer", WHY), (FILE, IMPORT, RECONCILE))
        for step in ("explain", "confirm", "dispute", "resolve")
    },
    "correct what differs": Write(
        asked("PUT", at(""), "guangzhou", report(figures={"members_total": 411}), if_match='"1"'),
        (FILE, IMPORT, RECONCILE),
    ),
    "with a key": Write(asked("POST", REPORTS, "guangzhou", report(), idempotency_key="k")),
    "register": Write(on_command_line(correct_the_register)),
    "token": Write(on_command_line(make_a_token)),
    "revocation": Write(on_command_line(revoke_a_token)),
}


def test_a_check_sees_one_state_while_others_write(service: Service) -> None:
    with Database(service.database_url).snapshot() as session:
        before = session.all(select(EVENTS.c.seq))
        assert FILE(service).status == 201

        assert audit.broken(session) == []
        assert session.all(select(EVENTS.c.seq)) == before

    assert len(service.rows(EVENTS)) == len(before) + 1


@pytest.mark.parametrize("name", WRITES)
def test_every_write_leaves_exactly_its_rows(service: Service, name: str) -> None:
    write = WRITES[name]
    for step in write.before:
        step(service)
    before = len(service.rows(EVENTS))

    answer = write.step(service)

    assert answer is None or answer.status in {200, 201}, answer.json
    assert len(service.rows(EVENTS)) == before + write.rows
    with Database(service.database_url).transaction() as session:
        assert audit.broken(session) == []


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_stored_when_the_audit_fails(
    service: Service, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = WRITES[name]
    for step in write.before:
        step(service)
    before = service.stored()

    def break_down(*_: object, **__: object) -> None:
        raise Unavailable

    monkeypatch.setattr(audit, "record", break_down)
    if name in {"register", "token", "revocation"}:
        with pytest.raises(Problem):
            write.step(service)
    else:
        assert write.step(service).status == 503

    assert service.stored() == before


def test_a_dry_run_and_a_refusal_leave_no_row(service: Service) -> None:
    before = service.rows(EVENTS)

    service.post(f"{REPORTS}?dry_run=true", report())
    service.post(REPORTS, report(figures={"counties_mobilized": 8}))
    service.post(REPORTS, report(), by="reviewer")
    service.get(at(""))

    assert service.rows(EVENTS) == before


FORGED = {
    "at": "2015-04-25 00:00:00+00:00",
    "actor": "token:someone",
    "role": "auditor",
    "unit": "440200",
    "action": "report.accept",
    "object": "report:2015-04/440200",
    "version": 7,
    "before_hash": "0" * 64,
    "after_hash": "0" * 64,
    "request_id": "x",
    "address": "10.0.0.1",
    "alg": "sm3",
    "prev_hash": "0" * 64,
    "hash": "0" * 64,
}


class TestTampering:
    """As whoever owns the database: the triggers that refuse a change are taken away first."""

    @pytest.fixture
    def owned(self, service: Service) -> Service:
        FILE(service)
        ACCEPT(service)
        return service

    def rows(self, service: Service) -> int:
        return len(service.rows(EVENTS))

    @pytest.mark.parametrize("column", FORGED)
    def test_every_changed_field_shows(self, owned: Service, column: str) -> None:
        number = self.rows(owned) - 1

        with as_owner(owned) as session:
            value = FORGED[column]
            if column == "at" and owned.database_url.startswith("sqlite"):
                value = "2015-04-25T00:00:00.000000Z"
            session.connection.execute(
                _sql(owned, f"UPDATE audit_event SET {column} = ? WHERE seq = ?"), (value, number)
            )

        assert number in self.found(owned)

    @pytest.mark.parametrize("back", [1, 2, 5])
    def test_a_removed_row_shows(self, owned: Service, back: int) -> None:
        number = self.rows(owned) - back

        with as_owner(owned) as session:
            session.connection.execute(_sql(owned, "DELETE FROM audit_event WHERE seq = ?"), (number,))

        assert self.found(owned) == [number + 1]

    def test_two_rows_that_changed_places_show(self, owned: Service) -> None:
        last = self.rows(owned)

        with as_owner(owned) as session:
            for old, new in ((last, 10_000), (last - 1, last), (10_000, last - 1)):
                session.connection.execute(
                    _sql(owned, "UPDATE audit_event SET seq = ? WHERE seq = ?"), (new, old)
                )

        assert self.found(owned) == [last - 1, last]

    def found(self, service: Service) -> list[int]:
        with Database(service.database_url).transaction() as session:
            return audit.broken(session)


@contextmanager
def as_owner(service: Service) -> Iterator[Session]:
    with Database(service.database_url).transaction() as session:
        if service.database_url.startswith("sqlite"):
            for verb in ("update", "delete"):
                session.control(f"DROP TRIGGER audit_event_no_{verb}")
        else:
            session.control("SET LOCAL session_replication_role = replica")
        yield session


def _sql(service: Service, text: str) -> str:
    return text if service.database_url.startswith("sqlite") else text.replace("?", "%s")


def test_the_hash_does_not_depend_on_the_zone_in_which_the_time_is_told(service: Service) -> None:
    with Database(service.database_url).transaction() as session:
        row = session.all(select(EVENTS))[0]

        assert audit.seal(row) == audit.seal({**row, "at": row["at"].astimezone(OPENED.tzinfo)})
