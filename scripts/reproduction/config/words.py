"""Settings in words: phrases for the settings of a task in captions, and numbers and formulas as text."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
GRADIENTS = {
    "autodiff": "autodiff",
    "finite_difference": "finite differences",
    "discrete_delta": "discrete delta",
    "kink_aware": "kink-aware",
}
OPTIMIZERS = {
    "adam": "Adam",
    "sgd": "SGD",
    "lbfgs": "L-BFGS",
    "block_newton": "block Newton",
    "projected_newton": "projected Newton",
    "levenberg_marquardt": "Levenberg–Marquardt",
}


class Phrase(NamedTuple):
    """One setting in words.

    Attributes:
        words: the phrase, with ``{}`` for the value or values.
        value: maps a job to the value; None for a job that does not use the setting, a list for several values.
        where: qualifier, added if only some of the jobs use the setting.
        usual: the value that is omitted if all jobs have it.
    """

    words: str
    value: Callable[[Any], Any]
    where: str = ""
    usual: Any = None


def setting(name: str) -> Callable[[Any], Any]:
    """Return the function of a job that gives the value of a setting."""
    return lambda job: getattr(job.settings, name)


def used_setting(name: str, is_used: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """Return the function of a job that gives the value of a setting, or None if the settings do not use it."""
    return lambda job: getattr(job.settings, name) if is_used(job.settings) else None


def superscript(number: object) -> str:
    """Return an integer in superscript digits."""
    return str(number).translate(SUPERSCRIPTS)


def power_of_ten(exponent: int) -> str:
    """Return a power of ten as text, such as ``10⁻³``."""
    return f"10{superscript(exponent)}"


def written(value: Any) -> str:
    """Return a value as text: integers with thousands separators, other numbers with six digits, with a minus sign."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    mantissa, _, exponent = f"{value:g}".partition("e")
    power = power_of_ten(int(exponent)) if exponent else ""
    return "·".join(filter(None, [mantissa * (mantissa != "1" or not power), power])).replace("-", "−")


def formula(text: str) -> str:
    """Return a formula of config in mathematical notation: x³ for x**3, a dot for a product, π for pi."""
    text = re.sub(r"\*\*(\d+)", lambda match: superscript(match[1]), text)
    return re.sub(r"\bpi\b", "π", text).replace("*", "·").replace("-", "−")
