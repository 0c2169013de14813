"""Training of a shard of an ensemble, with the statistics of every layer.

Source: Kim and Kang, arXiv:2408.02697, secs. 3.2 and 4.2: kernels, perpendicular susceptibility, four-point vertex.
"""

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.optimization.mean_squared_error import LeastSquares
from rectified.optimization.training_loop import History
from reproduction.config.job import Job
from reproduction.jobs.setup.mlp import MLPSetup, target_points, target_values
from reproduction.jobs.setup.training import Training

STATISTICS = {
    "kernel": (("record", "network", "layer", "probe"), "mean over neurons of z²"),
    "pairs": (("record", "network", "layer", "probe"), "mean over pairs of different neurons of zᵢ²zⱼ²"),
    "susceptibility": (("record", "network", "layer"), "C_W times the mean over neurons and probes of σ'(z)²"),
}


def training(job: Job, inputs: dict[str, list[str]], device: Device = "cpu", shard: int = 0) -> "EnsembleTraining":
    """Return the training of one shard of the ensemble that a job defines."""
    return EnsembleTraining(job, shard, device)


class EnsembleTraining(Training):
    """Training of the networks of one shard on points drawn from the domain of a target, for each network its own.

    The points at which the networks are compared are the same for all.
    """

    def __init__(self, job: Job, shard: int, device: Device = "cpu"):
        self.settings = s = job.settings
        self.target = job.target
        self.setup = MLPSetup(job, len(self.target.domain), device)
        self.network = self.setup.network
        self.members = range(shard * s.shard, min((shard + 1) * s.shard, s.networks))
        self.test_x = target_points(self.target, s.test_samples, "test")
        x = [target_points(self.target, s.samples, "train", member) for member in self.members]
        y = np.stack([target_values(self.target, points) for points in x])
        self.training_mean = y.mean(1)
        self.objective = LeastSquares(self.network, self.setup.values(np.stack(x)), self.setup.values(y))
        self.probes = self.setup.points(self.test_x[:, : s.probes])

    def initial(self) -> Tensor:
        return self.setup.initial(self.members)

    @torch.no_grad()
    def measures(self, theta: Tensor) -> dict[str, Tensor]:
        """Return kernels, pair moments and χ⊥ of every hidden layer, in float64."""
        hidden = [z.double() for z in self.network.preactivations(theta, self.probes)[:-1]]
        squares = [z.square() for z in hidden]
        sums = [square.sum(1) for square in squares]
        n = self.network.width
        pairs = [
            (total.square() - square.square().sum(1)) / (n * max(1, n - 1)) for total, square in zip(sums, squares)
        ]
        slopes = [self.network.activation.values_and_slopes(z)[1] for z in hidden]
        return {
            "kernel": torch.stack(sums, 1) / n,
            "pairs": torch.stack(pairs, 1),
            "susceptibility": self.settings.weight_variance
            * torch.stack([slope.square().mean((1, 2)) for slope in slopes], 1),
        }

    def fields(self, history: History) -> xr.Dataset:
        """Return statistics by layer, losses, and outputs at the test points; NaN where diverged."""
        with torch.no_grad():
            output = self.network.output(history.theta, self.setup.points(self.test_x))
        output = torch.where((history.diverged_at < 0)[:, None], output, torch.nan).numpy(force=True)
        arrays = {name: (dims, history.records[name], {"long_name": text}) for name, (dims, text) in STATISTICS.items()}
        loss, target = history.records["objective"], target_values(self.target, self.test_x)
        diverged_at = history.diverged_at.numpy(force=True)
        return xr.Dataset(
            arrays
            | {
                "loss": (("record", "network"), loss, {"long_name": "mean square training error"}),
                "output": (("network", "test"), output, {"long_name": "output at the test points"}),
                "training_mean": (
                    "network",
                    self.training_mean,
                    {"long_name": "mean training value"},
                ),
                "target": ("test", target, {"long_name": "target at the test points"}),
                "x": (("axis", "test"), self.test_x, {"long_name": "test points"}),
                "diverged_at": ("network", diverged_at, {"long_name": "epoch of divergence, or -1"}),
            },
            coords={
                "record": ("record", history.epochs, {"long_name": "epoch"}),
                "network": np.array(self.members),
                "layer": np.arange(1, self.settings.hidden_layers + 1),
            },
        )
