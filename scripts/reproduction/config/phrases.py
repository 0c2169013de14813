"""Phrases shared by several tasks."""

from collections.abc import Callable
from typing import Any

from rectified.formulas.activation import label
from reproduction.config.words import OPTIMIZERS, Phrase, formula, setting, used_setting


def _problem(job: Any) -> str:
    return job.problem.words(job.settings.problem)


def _target(job: Any) -> str:
    return f"{job.settings.target} = {formula(job.target.function)}"


def activation(job: Any) -> str:
    """Return the label of the activation of a job."""
    return label(job.settings.activation)


def optimizer(job: Any) -> str:
    """Return the name of the optimizer of a job."""
    return OPTIMIZERS[getattr(job.settings, "optimizer", "adam")]


def _rate(name: str) -> Callable[[Any], float | None]:
    """Return the function of a job that gives a learning rate; None for optimizers without one."""
    return used_setting(name, lambda s: getattr(s, "optimizer", "adam") in ("adam", "sgd", "lbfgs"))


def seeds(job: Any) -> int:
    """Return the number of seeds of a job."""
    return job.settings.seeds


def ritz_start(job: Any) -> str:
    """Return the start of a Ritz network in words."""
    s = job.settings
    drawn = "random" if s.initialization == "random" else f"{s.initialization} kinks"
    return f"at {s.start}" if s.start else drawn


PROBLEM = Phrase("problem {}", _problem)
ACTIVATION = Phrase("{}", activation)
TARGET = Phrase("target {}", _target)
HIDDEN = Phrase("{} hidden layers", setting("hidden_layers"))
WIDTH = Phrase("width {}", setting("width"))
TRAINING = (
    Phrase("{}", optimizer),
    Phrase("rate {}", _rate("learning_rate"), "of first-order optimizers"),
    Phrase("falling to {}", _rate("final_learning_rate"), "in some cases"),
)
EPOCHS = Phrase("{} epochs", setting("epochs"))
SEEDS = Phrase("{} seeds", seeds)
RITZ_NETWORK = (
    PROBLEM,
    ACTIVATION,
    HIDDEN,
    WIDTH,
    Phrase("D(x) = {}", lambda job: formula(job.settings.distance)),
)
START = Phrase("start: {}", ritz_start)
VARIANCES = (
    Phrase("C_W = {}", setting("weight_variance")),
    Phrase("C_W = {} of the first layer", setting("first_weight_variance"), "in some cases"),
    Phrase("C_b = {}", setting("bias_variance"), usual=0.0),
)
