"""Errors that speak to the person who wrote the config."""

import difflib
from collections.abc import Iterable


class ConfigError(ValueError):
    """A value given by the user is not usable; the message says which, and what is allowed."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a sentence naming the closest allowed names, or all of them when none is close."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"allowed: {', '.join(allowed) or '(none)'}"
