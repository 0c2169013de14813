"""Short ways to the objects that many tests need."""

import sympy

from rectified import activations, expressions
from rectified.lowering import lower, torch_activation
from rectified.networks import Network, initial_parameters
from rectified.problems.elliptic import EllipticProblem, X, elliptic_problem

# How many published figures, figures of ours, and tables each document has.
EXHIBITS = {"deep_ritz": (8, 3, 2), "effective_theory": (17, 6, 6), "failed_ideas": (6, 7, 3)}

CUSTOM = {
    "hat": "max(0, 1 - abs(x))",
    "stairs": "max(0, x, 2*x - 1)",
    "bent": "relu(x) + x**2/10",
    "mish": "x*tanh(log(1 + exp(x)))",
}


def problem(solution: str = "sin(2*pi*x)", coefficient: str = "1") -> EllipticProblem:
    return elliptic_problem(solution, coefficient, (0.0, 1.0))


def network(activation: str = "relu", width: int = 50, hidden_layers: int = 1, distance: str = "x*(1 - x)") -> Network:
    expression = expressions.parse(distance)
    return Network(
        width,
        hidden_layers,
        torch_activation(activations.get(activation, CUSTOM)),
        lower([expression, sympy.diff(expression, X)], [X]),
    )


def parameters(net: Network, seeds: int = 2, kinks: str = "random"):
    return initial_parameters(net, seeds, kinks, "tests")
