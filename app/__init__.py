"""Yuebao collects a monthly form, reconciles it with a ledger and sums it up the reporting tree."""

__version__ = "0.1.0"
