"""The API's own pages: a complete document, and a page that works with no network beyond the service."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Request
from playwright.sync_api import Page, sync_playwright
from starlette.responses import Response

from app.api.body import Body, json_body
from app.api.docs import ASSETS, STATIC
from app.api.edge import Edge, EdgeOptions
from app.api.openapi import document
from tests.absent import refuse
from tests.api.asgi import call
from tests.api.server import running
from tests.api.small_app import EXAMPLE, small_app

CHROMIUM = Path("/usr/bin/chromium")
MANIFEST = json.loads((STATIC / "swagger/MANIFEST.json").read_text())
HOST = re.compile(r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)+)|[\"'(]//[a-z]", re.IGNORECASE)

NAMES_ONLY = {
    "www.w3.org",  # names of XML vocabularies
    "json-schema.org",  # names of JSON Schema dialects
    "spec.openapis.org",  # the same
    "datatracker.ietf.org",  # comments and labels
    "www.rfc-editor.org",  # the same
    "github.com",  # comments
    "reactjs.org",  # links in error messages
    "fb.me",  # the same
    "redux.js.org",  # the same
    "spdx.org",  # where a licence's name would link to
    "swagger.io",  # a link shown for old documents
    "vladimirgorej.com",  # an author in a comment
    "example.com",  # an example
    "www.facebook.com",  # a list of links never to follow
    "twitter.com",  # the same
    "instagram.com",  # the same
    "soundcloud.com",  # the same
    "www.tiktok.com",  # the same
    "validator.swagger.io",  # the validator, which init.js turns off
}
"""Hosts that the vendored script mentions without ever asking them; the browser test proves it."""


def test_the_document_has_bodies_examples_and_refusals() -> None:
    made = call(small_app(), "GET", "/openapi.json", ("authorization", "")).json
    submit = made["paths"]["/api/v1/reports"]["post"]
    accept = made["paths"]["/api/v1/reports/{period}/{unit}/accept"]["post"]

    body = submit["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ReportIn"}
    assert body["content"]["application/json"]["examples"] == {"usual": {"value": EXAMPLE}}
    assert accept["requestBody"]["required"] is False
    assert {"201", "400", "401", "404", "408", "413", "415", "422", "500", "503"} <= set(submit["responses"])
    assert "415" not in made["paths"]["/api/v1/reports"]["get"]["responses"]
    assert made["security"] == [{"token": []}]


def test_every_reference_in_the_document_leads_somewhere() -> None:
    made = document(small_app())
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(made)))

    for reference in references:
        node = made
        for part in reference.split("/"):
            node = node[part]
    assert "components/schemas/ProblemOut" in references
    assert "HTTPValidationError" not in made["components"]["schemas"]
    assert "/docs" not in made["paths"]


def named(name: str, fields: dict[str, type]) -> type[Body]:
    return type(name, (Body,), {"__annotations__": fields})


Twin, OtherTwin, Answered = named("Twin", {"a": int}), named("Twin", {"b": str}), named("Twin", {"c": str})


async def take_one(request: Request, body: Annotated[Body, json_body(Twin)]) -> Response:
    return Response()


async def take_other(request: Request, body: Annotated[Body, json_body(OtherTwin)]) -> Response:
    return Response()


def test_two_bodies_of_one_name_are_told_apart() -> None:
    app = Edge(EdgeOptions(), title="x", version="1")
    app.add_api_route("/one", take_one, methods=["POST"])
    app.add_api_route("/other", take_other, methods=["POST"])

    made = document(app)

    bodies = [made["paths"][path]["post"]["requestBody"]["content"] for path in ("/one", "/other")]
    names = [body["application/json"]["schema"]["$ref"].split("/")[-1] for body in bodies]
    fields = [list(made["components"]["schemas"][name]["properties"]) for name in names]
    assert fields == [["a"], ["b"]]


def test_a_body_and_an_answer_of_one_name_are_refused() -> None:
    app = Edge(EdgeOptions(), title="x", version="1")
    answered = {200: {"model": Answered}}
    app.add_api_route("/one", take_one, methods=["POST"], responses=answered)

    with pytest.raises(ValueError, match="Twin"):
        document(app)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", *(f"/docs/assets/{name}" for name in ASSETS)])
def test_pages_are_public_compressed_and_not_sent_twice(path: str) -> None:
    nobody = ("authorization", "")
    plain = call(small_app(), "GET", path, nobody)
    zipped = call(small_app(), "GET", path, nobody, ("accept-encoding", "gzip, br"))

    assert (plain.status, zipped.headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(zipped.body) == plain.body
    assert plain.headers["etag"] != zipped.headers["etag"]
    again = call(small_app(), "GET", path, nobody, ("if-none-match", plain.headers["etag"]))
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("name", ["MANIFEST.json", "LICENSE", "index.html", "x", "%2e%2e"])
def test_only_the_listed_assets_are_served(name: str) -> None:
    assert call(small_app(), "GET", f"/docs/assets/{name}").status == 404


def test_the_vendored_files_are_those_of_the_manifest() -> None:
    kept = {path.name for path in (STATIC / "swagger").iterdir()} - {"MANIFEST.json"}

    assert set(MANIFEST["sha256"]) == kept
    for name, expected in MANIFEST["sha256"].items():
        assert sha256((STATIC / "swagger" / name).read_bytes()).hexdigest() == expected
    assert (MANIFEST["name"], MANIFEST["licence"]) == ("swagger-ui-dist", "Apache-2.0")
    assert {"LICENSE", "NOTICE"} <= kept


def test_no_page_of_ours_names_an_external_host() -> None:
    for path in (STATIC / "docs").iterdir():
        assert HOST.findall(path.read_text()) == []


def test_the_vendored_files_name_no_host_that_nobody_looked_at() -> None:
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        text = (STATIC / "swagger" / name).read_text()
        assert set(HOST.findall(text)) <= NAMES_ONLY
        assert "@import" not in text


@pytest.fixture
def page() -> Iterator[Page]:
    if not CHROMIUM.exists():
        refuse("Chromium is not installed: apt-get install -y --no-install-recommends chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
def test_the_page_renders_and_works_under_the_strict_policy_without_a_network(page: Page) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    with running(small_app()) as address:
        page.goto(f"{address}/docs")
        page.get_by_text("/api/v1/reports", exact=True).first.wait_for()
        page.locator(".authorize.unlocked").click()
        page.locator(".auth-container input").fill("yb_good_0123456789")
        page.locator(".auth-btn-wrapper .authorize").click()
        page.locator(".auth-btn-wrapper .btn-done").click()
        page.locator(".opblock-post .opblock-summary-control").first.click()
        page.get_by_role("button", name="Try it out").first.click()
        page.locator(".execute").first.click()
        page.locator(".live-responses-table .response-col_status", has_text="201").wait_for()
        height = page.locator(".opblock-post .opblock-summary-method").first.bounding_box()

    assert said == []
    assert {url.split("/")[2] for url in asked if not url.startswith("data:")} == {address.split("/")[2]}
    assert f"{address}/api/v1/reports" in asked
    assert height is not None
    assert height["width"] > 50
