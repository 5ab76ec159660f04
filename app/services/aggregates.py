"""Sums up the reporting tree, cached as bytes by everything they depend on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any, NamedTuple, Protocol, TypeAlias

import orjson
from sqlalchemy import Text, bindparam, cast, func, select

from app.db import Row, Session, Stamp, prepared
from app.domain.aggregate import UnitFigures, View, aggregate
from app.domain.form import FormVersion
from app.domain.period import Period
from app.domain.permission import Action, Actor
from app.domain.values import FiguresRow
from app.domain.workflow import Status
from app.models import Figures, Report
from app.models.report import IS_ACCEPTED
from app.services import forms, revisions, units, vintages

_FIGURES = Figures.__table__  # type: ignore[attr-defined]
_REPORTS = Report.__table__  # type: ignore[attr-defined]

MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})
"""直辖市 have no prefectures, so column 1 does not apply to what reports to them (domain.md 3.3)."""

_NO_PREFECTURE = frozenset({"prefectures_mobilized"})
_MEMBER = {View.ALL: "aggregate", View.CENTRE: "centre"}
"""Where a snapshot keeps each view."""

_UNSENT = (None, Status.DRAFT)

_VALUES = tuple(cast(_FIGURES.c[name], Text).label(name) for name in FiguresRow._fields)
"""As text: the converters of columns take as long as it takes to parse them."""

_OF_CODES = prepared(
    select(_FIGURES.c.unit_code, *_VALUES, _FIGURES.c.closed_under, _REPORTS.c.status, _REPORTS.c.timeliness)
    .outerjoin(
        _REPORTS, (_REPORTS.c.unit_code == _FIGURES.c.unit_code) & (_REPORTS.c.period == _FIGURES.c.period)
    )
    .where(
        _FIGURES.c.period == bindparam("month"),
        _FIGURES.c.unit_code >= bindparam("first"),
        _FIGURES.c.unit_code < bindparam("end"),
    )
)
_ACCEPTED = (
    select(_REPORTS.c.unit_code, func.max(_REPORTS.c.period).label("period"))
    .where(
        IS_ACCEPTED,
        _REPORTS.c.unit_code >= bindparam("first"),
        _REPORTS.c.unit_code <= bindparam("last"),
        _REPORTS.c.period < bindparam("month"),
    )
    .group_by(_REPORTS.c.unit_code)
    .subquery()
)
_LAST_ACCEPTED = prepared(
    select(_FIGURES.c.unit_code, _FIGURES.c.effective).join(
        _ACCEPTED,
        (_ACCEPTED.c.unit_code == _FIGURES.c.unit_code) & (_ACCEPTED.c.period == _FIGURES.c.period),
    )
)


class InParts(Protocol):
    """Makes sums from what it keeps (app.services.parts)."""

    def __call__(
        self, session: Session, *, unit: Row, period: Period, view: View, state: str
    ) -> tuple[bytes, str]:
        """The body of a sum and its tag."""
        ...

    def is_quick(self, unit: str, period: Period, view: View) -> bool:
        """Whether that takes no longer than a look-up or two."""
        ...


def of_unit(
    session: Session,
    *,
    unit: Row,
    period: Period,
    view: View = View.ALL,
    vintage: int | None = None,
    is_blind: bool = False,
) -> dict[str, Any]:
    """The sums of a unit and period; what `GET /aggregates/{period}/{unit}` answers.

    Of a closed period exactly what a vintage says, the last one by default. `is_blind`: for a reporter, to whom
    the form may show the ledger's figures of a unit only once it has reported. Raises NotFound for a vintage that
    is not.
    """
    number = vintage or vintages.last(session, str(period), unit["code"])
    if number is None:
        return live(session, unit=unit, period=period, view=view, is_blind=is_blind)
    found: dict[str, Any] = vintages.snapshot(session, str(period), unit["code"], number)[_MEMBER[view]]
    return found


def live(
    session: Session,
    *,
    unit: Row,
    period: Period,
    view: View = View.ALL,
    vintage: int | None = None,
    is_blind: bool = False,
) -> dict[str, Any]:
    """The same from the figures as they stand; provisional until every one of them is final."""
    form = forms.in_force(session, period)
    parts, is_final = _parts(session, unit, period, form, is_blind=is_blind and form.blind_first)
    body = aggregate(
        form.summed, form.ratios, parts, provisional=not (vintage or is_final), vintage=vintage, view=view
    )
    return {"period": str(period), "unit": unit["code"], "name": unit["name"], "form": form.id, **body}


_Question: TypeAlias = tuple[str, str, str, int | None, bool]


@dataclass(slots=True)
class Kept:
    """An answer with the state of the database that it was computed from."""

    state: str
    body: bytes
    tag: str
    seen: tuple[Stamp, str] | None = None
    """When it was last found to stand, and the unit's report path then."""


