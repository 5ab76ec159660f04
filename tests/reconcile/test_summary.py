"""A summary ledger from its bytes to figures by reporting unit."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest

from tests.reconcile.conftest import ReadBytes
from tests.reconcile.sample import CITY, DISTRICT, EN, ZH, codes, figures, lines

SAMPLE = {header: lines(CITY, DISTRICT, header=header) for header in (EN, ZH)}
ENCODED = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "gb18030": lambda text: text.encode("gb18030"),
    "utf-16-le": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
}
LINE_ENDS = {"lf": "\n", "crlf": "\r\n", "no last end": ""}


@pytest.mark.parametrize("header", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("delimiter", [",", "\t"], ids=["comma", "tab"])
@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("ends", LINE_ENDS)
def test_the_sample_reads_alike_in_every_encoding_delimiter_and_language(
    read_bytes: ReadBytes, header: str, delimiter: str, encoding: str, ends: str
) -> None:
    text = SAMPLE[header].replace(",", delimiter).replace("\n", LINE_ENDS[ends] or "\n")
    data = ENCODED[encoding](text if LINE_ENDS[ends] else text.rstrip("\n"))

    ledger = read_bytes(data)

    assert ledger.ok
    assert codes(ledger) == []
    assert (ledger.encoding, ledger.sha256) == (encoding, sha256(data).hexdigest())
    assert (ledger.rows, ledger.accepted) == (2, 2)
    assert (ledger.periods, ledger.units) == (("2015-04",), ("999806", "999900"))
    assert ledger.as_of == date(2015, 4, 25)
    assert figures(ledger, "999900") == (120, 35, 1239, 60, 15, 25, 1980)
    assert figures(ledger, "999806") == (8, 0, 96, 5, 0, 2, 131)
