"""Regression of a function."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from reproduction.config import phrases
from reproduction.config.field_types import Count, Name, Positive
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation
from reproduction.config.words import Phrase, setting

DRAWN = 13_000  # points in float32 with the memory of the float64 fields written at the end


class RegressionSettings(NetworkTrainingTask):
    """Regression of a target function on a grid, with errors of value and gradient off the grid."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "mean of (N(x; θ) − f(x))² over the grid, minimized",
        f"{KIM_KANG}, sec. 5.2",
        ("optimization/mean_squared_error",),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.TARGET,
        phrases.ACTIVATION,
        phrases.HIDDEN,
        phrases.WIDTH,
        *phrases.VARIANCES,
        *phrases.TRAINING,
        phrases.EPOCHS,
        Phrase("{} grid points along each axis", lambda job: job.target.points),
        Phrase("minibatches of {}", setting("batch"), "in some cases"),
        phrases.SEEDS,
    )

    task: Literal["regression"] = "regression"
    target: Name
    """An entry of `targets`."""
    weight_variance: Positive | Literal["rule"] = 1.0
    """C_W: weights of layer l are drawn from N(0, C_W/n_{l−1}); rule takes C_W and C_b of the universality class."""
    seeds: Count = 4
    """Number of networks; more seeds add networks and leave the start of the first ones unchanged."""
    batch: Count | None = None
    """Points per optimizer step, redrawn at every step; null takes the whole grid."""

    @model_validator(mode="after")
    def _rule_alone(self):
        if self.weight_variance == "rule" and (self.first_weight_variance is not None or self.bias_variance):
            raise ValueError("first_weight_variance and bias_variance must be omitted with weight_variance 'rule'")
        return self

    def memory(self, grid: int) -> float:
        return self.training_bytes(self.seeds, 3, max(self.batch or grid, DRAWN))

    @property
    def memory_keys(self) -> str:
        return "seeds, width or batch"

    def work(self, config: Any) -> float:
        return self.epochs * self.seeds * (self.batch or config.grid_of(self)) * self.weights
