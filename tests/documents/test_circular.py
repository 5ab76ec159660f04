"""The circular as files: printed by LibreOffice and by the typesetter, looked at page by page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pypdfium2
import pytest
from openpyxl import load_workbook
from PIL import Image, ImageChops, ImageFilter, ImageStat

from app.documents import circular_pdf as typesetter
from app.documents.circular import circular_docx
from app.documents.circular_book import circular_book
from app.documents.circular_pdf import circular_pdf
from app.domain.circular import draft
from app.domain.period import Period
from app.errors import Conflict
from tests.domain.circular_sample import facts, last_month
from tests.libreoffice import Office, office

PAGES = Path(__file__).parent / "pages"
"""How the pages look; `python -m scripts.make_circular_pages` prints them anew after a change that was meant."""
SCALE = 0.5
DIFFERENT = 6.0
"""Mean difference in grey levels of 255 between two pages, blurred, from which they do not look alike: another
version of the program moves a line by a pixel (under 3), a missing paragraph moves all below it (over 9)."""
SIGNED = datetime(2015, 4, 30, tzinfo=UTC)


def content() -> dict:
    """A circular of May with every section, numbered and dated."""
    given = draft(facts(period=Period(2015, 5), previous=last_month()))
    return given | {"number": "示农青〔2015〕3号", "dated": "2015-05-31", "contact": "示例甲"}


def pictures(pdf: bytes) -> list[Image.Image]:
    """Each page in grey."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=SCALE).to_pil().convert("L") for page in document]
    finally:
        document.close()


def looked_at() -> list[Image.Image]:
    """The pages as they are to look."""
    pages = []
    for path in sorted(PAGES.glob("*.png")):
        with Image.open(path) as page:
            pages.append(page.copy())
    return pages


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def difference(one: Image.Image, other: Image.Image) -> float:
    blurred = [image.filter(ImageFilter.GaussianBlur(2)) for image in (one, other)]
    return ImageStat.Stat(ImageChops.difference(*blurred)).mean[0]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return office(tmp_path_factory.mktemp("office"))


@pytest.mark.office
def test_libreoffice_prints_the_pages_as_they_were_looked_at(program: Office) -> None:
    printed = pictures(program.saved({"circular.docx": circular_docx(content())}, "pdf")["circular.docx"])
    wanted = looked_at()

    assert [page.size for page in printed] == [page.size for page in wanted]
    assert max(difference(*pair) for pair in zip(printed, wanted, strict=True)) < DIFFERENT


@pytest.mark.office
def test_a_lost_paragraph_would_be_seen(program: Office) -> None:
    lost = content()
    lost["blocks"][1]["paragraphs"].pop(0)
    printed = pictures(program.saved({"lost.docx": circular_docx(lost)}, "pdf")["lost.docx"])
    wanted = looked_at()

    assert any(difference(*pair) >= DIFFERENT for pair in zip(printed, wanted, strict=False))


def test_word_and_pdf_say_the_same(program: Office) -> None:
    by_office = text_of(program.saved({"same.docx": circular_docx(content())}, "pdf")["same.docx"])
    by_typesetter = text_of(circular_pdf(content(), SIGNED))

    def said(text: str) -> str:
        return re.sub(r"\s|—\s*\d+\s*—", "", text)

    for block in content()["blocks"]:
        for paragraph in block["paragraphs"]:
            assert said(paragraph) in said(by_office)
            assert said(paragraph) in said(by_typesetter)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert circular_docx(content()) == circular_docx(content())
    assert circular_pdf(content(), SIGNED) == circular_pdf(content(), SIGNED)
    assert circular_book(content(), Period(2015, 5)) == circular_book(content(), Period(2015, 5))


def test_the_page_of_the_word_file_is_that_of_the_standard() -> None:
    with ZipFile(BytesIO(circular_docx(content()))) as parts:
        document = parts.read("word/document.xml").decode()

    first = re.search(r"<w:sectPr.*?</w:sectPr>", document, re.S)
    assert first is not None
    margins = dict(re.findall(r'w:(top|left|right|bottom)="(\d+)"', first[0]))
    millimetres = {side: round(int(twips) / 56.6929) for side, twips in margins.items()}
    assert millimetres == {"top": 37, "left": 28, "right": 26, "bottom": 35}
    assert 'w:type="lines" w:linePitch="579"' in first[0]
    for font in ("方正小标宋简体", "仿宋_GB2312", "黑体"):
        assert f'w:eastAsia="{font}"' in document


def test_a_text_that_would_compute_is_a_text_in_the_workbook() -> None:
    given = content()
    given["attachments"][2]["rows"] = [["=1+1", "@x", 1, 2, -1, "+y"]]

    sheet = load_workbook(BytesIO(circular_book(given, Period(2015, 5))))["附件3差异清单"]

    assert [cell.data_type for cell in sheet[3]] == ["s", "s", "n", "n", "n", "s"]


def test_without_fonts_the_refusal_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetter, "FONTS", (tmp_path,))

    with pytest.raises(Conflict) as refused:
        circular_pdf(content(), SIGNED)

    assert refused.value.code == "pdf-unavailable"
    assert "fonts-noto-cjk" in refused.value.title.zh
