"""Training of Ritz networks."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from reproduction.config import terms
from reproduction.config.field_types import Count, Positive
from reproduction.config.ritz_network import GradientName, OptimizerName, RitzNetworkTask
from reproduction.config.task import ROWAN, Equation
from reproduction.config.words import GRADIENTS, Term, setting, used_setting


class RitzSettings(RitzNetworkTask):
    """Training of a Ritz network, on the energy or on the exact solution."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "Π[û] = ∫ (½κû′² − bû) dx over û = D(x) Σ cᵢ σ(aᵢx + bᵢ), minimized over a, b, c",
        f"{ROWAN}, eqs. 2 and 4",
        ("ritz/energy", "ritz/gradients"),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        terms.PROBLEM,
        terms.ACTIVATION,
        terms.HIDDEN,
        terms.WIDTH,
        terms.DISTANCE,
        Term("M = {}", used_setting("points", lambda s: s.gradient != "kink_aware"), "on grids"),
        Term(
            "gradient of the energy: {}",
            lambda job: GRADIENTS[job.settings.gradient] if job.settings.objective == "energy" else None,
        ),
        Term("ε = {}", used_setting("step", lambda s: s.gradient == "finite_difference"), "in finite differences"),
        Term("objective: {}", setting("objective"), usual="energy"),
        terms.START,
        *terms.TRAINING,
        terms.EPOCHS,
        terms.SEEDS,
    )

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

    @property
    def moves_kinks(self) -> bool:
        return self.gradient == "kink_aware"

    @property
    def needs_kinks(self) -> bool:
        return self.gradient == "kink_aware"

    def work(self, config: Any) -> float:
        weights = self.width * (1 + (self.hidden_layers - 1) * self.width)
        step = self.points * weights
        if self.optimizer == "saddle_free_newton":
            step = self.parameters**2 * self.points + self.parameters**3
        return self.epochs * self.seeds * step

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