class _Known(NamedTuple):
    """What changes with the register or a close only: a unit, and whether it has closed the period."""

    state: str
    unit: Row
    is_closed: bool


MOST_KNOWN = 4096
"""Units and periods of which that is kept: a year of every unit that sums are asked of."""

MOST_BYTES = 256 * 1024 * 1024
"""Bytes of bodies that are kept. A province of 22 units takes 42 KB before anybody reports, the centre by townships
62 MB: all provinces of a year in either view fit, or four answers of that largest kind."""


class Answers:
    """Bytes of answers by what was asked, each with the state of the database that it was computed from.

    One entry per question, so a new state replaces the old one; the least recently asked goes first. An answer
    that alone is larger than `most` bytes is not kept.
    """

    def __init__(self, most: int = MOST_BYTES, parts: InParts | None = None) -> None:
        self._most = most
        self._bytes = 0
        self._parts = parts
        self._kept: OrderedDict[_Question, Kept] = OrderedDict()
        self._known: dict[tuple[str, str], _Known] = {}
        self._lock = Lock()

    def standing(
        self, stamp: Stamp, *, unit_code: str, period: str, view: View, vintage: int | None, by: Actor
    ) -> Kept | None:
        """The answer if `kept` found that it stands and nothing was committed since; no look at the database.

        Raises NotFound, Forbidden.
        """
        kept = self._kept.get((unit_code, period, view.value, vintage, by.is_reporter_only))
        if kept is None or kept.seen is None or kept.seen[0] != stamp:
            return None
        by.check(Action.READ_AGGREGATES, kept.seen[1])
        return kept

    def kept(
        self,
        session: Session,
        *,
        unit_code: str,
        period: Period,
        view: View,
        vintage: int | None = None,
        by: Actor,
        stamp: Stamp | None = None,
    ) -> Kept | None:
        """The answer as it still stands, or quickly made from parts that do, else None: it must be computed.

        `stamp` was taken before the session. Who may not read it is refused before the cache is looked at. Raises
        NotFound, Forbidden.
        """
        state = revisions.current(session, str(period))
        path = self._about(session, unit_code, str(period), state).unit["report_path"]
        by.check(Action.READ_AGGREGATES, path)
        kept = self._kept.get((unit_code, str(period), view.value, vintage, by.is_reporter_only))
        if kept is None or kept.state != state:
            is_plain = vintage is None and not by.is_reporter_only
            if not (is_plain and self._parts and self._parts.is_quick(unit_code, period, view)):
                return None
            kept = self._made(session, unit_code, period, view, state)
        if stamp is not None:
            kept.seen = stamp, path
        return kept

    def computed(
        self,
        session: Session,
        *,
        unit_code: str,
        period: Period,
        view: View,
        vintage: int | None = None,
        is_blind: bool = False,
    ) -> Kept:
        """The same, computed now and kept; for who has been let through. Raises Invalid.

        The tag is a hash of the content: what a change elsewhere left as it was is still unchanged, and no two
        answers share one, not even after a restored backup.
        """
        state = revisions.current(session, str(period))
        return self._made(session, unit_code, period, view, state, vintage, is_blind=is_blind)

    def _about(self, session: Session, code: str, period: str, state: str) -> _Known:
        found, common = self._known.get((code, period)), revisions.common(state)
        if found is None or found.state != common:
            unit, is_closed = units.get(session, code), vintages.last(session, period, code) is not None
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[code, period] = _Known(common, unit, is_closed)
        return found

    def _made(
        self,
        session: Session,
        code: str,
        period: Period,
        view: View,
        state: str,
        vintage: int | None = None,
        *,
        is_blind: bool = False,
    ) -> Kept:
        _, unit, is_closed = self._about(session, code, str(period), state)
        asked: Any = {"unit": unit, "period": period, "view": view}
        if self._parts and not (vintage or is_closed or is_blind):
            answer = Kept(state, *self._parts(session, **asked, state=state))
        else:
            answer = Kept(state, *_whole(of_unit(session, **asked, vintage=vintage, is_blind=is_blind)))
        self._keep((code, str(period), view.value, vintage, is_blind), answer)
        return answer

    def _keep(self, key: _Question, answer: Kept) -> None:
        with self._lock:
            if before := self._kept.pop(key, None):
                self._bytes -= len(before.body)
            self._kept[key] = answer
            self._bytes += len(answer.body)
            while self._bytes > self._most:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone.body)


