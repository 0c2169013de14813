"""Builders of objects that many tests need."""

import numpy as np
import sympy

from rectified.formulas import activations, expressions
from rectified.formulas.torch_activation import torch_activation
from rectified.formulas.torch_functions import torch_function
from rectified.problems.elliptic import EllipticProblem, X, elliptic_problem
from rectified.ritz.network import Network, initial_ritz_parameters
from reproduction.config import tasks
from reproduction.config.job import Job
from reproduction.config.problems.burgers import Burgers
from reproduction.config.problems.elliptic import Elliptic
from reproduction.config.target import Target

# Numbers of published figures, of our own figures, and of tables in each document.
EXHIBITS = {"deep_ritz": (8, 7, 3), "effective_theory": (17, 6, 6), "failed_ideas": (6, 9, 3)}

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
        torch_function([expression, sympy.diff(expression, X)], [X]),
    )


def parameters(net: Network, seeds: int = 2, kinks: str = "random"):
    return initial_ritz_parameters(net, seeds, kinks, "tests")


TARGET = Target(function="sin(pi*x) + y**2", domain=[(-1, 1), (-1, 1)])
ENTRIES = {
    "ritz": {"problem": Elliptic(solution="sin(2*pi*x)")},
    "pinn": {"problem": Burgers(equation="burgers", viscosity=0.01 / np.pi)},
    "regression": {"target": TARGET},
    "ensemble_training": {"target": TARGET},
    "kernel_ensemble": {},
}


def job_of(task: str, problems: dict | None = None, **given) -> Job:
    """Return a job of a task, with the named problem or target from `problems`, or else a standard one."""
    entry = ENTRIES[task] if task in ENTRIES else {"problem": problems[given["problem"]]}
    names = {key: "one" for key in entry if key not in given}
    settings = tasks.model(task)(document="test", **names, **given)
    formula = activations.get(settings.activation).formula if hasattr(settings, "activation") else None
    return Job(tier="test", threads=1, experiment="e", case="c", settings=settings, formula=formula, **entry)
