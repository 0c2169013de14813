"""Numbers, powers and column headings in TeX and plain text; names of documents."""

import re
from collections.abc import Callable

from reproduction.config.words import power_of_ten

SYMBOLS = {"sigma": "σ", "varepsilon": "ε", "Pi": "Π", "chi": "χ", "hat": "\u0302", "max": "max"}
ACRONYMS = {"ritz": "Ritz", "pinn": "PINN", "pinns": "PINNs"}


def digits(value: float) -> tuple[str, int | None]:
    """Return the displayed digits of a number and its power of ten, or None; NaN is a dash."""
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


def plain_numbers(text: str) -> str:
    """Replace the numbers in a text by their typographic form: ``-1.2e-05`` by −1.2·10⁻⁵, ``inf`` by ∞."""
    text = re.sub(r"(?<![\w.])(\d(?:\.\d+)?)e([+-]\d+)", _times_power, text)
    return re.sub(r"\binf\b", "∞", re.sub(r"(?<!\w)-(?=\d|inf\b)", "−", text))


def _times_power(match: re.Match) -> str:
    power = power_of_ten(int(match[2]))
    return power if match[1] == "1" else f"{match[1]}·{power}"


def heading(tex: str, text: Callable[[str], str], below: Callable[[str], str], above: Callable[[str], str]) -> str:
    r"""Convert a column heading from TeX to another markup: ``$C_W^{\max}$`` is C with subscript W, superscript max.

    Args:
        tex: the heading.
        text, below, above: format plain text, a subscript and a superscript in that markup.

    Raises:
        KeyError: if the heading contains an unknown TeX command.
    """
    mathematics = "$" in tex
    plain = tex.replace("$", "").replace(r"\ ", " ")
    plain = re.sub(r"\\hat (\w)", rf"\1{SYMBOLS['hat']}", plain)
    plain = re.sub(r"\\(\w+)", lambda match: SYMBOLS[match[1]], plain)
    plain = plain.replace("-", "−") if mathematics else plain
    parts = re.split(r"([_^](?:{[^}]*}|.))", plain)
    forms = {"_": below, "^": above}
    return "".join(forms[part[0]](part[1:].strip("{}")) if part[:1] in forms else text(part) for part in parts)


def readable(document: str) -> str:
    """Return the name of a document as a heading: Deep Ritz for ``deep_ritz``."""
    first, *others = document.split("_")
    return " ".join([first.capitalize(), *(ACRONYMS.get(word, word) for word in others)])
