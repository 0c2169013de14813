"""The error of a config that cannot be used."""

import re


class ConfigError(ValueError):
    """A setting cannot be used; the message names its key, the value given, and what is allowed."""


def one_line(message: str) -> str:
    """Return a message on one line, with words of 150 characters and more cut."""
    return re.sub(r"\S{150,}", lambda match: f"{match[0][:100]}…", message.replace("\n", "\\n"))
