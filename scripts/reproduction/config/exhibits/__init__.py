"""The entries of figures, tables and claims in config."""
