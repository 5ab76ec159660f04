"""What a proof may ask for: a database on its first day, and the service on it."""

from __future__ import annotations

from tests.office import seeded_url, seeds, service, shared

__all__ = ["seeded_url", "seeds", "service", "shared"]
