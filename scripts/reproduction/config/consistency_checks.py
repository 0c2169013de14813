"""Checks of single cases that need more than their own settings: references, combinations, memory."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.errors import InvalidInputError, nearest
from rectified.formulas import activations, expressions
from rectified.formulas.activations import Activation
from rectified.problems.elliptic import elliptic_problem
from rectified.problems.poisson import PoissonProblem
from reproduction.config.collocation_tasks import Collocation, Latents
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits import Exhibit
from reproduction.config.field_types import Task
from reproduction.config.network_tasks import GIB, KernelEnsemble
from reproduction.config.problem_factory import posed
from reproduction.config.problems import BuckleyLeverett, Elliptic, Poisson, Problem, Target
from reproduction.config.ritz_tasks import GradientErrors, Landscape, RitzTask, RitzTraining


def check_memory(settings: Task, grid: int, limit: float) -> None:
    """Refuse a job that would need more memory than ``limit`` GiB, on a target of so many grid points."""
    needed = settings.memory(grid) / GIB
    if needed > limit:
        raise ConfigError(
            f"a job would need about {needed:,.0f} GiB, more than `memory: {limit:g}`; lower {settings.memory_keys}"
        )


def why_not(settings: Task, activation: Activation) -> str:
    """Why a sweep over all activations leaves one out, in a sentence: the task cannot take it, or need not."""
    try:
        check_activation(settings, activation)
    except (ConfigError, InvalidInputError) as error:
        return str(error)
    if "kink_aware" in (getattr(settings, "gradient", None), getattr(settings, "quadrature", None)):
        return "" if activation.kinks else f"activation {settings.activation!r} is smooth: there are no kinks to follow"
    return ""


def check_activation(settings: Task, activation: Activation) -> None:
    """Refuse an activation that the task cannot take."""
    if isinstance(settings, RitzTask):
        _check_ritz_activation(settings, activation)
    if isinstance(settings, KernelEnsemble) and settings.in_critical_units:
        power = homogeneous(activation)
        if power is None or power.degree <= 1:
            raise ConfigError(
                "in_critical_units wants an activation with a critical C_W at every input scale, as the powers of "
                f"ReLU from 2 on have; {settings.activation!r} has none"
            )


def _check_ritz_activation(settings: RitzTask, activation: Activation) -> None:
    moving = getattr(settings, "gradient", None) == "kink_aware" or isinstance(settings, (GradientErrors, Landscape))
    if moving and settings.hidden_layers > 1 and activation.kinks and not activation.is_piecewise_linear:
        raise ConfigError(
            f"kinks of a network with hidden_layers {settings.hidden_layers} can be located for piecewise linear "
            f"or smooth activations; {settings.activation!r} is neither"
        )
    if activation.kinks and activation.kinks[0].order == 0:
        raise ConfigError(f"activation {settings.activation!r} jumps: û would have no finite energy")


def check_problem_entry(entry: Problem) -> None:
    """Refuse a problem that cannot be posed."""
    if isinstance(entry, Elliptic):
        elliptic_problem(entry.solution, entry.coefficient, entry.domain)
        return
    problem = posed(entry)
    if isinstance(problem, PoissonProblem):
        problem.mean_square_forcing()


def check_problem(settings: Task, problems: Mapping[str, Problem]) -> None:
    """Refuse an unknown problem, or one that the task cannot solve."""
    name = getattr(settings, "problem", None)
    if name is None:
        return
    usable = [known for known, problem in problems.items() if problem.equation in settings.equations]
    if name not in problems:
        raise ConfigError(f"unknown problem {name!r}; {nearest(name, usable)}")
    if name not in usable:
        raise ConfigError(
            f"problem {name!r} is of equation {problems[name].equation!r}; task {settings.task!r} solves "
            f"{' or '.join(map(repr, settings.equations))}"
        )
    if getattr(settings, "sampling", None) == "nodes" and not isinstance(problems[name], Poisson):
        raise ConfigError(f"sampling nodes takes u on all edges of a grid from a Poisson problem; {name!r} is none")
    if isinstance(problems[name], Poisson) and settings.boundary_points % 4:
        given = settings.boundary_points
        raise ConfigError(f"boundary_points is {given}; on a rectangle it is a multiple of 4, as many on each side")
    if getattr(settings, "mass_weight", 0) and not isinstance(problems[name], BuckleyLeverett):
        raise ConfigError(f"mass_weight is for equation 'buckley_leverett'; problem {name!r} has no known mass")
    if isinstance(settings, RitzTask):
        check_distance(settings.distance, problems[name].domain)


def check_distance(formula: str, domain: tuple[float, float]) -> None:
    """Refuse a distance function that is not zero at both ends of the domain."""
    left, right = domain
    values = abs(expressions.sample(expressions.parse(formula), np.linspace(left, right, 101)))
    if not max(values[0], values[-1]) <= 1e-12 * values.max():
        raise ConfigError(f"distance {formula!r} must be zero at both ends of {list(domain)}")


def check_target(settings: Task, targets: Mapping[str, Target]) -> None:
    """Refuse an unknown target, or a batch larger than its grid."""
    name = getattr(settings, "target", None)
    if name is None:
        return
    if name not in targets:
        raise ConfigError(f"unknown target {name!r}; {nearest(name, targets)}")
    if (getattr(settings, "batch", None) or 0) > targets[name].size:
        raise ConfigError(f"batch is {settings.batch}, more than the {targets[name].size} points of target {name!r}")


def check_exhibit(
    entry: Exhibit,
    tasks: Sequence[Task],
    targets: Mapping[str, Target],
    problems: Mapping[str, Problem],
    custom: Mapping[str, str] | None,
) -> None:
    """Refuse cases that a family cannot show, alone or together."""
    family = f"family {entry.family!r}"
    for key, wanted in (("problem", entry.one_problem), ("target", entry.one_target)):
        given = sorted({getattr(task, key) for task in tasks if getattr(task, key, None)})
        if wanted and len(given) > 1:
            raise ConfigError(f"{family} shows one {key}; {given} are given")
    for task in tasks:
        axes = len(targets[task.target].domain) if getattr(task, "target", None) else entry.axes[0]
        if axes not in entry.axes:
            allowed = " or ".join(map(str, entry.axes))
            raise ConfigError(f"{family} shows targets of {allowed} variables; {task.target!r} has {axes}")
        if entry.equations and problems[task.problem].equation not in entry.equations:
            allowed = " or ".join(map(repr, entry.equations))
            raise ConfigError(f"{family} shows problems of equation {allowed}; {task.problem!r} is of another")
        if entry.architectures and task.architecture not in entry.architectures:
            allowed = " or ".join(map(repr, entry.architectures))
            raise ConfigError(f"{family} shows architecture {allowed}, not {task.architecture!r}")
        if entry.critical_units and not task.in_critical_units:
            raise ConfigError(f"{family} shows cases with in_critical_units: true")
        if entry.fixed_point_at_zero:
            activation = activations.get(task.activation, custom)
            if not EffectiveTheory(activation).slope_at_zero:
                raise ConfigError(f"{family} wants σ(0) = 0 and a slope there; {task.activation!r} has not both")


AUDITED = ("ritz", "pinn", "regression", "collocation")


def check_audited(task: Task, name: str) -> None:
    """Refuse an audit of a case without trained parameters."""
    if task.task not in AUDITED:
        raise ConfigError(f"{name!r} is of task {task.task!r}; audited are cases of {', '.join(map(repr, AUDITED))}")


def check_start(settings: RitzTask | Latents, origin: Task, leads_back: Callable[[], bool]) -> None:
    """Refuse a start that is not trained, or that is of another network than it should start."""
    if leads_back():
        raise ConfigError(f"start {settings.start!r} leads back to itself")
    if isinstance(settings, Latents):
        _check_latents(settings, origin)
    else:
        _check_ritz_start(settings, origin)


def _check_latents(settings: Latents, origin: Task) -> None:
    if not isinstance(origin, Collocation) or (origin.architecture, origin.normalization) != ("dense", "none"):
        raise ConfigError(
            f"start {settings.start!r} is not a dense network of task 'collocation' without normalization"
        )
    if settings.points > origin.collocation_points:
        raise ConfigError(
            f"points is {settings.points}, more than the {origin.collocation_points} collocation points of the start"
        )


def _check_ritz_start(settings: RitzTask, origin: Task) -> None:
    if not isinstance(origin, RitzTraining):
        raise ConfigError(f"start {settings.start!r} is not a trained network")
    for key in ("width", "hidden_layers", "seeds", "activation"):
        mine, theirs = getattr(settings, key), getattr(origin, key)
        if mine != theirs:
            raise ConfigError(f"{key} is {mine!r}, but the start {settings.start!r} has {theirs!r}")
    if isinstance(settings, Landscape):
        parameters = settings.parameters
        for plane in settings.planes:
            if max(plane) > parameters or plane[0] == plane[1]:
                raise ConfigError(f"plane {list(plane)} must be two different numbers from 1 to {parameters}")
