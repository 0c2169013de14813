"""Activation functions given by formulas, from which derivatives, kinks and smoothness follow.

Powers of ReLU and MRePU, such as ``relu4`` and ``mrepu5``, follow from the formula of their family. The registry of
activations is in ``activations``; computations from a formula do not depend on it.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property

import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.evaluation_forms import evaluation_forms
from rectified.formulas.kinks import JUMP_ORDERS, Kink, find_kinks, is_piecewise_linear

X = expressions.symbol("x")
MAX_POWER = JUMP_ORDERS - 1

FAMILIES = {"relu": "relu(x)**{p}", "mrepu": "x*relu(x + 1)**{p}"}

LABELS = {
    "relu": "ReLU",
    "relu2": "ReLU²",
    "relu3": "ReLU³",
    "leaky_relu": "leaky ReLU",
    "abs": "|x|",
    "swish": "Swish",
    "gelu": "GELU",
    "mrepu1": "MRePU₁",
    "mrepu2": "MRePU₂",
    "mrepu3": "MRePU₃",
}


@dataclass(frozen=True)
class Activation:
    """An activation σ with its name and formula; all other properties are derived from the formula.

    Attributes:
        name: name in the registry or of a custom activation.
        formula: σ as text in x, see ``rectified.formulas.expressions.parse``.
    """

    name: str
    formula: str

    @cached_property
    def expression(self) -> sympy.Expr:
        """Return σ(x) as a SymPy expression in the real symbol x."""
        return expressions.parse(self.formula, ("x",))

    @cached_property
    def forms(self) -> tuple[sympy.Expr, ...]:
        """σ, σ', σ'' and σ''' in the form in which they are evaluated in floating point, see ``evaluation_forms``.

        Raises:
            InvalidInputError: if σ is not defined everywhere, or if floating point does not reproduce it.
        """
        try:
            return evaluation_forms(self.expression, X)
        except InvalidInputError as error:
            raise InvalidInputError(f"activation {self.name!r}: {error}") from None

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """Points where σ or one of its derivatives jumps, with the sizes of the jumps."""
        return find_kinks(self.expression, X)

    @property
    def kink_points(self) -> tuple[float, ...]:
        """Points where σ or one of its derivatives jumps, in ascending order."""
        return tuple(kink.point for kink in self.kinks)

    @cached_property
    def is_piecewise_linear(self) -> bool:
        """True if σ is a straight line between its kinks."""
        return is_piecewise_linear(self.expression, X)

    @property
    def smoothness(self) -> str:
        """Smoothness class ``C0``, ``C1``, …; ``smooth`` if no derivative jumps, ``jumps`` if σ itself does."""
        order = min((kink.order for kink in self.kinks), default=None)
        return "smooth" if order is None else "jumps" if order == 0 else f"C{order - 1}"

    @property
    def label(self) -> str:
        """Name in figures, see ``label``."""
        return label(self.name)


def label(name: str) -> str:
    """Return the name of an activation in figures, such as ``ReLU²`` for ``relu2``."""
    if name in LABELS:
        return LABELS[name]
    match = re.fullmatch(r"(relu|mrepu)(\d+)", name)
    if match is None:
        return name
    digits = "⁰¹²³⁴⁵⁶⁷⁸⁹" if match[1] == "relu" else "₀₁₂₃₄₅₆₇₈₉"
    return {"relu": "ReLU", "mrepu": "MRePU"}[match[1]] + "".join(digits[int(digit)] for digit in match[2])


@cache
def of_formula(name: str, formula: str) -> Activation:
    """Return the activation with that name and formula, the same object for the same arguments."""
    return Activation(name, formula)


def of_power(family: str, power: int) -> Activation:
    """Return a power of a family, ``relu`` or ``mrepu``."""
    return of_formula(f"{family}{power}", FAMILIES[family].format(p=power))


def check_power(name: str) -> tuple[str, int] | None:
    """Return family and power p of a name such as ``mrepu4``; None for other names.

    Raises:
        InvalidInputError: if p is not an integer from 1 to 11; kinks of higher order cannot be detected.
    """
    match = re.fullmatch(rf"({'|'.join(FAMILIES)})(-?[\d.]+)", name)
    if match is None:
        return None
    family, power = match.groups()
    if not power.isdigit() or not 1 <= int(power) <= MAX_POWER:
        raise InvalidInputError(f"power of activation {name!r} must be an integer from 1 to {MAX_POWER}; got {power}")
    return family, int(power)
