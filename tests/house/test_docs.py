"""The documents: twins tell the same, links lead somewhere, indexes are complete, settings are all there."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.settings import DeadlineShift, Environment, Settings
from tests.house.repository import ROOT, texts, tracked

PAGES = {path: text for path, text in texts().items() if path.endswith(".md")}
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DECISIONS = [path for path in tracked("docs/decisions/*.md") if path.name != "README.md"]


def without_code(page: str) -> str:
    """A page's own words."""
    return FENCE.sub("", page)


def headings(page: str) -> list[int]:
    """The depth of each heading, in order."""
    return [len(marks) for marks in re.findall(r"^(#+) ", without_code(page), re.MULTILINE)]


def tables(page: str) -> list[int]:
    """The number of columns of each row of a table, in order."""
    return [line.count("|") for line in without_code(page).splitlines() if line.startswith("|")]


@pytest.mark.parametrize("part", [headings, tables, FENCE.findall], ids=["headings", "tables", "code"])
def test_the_chinese_readme_is_the_english_ones_twin(part) -> None:
    assert part(PAGES["README.zh.md"]) == part(PAGES["README.md"])


def anchors(page: str) -> set[str]:
    """What a link may name behind its `#`."""
    titles = re.findall(r"^#+ (.+)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def dead_links(path: str) -> list[str]:
    """Relative links of a page that lead nowhere."""
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(PAGES[path])):
        target, _, anchor = link.partition("#")
        found = Path(os.path.normpath(Path(path).parent / target)) if target else Path(path)
        if link.startswith("http"):
            continue
        if not (ROOT / found).exists() or (anchor and anchor not in anchors(PAGES[str(found)])):
            dead.append(link)
    return dead


def test_every_link_leads_somewhere() -> None:
    assert {path: dead for path in PAGES if (dead := dead_links(path))} == {}


def test_the_index_of_documents_names_every_page() -> None:
    named = re.findall(r"\(([\w.-]+\.md)\)", PAGES["docs/README.md"])

    assert {p.name for p in tracked("docs/*.md") if p.parent == Path("docs")} - {"README.md"} <= set(named)


def test_the_index_of_decisions_names_every_decision_by_its_title() -> None:
    listed = dict(re.findall(r"^\| \[\d{4}\]\((.+?)\) \| (.+?) \|", PAGES["docs/decisions/README.md"], re.M))
    written = {path.name: PAGES[str(path)].splitlines()[0] for path in DECISIONS}

    assert {name: f"# {name[:4]}. {title}" for name, title in listed.items()} == written


def test_no_two_decisions_share_a_number() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert len(numbers) == len(set(numbers))


FROM_ENVIRONMENT = {
    "env": ("demo", Environment.DEMO),
    "data_dir": ("elsewhere", Path("elsewhere")),
    "database_url": ("postgresql://host/name", "postgresql://host/name"),
    "clock": ("2015-04-24T09:00:00+08:00", datetime.fromisoformat("2015-04-24T09:00:00+08:00")),
    "deadline_shift": ("next_workday", DeadlineShift.NEXT_WORKDAY),
    "max_json_bytes": ("2048", 2048),
    "max_ledger_bytes": ("4096", 4096),
    "evidence_url": ("s3://evidence/yuebao", "s3://evidence/yuebao"),
    "evidence_levels": ("prefecture,county", "prefecture,county"),
    "evidence_sm3": ("true", True),
    "evidence_quota_bytes": ("2048", 2048),
    "max_evidence_bytes": ("4096", 4096),
    "allowed_hosts": ("yuebao.example", "yuebao.example"),
    "worker": ("false", False),
    "webhook_hosts": ("hooks.office.example", "hooks.office.example"),
    "smtp_url": ("smtps://mail.example/a@office.example", "smtps://mail.example/a@office.example"),
    "audit_anchor": ("https://anchors.example/heads", "https://anchors.example/heads"),
    "clamd_url": ("tcp://clamav:3310", "tcp://clamav:3310"),
    "session_idle_minutes": ("10", 10),
    "session_hours": ("4", 4),
    "secret_key": ("k" * 32, SecretStr("k" * 32)),
    "second_factor_for": ("reviewer,administrator", "reviewer,administrator"),
    "oidc_issuer": ("https://id.example", "https://id.example"),
    "oidc_client_id": ("yuebao", "yuebao"),
    "oidc_client_secret": ("secret", SecretStr("secret")),
    "oidc_return_url": ("https://y.example/login/provider/return", "https://y.example/login/provider/return"),
    "oidc_networks": ("10.1.0.0/16,10.2.0.1", "10.1.0.0/16,10.2.0.1"),
}


