"""What can be said about a figure of a summary: both identities, and readings that need no records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.domain.period import Window
from app.reconcile.roster.case import ADDED, KINDS, LEFT, ROLES, TOTAL
from app.reconcile.roster.digits import slips
from app.reconcile.roster.explain import PARTS, Identity
from app.reconcile.roster.hints import Hint, hint, ranked

Figures = Mapping[str, int | None]


def explain_summary(
    unit: str,
    indicator: str,
    window: Window,
    *,
    ledger: Figures,
    ledger_before: Figures,
    reported: Figures,
    reported_before: Figures,
    previous: Window | None = None,
) -> dict[str, Any]:
    """The same answer as `explain` gives of a roster, with null in place of records, which a summary has not.

    All figures are by indicator, of this period and of the one before. KeyError for an indicator that no
    ledger decides.
    """
    parts = PARTS[KINDS[indicator]]
    said, known = reported.get(indicator), ledger.get(indicator)
    hints: tuple[Hint, ...] = ()
    if said is not None and known is not None and said != known:
        hints = ranked(_hints(indicator, said, known, ledger, ledger_before, parts))
    sides = {"ledger": (ledger_before, ledger), "reported": (reported_before, reported)}
    return {
        "unit": unit,
        "indicator": indicator,
        "window": _days(window),
        "reported": said,
        "ledger": known,
        "difference": None if said is None or known is None else said - known,
        "counted": {"count": known, "records": None},
        "excluded": {"counts": None, "records": None},
        "identity": {
            side: Identity(
                before.get(parts[TOTAL]), *(now.get(parts[part]) for part in (ADDED, LEFT, TOTAL))
            ).as_json()
            for side, (before, now) in sides.items()
        },
        "previous": previous
        and {
            "window": _days(previous),
            "ledger": ledger_before.get(indicator),
            "came": {"count": None, "records": None},
            "went": {"count": None, "records": None},
        },
        "hints": [replace(found, records=None).as_json() for found in hints],
    }


def _days(window: Window) -> dict[str, str]:
    return {"after": window.start.isoformat(), "until": window.end.isoformat()}


def _hints(
    indicator: str, said: int, known: int, ledger: Figures, before: Figures, parts: Mapping[str, str]
) -> Iterator[Hint]:
    if before.get(indicator) == said and ROLES[indicator] != TOTAL:
        yield hint("previous-window", said, known)
    opening, added, left = before.get(parts[TOTAL]), ledger.get(parts[ADDED]), ledger.get(parts[LEFT])
    if ROLES[indicator] == TOTAL and said == opening:
        yield hint("opening", said, known)
    if ROLES[indicator] == TOTAL and left and said == known + left:
        yield hint("leavers-kept", said, known)
    if indicator == parts[ADDED] and left and added is not None and said == added - left:
        yield hint("net", said, known)
    if said and any(ledger.get(code) == said for code in parts.values() if code != indicator):
        yield hint("swapped", said, known)
    for code in slips(known, said):
        yield hint(code, said, known)
