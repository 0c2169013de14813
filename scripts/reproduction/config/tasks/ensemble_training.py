"""Training of an ensemble of networks, layer by layer statistics included."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import terms
from reproduction.config.field_types import Count, Name
from reproduction.config.network_training import NetworkTrainingTask
from reproduction.config.task import KIM_KANG, Equation
from reproduction.config.words import Term, setting


class EnsembleTrainingSettings(NetworkTrainingTask):
    """Training of an ensemble, its statistics recorded layer by layer; shards are jobs of their own."""

    is_trained: ClassVar[bool] = True
    equation: ClassVar[Equation] = Equation(
        "mean squared error over the samples, minimized; K, χ⊥ and V = n(E[zᵢ²zⱼ²] − E[zᵢ²]E[zⱼ²]) by layer and epoch",
        f"{KIM_KANG}, secs. 3.2 and 4.2",
        ("optimization/mean_squared_error", "networks/mlp"),
    )
    terms: ClassVar[tuple[Term, ...]] = (
        terms.ACTIVATION,
        terms.TARGET,
        terms.HIDDEN,
        terms.WIDTH,
        *terms.VARIANCES,
        *terms.TRAINING,
        terms.EPOCHS,
        Term("{} training points", setting("samples")),
        Term("{} test points", setting("test_samples")),
        Term("{} networks", setting("networks")),
    )

    task: Literal["ensemble_training"] = "ensemble_training"
    target: Name
    """An entry of `targets`."""
    networks: Annotated[Count, Field(ge=2)] = 100
    """Number of networks."""
    shard: Annotated[Count, Field(ge=2)] = 20
    """Networks trained by one job; part of the numbers."""
    samples: Count = 100
    """Training points, drawn uniformly from the domain of the target."""
    test_samples: Count = 500
    """Test points, drawn likewise."""
    probes: Count = 50
    """Test points at which kernels and vertices are recorded."""

    @property
    def shards(self) -> int:
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
            raise ValueError(f"probes is {self.probes}, more than test_samples, {self.test_samples}, which they are of")
        return self
