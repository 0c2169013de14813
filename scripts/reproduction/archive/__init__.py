"""Archives of a run: build, verify, recompute."""
