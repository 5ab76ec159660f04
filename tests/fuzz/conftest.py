"""What the fuzzing asks for: first days of both databases."""

from __future__ import annotations

from tests.office import seeds

__all__ = ["seeds"]
