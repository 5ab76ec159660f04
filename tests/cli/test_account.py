"""`yuebao account`: the first administrator, and help when nobody can sign in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from app.cli.root import app
from app.db import Database
from app.services import accounts, passwords
from tests.office import Seeds


@pytest.fixture
def engine_name() -> str:
    """The command line calls the services that are tested on both databases."""
    return "sqlite"


@pytest.fixture
def runner(seeded_url: str, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """The command line on a database of the first day."""
    monkeypatch.setenv("YUEBAO_DATA_DIR", str(Path(str(make_url(seeded_url).database)).parent))
    return CliRunner()


def run(runner: CliRunner, *words: str) -> str:
    result = runner.invoke(app, ["account", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def account(url: str, name: str) -> dict[str, object]:
    with Database(url).transaction() as session:
        row = accounts.named(session, name)
        assert row is not None
        return accounts.with_grants(session, row)


CREATE = ("create", "li", "--unit", "440000", "--display-name", "示例李", "--role", "administrator")


def test_the_first_administrator_gets_a_password_alone_on_the_last_line(
    runner: CliRunner, seeded_url: str
) -> None:
    password = run(runner, *CREATE).splitlines()[-1]
    made = account(seeded_url, "li")

    assert passwords.matches(str(made["password_hash"]), password)
    assert (made["is_password_initial"], made["grants"]) == (True, [("administrator", "440000")])


def test_an_account_is_listed_changed_disabled_and_reset(runner: CliRunner, seeded_url: str) -> None:
    first = run(runner, *CREATE).splitlines()[-1]
    run(runner, "grant", "li", "--role", "reviewer", "--unit", "440100")
    run(runner, "revoke", "li", "--role", "administrator", "--unit", "440000")
    run(runner, "disable", "li")
    assert account(seeded_url, "li")["disabled_by"] == "cli"
    run(runner, "enable", "li")
    second = run(runner, "password", "li").splitlines()[-1]

    made = account(seeded_url, "li")
    assert (made["disabled_at"], made["grants"]) == (None, [("reviewer", "440100")])
    assert passwords.matches(str(made["password_hash"]), second)
    assert first != second
    assert "li" in run(runner, "list")


def test_an_account_is_linked_with_the_provider_and_back(
    runner: CliRunner, seeded_url: str, monkeypatch: pytest.MonkeyPatch, seeds: Seeds
) -> None:
    run(runner, *CREATE)
    assert runner.invoke(app, ["account", "link", "li", "--subject", "x"]).exit_code == 2
    for name, value in {"ISSUER": "https://id.example", "CLIENT_ID": "y", "CLIENT_SECRET": "z"}.items():
        monkeypatch.setenv(f"YUEBAO_OIDC_{name}", value)
    monkeypatch.setenv("YUEBAO_OIDC_RETURN_URL", "https://y.example/login/provider/return")

    run(runner, "link", "li", "--subject", "x")
    linked = account(seeded_url, "li")
    run(runner, "password", "li")

    assert (linked["oidc_subject"], linked["password_hash"]) == ("x", None)
    assert account(seeded_url, "li")["oidc_subject"] is None


@pytest.mark.parametrize(
    "words",
    [
        ("create", "li", "--unit", "449999", "--display-name", "x"),
        ("create", "L I", "--unit", "440000", "--display-name", "x"),
        ("disable", "nobody"),
        ("revoke", "nobody", "--role", "reviewer", "--unit", "440000"),
        ("grant", "nobody", "--role", "reviewer", "--unit", "440000"),
        ("password", "nobody"),
    ],
)
def test_what_cannot_be_done_is_said(runner: CliRunner, words: tuple[str, ...]) -> None:
    assert runner.invoke(app, ["account", *words]).exit_code == 2
