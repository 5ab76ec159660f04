"""The command line: one file per noun, gathered here."""

from app.cli.root import app

__all__ = ["app"]
