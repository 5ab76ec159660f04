"""The circular as a PDF/A, where the typesetter and free fonts for Chinese are installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from app.documents.circular import Content, marks, numbered, shares, shown
from app.errors import Conflict, Text

TEMPLATE = Path(__file__).with_name("circular.typ")
FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
"""Where Debian keeps fonts; nothing else of the system is looked at, so that equal contents look the same."""
NEEDED = "NotoSerifCJK-Regular.ttc"

NO_TYPESETTER = Text(
    "本机未安装 PDF 排版组件，请下载 Word 文件，或由管理员执行：pip install 'yuebao[pdf]'",
    "The typesetter for PDF is not installed: take the Word file, or have it installed: pip install 'yuebao[pdf]'",
)
NO_FONTS = Text(
    "本机没有排版用的中文字体，请下载 Word 文件，或由管理员执行：apt-get install -y fonts-noto-cjk",
    "Fonts for Chinese are missing: take the Word file, or have them installed: apt-get install -y fonts-noto-cjk",
)


def circular_pdf(content: Content, made_on: datetime) -> bytes:
    """The same pages as the Word document; the same content and day give the same bytes.

    Raises Conflict with the command that installs what is missing; never sets boxes for characters.
    """
    check_installed()
    compiled: bytes = import_module("typst").compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(folder) for folder in FONTS if folder.exists()],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"content": orjson.dumps(_typed(content)).decode()},
        pdf_standards=["a-2b"],
        timestamp=int(made_on.astimezone(UTC).timestamp()),
    )
    return compiled


def check_installed() -> None:
    """Raises Conflict where the typesetter or the fonts are missing."""
    if find_spec("typst") is None:
        raise Conflict(NO_TYPESETTER, code="pdf-unavailable")
    if not any(next(folder.rglob(NEEDED), None) for folder in FONTS):
        raise Conflict(NO_FONTS, code="pdf-unavailable")


def _typed(content: Content) -> dict[str, Any]:
    """The content with every placeholder and every cell as the text that is set."""
    blocks = [
        {"heading": numbered(position, block["heading"]), "paragraphs": block["paragraphs"]}
        for position, block in enumerate(content["blocks"])
    ]
    return {
        **{name: content[name] for name in ("title", "recipients", "opening", "signature")},
        **marks(content),
        "blocks": blocks,
        "attachments": [_table(attachment) for attachment in content["attachments"]],
    }


def _table(attachment: Mapping[str, Any]) -> dict[str, Any]:
    columns: Sequence[str] = attachment["columns"]
    rows = attachment["rows"] or [["无", *[""] * (len(columns) - 1)]]
    return {
        "title": attachment["title"],
        "columns": columns,
        "shares": shares(rows),
        "rows": [[shown(value) for value in row] for row in rows],
    }
