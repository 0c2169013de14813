"""Training of fully connected physics-informed networks."""

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from reproduction.config import phrases
from reproduction.config.field_types import Count, Name, Positive
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation, Files
from reproduction.config.words import Phrase, setting, used_setting


class PinnSettings(NetworkTrainingTask):
    """Training of a fully connected physics-informed network."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equations: ClassVar = ("burgers",)
    equation: ClassVar[Equation] = Equation(
        "mean of (u_t + uu_x − νu_xx)² and of the squared errors of initial and boundary values, minimized",
        f"{KIM_KANG}, sec. 5.2",
        ("problems/burgers", "pinn/mlp_residuals", "networks/jets"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.PROBLEM,
        phrases.ACTIVATION,
        phrases.HIDDEN,
        phrases.WIDTH,
        *phrases.VARIANCES,
        *phrases.TRAINING,
        phrases.EPOCHS,
        Phrase("{} collocation points", setting("collocation_points")),
        Phrase("minibatches of {}", used_setting("batch", lambda s: s.optimizer == "adam"), "with Adam"),
        Phrase(
            "chosen from {} candidates",
            used_setting("candidates", lambda s: s.optimizer == "levenberg_marquardt"),
            "by Levenberg–Marquardt",
        ),
        Phrase("{} initial points", setting("initial_points")),
        Phrase("{} boundary points", setting("boundary_points")),
        phrases.SEEDS,
    )

    task: Literal["pinn"] = "pinn"
    problem: Name
    """An entry of `problems`."""
    seeds: Count = 3
    """Number of networks; more seeds add networks and leave the start of the first ones unchanged."""
    shard: Count | None = None
    """Number of networks trained by one job; null trains all in one. It affects rounding."""
    optimizer: Literal["adam", "levenberg_marquardt"] = "adam"
    """The optimizer; levenberg_marquardt redraws collocation points where the residual is large."""
    collocation_points: Count = 10_000
    """Number of points of the residual, uniform in the domain."""
    candidates: Count = 40_000
    """Number of uniform points from which levenberg_marquardt chooses its collocation points."""
    initial_points: Count = 50
    """Number of points of the initial condition."""
    boundary_points: Count = 50
    """Number of points of the boundary condition."""
    batch: Count | None = None
    """Collocation points per step of adam, redrawn at every step; null takes all."""
    redraw_every: Count = 1
    """Steps of levenberg_marquardt between two draws of collocation points; adam draws at every step."""
    initial_weight: Positive = 1.0
    """Weight of the initial condition in the loss."""
    boundary_weight: Positive = 1.0
    """Weight of the boundary condition in the loss."""
    compile: bool = False
    """Compile the step with torch.compile, which needs a C++ compiler. It affects rounding."""

    @property
    def together(self) -> int:
        """Number of networks that a job trains together."""
        return min(self.shard or self.seeds, self.seeds)

    @property
    def shards(self) -> int:
        return -(-self.seeds // self.together)

    def input_files(self, config: Any) -> Files:
        return {"reference": [f"references/{self.problem}.nc"]}

    def memory(self, grid: int) -> float:
        points = self.batch or self.collocation_points
        jacobian = points if self.optimizer == "levenberg_marquardt" else 0
        training = self.training_bytes(self.together, 2, points, arrays=24)
        return training + 16 * jacobian * self.hidden_layers * self.width**2

    @property
    def memory_keys(self) -> str:
        return "batch, collocation_points, shard or seeds"

    def work(self, config: Any) -> float:
        points = self.batch or self.collocation_points
        newton = self.optimizer == "levenberg_marquardt"
        step = points * self.weights**2 + self.weights**3 if newton else points * self.weights
        return self.epochs * self.together * step

    @model_validator(mode="after")
    def _combinations(self):
        if self.optimizer == "levenberg_marquardt":
            if self.precision != "float64":
                raise ValueError(f"precision must be 'float64' with levenberg_marquardt; got {self.precision!r}")
            if self.batch is not None:
                raise ValueError(f"batch must be null with levenberg_marquardt; got {self.batch}")
            if self.candidates < self.collocation_points:
                raise ValueError(
                    f"candidates must be at least collocation_points, {self.collocation_points}; got {self.candidates}"
                )
        elif (self.batch or 0) > self.collocation_points:
            raise ValueError(f"batch must be at most collocation_points, {self.collocation_points}; got {self.batch}")
        return self
