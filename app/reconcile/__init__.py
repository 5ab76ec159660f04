"""Read a ledger, derive its figures, compare them with what was reported."""

from typing import Any, NamedTuple

Ledger: Any = object
Comparison: Any = object


class LedgerUnit(NamedTuple):
    """A unit that a ledger may name."""

    code: str
    name: str
    reporting_unit: str | None


def compare(**_: Any) -> Any:
    """Arrives with the reader."""
    raise NotImplementedError


def read_summary(*_: Any, **__: Any) -> Any:
    """Arrives with the comparison."""
    raise NotImplementedError
