"""`yuebao ledger import --kind members|orgs`, and what is left of rosters when they are purged and swept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.root import app
from app.models import metadata
from tests.rosters import member, org, roster, sent
from tests.service import Service

IMPORTS = metadata.tables["ledger_import"]
LATER = "2015-07-01T09:00:00+08:00"
Run = Callable[..., Result]


@pytest.fixture
def run(service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line on the service's database and folder."""
    monkeypatch.setenv("YUEBAO_DATABASE_URL", service.database_url)
    monkeypatch.setenv("YUEBAO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("YUEBAO_ENV", "test")
    monkeypatch.setenv("YUEBAO_CLOCK", "2015-04-26T09:00:00+08:00")
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def file(folder: Path, *rows: str, kind: str = "members") -> Path:
    path = folder / f"{kind}.csv"
    path.write_bytes(roster(*rows, kind=kind))
    return path


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "evidence" / "ledger").rglob("*") if len(path.name) == 64)


def test_both_rosters_are_imported_by_command(run: Run, service: Service, tmp_path: Path) -> None:
    members = run("ledger", "import", file(tmp_path, member(1, "2014-01-01")), "--kind", "members")
    orgs = run("ledger", "import", file(tmp_path, org(1, "2014-01-01"), kind="orgs"), "--kind", "orgs")

    assert (members.exit_code, orgs.exit_code) == (0, 0), members.output + orgs.output
    assert "accepted 1/1; added 3" in members.output
    assert {(row["kind"], row["source"]) for row in service.rows(IMPORTS)} == {
        ("members", "file:members.csv"),
        ("orgs", "file:orgs.csv"),
    }
    assert len(kept(tmp_path)) == 2


def test_a_roster_with_an_error_and_a_dry_run_leave_nothing(
    run: Run, service: Service, tmp_path: Path
) -> None:
    good, bad = member(1, "2014-01-01"), member(2, "2014-13-01")

    refused = run("ledger", "import", file(tmp_path, good, bad), "--kind", "members")
    tried = run("ledger", "import", file(tmp_path, good), "--kind", "members", "--dry-run")

    assert (refused.exit_code, tried.exit_code) == (1, 0)
    assert "dry run" in tried.output
    assert (service.rows(IMPORTS), kept(tmp_path)) == ([], [])


def test_a_sweep_deletes_records_that_no_import_names_and_a_check_misses_those_that_one_does(
    run: Run, service: Service, tmp_path: Path
) -> None:
    service.clock.set("2015-04-26T09:00:00+08:00")
    sent(service, member(1, "2014-01-01"))
    (named,) = kept(tmp_path)
    stray = named.with_name("0" * 64)
    stray = named.parents[2] / "00" / "00" / stray.name
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"nobody's")
    os.utime(stray, (0, 0))

    left = tmp_path / "rosters" / "work-left"
    left.mkdir()
    os.utime(left, (0, 0))

    swept, whole = run("evidence", "sweep"), run("evidence", "check")
    named.write_bytes(b"not what it was")
    broken = run("evidence", "check")

    assert (swept.exit_code, whole.exit_code, broken.exit_code) == (0, 0, 1)
    assert "set aside: 1" in swept.output
    assert named in kept(tmp_path)
    assert not left.exists()


def test_a_purge_leaves_no_copy_at_hand(
    run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.clock.set("2015-04-26T09:00:00+08:00")
    sent(service, member(1, "2014-01-01"))
    sent(service, member(1, "2014-01-01"), member(2, "2014-01-01"))
    assert list((tmp_path / "rosters").iterdir())

    monkeypatch.setenv("YUEBAO_CLOCK", LATER)
    done = run("ledger", "purge", "--older-than", 60)

    assert "purged 1" in done.output
    assert list((tmp_path / "rosters").iterdir()) == []
    assert {row["records"] is None: row["rows"] for row in service.rows(IMPORTS)} == {True: 1, False: 2}
