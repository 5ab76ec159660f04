"""`yuebao audit`, `events` and `remind` as an operator runs them: exit codes tell what was found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from tests.office import Seeds

RUN = CliRunner()


@pytest.fixture
def engine_name() -> str:
    """The commands are the same on both databases; the services under them are tested on both."""
    return "sqlite"


@pytest.fixture
def database(seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A first day, named in the environment, with a file for anchors."""
    for name, value in {
        "YUEBAO_ENV": "test",
        "YUEBAO_CLOCK": "2015-04-24T09:00:00+08:00",
        "YUEBAO_DATABASE_URL": seeded_url,
        "YUEBAO_DATA_DIR": str(tmp_path),
        "YUEBAO_AUDIT_ANCHOR": str(tmp_path / "anchors"),
    }.items():
        monkeypatch.setenv(name, value)
    return Path(seeded_url.removeprefix("sqlite:///"))


def run(*words: str) -> tuple[int, str]:
    done = RUN.invoke(app, list(words))
    return done.exit_code, done.output


def change(database: Path, *statements: str) -> None:
    """As one who owns the database."""
    connection = sqlite3.connect(database)
    for statement in (
        "DROP TRIGGER audit_event_no_update",
        "DROP TRIGGER audit_event_no_delete",
        *statements,
    ):
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_sound_chain_with_its_anchor_is_0(database: Path) -> None:
    assert run("audit", "anchor")[0] == 0

    code, said = run("audit", "verify")

    assert (code, "anchors: 1" in said) == (0, True)


def test_nobody_who_writes_waits_for_a_check(database: Path) -> None:
    run("audit", "anchor")
    connection = sqlite3.connect(database)
    connection.execute("BEGIN IMMEDIATE")
    try:
        assert run("audit", "verify")[0] == 0
    finally:
        connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'x' WHERE seq = 3",
        "DELETE FROM audit_event WHERE seq = 3",
        "DELETE FROM audit_event WHERE seq > 3",
    ],
)
def test_a_changed_chain_is_1(database: Path, statement: str) -> None:
    run("audit", "anchor")
    change(database, statement)

    assert run("audit", "verify")[0] == 1


def test_without_the_anchors_that_were_set_it_is_2(database: Path, tmp_path: Path) -> None:
    assert run("audit", "verify")[0] == 2
    (tmp_path / "anchors").write_bytes(b"")
    assert run("audit", "verify")[0] == 2


def test_an_anchor_needs_a_place(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEBAO_AUDIT_ANCHOR", "")

    assert run("audit", "anchor")[0] == 2
    assert run("audit", "verify")[0] == 0


def test_a_place_that_cannot_be_written_is_named(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUEBAO_AUDIT_ANCHOR", "/nowhere/anchors")

    code, said = run("audit", "anchor")

    assert (code, "/nowhere/anchors" in said) == (2, True)


def test_old_rows_are_archived_and_the_archive_verified(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("audit", "anchor")
    to = str(tmp_path / "2015.jsonl")
    assert run("audit", "archive", "--before", "2015-04-22", "--to", to)[0] == 2
    monkeypatch.setenv("YUEBAO_CLOCK", "2016-04-24T09:00:00+08:00")

    assert run("audit", "archive", "--before", "2015-05-01", "--to", to)[0] == 0

    assert run("audit", "verify", "--archive", to)[0] == 0
    assert run("audit", "archive", "--before", "2015-05-01", "--to", to)[0] == 2
    Path(to).write_bytes(b"{}\n")
    assert run("audit", "verify", "--archive", to)[0] == 1
    assert run("audit", "verify", "--archive", str(tmp_path / "none"))[0] == 2


def test_reminders_are_listed_without_being_sent(database: Path) -> None:
    code, said = run("remind", "--dry-run")
    again = run("remind", "--dry-run")[1]

    assert (code, said) == (0, again)
    assert "440100" in said
    assert "D-1" in said


def test_reminders_are_sent_once(database: Path) -> None:
    first, second = run("remind"), run("remind")

    assert first[0] == second[0] == 0
    assert "sent: 0" not in first[1]
    assert "sent: 0" in second[1]


def test_events_are_delivered_once_by_command(database: Path, seeds: Seeds) -> None:
    code, said = run("events", "deliver")

    assert (code, "delivered: 0" in said) == (0, True)
