"""Jobs that train fully connected networks made ready: the network, its initial parameters, and its data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor
from torch.types import Device

from rectified.formulas import expressions
from rectified.formulas.torch_functions import torch_activation
from rectified.networks.mlp import MLP, initial_parameters
from rectified.networks.seeding import numpy_generator
from rectified.optimization.optimizers import build
from rectified.optimization.training_loop import History, Schedule
from reproduction.config.job import Job
from reproduction.config.problems import Target
from reproduction.storage import store


class NetworkJob:
    """The network that a job's settings describe, for so many inputs."""

    def __init__(self, job: Job, inputs: int, device: Device = "cpu"):
        torch.set_num_threads(job.threads)
        self.device = device
        self.settings = s = job.settings
        self.dtype = getattr(torch, s.precision)
        self.network = MLP(inputs, s.width, s.hidden_layers, torch_activation(job.activation))

    def initial(self, members: Sequence[int]) -> Float[Tensor, "networks parameters"]:
        """Initial parameters of the networks with these numbers."""
        s = self.settings
        stream = f"mlp/{s.width}x{s.hidden_layers}"
        variances = s.layer_variances()
        theta = initial_parameters(self.network, members, variances, s.bias_variance, stream)
        return theta.to(self.device, self.dtype)

    def optimizer(self, theta: Tensor):
        """The optimizer of the settings, holding the parameters."""
        return build(self.settings.optimizer, theta)

    def schedule(self) -> Schedule:
        s = self.settings
        return Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)

    def points(self, x: np.ndarray) -> Float[Tensor, "1 inputs points"]:
        """Points [inputs, points] as the networks take them."""
        return self.values(x)[None]

    def values(self, values: np.ndarray) -> Float[Tensor, "..."]:
        """An array of any shape in the precision of the networks, where they lie."""
        return torch.tensor(values, dtype=self.dtype).to(self.device)


def uniform_points(target: Target, count: int, stream: str) -> Float[np.ndarray, "axes points"]:
    """Points drawn uniformly from the domain of a target."""
    ends = np.array(target.domain)
    return ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * numpy_generator(stream).random((len(ends), count))


def target_values(target: Target, x: np.ndarray, derivative: str | None = None) -> np.ndarray:
    """The target, or its pointwise derivative along one axis, at points [axes, points]."""
    expression = target.expression
    if derivative:
        expression = expressions.pointwise_derivative(expression, derivative)
    return expressions.sample_at(expression, x, target.variables)


def write(output: Any, network: MLP, history: History, fields: xr.Dataset, attributes: Mapping[str, str]) -> None:
    """Write what a training job leaves: weights, history, fields."""
    weights = {name: block.numpy(force=True) for name, block in network.blocks(history.theta).items()}
    store.write_tensors(output.weights, weights, attributes)
    store.write_table(output.history, history.table(), attributes)
    store.write_arrays(output.fields, fields, attributes)
