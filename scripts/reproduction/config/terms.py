"""The terms that several tasks share."""

from collections.abc import Callable
from typing import Any

from rectified.formulas.activation import label
from reproduction.config.words import OPTIMIZERS, Term, formula, setting, used_setting


def _problem(job: Any) -> str:
    return job.problem.words(job.settings.problem)


def _target(job: Any) -> str:
    return f"{job.settings.target} = {formula(job.target.function)}"


def activation(job: Any) -> str:
    """The label of the activation of a job."""
    return label(job.settings.activation)


def optimizer(job: Any) -> str:
    """The name of the optimizer of a job."""
    return OPTIMIZERS[getattr(job.settings, "optimizer", "adam")]


def _rate(name: str) -> Callable[[Any], float | None]:
    """A learning rate, where the optimizer has one."""
    return used_setting(name, lambda s: getattr(s, "optimizer", "adam") in ("adam", "sgd", "lbfgs"))


def seeds(job: Any) -> int:
    """The number of seeds of a job."""
    return job.settings.seeds


def ritz_start(job: Any) -> str:
    """Where a Ritz network starts."""
    s = job.settings
    solved = " with the best output weights" if getattr(s, "solve_output_weights", False) else ""
    words = f"at {s.start}" if s.start else {"random": "random", "spread": "spread kinks"}[s.initialization]
    return words + solved


PROBLEM = Term("problem {}", _problem)
ACTIVATION = Term("{}", activation)
TARGET = Term("target {}", _target)
HIDDEN = Term("{} hidden layers", setting("hidden_layers"))
WIDTH = Term("width {}", setting("width"))
TRAINING = (
    Term("{}", optimizer),
    Term("rate {}", _rate("learning_rate"), "of first-order optimizers"),
    Term("falling to {}", _rate("final_learning_rate"), "in some cases"),
)
EPOCHS = Term("{} epochs", setting("epochs"))
SEEDS = Term("{} seeds", seeds)
DISTANCE = Term("D(x) = {}", lambda job: formula(job.settings.distance))
START = Term("start: {}", ritz_start)
VARIANCES = (
    Term("C_W = {}", setting("weight_variance")),
    Term("C_W = {} of the first layer", setting("first_weight_variance"), "in some cases"),
    Term("C_b = {}", setting("bias_variance"), usual=0.0),
)
