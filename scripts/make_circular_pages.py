"""Prints the sample circular with LibreOffice and keeps the pages as pictures, for the test that compares them.

Run after a change of the layout that was meant, then look at the pictures: python -m scripts.make_circular_pages
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from app.documents.circular import circular_docx
from tests.documents.test_circular import PAGES, content, pictures
from tests.libreoffice import office


def main() -> None:
    """Replace the pictures."""
    PAGES.mkdir(exist_ok=True)
    for old in PAGES.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as home:
        printed = office(Path(home)).saved({"circular.docx": circular_docx(content())}, "pdf")
    for number, page in enumerate(pictures(printed["circular.docx"]), start=1):
        page.save(PAGES / f"{number:02d}.png", optimize=True)
    print(f"{number} pages in {PAGES}")


if __name__ == "__main__":
    main()
