"""Entries of figures, tables and claims in config."""
