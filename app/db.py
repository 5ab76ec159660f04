"""Engines, lanes and transactions: the one place that commits."""
