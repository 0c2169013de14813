"""Numbers as journals print them: three significant digits, and one power of ten for a number and its range."""

import math
from typing import NamedTuple

from reproduction.config.words import power_of_ten

DIGITS = 3  # significant
LARGEST_FIXED = 1e4  # from which on a power of ten is split off
SMALLEST_FIXED = 1e-2
SMALLEST_EXACT = 1e-3  # the same for numbers of at most three digits, such as settings
LARGEST_INTEGER = 1e6  # up to which integers are printed in full
NARROW = (1e-2, 1e3)  # ends beyond these multiples of the number get powers of ten of their own


class Printed(NamedTuple):
    """A number with an optional range, in decimal digits.

    Attributes:
        number: digits with sign, or ``–`` for a missing number, or ``∞``.
        exponent: of the power of ten, or None. It multiplies the range too, unless that is wide.
        ends: digits and exponents of the two ends of the range, or none.
        best: true for the best number of a ranking.
        wide: true if the ends of the range have powers of ten of their own, or none.
    """

    number: str
    exponent: int | None = None
    ends: tuple[tuple[str, int | None], ...] = ()
    best: bool = False
    wide: bool = False


def printed(value: float) -> Printed:
    """Return a number without a range; integers and numbers of at most three digits are exact."""
    value = float(value)
    if not math.isfinite(value):
        return Printed(_symbol(value))
    if value.is_integer() and abs(value) < LARGEST_INTEGER:
        return Printed(f"{value:.0f}")
    exact = float(f"{value:.{DIGITS}g}") == value
    exponent = _exponent(value, SMALLEST_EXACT if exact else SMALLEST_FIXED)
    scaled = _scaled(value, exponent)
    number = f"{scaled:.{_decimals(scaled, DIGITS)}f}"
    return Printed(number.rstrip("0").rstrip(".") if exact and "." in number else number, exponent)


def printed_range(middle: float, low: float, high: float) -> Printed:
    """Return a number with a range; a range without finite ends is left out if the number is missing.

    Args:
        middle: the number, with three significant digits.
        low, high: ends of the range, with the decimals of the number, but two or three significant digits.
    """
    if math.isnan(middle) and math.isnan(low) and math.isnan(high):
        return Printed(_symbol(middle))
    reference = middle if math.isfinite(middle) and middle else _largest(low, high)
    exponent = _exponent(reference, SMALLEST_FIXED)
    decimals = _decimals(_scaled(reference, exponent), DIGITS)
    number = f"{_scaled(middle, exponent):.{decimals}f}" if math.isfinite(middle) else _symbol(middle)
    ends = [_scaled(end, exponent) for end in (low, high)]
    overflow = any(math.isfinite(end) and not math.isfinite(scaled) for end, scaled in zip((low, high), ends))
    if overflow or not all(_narrow(end, _scaled(reference, exponent)) for end in ends):
        return Printed(number, exponent, tuple(_alone(end) for end in (low, high)), wide=True)
    return Printed(number, exponent, tuple((_end(end, decimals), None) for end in ends))


def _narrow(end: float, number: float) -> bool:
    """Return true if an end of a range is readable without a power of ten of its own."""
    ratio = abs(end / number) if end and number and math.isfinite(end) else 1.0
    return NARROW[0] <= ratio < NARROW[1] and not LARGEST_FIXED <= abs(end) < math.inf


def _symbol(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "∞" if value > 0 else "-∞"


def _largest(*values: float) -> float:
    return max((abs(value) for value in values if math.isfinite(value)), default=0.0)


def _exponent(value: float, smallest: float) -> int | None:
    """Return the power of ten to be split off, or None."""
    if value == 0 or smallest <= float(f"{abs(value):.{DIGITS}g}") < LARGEST_FIXED:
        return None
    return int(f"{value:.{DIGITS - 1}e}".split("e")[1])


def _scaled(value: float, exponent: int | None) -> float:
    """Return value/10^exponent, without overflow of the power."""
    if exponent is None or not math.isfinite(value) or value == 0:
        return value
    mantissa, own = f"{value:.17e}".split("e")
    return float(f"{mantissa}e{int(own) - exponent}")


def _decimals(value: float, digits: int) -> int:
    """Return the number of decimals that shows a number of significant digits."""
    if value == 0 or not math.isfinite(value):
        return digits - 1
    return max(0, digits - 1 - int(f"{value:.{digits - 1}e}".split("e")[1]))


def _end(value: float, decimals: int) -> str:
    if not math.isfinite(value):
        return _symbol(value)
    if value == 0:
        return "0"
    return f"{value:.{max(_decimals(value, 2), min(decimals, _decimals(value, DIGITS)))}f}"


def _alone(value: float) -> tuple[str, int | None]:
    """Return an end of a range that has a power of ten of its own."""
    if not math.isfinite(value) or value == 0:
        return _end(value, 0), None
    exponent = _exponent(value, SMALLEST_FIXED)
    scaled = _scaled(value, exponent)
    return f"{scaled:.{_decimals(scaled, 2)}f}", exponent


def plain(number: Printed) -> tuple[str, str]:
    """Return a printed number as plain text: the number, and what follows it, its range or its power of ten."""
    power = "" if number.exponent is None else f"·{power_of_ten(number.exponent)}"
    ends = ", ".join(digits if own is None else f"{digits}·{power_of_ten(own)}" for digits, own in number.ends)
    span = f" [{ends}]" if ends else ""
    rest = f"{power}{span}" if number.wide else f"{span}{power}"
    return number.number.replace("-", "−"), rest.replace("-", "−")
