"""Promise 26: what stands in an address is a value and never SQL, on either database."""

from __future__ import annotations

import random
import time
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from app.models import metadata
from tests.proofs.described import Parameter, parameters
from tests.proofs.scale import scaled
from tests.samples import GUANGZHOU, REPORTS, at, report
from tests.seed import register
from tests.service import Answer, Asked, Service

BREAKS = ("'", '"', "')", "'))", "440100'", "440100", "%", "\\'", "％'", "2015-04'", "1;", "''")
STATEMENTS = (
    " OR 1=1 -- ",
    " OR '1'='1",
    ") OR (1=1",
    " UNION SELECT secret_hash FROM token -- ",
    "; DROP TABLE report; -- ",
    "; UPDATE report SET status='accepted'; -- ",
    "; SELECT pg_sleep(30) -- ",
    " OR (SELECT pg_sleep(30)) IS NULL -- ",
    " AND randomblob(1000000000) -- ",
    " ORDER BY (CASE WHEN (1=1) THEN code ELSE name END)",
    "/**/OR/**/true#",
    "||(SELECT name FROM sqlite_master)||",
    " COLLATE NOCASE",
    "::int",
    "%' OR name LIKE '%",
    "_",
    " LIMIT 1 OFFSET 1 -- ",
)
EVERY = [start + rest for start, rest in product(BREAKS, STATEMENTS)]
PAYLOADS = random.Random(26).sample(EVERY, scaled(200))
"""The same ones in every run; each parameter gets others of them."""

LONGEST_SECONDS = 10
"""Far above any answer on a busy machine, far below the 30 s that the payloads would sleep."""

GIVEN = {
    "period": "2015-04",
    "unit": GUANGZHOU,
    "number": "1",
    "version": "1",
    "code": GUANGZHOU,
    "from": "1",
    "to": "1",
}
NO_ID = "0" * 32


def requests(parameter: Parameter, payload: str) -> Asked:
    """The parameter's operation, with a payload there and something sound elsewhere."""
    operation = parameter.operation
    path = operation.path
    for each in operation.parameters:
        if each["in"] == "path":
            sound = GIVEN.get(each["name"], NO_ID)
            is_here = each["name"] == parameter.name
            path = path.replace(f"{{{each['name']}}}", quote(payload, safe="") if is_here else sound)
    if parameter.place == "query":
        path += f"?{quote(parameter.name, safe='')}={quote(payload, safe='')}"
    body = None if operation.method == "GET" else {}
    return Asked(operation.method, path, "centre" if operation.method == "GET" else "everybody", body)


def count_all(service: Service) -> dict[str, int]:
    """How many rows each table holds."""
    return {name: len(service.rows(table)) for name, table in metadata.tables.items()}


def items(answer: Answer) -> Any:
    return answer.json.get("items") if "json" in answer.headers.get("content-type", "") else None


@pytest.mark.parametrize("parameter", parameters(), ids=str)
def test_a_parameter_is_a_value_whatever_it_holds(shared: Service, parameter: Parameter) -> None:
    for payload in random.Random(str(parameter)).sample(EVERY, scaled(200)):
        began = time.monotonic()
        answer = shared.ask(requests(parameter, payload))

        assert time.monotonic() - began < LONGEST_SECONDS, payload
        assert answer.status < 500, payload
        if answer.status < 300 and parameter.name not in {"q", "filename"}:
            assert items(answer) == [], (payload, answer.body[:200])


def test_nothing_was_changed_by_any_of_them(shared: Service) -> None:
    before = count_all(shared)

    for parameter, payload in product(parameters(), PAYLOADS[:1]):
        shared.ask(requests(parameter, payload))

    assert count_all(shared) == before


def test_a_search_finds_what_it_says_literally(shared: Service) -> None:
    for payload in [*PAYLOADS, "%", "_", "\\", "'", "广_市", "广%", "州"]:
        found = shared.get(f"/api/v1/units?limit=200&q={quote(payload, safe='')}", by="centre")

        wanted = payload.strip().casefold()
        literal = [u.code for u in register() if wanted in u.name.casefold() or u.code.startswith(wanted)]
        if found.status == 200:
            assert [row["code"] for row in found.json["items"]] == sorted(literal)[:200], payload


def test_a_text_is_kept_as_it_was_sent(service: Service) -> None:
    for number, payload in enumerate(PAYLOADS):
        body = report(narrative=f"x{payload}x", draft=True)
        answer = service.put(at(""), body, if_match="*") if number else service.post(REPORTS, body)

        assert answer.status in {200, 201}, payload
        assert service.get(at("")).json["narrative"] == f"x{payload}x"
