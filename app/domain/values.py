"""The four values of a figure side by side: reported, evidenced, ledger, and the one that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeAlias


class Governed(Protocol):
    """What a value needs to know of an indicator: its code and who decides its figure."""

    @property
    def code(self) -> str: ...

    @property
    def authority(self) -> str:
        """One of declared, budget, evidence, ledger."""


class Declared(NamedTuple):
    """A figure that nobody but the unit itself decides."""

    code: str
    authority: str = "declared"


class Source(StrEnum):
    """Where an effective value was taken from."""

    REPORTED = "reported"
    EVIDENCE = "evidence"
    LEDGER = "ledger"


class Flag(StrEnum):
    """What a reader must know about an effective value before trusting or comparing it."""

    UNVERIFIED = "unverified"
    """The ledger should decide and says nothing: the reported figure stands in (台账缺失)."""
    NOT_REPORTED = "not_reported"
    """The unit did not report; the ledger's figure counts, the unit is still 未报."""
    LEDGER_CORRECTED = "ledger_corrected"
    """The ledger's figure replaced a different reported one."""
    PENDING = "pending"
    """Less evidence than reported, and the period is still open: evidence may follow."""
    DEEMED_NOT_HELD = "deemed_not_held"
    """Closed without any evidence: 无证明材料，视为未开展."""
    PARTLY_DEEMED = "partly_deemed"
    """Closed with evidence for some of the reported number: only that part counts."""


class Value(NamedTuple):
    """An effective value; `value` and `source` are None together."""

    value: int | None
    source: Source | None
    flags: tuple[Flag, ...] = ()


class FiguresRow(NamedTuple):
    """Everything known about one unit's figures in one period, as the table `figures` stores it.

    `reported`, `effective` and `sources` hold every indicator, `evidenced` only the evidence-bound ones,
    `ledger` only the ledger's, `flags` only the codes that carry one: an absent code reads as null.
    """

    reported: dict[str, int | None]
    evidenced: dict[str, int | None]
    ledger: dict[str, int | None]
    effective: dict[str, int | None]
    sources: dict[str, str | None]
    flags: dict[str, list[str]]


# The rules run for every figure of every report that arrives: they return plain tuples, and name enum members
# once, because looking one up on its class costs more than the rest of a rule.
_Ruling: TypeAlias = tuple[int | None, Source | None, tuple[Flag, ...]]
_REPORTED, _EVIDENCE, _LEDGER = Source.REPORTED, Source.EVIDENCE, Source.LEDGER
_UNFLAGGED: tuple[Flag, ...] = ()
_UNVERIFIED, _NOT_REPORTED, _CORRECTED = (Flag.UNVERIFIED,), (Flag.NOT_REPORTED,), (Flag.LEDGER_CORRECTED,)
_PENDING, _NOT_HELD, _PARTLY = (Flag.PENDING,), (Flag.DEEMED_NOT_HELD,), (Flag.PARTLY_DEEMED,)
_NOTHING: _Ruling = (None, None, _UNFLAGGED)


def _by_report(reported: int | None, evidenced: int | None, ledger: int | None, closed: bool) -> _Ruling:
    return _NOTHING if reported is None else (reported, _REPORTED, _UNFLAGGED)


def _by_ledger(reported: int | None, evidenced: int | None, ledger: int | None, closed: bool) -> _Ruling:
    if ledger is None:
        return _NOTHING if reported is None else (reported, _REPORTED, _UNVERIFIED)
    if reported is None:
        return ledger, _LEDGER, _NOT_REPORTED
    return ledger, _LEDGER, _UNFLAGGED if ledger == reported else _CORRECTED


def _by_evidence(reported: int | None, evidenced: int | None, ledger: int | None, closed: bool) -> _Ruling:
    if reported is None:
        return _NOTHING
    covered = evidenced or 0
    if not closed:
        return reported, _REPORTED, _PENDING if covered < reported else _UNFLAGGED
    if covered >= reported:
        return reported, _EVIDENCE, _UNFLAGGED
    return covered, _EVIDENCE, _PARTLY if covered else _NOT_HELD


_RULES: Mapping[str, Callable[[int | None, int | None, int | None, bool], _Ruling]] = {
    "declared": _by_report,
    "budget": _by_report,
    "ledger": _by_ledger,
    "evidence": _by_evidence,
}


def effective(
    indicator: Governed, *, reported: int | None, evidenced: int | None, ledger: int | None, closed: bool
) -> Value:
    """The value that counts, with its source and flags (domain.md 3.1). None is "no value", 0 is a value.

    `reported` comes from the current submitted version. `evidenced` counts the distinct units covered by
    accepted claims, None reading as 0, and never raises a figure. Only `closed` makes lack of evidence
    final. KeyError for an authority that no rule is written for.
    """
    return Value(*_RULES[indicator.authority](reported, evidenced, ledger, closed))


def figures_row(
    indicators: Iterable[Governed],
    reported: Mapping[str, int | None] | None,
    evidenced: Mapping[str, int | None],
    ledger: Mapping[str, int | None] | None,
    closed: bool,
) -> FiguresRow:
    """The row of one unit, codes in the order of `indicators`; codes outside them are dropped.

    `reported` is None without a submitted report, `ledger` is None without a row in the ledger; in both a
    missing code or a None is "no value". Any mapping may come from another form version.
    """
    said, known = reported or {}, ledger or {}
    row = FiguresRow({}, {}, {}, {}, {}, {})
    mine, covered, figures, counted, sources, flags = row
    for indicator in indicators:
        code, authority = indicator.code, indicator.authority
        value = mine[code] = said.get(code)
        proof = figure = None
        if authority == "evidence":
            proof = covered[code] = evidenced.get(code) or 0
        elif authority == "ledger":
            figure = figures[code] = known.get(code)
        counted[code], sources[code], flagged = _RULES[authority](value, proof, figure, closed)
        if flagged:
            flags[code] = [*flagged]
    return row
