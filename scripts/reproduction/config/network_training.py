"""The settings that all tasks share that train fully connected networks."""

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
    """C_W of the first layer, where it differs."""
    bias_variance: NonNegative = 0.0
    """C_b: variance of the biases."""
    optimizer: Literal["adam", "sgd"] = "adam"
    """The optimizer."""
    learning_rate: Positive = 1e-3
    """Rate at the first epoch."""
    final_learning_rate: Positive | None = None
    """Rate at the last epoch, reached exponentially; none keeps the rate constant."""
    epochs: Count = 1000
    """Optimizer steps."""
    record_every: Count = 250
    """Epochs between two points of the history."""
    precision: Literal["float32", "float64"] = "float32"
    """Floating-point numbers used in training."""

    def layer_variances(self) -> list[float]:
        """C_W of each layer, first to last."""
        return [self.first_weight_variance or self.weight_variance, *[self.weight_variance] * self.hidden_layers]

    @property
    def weights(self) -> int:
        """Weights of one network with two inputs, the output layer left out."""
        return self.width * (2 + (self.hidden_layers - 1) * self.width)

    def training_bytes(self, networks: int, inputs: int, points: int, arrays: int = 4) -> float:
        """Bytes of the parameters with gradient and moments, and of the arrays kept for each neuron and point."""
        parameters = (inputs + 1 + (self.hidden_layers - 1) * (self.width + 1) + 1) * self.width
        neurons = self.hidden_layers * self.width
        size = 4 if self.precision == "float32" else 8
        return networks * size * (6 * parameters + arrays * neurons * points) + GIB / 2
