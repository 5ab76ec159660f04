"""The use cases: load, ask the core, store, record in the audit."""
