"""The peer for sums over HTTP: Datasette with the same figures as JSON and two canned queries.

python -m bench.datasette_peer FOLDER    builds FOLDER/figures.db and metadata.json, and prints how to serve
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.sample import ReportingUnit, figures, months, reporting_units

QUESTION = "/figures/sums.json?period={period}&unit={unit}&_shape=array"
"""The sums of a province in a month, for `bench.sample.questions`."""

NATION = "/figures/provinces.json?period={period}&_shape=array"
"""The sums of every province in a month."""

TABLE = """
CREATE TABLE figures (
    period TEXT NOT NULL, unit TEXT NOT NULL, report_parent TEXT NOT NULL,
    reported TEXT NOT NULL, effective TEXT NOT NULL,
    PRIMARY KEY (period, unit)
) WITHOUT ROWID;
CREATE INDEX figures_by_parent ON figures (period, report_parent);
"""


def build(folder: Path, units: Sequence[ReportingUnit], periods: Sequence[str]) -> None:
    """The database and its metadata. No figure is corrected, so the effective ones equal the reported."""
    with sqlite3.connect(folder / "figures.db") as connection:
        connection.executescript(TABLE)
        connection.executemany("INSERT INTO figures VALUES (?, ?, ?, ?, ?)", _rows(units, periods))
    connection.close()
    columns = _sums(list(figures(units[0], 0)))
    queries = {
        "sums": {"sql": f"SELECT {columns} {_OF_PROVINCE}"},
        "provinces": {"sql": f"SELECT report_parent, {columns} {_BY_PROVINCE}"},
    }
    (folder / "metadata.json").write_text(json.dumps({"databases": {"figures": {"queries": queries}}}))


def _rows(units: Sequence[ReportingUnit], periods: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for month, period in enumerate(periods):
        for unit in units:
            values = json.dumps(figures(unit, month))
            yield period, unit.code, unit.parent, values, values


def _sums(codes: Sequence[str]) -> str:
    """Both sums of each indicator and the number of units, as an aggregate's cells have them."""
    columns = ",\n  ".join(
        f"sum(json_extract({kind}, '$.{code}')) AS {code}_{kind}"
        for code in codes
        for kind in ("reported", "effective")
    )
    return f"count(*) AS units,\n  {columns}\n"


_OF_PROVINCE = "FROM figures WHERE period = :period AND report_parent = :unit"
_BY_PROVINCE = "FROM figures WHERE period = :period GROUP BY report_parent"


def command(folder: Path, port: int) -> list[str]:
    """How Datasette serves it fastest: immutable, so without locks and with counts known."""
    database, metadata = str(folder / "figures.db"), str(folder / "metadata.json")
    options = ["--metadata", metadata, "--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "datasette", "serve", "--immutable", database, *options]


def main() -> None:
    """Build it where the argument says."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    build(folder, reporting_units(), months())
    print(" ".join(command(folder, 8001)))


if __name__ == "__main__":
    main()
