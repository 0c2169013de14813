"""The tables: one module per family, each with a function ``rows``."""
