"""A ledger in somebody's database: what a configuration says of it, and its figures as a file like any other."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import ArgumentError

from app.db import Row, SourceError, rows_of
from app.domain.pointer import pointer
from app.errors import Finding, Invalid, Severity, Text
from app.reconcile.columns import SUMMARY

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CODES = tuple(column.code for column in SUMMARY)
_NEEDED = ("period", "unit_code")

Name = Annotated[str, Field(min_length=1, max_length=200)]


class Source(BaseModel):
    """One configuration file. `columns` names the query's column for each of ours, where it is called otherwise."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    query: Annotated[str, Field(min_length=1, max_length=100_000)]
    columns: dict[Name, Name] = {}
    timeout_seconds: int = Field(default=60, ge=1, le=3600)
    max_rows: int = Field(default=500_000, ge=1, le=5_000_000)


def read_source(path: Path, environment: Mapping[str, str]) -> tuple[Source, URL]:
    """A configuration and the address in it, with `${NAME}` replaced from the environment.

    Raises Invalid with everything that is wrong with it. Values are quoted for an address, so a password may hold
    any character.
    """
    try:
        source = Source.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused([_wrong("", "不是有效的 TOML", f"Not valid TOML: {error}")]) from None
    except ValidationError as error:
        raise _refused(
            [_wrong(pointer(*e["loc"]), "取值不符合要求", e["msg"]) for e in error.errors()]
        ) from None
    found = [*_query_faults(source.query), *_column_faults(source.columns)]
    missing = [name for name in _VARIABLE.findall(source.url) if name not in environment]
    found += [_wrong("/url", f"环境变量 {name} 未设置", f"{name} is not set") for name in missing]
    if found:
        raise _refused(found)
    try:
        address = make_url(_VARIABLE.sub(lambda match: quote(environment[match[1]], safe=""), source.url))
    except ArgumentError:
        raise _refused([_wrong("/url", "不是数据库地址", "Not the address of a database")]) from None
    return source, address


def _query_faults(query: str) -> list[Finding]:
    names = set(text(query).compile().params)
    if names == {"period"}:
        return []
    return [_wrong("/query", "须有且只有参数 :period", "Takes the parameter :period, and no other")]


def _column_faults(columns: Mapping[str, str]) -> list[Finding]:
    return [
        _wrong(
            pointer("columns", name), f"没有这一列；可用 {', '.join(_CODES)}", f"One of {', '.join(_CODES)}"
        )
        for name in columns
        if name not in _CODES
    ]


def write_file(source: Source, address: URL, *, period: str, target: Path) -> int:
    """Query one period and write what comes as a summary ledger in UTF-8; the number of rows.

    Nothing is judged here: the file goes the way of every other. Raises Invalid when the database does not
    answer, gives more than `max_rows`, or lacks a column.
    """
    limit = source.max_rows
    try:
        rows = rows_of(address, source.query, {"period": period}, seconds=source.timeout_seconds, limit=limit)
    except SourceError as error:
        raise _refused([_wrong("/url", "读取数据库失败", f"The database did not answer: {error}")]) from error
    if len(rows) > limit:
        raise _refused([_wrong("/max_rows", f"超过 {limit} 行", f"More than {limit} rows")])
    columns = _found_columns(source, rows)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns.values()] for row in rows)
    return len(rows)


def _found_columns(source: Source, rows: Sequence[Row]) -> dict[str, str]:
    """Our columns that the query gives, each with its name there."""
    given = rows[0].keys() if rows else set(_CODES)
    columns = {code: source.columns.get(code, code) for code in _CODES}
    wanted = {*_NEEDED, *source.columns}
    missing = [code for code in _CODES if code in wanted and columns[code] not in given]
    if missing:
        raise _refused(
            [
                _wrong(
                    pointer("columns", code),
                    f"查询结果没有 {code} 列",
                    f"The query gives no column for {code}",
                )
                for code in missing
            ]
        )
    return {code: name for code, name in columns.items() if name in given}


def _cell(value: Any) -> str:
    """A value as an office would have typed it; what is no whole number stays what it is, to be refused."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal) and value == value // 1:
        return str(int(value))
    return str(value)


def name_of(address: URL) -> str:
    """Where the figures came from, without the password."""
    return f"database:{address.render_as_string(hide_password=True)}"[:200]


def _wrong(place: str, zh: str, en: str) -> Finding:
    return Finding("ledger-source", "ledger-source", Severity.ERROR, place, Text(zh, en))


def _refused(findings: Sequence[Finding]) -> Invalid:
    title = Text("台账来源配置有误或无法读取", "The source of the ledger is misconfigured or cannot be read")
    return Invalid(title, code="ledger-source", findings=findings)
