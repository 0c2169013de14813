"""An activation function by its formula: derivatives, kinks and smoothness follow from the formula.

The powers of ReLU and MRePU, ``relu4`` or ``mrepu5``, are known by the formula of their family. The registry is in
``activations``; a computation that is given the formula does not depend on it.
"""

import re
from dataclasses import dataclass
from functools import cache, cached_property

import sympy

from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.expressions import Kink

X = expressions.symbol("x")
MAX_POWER = expressions.JUMP_ORDERS - 1

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
    """An activation σ known by name and formula; everything else is derived from the formula."""

    name: str
    formula: str

    @cached_property
    def expression(self) -> sympy.Expr:
        """σ(x) as a sympy expression in the real symbol x."""
        return expressions.parse(self.formula, ("x",))

    def derivative(self, order: int) -> sympy.Expr:
        """The pointwise derivative of σ: delta terms at kinks left out, as automatic differentiation does."""
        return expressions.pointwise_derivative(self.expression, "x", order)

    @cached_property
    def kinks(self) -> tuple[Kink, ...]:
        """Where σ or one of its derivatives jumps, and by how much."""
        return expressions.kinks(self.expression, X)

    @property
    def kink_points(self) -> tuple[float, ...]:
        return tuple(kink.point for kink in self.kinks)

    @cached_property
    def is_piecewise_linear(self) -> bool:
        return expressions.is_piecewise_linear(self.expression, X)

    @property
    def smoothness(self) -> str:
        """The class C0, C1, … of continuous derivatives; ``smooth`` if none jumps, ``jumps`` if σ itself does."""
        order = min((kink.order for kink in self.kinks), default=None)
        return "smooth" if order is None else "jumps" if order == 0 else f"C{order - 1}"

    @property
    def label(self) -> str:
        return label(self.name)


def label(name: str) -> str:
    """What an activation is called in figures."""
    if name in LABELS:
        return LABELS[name]
    match = re.fullmatch(r"(relu|mrepu)(\d+)", name)
    if match is None:
        return name
    digits = "⁰¹²³⁴⁵⁶⁷⁸⁹" if match[1] == "relu" else "₀₁₂₃₄₅₆₇₈₉"
    return {"relu": "ReLU", "mrepu": "MRePU"}[match[1]] + "".join(digits[int(digit)] for digit in match[2])


@cache
def of_formula(name: str, formula: str) -> Activation:
    """Return the activation of that name and formula, the same object for the same arguments."""
    return Activation(name, formula)


def of_power(family: str, power: int) -> Activation:
    """Return a power of a family, ``relu`` or ``mrepu``."""
    return of_formula(f"{family}{power}", FAMILIES[family].format(p=power))


def check_power(name: str) -> tuple[str, int] | None:
    """Family and power p of a name such as ``mrepu4``; None for other names.

    Raises:
        InvalidInputError: if p is not a whole number from 1 to 11 (kinks of higher order are not seen).
    """
    match = re.fullmatch(rf"({'|'.join(FAMILIES)})(-?[\d.]+)", name)
    if match is None:
        return None
    family, power = match.groups()
    if not power.isdigit() or not 1 <= int(power) <= MAX_POWER:
        raise InvalidInputError(
            f"activation {name!r}: its power is {power}; whole numbers from 1 to {MAX_POWER} are allowed"
        )
    return family, int(power)
