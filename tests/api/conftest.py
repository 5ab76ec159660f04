"""What a test of the HTTP interface may ask for: the whole service on either database."""

from __future__ import annotations

from tests.office import seeded_url, seeds, service

__all__ = ["seeded_url", "seeds", "service"]
