"""The settings of every kind of job: what an experiment in config.yaml may say, and what a job is told."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from rectified import activations
from rectified.activations import Activation
from rectified.problems.elliptic import EllipticProblem, elliptic_problem


def _whole_number(value: Any) -> Any:
    """YAML reads 1e4 as text; take it for the whole number that it is. Yes and no are no numbers."""
    if isinstance(value, bool):
        raise ValueError(f"{value} given; a whole number is wanted")
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
# In the schema a number may also be text such as 1e-3, which is what YAML makes of it.
NUMERIC_TEXT = {"type": "string", "pattern": r"^[0-9.]+(e[+-]?[0-9]+)?$"}
Count = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Positive = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Formula = Annotated[str, BeforeValidator(_text)]
Folder = Annotated[str, StringConstraints(pattern=r"^results(/[a-z0-9_]+)?$")]
CaseRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z0-9_.-]+$")]
CasePattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z0-9_.*?\[\]-]+$")]

GradientName = Literal["autodiff", "discrete_delta", "finite_difference", "kink_aware"]
OptimizerName = Literal["adam", "sgd", "lbfgs", "saddle_free_newton"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if not value[0] < value[1]:
        raise ValueError(f"{list(value)} given; the left end must be below the right end")
    return value


Domain = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Problem(Strict):
    """A one-dimensional elliptic problem, by its exact solution and its coefficient."""

    solution: Formula
    """Exact solution u(x), zero at both ends of the domain."""
    coefficient: Formula = "1"
    """Coefficient κ(x), positive."""
    domain: Domain = (0.0, 1.0)
    """The two ends of the interval."""

    def build(self) -> EllipticProblem:
        return elliptic_problem(self.solution, self.coefficient, self.domain)


# --- tasks: one model per kind of job ------------------------------------------------------------------


class Task(Strict):
    document: Name
    """The document the experiment belongs to; first folder of its results."""


class RitzTask(Task):
    """What all jobs on a Ritz network share: the problem, the network, and how integrals are computed."""

    problem: Name
    """An entry of `problems`."""
    activation: Name
    """An activation of the registry or of `custom_activations`."""
    width: Count = 50
    """Neurons per hidden layer."""
    hidden_layers: Count = 1
    """Number of hidden layers."""
    distance: Formula = "x*(1 - x)"
    """Distance function D(x), zero at both ends of the domain."""
    points: Annotated[Count, Field(ge=2)] = 100
    """Points of the uniform grid (trapezoidal rule)."""
    step: Positive = 1e-2
    """Step ε of finite differences, in the units of the parameters."""
    order: Annotated[Count, Field(le=64)] = 5
    """Gauss–Legendre nodes per piece of kink-aware quadrature."""
    panels: Count = 10
    """Equal parts the domain is cut into by kink-aware quadrature, besides the kinks."""
    seeds: Count = 6
    """Number of networks; the first networks of many seeds are those of few."""
    initialization: Literal["random", "spread"] = "random"
    """a, b uniform in [−1, 1], or kinks at the midpoints of equal cells with a = +1, −1, +1, …"""
    start: CaseRef | None = None
    """A trained case, `experiment/case`, to start from instead."""

    @property
    def parameters(self) -> int:
        """Number of parameters of one network."""
        return 3 * self.width + (self.hidden_layers - 1) * self.width * (self.width + 1)


class RitzTraining(RitzTask):
    """Training of a Ritz network, on the energy or on the exact solution."""

    task: Literal["ritz"] = "ritz"
    objective: Literal["energy", "regression"] = "energy"
    """The Ritz energy, or the squared distance from the exact solution."""
    gradient: GradientName = "autodiff"
    """How the gradient of the energy is computed."""
    optimizer: OptimizerName = "adam"
    """The optimizer; saddle_free_newton uses the exact Hessian."""
    learning_rate: Positive = 5e-3
    """Rate of adam and sgd at the first epoch."""
    final_learning_rate: Positive | None = None
    """Rate at the last epoch, reached exponentially; none keeps the rate constant."""
    epochs: Count = 10_000
    """Optimizer steps."""
    record_every: Count = 100
    """Epochs between two points of the history."""
    solve_output_weights: bool = False
    """Start at the best output weights for the first-layer parameters drawn (a linear solve)."""

    @model_validator(mode="after")
    def _combinations(self):
        if self.objective == "regression" and self.gradient not in ("autodiff", "kink_aware"):
            raise ValueError(f"gradient {self.gradient!r} is for the energy; regression takes autodiff or kink_aware")
        if self.optimizer == "saddle_free_newton":
            if self.gradient not in ("autodiff", "kink_aware"):
                raise ValueError("saddle_free_newton differentiates twice; its gradient is autodiff or kink_aware")
            if self.hidden_layers > 1:
                raise ValueError("saddle_free_newton uses a dense Hessian; hidden_layers must be 1")
        if self.gradient == "discrete_delta" and self.hidden_layers > 1:
            raise ValueError("gradient discrete_delta is written for one hidden layer; hidden_layers must be 1")
        return self


class GradientErrors(RitzTask):
    """Gradients by several rules at the same parameters, against the gradient of the exact energy."""

    task: Literal["gradient_errors"] = "gradient_errors"
    grids: list[Annotated[Count, Field(ge=2)]] = [100, 1000, 100_000]
    """Points of the grids that autodiff and the discrete delta are tried on."""
    steps: list[Positive] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]
    """Steps ε that finite differences are tried with, on a grid of `points`."""


class Feature(Task):
    """Derivatives of one feature σ(ax + b), by hand with the discrete delta and by automatic differentiation."""

    task: Literal["feature"] = "feature"
    activation: Name
    """An activation of the registry or of `custom_activations`."""
    slope: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    """a; not zero."""
    bias: Annotated[float, Field(allow_inf_nan=False)] = -0.5
    """b."""
    points: Annotated[Count, Field(ge=2)] = 101
    """Points of the uniform grid."""
    domain: Domain = (0.0, 1.0)
    """The two ends of the interval."""

    @model_validator(mode="after")
    def _varies(self):
        if self.slope == 0:
            raise ValueError("slope is 0: the feature would be constant; any other number is allowed")
        return self


class Landscape(RitzTask):
    """The energy on planes of Hessian eigenvectors through trained parameters."""

    task: Literal["landscape"] = "landscape"
    start: CaseRef
    """The trained case, `experiment/case`, that the planes go through."""
    quadrature: Literal["grid", "kink_aware"] = "grid"
    """How the energy shown is integrated."""
    hessian: Literal["grid", "kink_aware"] = "grid"
    """How the energy is integrated whose Hessian gives the eigenvectors."""
    planes: Annotated[list[tuple[Count, Count]], Field(min_length=1)]
    """Pairs of eigenvectors, counted from 1 in descending order of their eigenvalues."""
    extent: Positive = 0.5
    """Largest |α| and |β|."""
    resolution: Annotated[Count, Field(ge=5)] = 81
    """Values of α and of β."""


TASKS: dict[str, type[Task]] = {
    model.model_fields["task"].default: model for model in (RitzTraining, GradientErrors, Feature, Landscape)
}


class Job(Strict):
    """Everything one job depends on."""

    tier: Name
    threads: Count
    experiment: Name
    case: str
    settings: Annotated[RitzTraining | GradientErrors | Feature | Landscape, Field(discriminator="task")]
    problem: Problem | None = None
    formula: str | None = None

    @property
    def activation(self) -> Activation:
        return activations.get(self.settings.activation, {self.settings.activation: self.formula})
