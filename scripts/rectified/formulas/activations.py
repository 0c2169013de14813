"""The registry of activation functions: one line per activation, a formula in x."""

from collections.abc import Mapping

from rectified.errors import InvalidInputError, nearest
from rectified.formulas.activation import Activation, check_power, of_formula, of_power

REGISTRY = {
    "perceptron": "sign(x)",
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


def get(name: str, custom: Mapping[str, str] | None = None) -> Activation:
    """Return the activation with that name, from the registry or from custom activations.

    Args:
        name: name in ``REGISTRY``, in ``custom``, or of a family with its power, such as ``relu4``.
        custom: further activations, name → formula; they take precedence over the registry.

    Raises:
        InvalidInputError: if the name is unknown; the message suggests the nearest names.
    """
    known = {**REGISTRY, **(custom or {})}
    power = check_power(name)
    if name not in known and power:
        return of_power(*power)
    if name not in known:
        raise InvalidInputError(f"unknown activation {name!r}; {nearest(name, known)}")
    return of_formula(name, known[name])
