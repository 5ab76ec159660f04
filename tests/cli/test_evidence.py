"""`yuebao evidence` on a data folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.root import app
from app.models.migrate import migrate


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line in an empty, migrated data folder."""
    monkeypatch.setenv("YUEBAO_DATA_DIR", str(tmp_path))
    migrate(f"sqlite:///{tmp_path}/yuebao.sqlite3")
    return CliRunner()


def test_a_sweep_tells_what_it_did(runner: CliRunner) -> None:
    result = runner.invoke(app, ["evidence", "sweep"])

    assert (result.exit_code, "deleted: 0" in result.output) == (0, True)


def test_a_check_of_a_whole_store_ends_with_0(runner: CliRunner) -> None:
    assert runner.invoke(app, ["evidence", "check"]).exit_code == 0
