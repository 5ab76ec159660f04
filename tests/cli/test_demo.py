"""The demo: an invented month that always is the same, and three commands that work when pasted."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.cli.demo_ledger import LEDGER_FILE, REPORTS_FILE, files, planted
from app.cli.demo_month import LEFT_TO_THE_READER, PERIOD, PROVINCE, Filing, Outcome, month
from app.cli.demo_roster import MEMBERS_FILE, members_text
from app.db import Database
from app.domain.permission import Actor, Grant, Role
from app.domain.register import shipped_register
from app.services import completeness, report_queries
from app.services.periods import Policy
from tests.demonstration import command, environment, free_port, pasted, running
from tests.house.repository import ROOT

REVIEWER = Actor("test", "test", "test", (Grant(Role.REVIEWER, PROVINCE, f"000000/{PROVINCE}"),))


@pytest.fixture(scope="module")
def filings() -> list[Filing]:
    """The month, as the generator writes it."""
    return month(shipped_register())


@dataclass(frozen=True)
class Loaded:
    """A demo that was loaded and does not serve."""

    folder: Path
    printed: str
    database: Database


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Loaded while the environment holds settings that are meant for something else."""
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    settings = {"YUEBAO_ENV": "production", "YUEBAO_DATABASE_URL": f"sqlite:///{folder / 'real.sqlite3'}"}
    done = subprocess.run(
        command(port, "--no-serve"), cwd=folder, env=environment(**settings), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    url = f"sqlite:///{folder / 'var/demo' / str(port) / 'yuebao.sqlite3'}"
    return Loaded(folder, done.stdout, Database(url))


@pytest.fixture
def reports(loaded: Loaded) -> Iterator[dict[str, dict[str, Any]]]:
    """What the reviewer sees of each report, by unit."""
    query = {"unit": None, "inside": PROVINCE, "status": None, "timeliness": None, "after": None}
    with loaded.database.transaction() as session:
        rows = report_queries.listed(session, by=REVIEWER, period=str(PERIOD), limit=100, **query)
        yield {row["unit_code"]: row for row in rows}


def is_part(shown: Any, answer: Any) -> bool:
    """Whether everything that is shown stands in the answer; lists may be shown in part."""
    if isinstance(shown, dict):
        return all(name in answer and is_part(value, answer[name]) for name, value in shown.items())
    if isinstance(shown, list):
        return all(any(is_part(one, other) for other in answer) for one in shown)
    return bool(shown == answer)


def differences(mismatches: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        tuple(m[name] for name in ("unit", "indicator", "reported", "ledger", "difference"))
        for m in mismatches
    ]


def test_the_printed_commands_work_when_pasted_and_answer_as_the_readme_says(
    tmp_path: Path, filings: list[Filing]
) -> None:
    with running(tmp_path) as demo:
        post, sums, reconcile, members = [pasted(line) for line in demo.commands]
        sums_again = pasted(demo.commands[1])

    assert [status for status, _ in (post, sums, reconcile, members)] == [201, 200, 201, 201]
    assert members[1]["changes"] == {"added": 0, "changed": 0, "removed": 0}
    assert (post[1]["unit"], post[1]["timeliness"]) == (LEFT_TO_THE_READER, "late")
    assert sums[1]["cells"]["orgs_total"]["units_with_value"] == 19
    assert differences(reconcile[1]["mismatches"]) == [tuple(d) for d in planted(filings)]
    assert reconcile[1]["summary"] == {
        "compared": 125,
        "matched": 116,
        "mismatched": 9,
        "missing_in_ledger": 8,
        "not_reported": 21,
    }
    shown = re.findall(r"^```json\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    answers = [body for _, body in (post, reconcile, sums_again)]
    assert [is_part(json.loads(text), body) for text, body in zip(shown, answers, strict=True)] == [True] * 3


def test_reconciling_the_files_without_a_server_finds_the_same(filings: list[Filing]) -> None:
    options = ["--ledger", LEDGER_FILE, "--reports", REPORTS_FILE, "--period", str(PERIOD), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "app", "reconcile", *options],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1, done.stderr
    assert differences(json.loads(done.stdout)["mismatches"]) == [tuple(d) for d in planted(filings)]


def test_the_examples_are_what_the_generator_writes(filings: list[Filing]) -> None:
    written = {path: (ROOT / path).read_bytes() for path in files(filings)}

    assert written == {path: text.encode() for path, text in files(filings).items()}
    assert (ROOT / MEMBERS_FILE).read_text() == members_text(filings, shipped_register())


def test_the_ledger_differs_both_ways_and_has_gaps(filings: list[Filing]) -> None:
    ledger = (ROOT / LEDGER_FILE).read_text().splitlines()
    units = {line.split(",")[1] for line in ledger[1:]}
    silent = {filing.unit for filing in filings if not filing.is_reported}

    assert {d.difference > 0 for d in planted(filings)} == {True, False}
    assert {filing.unit for filing in filings} - units == {"440400"}
    assert sum(",," in line for line in ledger) == 1
    assert silent <= units


def test_foshan_is_over_by_what_belongs_to_shunde(filings: list[Filing]) -> None:
    members = {filing.unit: filing.ledger["members_total"] for filing in filings}
    over = next(d for d in planted(filings) if (d.unit, d.indicator) == ("440600", "members_total"))

    assert over.difference == members["440606"]


def test_figures_keep_to_the_magnitudes_of_the_time(filings: list[Filing]) -> None:
    figures = {
        filing.unit: filing.body["figures"] for filing in filings if filing.outcome is not Outcome.DRAFT
    }
    with_townships = [f for f in figures.values() if f["townships_total"]]

    assert all(9 <= f["members_total"] / f["townships_total"] <= 21 for f in with_townships)
    assert all(15 <= f["orgs_total"] / f["townships_total"] <= 25 for f in with_townships)
    assert set(list(figures["440300"].values())[1:]) == {0}, "Shenzhen has no townships"
    assert [figures[u]["counties_agri_total"] for u in ("441900", "442000", "440606", "440600")] == [
        0,
        0,
        1,
        4,
    ]
    assert [figures[u]["townships_total"] for u in ("440606", "440600")] == [6, 15]


def test_everything_but_the_places_says_that_it_is_invented(filings: list[Filing]) -> None:
    for filing in filings:
        body = filing.body
        texts = [entry["text"] for entry in (*body["activities"], *body["explanations"]) if "text" in entry]

        assert all(text.startswith("示例") for text in (*texts, body["narrative"], body["contact"]["name"]))
        assert re.fullmatch("1380000[0-9]{4}", body["contact"]["phone"])


def test_most_units_report_in_time_and_a_few_do_not(loaded: Loaded) -> None:
    with loaded.database.transaction() as session:
        found = completeness.of_unit(session, unit_code=PROVINCE, period=PERIOD, policy=Policy(), by=REVIEWER)

    counts = {
        name: found[name] for name in ("expected", "submitted", "on_time", "late", "missing", "returned")
    }
    assert counts == {"expected": 22, "submitted": 18, "on_time": 16, "late": 2, "missing": 4, "returned": 1}
    assert found["accepted"] == 9


def test_the_reviewer_sees_what_the_plan_says_and_no_draft(
    reports: dict[str, dict[str, Any]], filings: list[Filing]
) -> None:
    planned = {filing.unit: filing.outcome.value for filing in filings if filing.is_reported}

    assert {unit: report["status"] for unit, report in reports.items()} == planned
    assert {unit: report["received_at"] for unit, report in reports.items()} == {
        filing.unit: filing.received_at for filing in filings if filing.is_reported
    }


def test_the_demo_prints_a_token_for_each_role(loaded: Loaded) -> None:
    printed = re.findall(r"(\w+) +(\d{6}) +(yb_[\w-]+)$", loaded.printed, re.MULTILINE)

    assert [(role, unit) for role, unit, _ in printed] == [
        ("reporter", LEFT_TO_THE_READER),
        ("reviewer", PROVINCE),
        ("integrator", PROVINCE),
        ("administrator", "000000"),
    ]
    assert len(re.findall("^curl ", loaded.printed, re.MULTILINE)) == 4


def test_settings_meant_for_another_database_do_not_reach_the_demo(loaded: Loaded) -> None:
    assert not (loaded.folder / "real.sqlite3").exists()


def test_a_port_in_use_is_refused_before_anything_is_thrown_away(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running_there = tmp_path / "var" / "demo" / str(port) / "yuebao.sqlite3"
        running_there.parent.mkdir(parents=True)
        running_there.touch()

        done = subprocess.run(command(port), cwd=tmp_path, env=environment(), capture_output=True, text=True)

    assert done.returncode == 2
    assert "--port" in done.stderr
    assert running_there.exists()


def test_warnings_are_explained_and_each_has_its_own_reason(filings: list[Filing]) -> None:
    rules = Counter(e["rule"] for filing in filings for e in filing.body["explanations"])

    assert rules == {"R07": 1, "R21": 1, "R22": 1, "R24": 1}
