"""Input derivatives used in training and by differences, and their mismatch."""
