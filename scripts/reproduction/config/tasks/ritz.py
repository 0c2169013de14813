"""Training of Ritz networks."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from rectified.formulas.activation import Activation
from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import Count, Positive
from reproduction.config.ritz_network import GradientName, OptimizerName, RitzNetworkTask
from reproduction.config.task import ROWAN, Equation
from reproduction.config.words import GRADIENTS, Phrase, setting, used_setting


class RitzSettings(RitzNetworkTask):
    """Training of a Ritz network on the energy or on the exact solution."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "Π[û] = ∫ (½κû′² − bû) dx over û = D(x) Σ cᵢ σ(aᵢx + bᵢ), minimized over a, b, c",
        f"{ROWAN}, eqs. 2 and 4",
        ("ritz/energy", "ritz/gradients"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        *phrases.RITZ_NETWORK,
        Phrase("M = {}", used_setting("points", lambda s: s.gradient != "kink_aware"), "on grids"),
        Phrase(
            "gradient of the energy: {}",
            lambda job: GRADIENTS[job.settings.gradient] if job.settings.objective == "energy" else None,
        ),
        Phrase("ε = {}", used_setting("step", lambda s: s.gradient == "finite_difference"), "in finite differences"),
        Phrase("objective: {}", setting("objective"), usual="energy"),
        phrases.START,
        *phrases.TRAINING,
        phrases.EPOCHS,
        phrases.SEEDS,
    )

    task: Literal["ritz"] = "ritz"
    objective: Literal["energy", "regression"] = "energy"
    """The Ritz energy, or the squared error of the field (regression)."""
    gradient: GradientName = "autodiff"
    """Rule for the gradient of the energy, see ``rectified.ritz.gradients``; all but kink_aware use the grid."""
    optimizer: OptimizerName = "adam"
    """The optimizer; both Newton methods step in the kinks and solve for the output weights (gradient kink_aware)."""
    learning_rate: Positive = 5e-3
    """Learning rate of adam and sgd at the first epoch."""
    final_learning_rate: Positive | None = None
    """Learning rate at the last epoch, reached exponentially; null keeps the rate constant."""
    epochs: Count = 10_000
    """Optimizer steps."""
    record_every: Count = 100
    """Epochs between two records of the history."""

    @property
    def moves_kinks(self) -> bool:
        return self.gradient == "kink_aware"

    @property
    def is_newton(self) -> bool:
        """True for the optimizers that step in the kinks."""
        return self.optimizer in ("block_newton", "projected_newton")

    def check_activation(self, activation: Activation) -> None:
        super().check_activation(activation)
        if self.is_newton and not (activation.is_piecewise_linear and len(activation.kink_points) == 1):
            raise ConfigError(
                f"activation must be piecewise linear with one kink for optimizer {self.optimizer!r}; "
                f"got {self.activation!r}"
            )

    @property
    def needs_kinks(self) -> bool:
        return self.gradient == "kink_aware"

    def work(self, config: Any) -> float:
        weights = self.width * (1 + (self.hidden_layers - 1) * self.width)
        step = self.points * weights
        if self.is_newton:
            step = 4 * self.width**2 * self.order * (self.panels + self.width) + 20 * self.width**3
        return self.epochs * self.seeds * step

    @model_validator(mode="after")
    def _combinations(self):
        if self.objective == "regression" and self.gradient not in ("autodiff", "kink_aware"):
            raise ValueError(
                f"gradient must be 'autodiff' or 'kink_aware' with objective 'regression'; got {self.gradient!r}"
            )
        if self.is_newton:
            for name, required in (("objective", "energy"), ("gradient", "kink_aware"), ("hidden_layers", 1)):
                given = getattr(self, name)
                if given != required:
                    raise ValueError(f"{name} must be {required!r} with {self.optimizer}; got {given!r}")
        if self.gradient == "discrete_delta" and self.hidden_layers > 1:
            raise ValueError(f"hidden_layers must be 1 with gradient 'discrete_delta'; got {self.hidden_layers}")
        return self
