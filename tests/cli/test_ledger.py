"""`yuebao ledger`: files and foreign databases, the same checks for both, and old versions forgotten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from app.cli.root import app
from app.db import Database
from app.models import metadata
from tests.conftest import NewDatabase
from tests.ledger import SEVEN, imported, ledger, line
from tests.samples import GUANGZHOU, SHAOGUAN
from tests.service import Service

IMPORTS, FIGURES = metadata.tables["ledger_import"], metadata.tables["ledger_figure"]
WIDE = f"qb TEXT, code TEXT, {', '.join(f'{name} NUMERIC' for name in SEVEN)}, cut DATE"
ROWS = [
    ("2015-04", GUANGZHOU, 3, 1, 410, 2, 1, 1, 613, "2015-04-25"),
    ("2015-04", SHAOGUAN, 3, 1, None, 2, 1, 1, 613, "2015-04-25"),
    ("2015-05", GUANGZHOU, 3, 1, 412, 2, 1, 1, 614, "2015-05-25"),
]
QUERY = "SELECT * FROM ledger WHERE qb = :period ORDER BY code"
COLUMNS = '[columns]\nperiod = "qb"\nunit_code = "code"\nas_of = "cut"\n'

Run = Callable[..., Result]


@pytest.fixture
def run(service: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line on the service's database."""
    monkeypatch.setenv("YUEBAO_DATABASE_URL", service.database_url)
    monkeypatch.setenv("YUEBAO_ENV", "test")
    monkeypatch.setenv("YUEBAO_CLOCK", "2015-04-26T09:00:00+08:00")
    return lambda *words: CliRunner().invoke(app, ["ledger", *map(str, words)])


@pytest.fixture
def foreign(engine_name: str, new_database: NewDatabase, tmp_path: Path) -> str:
    """Somebody's own database with a table of figures, on the same kind of server."""
    if engine_name == "sqlite":
        path = tmp_path / "foreign ledger.sqlite3"
        url = f"sqlite:///{path}"
        with sqlite3.connect(path) as connection:
            fill(connection, "?")
        connection.close()
        return url
    url = new_database("postgresql")
    connection = Database(url).connect().connection
    fill(connection, "%s")
    connection.close()
    return url


def fill(connection: Any, mark: str) -> None:
    cursor = connection.cursor()
    cursor.execute(f"CREATE TABLE ledger ({WIDE})")
    cursor.executemany(f"INSERT INTO ledger VALUES ({', '.join([mark] * 10)})", ROWS)


def written(tmp_path: Path, url: str, query: str = QUERY, columns: str = COLUMNS, more: str = "") -> Path:
    file = tmp_path / "source.toml"
    file.write_text(f'url = "{url}"\nquery = "{query}"\n{more}{columns}', encoding="utf-8")
    return file


def test_a_file_is_imported_whole(run: Run, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "台账.csv"
    file.write_bytes(ledger(line()))

    tried, done = run("import", file, "--dry-run"), run("import", file)

    assert [tried.exit_code, done.exit_code] == [0, 0], done.output
    (row,) = service.rows(IMPORTS)
    assert (row["source"], row["unit_code"], row["imported_by"]) == ("file:台账.csv", "000000", "cli")
    assert done.output.splitlines()[-1] == row["id"]
    assert row["id"] not in tried.output


def test_a_file_with_an_error_ends_with_1(run: Run, service: Service, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(ledger("2015-04,440199,,1,1,1,1,1,1,1,\n"))

    result = run("import", file)

    assert (result.exit_code, "unknown-unit" in result.output) == (1, True)
    assert service.rows(IMPORTS) == []


def test_figures_are_pulled_from_a_database(run: Run, service: Service, foreign: str, tmp_path: Path) -> None:
    config = written(tmp_path, foreign)

    tried = run("pull", config, "--period", "2015-04", "--dry-run")
    done = run("pull", config, "--period", "2015-04")

    assert [tried.exit_code, done.exit_code] == [0, 0], done.output
    (row,) = service.rows(IMPORTS)
    assert row["source"].startswith("database:")
    assert (row["kind"], row["accepted"], str(row["as_of"])) == ("summary", 2, "2015-04-25")
    figures = {each["unit_code"]: each["figures"] for each in service.rows(FIGURES)}
    assert figures[GUANGZHOU] == dict(zip(SEVEN, ROWS[0][2:9], strict=True))
    assert "members_total" not in figures[SHAOGUAN]


def test_the_documented_configuration_works(run: Run, service: Service, tmp_path: Path) -> None:
    (example,) = re.findall(
        r"```toml\n(.*?)```", Path("docs/ledger.md").read_text(encoding="utf-8"), re.DOTALL
    )
    columns = "month, code, added, left_office, total, orgs_new, orgs_dissolved, orgs_rectified, orgs_total, cut_off"
    source, config = tmp_path / "monthly.sqlite3", tmp_path / "example.toml"
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(f"CREATE TABLE monthly ({columns})")
        connection.execute(f"INSERT INTO monthly VALUES ({', '.join('?' * 10)})", ROWS[0])
    config.write_text(re.sub(r'url = ".*"', f'url = "sqlite:///{source}"', example), encoding="utf-8")

    result = run("pull", config, "--period", "2015-04")

    assert result.exit_code == 0, result.output
    assert [row["figures"] for row in service.rows(FIGURES)] == [dict(zip(SEVEN, ROWS[0][2:9], strict=True))]


def test_a_pull_is_checked_like_a_file(run: Run, service: Service, foreign: str, tmp_path: Path) -> None:
    halves = QUERY.replace("*", "qb, '440199' AS code, 1.5 AS members_added")
    config = written(tmp_path, foreign, halves, '[columns]\nperiod = "qb"\nunit_code = "code"\n')

    result = run("pull", config, "--period", "2015-04")

    assert result.exit_code == 1
    assert service.rows(IMPORTS) == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger WHERE qb = :period RETURNING *",
        "INSERT INTO ledger (qb) VALUES (:period) RETURNING *",
    ],
)
def test_nothing_can_be_written_to_the_source(run: Run, foreign: str, tmp_path: Path, statement: str) -> None:
    result = run("pull", written(tmp_path, foreign, statement), "--period", "2015-04")

    assert (result.exit_code, "ledger-source" in result.output) == (2, True)
    assert run("pull", written(tmp_path, foreign), "--period", "2015-04", "--dry-run").exit_code == 0


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i), :period FROM n",
    "postgresql": "SELECT pg_sleep(30), CAST(:period AS TEXT)",
}


