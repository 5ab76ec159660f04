"""Writes openapi.json, the document that /openapi.json serves: `python -m scripts.write_openapi`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from app.api.openapi import document
from app.main import create_app
from app.settings import Environment, Settings

TARGET = Path(__file__).resolve().parent.parent / "openapi.json"


def text() -> str:
    """The document of this release, indented, with a line break at its end."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(env=Environment.TEST, data_dir=Path(folder)))
        return json.dumps(document(app), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(f"{TARGET.name} written")
