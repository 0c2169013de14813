"""Numbers as text in figures and on pages."""

import numpy as np


def short_number(value: float, decimals: int) -> str:
    """Return about two digits, with an exponent below 0.01 and from 1000 on.

    Args:
        decimals: of the mantissa, if there is an exponent.
    """
    if np.isnan(value):
        return "–"
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0 or 0.01 <= abs(value) < 1000:
        return (f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}").replace("-", "−")
    mantissa, exponent = f"{value:.{decimals}e}".split("e")
    return f"{mantissa}e{int(exponent)}".replace("-", "−")
