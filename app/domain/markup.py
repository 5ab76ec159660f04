"""The beginning of an XML part: it may declare no document type, because entities are declared there."""

from __future__ import annotations

from xml.parsers import expat

LONGEST_PROLOG = 1 << 16
_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<", b"<\0", b"\0<")


class _Over(Exception):
    """The root element has begun: no declaration can follow."""


class _Refused(Exception):
    """A document type is declared."""


class PrologCheck:
    """Takes a part piece by piece until its root element; what does not begin like XML is left alone."""

    def __init__(self) -> None:
        self.is_over = False
        self._seen = 0
        self._has_begun = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._begin
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, piece: bytes) -> bool:
        """Whether the part may be taken so far."""
        self._seen += len(piece)
        if not self._has_begun:
            piece = piece.lstrip(b" \t\r\n")
            if not piece:
                return self._seen <= LONGEST_PROLOG
            self._has_begun = True
            if not piece.startswith(_STARTS):
                self.is_over = True
                return True
        return self._parse(piece)

    def _parse(self, piece: bytes) -> bool:
        try:
            self._parser.Parse(piece[: LONGEST_PROLOG + 1])
        except _Over:
            self.is_over = True
            return True
        except (_Refused, expat.ExpatError, ValueError, LookupError):
            return False
        return self._seen <= LONGEST_PROLOG

    def _begin(self, *_: object) -> None:
        raise _Over

    def _refuse(self, *_: object) -> None:
        raise _Refused
