"""Models of config.yaml, their defaults and their checks."""
