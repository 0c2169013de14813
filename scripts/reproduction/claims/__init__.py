"""Verdicts on published claims, computed from results."""
