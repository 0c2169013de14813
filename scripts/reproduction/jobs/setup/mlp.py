"""Network, initial parameters and data of jobs on fully connected networks."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.formulas import expressions
from rectified.formulas.torch_activation import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.networks.seeding import numpy_generator
from reproduction.config.job import Job
from reproduction.config.target import Target


class MLPSetup:
    """The network that the settings of a job define.

    Args:
        job: that trains the network.
        inputs: number of inputs of the network.
        device: of parameters and points.
    """

    def __init__(self, job: Job, inputs: int, device: Device = "cpu"):
        torch.set_num_threads(job.threads)
        self.device = device
        self.settings = s = job.settings
        self.dtype = getattr(torch, s.precision)
        self.network = MLP(inputs, s.width, s.hidden_layers, torch_activation(job.activation))

    def initial(self, members: Sequence[int]) -> Float[Tensor, "networks parameters"]:
        """Return the initial parameters of the networks with the given indices."""
        s = self.settings
        stream = f"mlp/{s.width}x{s.hidden_layers}"
        variances = s.layer_variances()
        theta = initial_parameters(self.network, members, variances, s.bias_variance, stream)
        return theta.to(self.device, self.dtype)

    def points(self, x: np.ndarray) -> Float[Tensor, "1 inputs points"]:
        """Return points [inputs, points] in the shape and precision of network inputs, on the device."""
        return self.values(x)[None]

    def values(self, values: np.ndarray) -> Float[Tensor, "..."]:
        """Return an array of any shape in the precision of the networks, on the device."""
        return torch.tensor(values, dtype=self.dtype).to(self.device)


def target_points(target: Target, count: int, *names: object) -> Float[np.ndarray, "axes points"]:
    """Return points drawn uniformly from the domain of a target, from the random stream of the given names."""
    ends = np.array(target.domain)
    unit = numpy_generator("target", *names).random((len(ends), count))
    return ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * unit


def target_values(target: Target, x: np.ndarray, derivative: str | None = None) -> np.ndarray:
    """Return the target, or its pointwise derivative along one axis, at points [axes, points]."""
    expression = target.form
    if derivative:
        expression = expressions.pointwise_derivative(expression, derivative)
    return expressions.sample_at(expression, x, target.variables)
