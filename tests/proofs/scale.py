"""How large the proofs are: a tenth in every run of the tests, whole by `make prove`."""

from __future__ import annotations

import os


def scaled(full: int) -> int:
    """A part of the full number, by YUEBAO_PROVE_SCALE (0.1 unless set, 1 for `make prove`); at least one."""
    return max(1, round(full * float(os.environ.get("YUEBAO_PROVE_SCALE", "0.1"))))
