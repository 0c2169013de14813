"""The figures: one module per family, each with a function ``draw``."""
