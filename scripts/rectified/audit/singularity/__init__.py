"""Jumps, kinks and steep transitions between the points."""
