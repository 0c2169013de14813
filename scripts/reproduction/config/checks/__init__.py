"""Checks of a config beyond single entries."""
