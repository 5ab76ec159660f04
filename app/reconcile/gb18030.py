"""GB18030 to UTF-8, by the C library where it reads as Python does: that takes half as long as Python's codec."""

from __future__ import annotations

import ctypes
from functools import cache

_THEN = (
    "\ue7c7\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796\ue81e\ue826"
    "\ue82b\ue82c\ue832\ue843\ue854\ue864\ue816\ue817\ue818\ue831\ue83b\ue855"
)
_NOW = (
    "\u1e3f\ufe10\ufe12\ufe11\ufe13\ufe14\ufe15\ufe16\ufe17\ufe18\ufe19\u9fb4\u9fb5"
    "\u9fb6\u9fb7\u9fb8\u9fb9\u9fba\u9fbb\U00020087\U00020089\U000200cc\U000215d7\U0002298f\U000241fe"
)
_SINCE = {then.encode(): now.encode() for then, now in zip(_THEN, _NOW, strict=True)}
"""Characters by what stood for them in the year 2000, before Unicode had them: places for private use."""
_PRIVATE = b"\xee"
"""The first byte of those places; no other character begins with it."""

_TEXT, _SIZE = ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_size_t)
_OPEN = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p)
_CONVERT = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, _TEXT, _SIZE, _TEXT, _SIZE)
_CLOSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
_NONE = ctypes.c_void_p(-1).value


def to_utf8(block: bytes) -> bytes:
    """Whole lines of GB18030 as UTF-8; what cannot be read becomes U+FFFD, and never swallows a line feed.

    The tables of 2000, 2005 and 2022 differ in 25 characters: each becomes that of today, whoever reads it.
    """
    library = _trusted()
    text = library.convert(block) if library else None
    if text is None:
        text = _by_codec(block)
    return _renewed(text) if _PRIVATE in text else text


def _by_codec(block: bytes) -> bytes:
    try:
        return block.decode("gb18030").encode()
    except UnicodeDecodeError:
        # Line by line, so that a broken character can never swallow the line feed after it.
        return b"\n".join(line.decode("gb18030", "replace").encode() for line in block.split(b"\n"))


def _renewed(text: bytes) -> bytes:
    for then, now in _SINCE.items():
        text = text.replace(then, now)
    return text


class _Iconv:
    """The C library's `iconv`; AttributeError, OSError or TypeError where there is none."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._open = _OPEN(("iconv_open", library))
        self._convert = _CONVERT(("iconv", library))
        self._close = _CLOSE(("iconv_close", library))

    def convert(self, block: bytes) -> bytes | None:
        """The block as UTF-8; None if a character of it cannot be read, or no such converter is installed."""
        # Two microseconds to open and to close, so that no thread need share one.
        converter = self._open(b"UTF-8", b"GB18030")
        if converter == _NONE:
            return None
        try:
            return self._converted(converter, block)
        finally:
            self._close(converter)

    def _converted(self, converter: int, block: bytes) -> bytes | None:
        # No character takes more than twice as many bytes.
        most = 2 * len(block)
        text = ctypes.create_string_buffer(most)
        left, room = ctypes.c_size_t(len(block)), ctypes.c_size_t(most)
        begin, end = ctypes.c_char_p(block), ctypes.c_char_p(ctypes.addressof(text))
        failed = self._convert(converter, begin, left, end, room)
        return None if failed or left.value else ctypes.string_at(text, most - room.value)


@cache
def _trusted() -> _Iconv | None:
    """The C library, if it reads each character of the basic plane as Python does, and no lead byte alone."""
    try:
        library = _Iconv()
    except (AttributeError, OSError, TypeError):
        return None
    return library if _is_alike(library) else None


def _is_alike(library: _Iconv) -> bool:
    plane = "".join(chr(point) for point in range(0x80, 0x10000) if not 0xD800 <= point < 0xE000)
    plane = plane.translate(dict.fromkeys(map(ord, _THEN + _NOW)))
    broken = (bytes([lead, 10]) for lead in range(0x80, 0x100))
    reads_all = library.convert(plane.encode("gb18030")) == plane.encode()
    return reads_all and not any(map(library.convert, broken))
