"""Errors of the library, and suggestions for misspelt names."""

import difflib
from collections.abc import Iterable


class InvalidInputError(ValueError):
    """An argument cannot be used; the message names it, the value given, and what is allowed."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Return a sentence naming the closest allowed names, or all of them when none is close."""
    allowed = sorted(allowed)
    close = difflib.get_close_matches(name, allowed, n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"allowed: {', '.join(allowed) or '(none)'}"
