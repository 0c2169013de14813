"""The tasks on Ritz networks: what their jobs can be told."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config.field_types import ActivationName, CaseRef, Count, Domain, Formula, Name, Positive, Task

GradientName = Literal["autodiff", "discrete_delta", "finite_difference", "kink_aware"]
OptimizerName = Literal["adam", "sgd", "lbfgs", "saddle_free_newton"]


class RitzTask(Task):
    """What all jobs on a Ritz network share: the problem, the network, and how integrals are computed."""

    equations: ClassVar = ("elliptic",)

    problem: Name
    """An entry of `problems`."""
    activation: ActivationName
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
    activation: ActivationName
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
