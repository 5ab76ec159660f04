"""What a test of the command line may ask for: a database on its first day."""

from __future__ import annotations

from tests.office import seeded_url, seeds, service

__all__ = ["seeded_url", "seeds", "service"]
