"""Losses of physics-informed networks, their points and their input derivatives."""
