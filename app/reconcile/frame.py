"""Data frames as ledgers: written down as the text that a file of them would hold, and read like one."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from os import PathLike
from pathlib import Path
from typing import Any


def is_frame(source: Any) -> bool:
    """Whether this is no path."""
    return not isinstance(source, str | PathLike)


def write_frame(frame: Any, path: Path) -> None:
    """Write a pandas or polars frame, an Arrow table, or a mapping of columns, as CSV.

    The line of a record in findings is its place, counted from 2 after the header. TypeError for anything else.
    """
    if hasattr(frame, "convert_dtypes"):
        # A column of whole numbers with gaps is one of floating-point numbers in pandas: 3.0 for 3.
        frame.convert_dtypes().to_csv(path, index=False, encoding="utf-8", date_format="%Y-%m-%d")
    elif hasattr(frame, "write_csv"):
        frame.write_csv(path, datetime_format="%Y-%m-%d")
    elif hasattr(frame, "to_pydict"):
        _write_columns(frame.to_pydict(), path)
    elif isinstance(frame, Mapping):
        _write_columns(frame, path)
    else:
        raise TypeError("neither a path nor a data frame")


def _write_columns(columns: Mapping[str, Sequence[Any]], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([text_of(value) for value in row])


def text_of(value: object) -> str:
    """A value as a ledger writes it: days as 2015-04-25, whole numbers without a point, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.time().min else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def laid_down(source: Any, folder: Path) -> Path:
    """The source as a file of a plain name: DuckDB would expand * and [ in it, and unpack by its ending."""
    path = folder / "ledger.csv"
    if is_frame(source):
        write_frame(source, path)
    else:
        path.symlink_to(Path(source).resolve(strict=True))
    return path
