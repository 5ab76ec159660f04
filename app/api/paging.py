"""Pages of a list: a bounded size, and an opaque cursor that says after what the next page begins."""
