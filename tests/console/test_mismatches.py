"""The pages of mismatches, as a visitor of the demo gets them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.cli.demo import file_month
from app.cli.demo_month import INSTALLED, PERIOD, PROVINCE, START, month
from app.cli.demo_roster import MEMBERS_FILE
from app.cli.installation import install
from app.console.board import REVIEWER
from app.db import Session
from app.domain.mismatch import Step
from app.domain.register import shipped_register
from app.main import create_app
from app.models import metadata
from app.reconcile import RosterKind, read_summary
from app.services import ledger, mismatches, reconciliations, rosters
from app.services.periods import Policy
from app.services.roster_files import Shelf
from app.settings import Settings
from app.storage import open_store

LIST, ONE = "/demo/mismatches", "/demo/mismatch"
ACT: dict[str, Any] = {
    "by": replace(REVIEWER, id="demo:reviewer"),
    "now": datetime(2015, 4, 26, 8, tzinfo=UTC),
}


def bring_members(session: Session, folder: Path) -> None:
    """The roster that the fourth command of the demo brings."""
    made = Settings(data_dir=folder)
    shelf = Shelf(open_store(made.ledger, data_dir=folder), folder / "rosters")
    plan = rosters.plan(session, kind=RosterKind.MEMBERS, by=ACT["by"], now=START)
    found = rosters.read(Path(MEMBERS_FILE), plan, shelf)
    rosters.store(session, found, policy=Policy(), by=ACT["by"], now=START)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The demo's month, reconciled, with one mismatch explained in words that would run somewhere else."""
    folder = tmp_path_factory.mktemp("demo")
    made = Settings(data_dir=folder, env="demo", clock=START)
    register = shipped_register()
    database = install(made.database, now=INSTALLED, register=lambda: register).database
    file_month(database, month(register))
    with database.transaction() as session:
        units = ledger.ledger_units(session, by=REVIEWER)
        found = read_summary(Path("examples/ledger-2015-04.csv"), units)
        reconciliations.run(session, period=PERIOD, unit_code=PROVINCE, ledger=found, policy=Policy(), **ACT)
        bring_members(session, folder)
        first = session.all(select(metadata.tables["mismatch"]).order_by("unit_code"))[0]
        mismatches.take(
            session,
            mismatch_id=first["id"],
            step=Step.EXPLAIN,
            text="<b>台账未录入</b>",
            revision=None,
            **ACT,
        )
    with TestClient(create_app(made)) as opened:
        yield opened


def ids(text: str) -> list[str]:
    return re.findall(r"/demo/mismatch\?id=([0-9a-f]{32})", text)


def test_the_list_shows_every_mismatch_the_largest_first(client: TestClient) -> None:
    text = client.get(LIST).text

    differences = [
        int(d.replace(",", "").replace("−", "-")) for d in re.findall(r"</small> ([+−][\d,]+)<", text)
    ]
    assert len(ids(text)) == len(differences) > 5
    assert differences == sorted(differences, key=abs, reverse=True)


def test_filters_narrow_the_list_and_stay_chosen(client: TestClient) -> None:
    whole, explained = client.get(LIST).text, client.get(LIST, params={"state": "explained"}).text

    assert len(ids(explained)) == 1
    assert '<option value="explained" selected>' in explained
    assert len(ids(client.get(LIST, params={"state": "nonsense", "sort": "evil"}).text)) == len(ids(whole))
    assert ids(client.get(LIST, params={"unit": "000000"}).text) == []


def test_one_shows_both_figures_and_what_was_said(client: TestClient) -> None:
    (found,) = ids(client.get(LIST, params={"state": "explained"}).text)

    text = client.get(ONE, params={"id": found}).text

    assert "比对发现不一致" in text
    assert "说明原因" in text
    assert "&lt;b&gt;台账未录入&lt;/b&gt;" in text
    assert "台账数（为准）" in text


@pytest.mark.parametrize("id", ["", "x", "0" * 32])
def test_one_that_is_not_there_is_not_found(client: TestClient, id: str) -> None:
    assert client.get(ONE, params={"id": id}).status_code == 404


@pytest.mark.parametrize("path", [LIST, ONE])
def test_only_the_demo_has_these_pages(tmp_path: Path, path: str) -> None:
    made = Settings(data_dir=tmp_path, env="test")
    install(made.database, now=INSTALLED, register=list)

    with TestClient(create_app(made)) as client:
        assert client.get(path).status_code == 404


def test_english_readers_get_english(client: TestClient) -> None:
    (found,) = ids(client.get(LIST, params={"state": "explained"}).text)

    text = client.get(ONE, params={"id": found, "lang": "en"}).text

    assert "Ledger, which counts" in text


def test_one_is_explained_by_the_roster(client: TestClient) -> None:
    (found,) = ids(client.get(LIST, params={"unit": "440606"}).text)

    text = client.get(ONE, params={"id": found}).text

    assert "依据委员花名册" in text
    assert "填报数含上期截止日当天" in text
    assert "计入的记录" in text
    assert re.search(r"SL…\d\d", text)
    assert "示例甲" not in text


def test_one_without_a_roster_says_so(client: TestClient) -> None:
    (found, *_) = ids(client.get(LIST, params={"unit": "441300"}).text)

    assert "没有名册" in client.get(ONE, params={"id": found}).text
    assert "no roster is kept" in client.get(ONE, params={"id": found, "lang": "en"}).text
