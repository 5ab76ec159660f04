"""Read a ledger, derive its figures, compare them with what was reported."""