PROVIDER = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_return_url")
TOGETHER = {"second_factor_for": ("secret_key",), **dict.fromkeys(PROVIDER, PROVIDER)}
"""Settings that are refused without others."""


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any of our variables."""
    for name in [name for name in os.environ if name.startswith("YUEBAO_")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize("field", Settings.model_fields)
def test_a_setting_comes_from_its_variable(field: str, no_settings: pytest.MonkeyPatch) -> None:
    written, meant = FROM_ENVIRONMENT[field]
    no_settings.setenv("YUEBAO_ENV", "test")
    for needed in TOGETHER.get(field, ()):
        no_settings.setenv(f"YUEBAO_{needed.upper()}", FROM_ENVIRONMENT[needed][0])

    no_settings.setenv(f"YUEBAO_{field.upper()}", written)

    assert getattr(Settings(), field) == meant


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLOCK", "2015-04-24T09:00:00+08:00"),
        ("ENV", "staging"),
        ("DEADLINE_SHIFT", "sometimes"),
        ("MAX_JSON_BYTES", "1023"),
        ("MAX_LEDGER_BYTES", "1023"),
        ("MAX_EVIDENCE_BYTES", "1023"),
        ("EVIDENCE_QUOTA_BYTES", "1023"),
        ("EVIDENCE_SM3", "perhaps"),
        ("EVIDENCE_LEVELS", "prefecture,village"),
        ("EVIDENCE_LEVELS", "county,county"),
        ("EVIDENCE_LEVELS", ""),
        ("EVIDENCE_URL", "ftp://host/evidence"),
        ("WORKER", "perhaps"),
        ("SMTP_URL", "mail.example"),
        ("SMTP_URL", "smtps://mail.example"),
        ("AUDIT_ANCHOR", "http://anchors.example/heads"),
        ("CLAMD_URL", "clamav:3310"),
        ("SESSION_IDLE_MINUTES", "0"),
        ("SESSION_HOURS", "25"),
        ("SECRET_KEY", "short"),
        ("SECOND_FACTOR_FOR", "integrator"),
        ("SECOND_FACTOR_FOR", "reviewer"),
        ("OIDC_ISSUER", "https://id.example"),
        ("OIDC_NETWORKS", "10.1.0.1/16"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    variable: str, value: str, no_settings: pytest.MonkeyPatch
) -> None:
    no_settings.setenv(f"YUEBAO_{variable}", value)

    with pytest.raises(ValidationError):
        Settings()


def test_a_clock_without_an_offset_is_refused(no_settings: pytest.MonkeyPatch) -> None:
    no_settings.setenv("YUEBAO_ENV", "test")
    no_settings.setenv("YUEBAO_CLOCK", "2015-04-24T09:00:00")

    with pytest.raises(ValidationError, match="offset"):
        Settings()


def shown(value: object) -> object:
    """What a default says; of a secret its text."""
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def test_the_page_of_settings_names_each_with_its_default(no_settings: pytest.MonkeyPatch) -> None:
    listed = dict(re.findall(r"^\| `YUEBAO_(\w+)` \| (.+?) \|", PAGES["docs/settings.md"], re.MULTILINE))
    defaults = {name.upper(): getattr(Settings(), name) for name in Settings.model_fields}

    assert listed == {
        name: f"`{str(value).lower() if value is True else value}`" if shown(value) else "empty"
        for name, value in defaults.items()
    }
