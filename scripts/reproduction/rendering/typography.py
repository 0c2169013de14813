"""Mathematics in plain text: powers, numbers and headings of columns, which are written for TeX; names of documents."""

import re
from collections.abc import Callable

from reproduction.config.words import power_of_ten

SIGNS = {"sigma": "σ", "varepsilon": "ε", "Pi": "Π", "chi": "χ", "hat": "\u0302", "max": "max"}
NAMES = {"ritz": "Ritz", "pinn": "PINN", "pinns": "PINNs"}
NUMBER_FORMS = {"–": "--", "∞": r"$\infty$", "−∞": r"$-\infty$"}  # in TeX


def digits(value: float) -> tuple[str, int | None]:
    """A number of a table as it is read: its digits, and the power of ten they are multiplied by, if any.

    A dash stands for one that is missing.
    """
    if value != value:
        return "–", None
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞", None
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{value:.0f}", None
    if abs(value) >= 1e-2 and "e" not in (short := f"{value:.5g}"):
        return short, None
    mantissa, exponent = f"{value:.2e}".split("e")
    return mantissa, int(exponent)


def tex_number(value: float) -> str:
    """A number of a table in TeX, in mathematics mode unless it is whole."""
    mantissa, exponent = digits(value)
    if mantissa in NUMBER_FORMS:
        return NUMBER_FORMS[mantissa]
    if exponent is not None:
        return rf"${mantissa}\cdot10^{{{exponent}}}$"
    return f"${mantissa}$" if "." in mantissa or not float(value).is_integer() else mantissa


def plain_number(value: float) -> str:
    """A number of a table in plain text."""
    mantissa, exponent = digits(value)
    shown = mantissa.replace("-", "−")
    return shown if exponent is None else f"{shown}·{power_of_ten(exponent)}"


def plain_numbers(text: str) -> str:
    """Text with the numbers that Python has written in it as they are read: ``-1.2e-05`` is −1.2·10⁻⁵, ``inf`` is ∞."""
    text = re.sub(r"(?<![\w.])(\d(?:\.\d+)?)e([+-]\d+)", _times_power, text)
    return re.sub(r"\binf\b", "∞", re.sub(r"(?<!\w)-(?=\d|inf\b)", "−", text))


def _times_power(match: re.Match) -> str:
    power = power_of_ten(int(match[2]))
    return power if match[1] == "1" else f"{match[1]}·{power}"


def heading(tex: str, text: Callable[[str], str], below: Callable[[str], str], above: Callable[[str], str]) -> str:
    r"""The heading of a column, written for TeX, in another form: ``$C_W^{\max}$`` is C, W below and max above.

    Args:
        text, below, above: what make text, subscripts and superscripts of that form from plain text.

    Raises:
        KeyError: if it has a command that is not known here.
    """
    mathematics = "$" in tex
    plain = tex.replace("$", "").replace(r"\ ", " ")
    plain = re.sub(r"\\hat (\w)", rf"\1{SIGNS['hat']}", plain)
    plain = re.sub(r"\\(\w+)", lambda match: SIGNS[match[1]], plain)
    plain = plain.replace("-", "−") if mathematics else plain
    parts = re.split(r"([_^](?:{[^}]*}|.))", plain)
    forms = {"_": below, "^": above}
    return "".join(forms[part[0]](part[1:].strip("{}")) if part[:1] in forms else text(part) for part in parts)


def readable(document: str) -> str:
    """The name of a document as a heading: ``deep_ritz`` is Deep Ritz."""
    first, *others = document.split("_")
    return " ".join([first.capitalize(), *(NAMES.get(word, word) for word in others)])
