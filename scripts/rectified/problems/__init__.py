"""Differential equations with their data and exact or reference solutions; ``problem`` is their interface."""
