"""How one number may have become another under somebody's fingers."""

from __future__ import annotations

from collections.abc import Iterator


def slips(meant: int, written: int) -> Iterator[str]:
    """The codes of the slips that turn the one into the other: transposed, digit-missing, -extra, -differs."""
    ours, theirs = str(meant), str(written)
    if meant == written or len(ours) < 2:
        return
    if len(ours) == len(theirs):
        places = [i for i, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1]]
        if len(places) == 1:
            yield "digit-differs"
        elif (
            len(places) == 2 and ours[places[0]] == theirs[places[1]] and ours[places[1]] == theirs[places[0]]
        ):
            yield "transposed"
    elif theirs in _without_one(ours):
        yield "digit-missing"
    elif ours in _without_one(theirs):
        yield "digit-extra"


def _without_one(digits: str) -> set[str]:
    return {digits[:i] + digits[i + 1 :] for i in range(len(digits))}
