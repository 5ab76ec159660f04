"""Records the answers that the OpenAPI document shows, from the running service: `python -m scripts.write_examples`."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from app.api.openapi import ANSWERS, document
from app.models.migrate import migrate
from tests import seed
from tests.api.exchanges import EXCHANGES, SETTINGS, asked
from tests.service import Service

LONGEST_LIST = 2
SECRETS: dict[str, str] = {
    "secret": "example-only",
    "token": "yb_example_only",
    "initial_password": "example-only",
    "uri": "otpauth://totp/example-only",
}
"""Members that are shown once and are nobody's: a scanner for secrets should find none."""


def shortened(node: Any) -> Any:
    """The same answer with no more than two items in a list, and no secret."""
    if isinstance(node, list):
        return [shortened(part) for part in node[:LONGEST_LIST]]
    if isinstance(node, dict):
        known = {name: SECRETS[name] for name, part in node.items() if name in SECRETS and part}
        codes = {"recovery_codes": ["example-only"]} if "recovery_codes" in node else {}
        return {name: shortened(part) for name, part in node.items()} | known | codes
    return node


def record(folder: Path) -> dict[str, dict[str, Any]]:
    """The first answer of each operation and status, each from a database on its first day."""
    fresh = folder / "fresh.sqlite3"
    migrate(f"sqlite:///{fresh}")
    first_day = seed.sqlite_seed(fresh)
    found: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for number, exchange in enumerate(EXCHANGES):
        url = f"sqlite:///{folder / f'{number}.sqlite3'}"
        shutil.copyfile(fresh, folder / f"{number}.sqlite3")
        with Service(url, first_day.tokens, data_dir=folder, **SETTINGS) as service:
            answer = asked(exchange, service, document(service.app))
        if answer.status != exchange.status:
            wrong.append(f"{exchange}: {answer.status} {answer.body.decode(errors='replace')[:400]}")
        if "json" in answer.headers.get("content-type", ""):
            found.setdefault(exchange.operation, {}).setdefault(str(answer.status), shortened(answer.json))
    if wrong:
        raise SystemExit("\n".join(wrong))
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        recorded = record(Path(made))
    ANSWERS.write_text(
        json.dumps(recorded, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    print(f"{ANSWERS.name} written")
