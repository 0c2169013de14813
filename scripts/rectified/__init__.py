"""Activation functions in physics-informed machine learning: formulas, networks, training, theory, and the derivative audit."""