def _whole(found: dict[str, Any]) -> tuple[bytes, str]:
    body = orjson.dumps(found)
    return body, tag_of(body)


def tag_of(body: bytes) -> str:
    """The tag of an answer: what is the same to the byte has the same one."""
    return sha256(body).hexdigest()[:32]


def _parts(
    session: Session, unit: Row, period: Period, form: FormVersion, *, is_blind: bool
) -> tuple[list[UnitFigures], bool]:
    """What each unit brings, and whether all of it is final."""
    contributing = units.contributors(session, unit, on=form.window(period).end)
    rows = stored_of(session, contributing, period)
    found = [row for row in rows.values() if not is_blind or row["status"] not in _UNSENT]
    brought = contributions(session, contributing, {row["unit_code"]: row for row in found}, period)
    return brought, bool(contributing) and all(is_final(row, rows) for row in contributing)


def stored_of(session: Session, contributing: Sequence[Row], period: Period) -> dict[str, Row]:
    """What is stored of a month, by unit: of the contributing ones, which come in code order, and of some between."""
    if not contributing:
        return {}
    # By codes and not by the units' paths, for which a database would look at every figure of the month.
    first, end = contributing[0]["code"], contributing[-1]["code"] + "0"
    return {row["unit_code"]: row for row in session.all(_OF_CODES, month=str(period), first=first, end=end)}


def is_final(unit: Row, stored: Mapping[str, Row]) -> bool:
    """Whether a close covers a unit of a sum."""
    return stored.get(unit["code"], _ABSENT)["closed_under"] is not None


def contributions(
    session: Session, contributing: Sequence[Row], stored: Mapping[str, Row], period: Period
) -> list[UnitFigures]:
    """What these units bring to a sum, in their order, which is that of their codes."""
    missing = [row["code"] for row in contributing if stored.get(row["code"], _ABSENT)["status"] in _UNSENT]
    last = _last_accepted(session, missing, period)
    return [_part(row, stored.get(row["code"]), last.get(row["code"], {})) for row in contributing]


_ABSENT: Row = {"status": None, "closed_under": None}


def not_applicable(unit: Row) -> frozenset[str]:
    """The indicators that make no sense for a unit: column 1 below a municipality."""
    return _NO_PREFECTURE if unit["report_parent"] in MUNICIPALITIES else frozenset()


def _part(unit: Row, stored: Row | None, last: Mapping[str, int | None]) -> UnitFigures:
    # Nobody but the unit itself knows of a draft.
    is_filed = stored is not None and stored["status"] != Status.DRAFT
    return UnitFigures(
        code=unit["code"],
        name=unit["name"],
        level=unit["level"],
        status=stored["status"] if stored and is_filed else None,
        timeliness=stored["timeliness"] if stored and is_filed else None,
        row=FiguresRow(*[orjson.loads(stored[name]) for name in FiguresRow._fields]) if stored else None,
        not_applicable=not_applicable(unit),
        last={**units.register_figures(unit), **last},
    )


def _last_accepted(session: Session, codes: list[str], period: Period) -> dict[str, dict[str, int | None]]:
    """The effective values of each unit's last accepted report before a period, by unit; `codes` in order.

    Of every unit between the first and the last of them, so that the statement is always the same.
    """
    if not codes:
        return {}
    rows = session.all(_LAST_ACCEPTED, first=codes[0], last=codes[-1], month=str(period))
    return {row["unit_code"]: row["effective"] for row in rows}
