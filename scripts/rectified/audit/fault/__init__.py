"""The module at fault, and the remedy."""
