"""Activation functions in physics-informed machine learning: the numerics behind the workflow."""
