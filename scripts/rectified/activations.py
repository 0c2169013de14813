"""The registry of activation functions: one line per activation, as a formula in x."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import sympy

from rectified import expressions
from rectified.errors import ConfigError, nearest
from rectified.expressions import Kink

X = expressions.symbol("x")

REGISTRY = {
    "relu": "relu(x)",
    "relu2": "relu(x)**2",
    "relu3": "relu(x)**3",
    "leaky_relu": "max(0.01*x, x)",
    "abs": "abs(x)",
    "tanh": "tanh(x)",
    "sigmoid": "sigmoid(x)",
    "softplus": "softplus(x)",
    "swish": "x*sigmoid(x)",
    "gelu": "x*(1 + erf(x/sqrt(2)))/2",
    "sin": "sin(x)",
    "mrepu1": "x*relu(x + 1)",
    "mrepu2": "x*relu(x + 1)**2",
    "mrepu3": "x*relu(x + 1)**3",
}

LABELS = {
    "relu": "ReLU",
    "relu2": "ReLU²",
    "relu3": "ReLU³",
    "leaky_relu": "leaky ReLU",
    "abs": "|x|",
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
        derivative = sympy.diff(self.expression, X, order)
        return derivative.replace(lambda e: isinstance(e, sympy.DiracDelta), lambda e: sympy.Integer(0))

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
    def label(self) -> str:
        return LABELS.get(self.name, self.name)


@cache
def _activation(name: str, formula: str) -> Activation:
    return Activation(name, formula)


def get(name: str, custom: Mapping[str, str] | None = None) -> Activation:
    """Look an activation up by name, in the registry or among the custom ones of config.

    Raises:
        ConfigError: if there is none of that name; the nearest names are given.
    """
    known = {**REGISTRY, **(custom or {})}
    if name not in known:
        raise ConfigError(f"unknown activation {name!r}; {nearest(name, known)}")
    return _activation(name, known[name])
