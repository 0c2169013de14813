"""Losses of physics-informed networks and the input derivatives they use."""
