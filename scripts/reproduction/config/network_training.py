"""Settings shared by all tasks that train fully connected networks."""

from typing import Literal

from reproduction.config.field_types import ActivationName, Count, NonNegative, Positive
from reproduction.config.task import GIB, Task


class NetworkTrainingTask(Task):
    """Settings of a job that trains fully connected networks."""

    activation: ActivationName
    """An activation of the registry or of `custom_activations`."""
    width: Count = 32
    """Neurons per hidden layer."""
    hidden_layers: Count = 5
    """Number of hidden layers."""
    weight_variance: Positive = 1.0
    """C_W: weights of layer l are drawn from N(0, C_W/n_{l−1})."""
    first_weight_variance: Positive | None = None
    """C_W of the first layer; null takes that of the other layers."""
    bias_variance: NonNegative = 0.0
    """C_b: variance of the biases."""
    optimizer: Literal["adam", "sgd"] = "adam"
    """The optimizer."""
    learning_rate: Positive = 1e-3
    """Learning rate at the first epoch."""
    final_learning_rate: Positive | None = None
    """Rate at the last epoch, reached exponentially; null keeps the rate constant."""
    epochs: Count = 1000
    """Optimizer steps."""
    record_every: Count = 250
    """Epochs between two records of the history."""
    precision: Literal["float32", "float64"] = "float32"
    """Floating-point precision of training."""

    def layer_variances(self) -> list[float]:
        """Return C_W of each layer, from first to last."""
        return [self.first_weight_variance or self.weight_variance, *[self.weight_variance] * self.hidden_layers]

    @property
    def weights(self) -> int:
        """Weights of one network with two inputs, without the output layer."""
        return self.width * (2 + (self.hidden_layers - 1) * self.width)

    def training_bytes(self, networks: int, inputs: int, points: int, arrays: int = 4) -> float:
        """Return the estimated memory of training in bytes.

        Args:
            networks: trained together.
            inputs: of one network.
            points: evaluated together.
            arrays: arrays kept for each neuron and point.
        """
        parameters = (inputs + 1 + (self.hidden_layers - 1) * (self.width + 1) + 1) * self.width
        neurons = self.hidden_layers * self.width
        size = 4 if self.precision == "float32" else 8
        return networks * size * (6 * parameters + arrays * neurons * points) + GIB / 2