def test_a_query_that_takes_too_long_is_stopped(
    run: Run, foreign: str, engine_name: str, tmp_path: Path
) -> None:
    config = written(tmp_path, foreign, ENDLESS[engine_name], more="timeout_seconds = 1\n")

    result = run("pull", config, "--period", "2015-04")

    assert (result.exit_code, "ledger-source" in result.output) == (2, True)


def test_too_many_rows_are_refused(run: Run, foreign: str, tmp_path: Path) -> None:
    result = run("pull", written(tmp_path, foreign, more="max_rows = 1\n"), "--period", "2015-04")

    assert (result.exit_code, "/max_rows" in result.output) == (2, True)


class TestConfiguration:
    """What a configuration can get wrong; each ends with 2 and says where."""

    @pytest.fixture
    def engine_name(self) -> str:
        return "sqlite"

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("url = ", "ledger-source"),
            ('url = "sqlite:///x"', "/query"),
            ('url = "sqlite:///x"\nquery = "SELECT 1"', "/query"),
            ('url = "sqlite:///x"\nquery = "SELECT :period, :other"', "/query"),
            ('url = "nonsense"\nquery = "SELECT :period"', "/url"),
            ('url = "sqlite:///absent.sqlite3"\nquery = "SELECT :period"', "/url"),
            ('url = "nosuchdatabase://host/x"\nquery = "SELECT :period"', "/url"),
            ('url = "postgresql://a:${NO_SUCH_NAME}@h/x"\nquery = "SELECT :period"', "/url"),
            ('url = "sqlite:///x"\nquery = "SELECT :period"\npassword = "x"', "/password"),
            ('url = "sqlite:///x"\nquery = "SELECT :period"\ntimeout_seconds = 0', "/timeout_seconds"),
            ('url = "sqlite:///x"\nquery = "SELECT :period"\n[columns]\nname = "x"', "/columns/name"),
        ],
    )
    def test_a_bad_one_ends_with_2(self, run: Run, tmp_path: Path, text: str, place: str) -> None:
        file = tmp_path / "bad.toml"
        file.write_text(text, encoding="utf-8")

        result = run("pull", file, "--period", "2015-04")

        assert (result.exit_code, place in result.output) == (2, True), result.output

    def test_a_column_that_the_query_lacks_is_named(self, run: Run, foreign: str, tmp_path: Path) -> None:
        config = written(tmp_path, foreign, columns='[columns]\nperiod = "month"\nunit_code = "code"\n')

        result = run("pull", config, "--period", "2015-04")

        assert (result.exit_code, "/columns/period" in result.output) == (2, True)

    def test_the_password_comes_from_the_environment_and_is_shown_nowhere(
        self, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("LEDGER_PASSWORD", "p@ss/w:rd-示例")
        config = written(tmp_path, "postgresql://reader:${LEDGER_PASSWORD}@127.0.0.1:1/ledger")

        result = run("pull", config, "--period", "2015-04")

        assert result.exit_code == 2
        assert "p@ss" not in result.output
        assert "%40ss" not in result.output


def test_old_versions_are_forgotten_but_not_the_one_in_force(run: Run, service: Service) -> None:
    service.clock.set("2015-01-21T09:00:00+08:00")
    old = imported(service, line(members_total=1)).json["id"]
    service.clock.set("2015-01-22T09:00:00+08:00")
    current = imported(service, line(members_total=2)).json["id"]

    tried, done = run("purge", "--older-than", 60, "--dry-run"), run("purge", "--older-than", 60)

    assert [tried.exit_code, done.exit_code] == [0, 0], done.output
    assert current in done.output
    assert {row["import_id"] for row in service.rows(FIGURES)} == {current}
    row = next(row for row in service.rows(IMPORTS) if row["id"] == old)
    assert (row["accepted"], len(row["sha256"]), row["rank"]) == (1, 64, None)
    assert row["purged_at"] is not None
    refused = service.post(f"/api/v1/ledger/imports/{old}/promote", {"in_force": current}, by="reviewer")
    assert (refused.status, refused.code) == (409, "ledger-purged")
    assert service.get(f"/api/v1/ledger/imports/{old}/diff", by="reviewer").code == "ledger-purged"
