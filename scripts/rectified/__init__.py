"""Numerics of activation functions in physics-informed machine learning, and a derivative audit."""

__version__ = "0.2.0"
