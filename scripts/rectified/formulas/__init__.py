"""Formulas as SymPy expressions, their derivatives, kinks and jumps, and their evaluation in torch."""
