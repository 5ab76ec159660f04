"""Forty files that would run in a browser, were they ever shown: each calls `ran` or asks for /ran."""

from __future__ import annotations

from tests.domain.files import JPEG, PDF, PNG, compound, docx

CALL = "window.ran?ran(1):0;fetch('/ran')"
SCRIPT = f"<script>{CALL}</script>".encode()
IMAGE = f'<img src=x onerror="{CALL}">'.encode()
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{CALL}"><script>{CALL}</script></svg>'.encode()
XHTML = (
    b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>'
    + CALL.encode()
    + b"</script></html>"
)
XSLT = b'<?xml-stylesheet type="text/xsl" href="data:text/xml,%3Cx/%3E"?>' + XHTML
JAVASCRIPT = b"/*%PDF-1.4*/" + CALL.encode() + b"//%%EOF"
PDF_SCRIPT = PDF.replace(
    b"/Type/Catalog",
    b"/Type/Catalog/OpenAction<</S/JavaScript/JS(" + CALL.replace("(", "\\(").encode() + b")>>",
)
GIF = b"GIF89a/*" + SCRIPT + b"*/=1;" + CALL.encode()

PAGES = (
    SCRIPT,
    IMAGE,
    b"<!DOCTYPE html>" + SCRIPT,
    b"\xef\xbb\xbf<html>" + SCRIPT,
    SCRIPT.decode().encode("utf-16"),
)

FILES: dict[str, bytes] = {
    **{
        f"page{number}.{ending}": page
        for number, page in enumerate(PAGES)
        for ending in ("pdf", "png", "doc")
    },
    **{f"drawing.{ending}": SVG for ending in ("jpg", "xls", "docx")},
    **{f"page.{ending}": XHTML for ending in ("jpeg", "xlsx", "ofd")},
    "stylesheet.wps": XSLT,
    "script.et": JAVASCRIPT,
    "picture.png": GIF,
    "script in a pdf.pdf": PDF_SCRIPT,
    "pdf and page.pdf": PDF[:9] + SCRIPT + PDF[9:],
    "page before the end.pdf": PDF.replace(b"%%EOF", SCRIPT + b"%%EOF"),
    "script before the end.pdf": PDF[:9] + JAVASCRIPT + PDF[9:],
    "png and page.png": PNG[:-12] + SCRIPT + PNG[-12:],
    "text in a png.png": PNG[:33] + b"\0\0\0\x50tEXt" + SVG + PNG[33:],
    "jpeg and page.jpg": JPEG[:2] + SCRIPT + JPEG[2:],
    "jpeg and script.jpeg": JPEG[:2] + b"/*" + JPEG[2:-2] + b"*/" + CALL.encode() + JPEG[-2:],
    "document with a page.docx": docx(word__page_html=SCRIPT),
    "document with a drawing.docx": docx(word__media__a_svg=SVG),
    "old document.doc": compound("WordDocument") + SCRIPT,
    "old workbook.xls": compound("Workbook") + SVG,
    "odd case.PDF": PDF[:9] + IMAGE + PDF[9:],
    "two endings.html.pdf": PDF[:9] + SCRIPT + PDF[9:],
    "a page by name.htm.png": PNG[:-12] + IMAGE + PNG[-12:],
    "markup in the name &lt;script&gt;.pdf": PDF,
}
