"""The error of an invalid config."""

import re


class ConfigError(ValueError):
    """A setting is invalid; the message states its key, the value given, and what is allowed."""


def one_line(message: str) -> str:
    """Return a message on one line, with words of 150 characters or more truncated."""
    return re.sub(r"\S{150,}", lambda match: f"{match[0][:100]}…", message.replace("\n", "\\n"))
