"""The first page and the demo's board, as a visitor's browser gets them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.testclient import TestClient

from app.cli.context import OPERATOR
from app.db import Database
from app.main import create_app
from app.services import forms
from app.settings import Settings
from tests.demonstration import Demo, pasted, running

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
LANGUAGES = ("zh", "en")
PATHS = ("/", "/demo/board", "/demo/trends", "/demo/mismatches")


@pytest.fixture
def service(tmp_path: Path, sqlite_template: Path) -> Any:
    """Makes a client of a service with the built-in form and no unit at all."""

    def serve(**settings: str) -> TestClient:
        shutil.copyfile(sqlite_template, tmp_path / "yuebao.sqlite3")
        made = Settings(data_dir=tmp_path, **{"env": "test", "clock": "2015-04-20T09:00:00+08:00"} | settings)
        with Database(made.database).transaction() as session:
            forms.publish_builtin(session, by=OPERATOR, now=datetime(2015, 4, 20, tzinfo=UTC))
        return TestClient(create_app(made))

    return serve


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo to which no test of this module files a report."""
    with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, kept from calling home."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield opened
        opened.close()


def test_a_visitor_sees_the_period_and_both_deadlines(service: Any) -> None:
    with service() as client:
        text = client.get("/").text

    assert "2015年4月" in text
    assert re.findall("4月[0-9]+日（星期.） 24:00", text) == [
        "4月25日（星期六） 24:00",
        "4月30日（星期四） 24:00",
    ]
    assert "还有5天" in text


@pytest.mark.parametrize("path", ["/", "/account"])
def test_in_production_a_visitor_signs_in_first(service: Any, path: str) -> None:
    with service(env="production", clock=None) as client:
        answer = client.get(path, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


def test_a_deadline_that_has_passed_says_that_reports_are_still_taken(service: Any) -> None:
    with service(clock="2015-04-26T00:00:01+08:00") as client:
        text = client.get("/?lang=en").text

    assert "passed: still accepted, marked late" in text


def test_before_the_first_period_the_first_one_is_shown(service: Any) -> None:
    with service(clock="2015-03-01T00:00:00+08:00") as client:
        assert "2015年4月" in client.get("/").text


def test_a_shifted_deadline_is_shown_as_it_is_judged(service: Any) -> None:
    with service(deadline_shift="next_workday") as client:
        assert "4月27日（星期一） 24:00" in client.get("/").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_in_either_language(service: Any, language: str) -> None:
    with service() as client:
        answer = client.get("/", params={"lang": language})
    body = re.sub(
        r"<(pre|a class=\"(switch|brand)\").*?</(pre|a)>|<title>.*?</title>|<footer.*",
        "",
        answer.text,
        flags=re.S,
    )

    assert answer.headers["content-language"] == {"zh": "zh-CN", "en": "en"}[language]
    assert bool(re.search("[\u4e00-\u9fff]", body)) == (language == "zh")


def test_pages_run_nothing_and_are_kept_by_nobody(service: Any) -> None:
    with service() as client:
        headers = client.get("/").headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["vary"] == "Accept-Language"


@pytest.mark.parametrize(("path", "kind"), [("/console.css", "text/css"), ("/console.svg", "image/svg+xml")])
def test_the_files_of_the_pages_are_served(service: Any, path: str, kind: str) -> None:
    with service() as client:
        answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("env", ["test", "production"])
def test_the_board_exists_in_the_demo_only(service: Any, env: str) -> None:
    settings = {"env": env} if env == "test" else {"env": env, "clock": None}
    with service(**settings) as client:
        assert client.get("/demo/board").status_code == 404
        assert "/demo/board" not in client.get("/").text


def test_pages_are_not_in_the_description_of_the_api(service: Any) -> None:
    with service(env="demo") as client:
        paths = client.get("/openapi.json").json()["paths"]

    assert {"/", "/demo/board", "/console.css"}.isdisjoint(paths)


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_renders_whole_within_its_own_host(
    browser: Browser, demo: Demo, path: str, language: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    seen = watched(page)
    page.goto(f"{demo.address}{path}?lang={language}")

    assert [url for url in seen["requests"] if not url.startswith(demo.address)] == []
    assert seen["complaints"] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.querySelector('h2')).borderLeftStyle") == "solid", (
        "no sheet"
    )
    page.close()


@pytest.mark.browser
def test_the_board_shows_every_unit_and_no_person(browser: Browser, demo: Demo) -> None:
    page = browser.new_page()
    page.goto(f"{demo.address}/demo/board")
    text = page.inner_text("body")

    assert page.locator("table.board tbody tr").count() == 22
    assert page.locator(".bars svg.bar").count() == 3
    assert page.locator("table.board .chip.absent").count() == 4
    assert not re.search("示例.|1380000", text)
    page.close()


