"""The settings of cases in one sentence: what all of them share, and what varies among them.

Each task has terms, in the order in which they are said. A term knows the words for a setting and for which cases
it matters; settings that do not enter a computation, as the grid of a case without one, are not said of it.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from rectified.formulas.activations import label
from reproduction.config.job import Job
from reproduction.config.problems import BuckleyLeverett, Burgers, Elliptic, Poisson
from reproduction.exhibits.labels import GRADIENTS, OPTIMIZERS
from reproduction.rendering.typography import power_of_ten, raised

LISTED = 4  # numbers; of more, the smallest and the largest are said


class Term(NamedTuple):
    """One setting in words.

    Attributes:
        words: with ``{}`` where its value goes, or its values.
        value: of a job; None where the setting does not matter to it. A list is as many values.
        where: added if it does not matter to all jobs.
        usual: what goes without saying if all jobs have it.
    """

    words: str
    value: Callable[[Job], Any]
    where: str = ""
    usual: Any = None


def sentence(jobs: Sequence[Job]) -> str:
    """The settings of jobs, one sentence for each task among them."""
    tasks: dict[str, list[Job]] = {}
    for job in jobs:
        tasks.setdefault(job.settings.task, []).append(job)
    return " ".join(_of_one_task(TERMS[task], group) for task, group in tasks.items())


def _of_one_task(terms: Sequence[Term], jobs: Sequence[Job]) -> str:
    shared, varied = [], []
    for term in terms:
        values = [term.value(job) for job in jobs]
        known = list(dict.fromkeys(value for value in map(_hashable, values) if value is not None))
        if not known or known == [_hashable(term.usual)]:
            continue
        text = _said(term, known, partly=None in values)
        (shared if len(known) == 1 else varied).append(text)
    text = "; ".join(filter(None, [", ".join(shared), f"varied: {'; '.join(varied)}" if varied else ""]))
    begins_with_a_word = re.match("[a-z]{2,}[ :]", text)  # not with a symbol or a name
    return f"{text[0].upper() if begins_with_a_word else text[0]}{text[1:]}." if text else ""


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _said(term: Term, known: list, partly: bool) -> str:
    """The words of a term with its values; the last word of a count of one loses its plural."""
    values = [one for value in known for one in (value if isinstance(value, tuple) else [value])]
    words = term.words.removesuffix("s") if values == [1] and term.words.startswith("{} ") else term.words
    return words.format(listed(values)) + (f" {term.where}" if partly and term.where else "")


def listed(values: Sequence[Any]) -> str:
    """Values in words: numbers in ascending order or by their ends, anything else in order of appearance."""
    different = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in different):
        return _and(list(map(written, different)))
    different.sort()
    if len(different) > LISTED:
        return f"{written(different[0])} to {written(different[-1])}"
    return _and(list(map(written, different)))


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def written(value: Any) -> str:
    """A value as text: whole numbers with commas, others as short as they are, with a true minus."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}".replace("-", "−")
    mantissa, _, exponent = f"{value:g}".partition("e")
    power = power_of_ten(int(exponent)) if exponent else ""
    return "·".join(filter(None, [mantissa * (mantissa != "1" or not power), power])).replace("-", "−")


def formula(text: str) -> str:
    """A formula of config as it is read: x³ for x**3, a dot for a product, π."""
    text = re.sub(r"\*\*(\d+)", lambda match: raised(match[1]), text)
    return re.sub(r"\bpi\b", "π", text).replace("*", "·").replace("-", "−")


def setting(name: str) -> Callable[[Job], Any]:
    """The value of a setting, whatever the others are."""
    return lambda job: getattr(job.settings, name)


def _only(name: str, matters: Callable[[Any], bool]) -> Callable[[Job], Any]:
    """The value of a setting where it matters, given the settings."""
    return lambda job: getattr(job.settings, name) if matters(job.settings) else None


def _problem(job: Job) -> str:
    problem, name = job.problem, job.settings.problem
    match problem:
        case Elliptic():
            coefficient = "" if problem.coefficient == "1" else f", κ = {formula(problem.coefficient)}"
            return f"{name} (u = {formula(problem.solution)}{coefficient})"
        case Burgers():
            return f"{name} (ν = {problem.viscosity:.3g})"
        case Poisson():
            ends = [f"[{written(left)}, {written(right)}]" for left, right in problem.domain]
            return f"{name} (on {' × '.join(ends)})"
        case BuckleyLeverett():
            viscous = f", ε = {written(problem.viscosity)}" if problem.viscosity else ""
            hull = ", flux of the concave hull" if problem.flux == "hull" else ""
            return f"{name} (M = {written(problem.mobility)}{viscous}{hull})"
    raise TypeError(f"no words for {problem!r}")


