"""Promise 24: whatever is stored as evidence, no browser ever runs it in our origin.

Most of the forty files are refused at the door; here they are stored past it, so that the second door is tried alone.
"""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Request, Route, sync_playwright
from sqlalchemy import insert

from app.db import Database, prepared
from app.domain.file_type import promised_kind
from app.domain.ids import new_id
from app.models import Evidence
from app.storage import open_store
from tests.console.test_home import CHROMIUM, FLAGS
from tests.office import NewDatabase, Seeds
from tests.proofs.harmful import FILES
from tests.proofs.scale import scaled
from tests.proofs.server import serving
from tests.samples import GUANGZHOU
from tests.seed import plant

pytestmark = pytest.mark.browser

ROW = prepared(insert(Evidence.__table__))
NOW = datetime(2015, 4, 24, tzinfo=UTC)
WAYS = (
    '<iframe src="{0}"></iframe><object data="{0}"></object><embed src="{0}"><img src="{0}">'
    '<script src="{0}"></script>'
)


class Served(NamedTuple):
    """A server and the address of each file on it."""

    origin: str
    token: str
    addresses: dict[str, str]


def store_past_the_door(url: str, folder: Path) -> dict[str, str]:
    """Store every file under the type that its name promises; the address of each."""
    store, addresses = open_store(str(folder / "evidence"), data_dir=folder), {}
    with Database(url).transaction() as session:
        for name, content in FILES.items():
            with store.receive() as incoming:
                incoming.write(content)
                blob = incoming.finish()
                store.keep(incoming, blob)
            number = new_id(NOW)
            session.run(
                ROW,
                id=number,
                unit_code=GUANGZHOU,
                **blob._asdict(),
                media_type=promised_kind(name).value,
                filename=name,
                uploaded_at=NOW,
                uploaded_by="test",
            )
            addresses[name] = f"/api/v1/evidence/{number}/content"
    return addresses


@pytest.fixture(scope="module")
def served(
    new_database: NewDatabase, seeds: Seeds, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The service with all the files."""
    url, folder = new_database("sqlite"), tmp_path_factory.mktemp("harmful")
    plant(seeds("sqlite"), url, None)
    addresses = store_past_the_door(url, folder)
    with serving(url, folder) as port:
        yield Served(f"http://127.0.0.1:{port}", seeds("sqlite").tokens["guangzhou"], addresses)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield opened
        opened.close()


@pytest.fixture
def heard() -> list[str]:
    """What ran."""
    return []


@pytest.fixture
def visitor(browser: Browser, served: Served, heard: list[str]) -> Iterator[BrowserContext]:
    """Somebody who is signed in; what runs in our origin is heard."""
    context = browser.new_context(extra_http_headers={"Authorization": f"Bearer {served.token}"})
    context.expose_binding("ran", lambda *_: heard.append("called"))

    def listen(request: Request) -> None:
        if request.url.endswith("/ran"):
            heard.append(request.url)

    context.on("request", listen)
    yield context
    context.close()


def test_every_file_is_an_attachment_that_nothing_guesses_at(served: Served) -> None:
    assert len(FILES) == 40
    for name, address in served.addresses.items():
        connection = http.client.HTTPConnection(served.origin.removeprefix("http://"), timeout=30)
        connection.request("GET", address, headers={"Authorization": f"Bearer {served.token}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, FILES[name])
        assert answer.headers["content-disposition"].startswith("attachment;"), name
        assert answer.headers["content-type"] == promised_kind(name).value
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        connection.close()


def test_a_file_that_is_opened_is_saved_and_runs_nothing(
    served: Served, visitor: BrowserContext, heard: list[str]
) -> None:
    page = visitor.new_page()
    for name in random.Random(24).sample(sorted(FILES), max(10, scaled(40))):
        address = served.addresses[name]
        with page.expect_download() as saving, pytest.raises(Error, match=r"Download|ERR_ABORTED"):
            page.goto(served.origin + address)
        assert saving.value.url == served.origin + address, name
    assert heard == []


def test_a_page_of_our_own_that_embeds_a_file_runs_nothing(
    served: Served, visitor: BrowserContext, heard: list[str]
) -> None:
    page, trap = visitor.new_page(), f"{served.origin}/trap"
    everything = "".join(WAYS.format(address) for address in served.addresses.values())

    def spring(route: Route) -> None:
        route.fulfill(content_type="text/html", body=f"<!DOCTYPE html><body>{everything}</body>")

    visitor.route(trap, spring)
    page.goto(trap, wait_until="load")
    page.wait_for_timeout(500)

    assert heard == []


def test_the_listener_hears_what_does_run(served: Served, visitor: BrowserContext, heard: list[str]) -> None:
    page, trap = visitor.new_page(), f"{served.origin}/trap"
    visitor.route(
        trap,
        lambda route: route.fulfill(content_type="text/html", body=next(iter(FILES.values())).decode()),
    )

    page.goto(trap, wait_until="load")
    page.wait_for_timeout(500)

    assert {*heard} == {"called", f"{served.origin}/ran"}