@pytest.mark.browser
def test_the_board_shows_what_the_last_reconciliation_found(browser: Browser, demo: Demo) -> None:
    status, found = pasted(demo.commands[2])
    page = browser.new_page()
    page.goto(f"{demo.address}/demo/board?lang=en")
    cells = page.locator("table.board td[data-label=Ledger]").all_inner_texts()
    rows = page.locator("#ledger ~ table tbody tr")

    assert status == 201
    assert sum(int(text.split()[0]) for text in cells if "differ" in text) == rows.count() == 9
    assert found["summary"]["mismatched"] == 9
    assert (cells.count("no record"), cells.count("1 blank"), cells.count("—")) == (1, 1, 4)
    assert rows.first.inner_text().split()[-1] == "+74"
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_printed_account_signs_in_on_a_page_that_fits(
    browser: Browser, demo: Demo, language: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    seen = watched(page)
    page.goto(f"{demo.address}/login?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sign_in(page, demo)
    page.goto(f"{demo.address}/account?lang={language}")
    assert page.inner_text("h1") == "示例审核"
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    assert seen["complaints"] == []
    context.close()


def sign_in(page: Page, demo: Demo, role: str = "reviewer") -> None:
    """Fill the form of /login with the printed account of a role."""
    found = re.search(
        rf"{role} +[0-9]{{6}}  ([a-z0-9]{{5}}(?:-[a-z0-9]{{5}}){{3}})$", demo.printed, re.MULTILINE
    )
    assert found
    page.fill("#name", role)
    page.fill("#password", found[1])
    page.click("main button")
    page.wait_for_url(f"{demo.address}/")


@pytest.mark.browser
def test_the_page_of_the_api_takes_a_token_from_a_reader_who_is_signed_in(
    browser: Browser, demo: Demo
) -> None:
    token = re.search(r"reviewer +440000  (yb_\S+)$", demo.printed, re.MULTILINE)
    assert token
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.address}/login")
    sign_in(page, demo)
    page.goto(f"{demo.address}/docs")
    page.locator(".authorize.unlocked").first.click()
    page.locator(".auth-container input").fill(token[1])
    page.locator(".auth-btn-wrapper .authorize").click()
    page.locator(".auth-btn-wrapper .btn-done").click()
    block = page.locator("#operations-forms-list_forms_api_v1_forms_get")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.locator(".execute").click()

    block.locator(".live-responses-table .response-col_status", has_text="200").wait_for(timeout=20_000)
    context.close()


@pytest.mark.browser
def test_the_keyboard_reaches_the_content_first(browser: Browser, demo: Demo) -> None:
    page = browser.new_page()
    page.goto(demo.address)
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.close()


def watched(page: Page) -> dict[str, list[str]]:
    """What a page asks for, and what the browser complains of: violations of the policy come as errors."""
    seen: dict[str, list[str]] = {"requests": [], "complaints": []}
    page.on("request", lambda request: seen["requests"].append(request.url))
    page.on("console", lambda message: seen["complaints"].append(message.text))
    page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
    return seen


@pytest.mark.browser
def test_the_trends_show_every_ratio_as_a_line_and_in_the_table(browser: Browser, demo: Demo) -> None:
    page = browser.new_page()
    page.goto(f"{demo.address}/demo/board?lang=en")
    bars = page.locator(".bars b").all_inner_texts()
    page.goto(f"{demo.address}/demo/trends?lang=en")

    shown = page.locator("#ratios ~ div table td").all_inner_texts()
    assert page.locator("svg.chart g.line").count() == len(shown) == 6
    assert [text.strip() for text in shown[:3]] == bars
    page.close()


PAGES = {
    "reviewer": ("/board", "/trends", "/mismatches", "/circular", "/close", "/board?unit=999999"),
    "reporter": ("/report", "/board"),
}


@pytest.mark.browser
@pytest.mark.parametrize("role", PAGES)
def test_the_pages_of_a_reader_fit_and_are_accessible(browser: Browser, demo: Demo, role: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{demo.address}/login")
    sign_in(page, demo, role)
    if role == "reviewer":
        page.goto(f"{demo.address}/circular")
        page.click("main form button")
        one = page.url.removeprefix(demo.address).partition("&")[0]
    else:
        one = "/account"
    for path in (*PAGES[role], one, f"{one}&edit=1" if role == "reviewer" else "/"):
        for language in LANGUAGES:
            page.set_viewport_size({"width": 390, "height": 900})
            page.goto(f"{demo.address}{path}{'&' if '?' in path else '?'}lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
            page.set_viewport_size({"width": 1280, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280, path
            if language == "zh":
                found = Axe().run(page)
                assert found.violations_count == 0, (path, found.generate_report())
    context.close()


@pytest.mark.browser
def test_a_clerk_needs_no_script(browser: Browser, demo: Demo, tmp_path: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.address}/login")
    sign_in(page, demo, "reporter")
    page.goto(f"{demo.address}/report?lang=en")
    with page.expect_download() as waiting:
        page.click("a[href$='form.xlsx']")
    waiting.value.save_as(tmp_path / "form.xlsx")
    page.set_input_files("#file", tmp_path / "form.xlsx")
    page.click("main form[enctype] button >> nth=0")
    assert page.locator(".told li.error").count() > 5
    page.set_input_files("#file", tmp_path / "form.xlsx")
    page.click("button[name=draft]")
    assert "saved" in page.inner_text(".done")
    context.close()
