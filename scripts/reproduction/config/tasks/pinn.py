"""Training of fully connected physics-informed networks."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from reproduction.config import terms
from reproduction.config.field_types import Count, Name, Positive
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation, Files
from reproduction.config.words import Term, setting, used_setting


class PinnSettings(NetworkTrainingTask):
    """A physics-informed network for an entry of `problems`."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equations: ClassVar = ("burgers",)
    equation: ClassVar[Equation] = Equation(
        "mean of (u_t + uu_x − νu_xx)² and of the squared errors of initial and boundary values, minimized",
        f"{KIM_KANG}, sec. 5.2",
        ("problems/burgers", "pinn/mlp_residuals", "networks/jets"),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        terms.PROBLEM,
        terms.ACTIVATION,
        terms.HIDDEN,
        terms.WIDTH,
        *terms.VARIANCES,
        *terms.TRAINING,
        terms.EPOCHS,
        Term("{} collocation points", setting("collocation_points")),
        Term("minibatches of {}", used_setting("batch", lambda s: s.optimizer == "adam"), "with Adam"),
        Term(
            "chosen from {} candidates",
            used_setting("candidates", lambda s: s.optimizer == "levenberg_marquardt"),
            "by Levenberg–Marquardt",
        ),
        Term("{} initial points", setting("initial_points")),
        Term("{} boundary points", setting("boundary_points")),
        terms.SEEDS,
    )

    task: Literal["pinn"] = "pinn"
    problem: Name
    """An entry of `problems`."""
    seeds: Count = 3
    """Number of networks; the first networks of many seeds start as those of few."""
    optimizer: Literal["adam", "levenberg_marquardt"] = "adam"
    """The optimizer; levenberg_marquardt draws new collocation points where the residual is large."""
    collocation_points: Count = 10_000
    """Points of the residual, uniform in the domain."""
    candidates: Count = 40_000
    """Uniform points that levenberg_marquardt chooses its collocation points from."""
    initial_points: Count = 50
    """Points of the initial condition."""
    boundary_points: Count = 50
    """Points of the boundary condition."""
    batch: Count | None = None
    """Collocation points per optimizer step of adam, drawn anew each time; none takes all."""
    redraw_every: Count = 1
    """Steps of levenberg_marquardt between two drawings of collocation points; adam draws at every step."""
    initial_weight: Positive = 1.0
    """Weight of the initial condition in the loss."""
    boundary_weight: Positive = 1.0
    """Weight of the boundary condition in the loss."""
    compile: bool = False
    """Whether to compile the step with torch.compile; without a C++ compiler it is eager, and rounds differently."""

    def input_files(self, config: Any) -> Files:
        return {"reference": [f"references/{self.problem}.nc"]}

    def memory(self, grid: int) -> float:
        points = self.batch or self.collocation_points
        jacobian = points if self.optimizer == "levenberg_marquardt" else 0
        training = self.training_bytes(self.seeds, 2, points, arrays=24)
        return training + 16 * jacobian * self.hidden_layers * self.width**2

    @property
    def memory_keys(self) -> str:
        return "batch, collocation_points or seeds"

    def work(self, config: Any) -> float:
        points = self.batch or self.collocation_points
        newton = self.optimizer == "levenberg_marquardt"
        step = points * self.weights**2 + self.weights**3 if newton else points * self.weights
        return self.epochs * self.seeds * step

    @model_validator(mode="after")
    def _combinations(self):
        if self.optimizer == "levenberg_marquardt":
            if self.precision != "float64":
                raise ValueError("levenberg_marquardt solves normal equations; its precision is float64")
            if self.batch is not None:
                raise ValueError("levenberg_marquardt takes all its collocation_points; batch is for adam")
            if self.candidates < self.collocation_points:
                raise ValueError(
                    f"candidates is {self.candidates}, fewer than collocation_points, {self.collocation_points}, "
                    "which are chosen from them"
                )
        elif (self.batch or 0) > self.collocation_points:
            raise ValueError(f"batch is {self.batch}, more than collocation_points, {self.collocation_points}")
        return self
