"""Settings shared by all tasks on Ritz networks."""

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from rectified.formulas import expressions
from rectified.formulas.activation import Activation
from rectified.formulas.bounded_domain import form_on_domain
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ActivationName, CaseRef, Count, Formula, Name, Positive
from reproduction.config.task import Files, Task, start_files

GradientName = Literal["autodiff", "discrete_delta", "finite_difference", "kink_aware"]
OptimizerName = Literal["adam", "sgd", "lbfgs", "block_newton", "projected_newton"]


class RitzNetworkTask(Task):
    """Settings of a job on Ritz networks: the problem, the network and the quadrature."""

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
    """Equal parts of the domain in kink-aware quadrature, which also splits it at the kinks."""
    seeds: Count = 6
    """Number of networks; more seeds add networks and leave the first ones unchanged."""
    initialization: Literal["random", "spread", "stratified"] = "random"
    """a, b uniform in [−1, 1]; or kinks in equal cells, at midpoints or random, with a = +1, −1, +1, …, −1"""
    start: CaseRef | None = None
    """A trained case, `experiment/case`, whose parameters replace the initialization."""

    @property
    def parameters(self) -> int:
        """Number of parameters of one network."""
        return 3 * self.width + (self.hidden_layers - 1) * self.width * (self.width + 1)

    @property
    def moves_kinks(self) -> bool:
        """True if a job locates the kinks of the network."""
        return True

    def input_files(self, config: Any) -> Files:
        return start_files(self, config, "weights")

    def check_activation(self, activation: Activation) -> None:
        if self.moves_kinks and self.hidden_layers > 1 and activation.kinks and not activation.is_piecewise_linear:
            raise ConfigError(
                f"kinks of a network with hidden_layers {self.hidden_layers} can be located for piecewise linear "
                f"or smooth activations; {self.activation!r} is neither"
            )
        if activation.kinks and activation.kinks[0].order == 0:
            raise ConfigError(f"activation {self.activation!r} jumps: û would have no finite energy")

    def check_problem(self, name: str, problem: Any) -> None:
        left, right = problem.domain
        distance = expressions.parse(self.distance)
        form_on_domain(distance, (expressions.symbol("x"),), ((left, right),), f"distance {self.distance!r}")
        values = abs(expressions.sample(distance, np.linspace(left, right, 101)))
        if not max(values[0], values[-1]) <= 1e-12 * values.max():
            raise ConfigError(f"distance must be zero at both ends of {list(problem.domain)}; got {self.distance!r}")

    def check_start(self, origin: Task) -> None:
        if not (isinstance(origin, RitzNetworkTask) and origin.is_trained):
            raise ConfigError(f"start must be a trained Ritz network; {self.start!r} has task {origin.task!r}")
        for key in ("width", "hidden_layers", "seeds", "activation"):
            value, required = getattr(self, key), getattr(origin, key)
            if value != required:
                raise ConfigError(f"{key} must be {required!r}, as in the start {self.start!r}; got {value!r}")
