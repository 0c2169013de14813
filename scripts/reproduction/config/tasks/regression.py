"""Regression of a function."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from reproduction.config import terms
from reproduction.config.field_types import Count, Name, Positive
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation
from reproduction.config.words import Term, setting

DRAWN = 13_000  # points in float32 that take as much memory as the float64 fields written at the end


class RegressionSettings(NetworkTrainingTask):
    """Regression of a target function on a grid; errors of derivatives off the grid."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "mean of (N(x; θ) − f(x))² over the grid, minimized",
        f"{KIM_KANG}, sec. 5.2",
        ("optimization/mean_squared_error",),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        terms.TARGET,
        terms.ACTIVATION,
        terms.HIDDEN,
        terms.WIDTH,
        *terms.VARIANCES,
        *terms.TRAINING,
        terms.EPOCHS,
        Term("{} grid points along each axis", lambda job: job.target.points),
        Term("minibatches of {}", setting("batch"), "in some cases"),
        terms.SEEDS,
    )

    task: Literal["regression"] = "regression"
    target: Name
    """An entry of `targets`."""
    weight_variance: Positive | Literal["rule"] = 1.0
    """C_W: weights of layer l are drawn from N(0, C_W/n_{l−1}); rule takes C_W and C_b from the universality class."""
    seeds: Count = 4
    """Number of networks; the first networks of many seeds start as those of few."""
    batch: Count | None = None
    """Points per optimizer step, drawn anew each time; none takes the whole grid."""

    @model_validator(mode="after")
    def _rule_alone(self):
        if self.weight_variance == "rule" and (self.first_weight_variance is not None or self.bias_variance):
            raise ValueError("weight_variance 'rule' gives first_weight_variance and bias_variance too; leave them out")
        return self

    def memory(self, grid: int) -> float:
        return self.training_bytes(self.seeds, 3, max(self.batch or grid, DRAWN))

    @property
    def memory_keys(self) -> str:
        return "seeds, width or batch"

    def work(self, config: Any) -> float:
        return self.epochs * self.seeds * (self.batch or config.grid_of(self)) * self.weights
