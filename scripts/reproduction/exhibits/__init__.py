"""Figures, tables and scorecards."""