def _target(job: Job) -> str:
    return f"{job.settings.target} = {formula(job.target.function)}"


def _activation(job: Job) -> str:
    return label(job.settings.activation)


def _optimizer(job: Job) -> str:
    return OPTIMIZERS[getattr(job.settings, "optimizer", "adam")]


def _rate(name: str) -> Callable[[Job], float | None]:
    """A learning rate, where the optimizer has one."""
    return _only(name, lambda s: getattr(s, "optimizer", "adam") in ("adam", "sgd", "lbfgs"))


def _ritz_start(job: Job) -> str:
    """Where a Ritz network starts."""
    s = job.settings
    solved = " with the best output weights" if getattr(s, "solve_output_weights", False) else ""
    words = f"at {s.start}" if s.start else {"random": "random", "spread": "spread kinks"}[s.initialization]
    return words + solved


def _gradient(job: Job) -> str | None:
    s = job.settings
    return GRADIENTS[s.gradient] if s.objective == "energy" else None


def _seed_count(job: Job) -> int:
    return job.settings.seeds


def _scaling(job: Job) -> str:
    return "scaled" if job.settings.input_scaling else "unscaled"


def _normalization(job: Job) -> str:
    s = job.settings
    words = s.normalization.replace("_", " ")
    return f"{words} in one batch" if s.passes == "joint" else words


def _estimator(job: Job) -> str | None:
    s = job.settings
    return {True: "yes", False: "no"}[s.straight_through] if s.architecture == "quantized" else None


def _sampling(job: Job) -> str:
    return {
        "cells": "at the centres of equal cells",
        "uniform": "uniform",
        "resampled": "drawn anew at every step",
        "nodes": "the nodes of a grid",
    }[job.settings.sampling]


def _sharpness(job: Job) -> str | None:
    """β as text, since a gate may also be hard."""
    s = job.settings
    return str(s.sharpness).removesuffix(".0") if s.architecture == "experts" else None


PROBLEM = Term("problem {}", _problem)
ACTIVATION = Term("{}", _activation)
TARGET = Term("target {}", _target)
HIDDEN = Term("{} hidden layers", setting("hidden_layers"))
WIDTH = Term("width {}", setting("width"))
TRAINING = (
    Term("{}", _optimizer),
    Term("rate {}", _rate("learning_rate"), "of first-order optimizers"),
    Term("falling to {}", _rate("final_learning_rate"), "in some cases"),
)
EPOCHS = Term("{} epochs", setting("epochs"))
SEEDS = Term("{} seeds", _seed_count)
DISTANCE = Term("D(x) = {}", lambda job: formula(job.settings.distance))
START = Term("start: {}", _ritz_start)
VARIANCES = (
    Term("C_W = {}", setting("weight_variance")),
    Term("C_W = {} of the first layer", setting("first_weight_variance"), "in some cases"),
    Term("C_b = {}", setting("bias_variance"), usual=0.0),
)

