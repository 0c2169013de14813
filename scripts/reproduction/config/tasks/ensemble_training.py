"""Training of an ensemble of networks, with statistics of every layer."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import phrases
from reproduction.config.field_types import Count, Name
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation
from reproduction.config.words import Phrase, setting


class EnsembleTrainingSettings(NetworkTrainingTask):
    """Training of an ensemble, with statistics recorded layer by layer; each shard is a job."""

    is_trained: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "mean squared error over the samples, minimized; K, χ⊥ and V = n(E[zᵢ²zⱼ²] − E[zᵢ²]E[zⱼ²]) by layer and epoch",
        f"{KIM_KANG}, secs. 3.2 and 4.2",
        ("optimization/mean_squared_error", "networks/mlp"),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.ACTIVATION,
        phrases.TARGET,
        phrases.HIDDEN,
        phrases.WIDTH,
        *phrases.VARIANCES,
        *phrases.TRAINING,
        phrases.EPOCHS,
        Phrase("{} training points", setting("samples")),
        Phrase("{} test points", setting("test_samples")),
        Phrase("{} networks", setting("networks")),
    )

    task: Literal["ensemble_training"] = "ensemble_training"
    target: Name
    """An entry of `targets`."""
    networks: Annotated[Count, Field(ge=2)] = 100
    """Number of networks."""
    shard: Annotated[Count, Field(ge=2)] = 20
    """Number of networks trained by one job. It affects rounding."""
    samples: Count = 100
    """Number of training points, uniform in the domain of the target."""
    test_samples: Count = 500
    """Number of test points, uniform in the domain of the target."""
    probes: Count = 50
    """Number of test points at which kernels and vertices are recorded."""

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.networks // self.shard)

    def result_files(self) -> list[str]:
        return [f"shard{shard}.nc" for shard in range(self.shards)]

    def memory(self, grid: int) -> float:
        return self.training_bytes(min(self.shard, self.networks), 3, max(self.samples, self.test_samples))

    @property
    def memory_keys(self) -> str:
        return "shard, width or samples"

    def work(self, config: Any) -> float:
        return self.epochs * min(self.shard, self.networks) * self.samples * self.weights

    @model_validator(mode="after")
    def _enough_points(self):
        if self.probes > self.test_samples:
            raise ValueError(f"probes must be at most test_samples, {self.test_samples}; got {self.probes}")
        return self