TERMS: dict[str, tuple[Term, ...]] = {
    "ritz": (
        PROBLEM,
        ACTIVATION,
        HIDDEN,
        WIDTH,
        DISTANCE,
        Term("M = {}", _only("points", lambda s: s.gradient != "kink_aware"), "on grids"),
        Term("gradient of the energy: {}", _gradient),
        Term("ε = {}", _only("step", lambda s: s.gradient == "finite_difference"), "in finite differences"),
        Term("objective: {}", setting("objective"), usual="energy"),
        START,
        *TRAINING,
        EPOCHS,
        SEEDS,
    ),
    "gradient_errors": (
        PROBLEM,
        ACTIVATION,
        HIDDEN,
        WIDTH,
        DISTANCE,
        Term("grids of {} points", setting("grids")),
        Term("finite differences with ε = {}", setting("steps")),
        Term("on {} points", setting("points")),
        START,
        SEEDS,
    ),
    "feature": (
        ACTIVATION,
        Term("a = {}", setting("slope")),
        Term("b = {}", setting("bias")),
        Term("{} points", setting("points")),
        Term("x from {}", lambda job: " to ".join(map(written, job.settings.domain))),
    ),
    "landscape": (
        PROBLEM,
        ACTIVATION,
        HIDDEN,
        WIDTH,
        DISTANCE,
        Term("energy by {} quadrature", lambda job: job.settings.quadrature.replace("_", "-")),
        Term("Hessian by {} quadrature", lambda job: job.settings.hessian.replace("_", "-")),
        Term("M = {}", _only("points", lambda s: "grid" in (s.quadrature, s.hessian)), "on grids"),
        Term("around {}", setting("start")),
        Term("|α|, |β| ≤ {}", setting("extent")),
        Term("{} values of each", setting("resolution")),
        Term("the first of {} seeds", _seed_count),
    ),
    "theory": (
        ACTIVATION,
        Term("C_W = {}", setting("weight_variance")),
        Term("K from {}", lambda job: " to ".join(map(written, job.settings.kernels))),
        Term("{} values of K", setting("points")),
    ),
    "lemma": (
        Term("p = {}", setting("powers")),
        Term("{} polynomials of each degree", setting("polynomials")),
        Term("on [−R, R] with R = {}", setting("radius")),
    ),
    "kernel_ensemble": (
        ACTIVATION,
        HIDDEN,
        Term("width {}", setting("widths")),
        Term("C_W = {}", _only("weight_variances", lambda s: not s.in_critical_units), "in some cases"),
        Term("C_W = {} times the critical one", _only("weight_variances", lambda s: s.in_critical_units)),
        Term("C_b = {}", setting("bias_variance"), usual=0.0),
        Term("n₀ = {}", setting("inputs")),
        Term("|x|²/n₀ = {}", setting("input_scales")),
        Term("{} random inputs", setting("data"), "in some cases"),
        Term("{} networks", setting("networks")),
    ),
    "ensemble_training": (
        ACTIVATION,
        TARGET,
        HIDDEN,
        WIDTH,
        *VARIANCES,
        *TRAINING,
        EPOCHS,
        Term("{} training points", setting("samples")),
        Term("{} test points", setting("test_samples")),
        Term("{} networks", setting("networks")),
    ),
    "regression": (
        TARGET,
        ACTIVATION,
        HIDDEN,
        WIDTH,
        *VARIANCES,
        *TRAINING,
        EPOCHS,
        Term("{} grid points along each axis", lambda job: job.target.points),
        Term("minibatches of {}", setting("batch"), "in some cases"),
        SEEDS,
    ),
    "pinn": (
        PROBLEM,
        ACTIVATION,
        HIDDEN,
        WIDTH,
        *VARIANCES,
        *TRAINING,
        EPOCHS,
        Term("{} collocation points", setting("collocation_points")),
        Term("minibatches of {}", _only("batch", lambda s: s.optimizer == "adam"), "with Adam"),
        Term(
            "chosen from {} candidates",
            _only("candidates", lambda s: s.optimizer == "levenberg_marquardt"),
            "by Levenberg–Marquardt",
        ),
        Term("{} initial points", setting("initial_points")),
        Term("{} boundary points", setting("boundary_points")),
        SEEDS,
    ),
    "collocation": (
        PROBLEM,
        Term("architecture: {}", setting("architecture")),
        HIDDEN,
        WIDTH,
        Term("{}", lambda job: None if job.settings.architecture in ("towers", "mixed") else _activation(job)),
        Term(
            "powers {}",
            _only("powers", lambda s: s.architecture in ("towers", "mixed")),
            "of ReLU in towers and mixed layers",
        ),
        Term("kernels of side {}", _only("kernel", lambda s: s.architecture == "convolution"), "in convolutions"),
        Term("normalization: {}", _normalization, usual="none"),
        Term("normalized from layer {} on", _only("first_normalized", lambda s: s.normalization != "none"), usual=1),
        Term("inputs: {}", _scaling, usual="scaled"),
        Term(
            "padding: {}", _only("padding", lambda s: s.architecture == "convolution" and s.kernel > 1), "in some cases"
        ),
        Term("codebook: {}", _only("codebook", lambda s: s.architecture == "quantized"), "of quantized networks"),
        Term("straight-through estimator: {}", _estimator, "in quantized networks"),
        Term("derivatives: {}", setting("derivatives"), usual="reverse"),
        Term("gate with β = {}", _sharpness, "of experts"),
        Term("weight {} on the conserved mass", setting("mass_weight"), usual=0.0),
        Term("{} collocation points", setting("collocation_points")),
        Term("sampled: {}", _sampling),
        *TRAINING,
        EPOCHS,
        SEEDS,
    ),
    "latents": (
        Term("network: {}", setting("start")),
        Term("{} points", setting("points")),
        Term("others trained by {}", _optimizer),
        *TRAINING[1:],
        Term("for at most {} epochs", setting("epochs")),
    ),
    "audit": (
        Term("audit with threshold {}", setting("threshold")),
        Term("audited seeds of a case: at most {}", _seed_count),
    ),
}
