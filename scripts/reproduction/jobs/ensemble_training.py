"""Training of a shard of an ensemble, with the statistics of every layer while it lasts.

Kim and Kang, arXiv:2408.02697, secs. 3.2 and 4.2: kernels, perpendicular susceptibility and four-point vertex.
"""

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.types import Device

from rectified.optimization.mean_squared_error import LeastSquares
from rectified.optimization.training_loop import train
from reproduction.config.job import Job
from reproduction.jobs.setup.mlp import NetworkJob, target_values, uniform_points
from reproduction.storage.checkpoints import Checkpoint

STATISTICS = {
    "kernel": (("record", "network", "layer", "probe"), "mean over neurons of z²"),
    "pairs": (("record", "network", "layer", "probe"), "mean over pairs of different neurons of zᵢ²zⱼ²"),
    "susceptibility": (("record", "network", "layer"), "C_W times the mean over neurons and probes of σ'(z)²"),
}


@torch.no_grad()
def layer_statistics(job: NetworkJob, theta: Tensor, probes: Tensor) -> dict[str, Tensor]:
    """Kernels, pair moments and χ⊥ of every hidden layer, in float64."""
    hidden = [z.double() for z in job.network.preactivations(theta, probes)[:-1]]
    squares = [z.square() for z in hidden]
    sums = [square.sum(1) for square in squares]
    n = job.network.width
    pairs = [(total.square() - square.square().sum(1)) / (n * max(1, n - 1)) for total, square in zip(sums, squares)]
    slopes = [job.network.activation.values_and_slopes(z)[1] for z in hidden]
    return {
        "kernel": torch.stack(sums, 1) / n,
        "pairs": torch.stack(pairs, 1),
        "susceptibility": job.settings.weight_variance
        * torch.stack([slope.square().mean((1, 2)) for slope in slopes], 1),
    }


def train_shard(
    job: Job, shard: int, checkpoint: Checkpoint | None, progress: bool, device: Device = "cpu"
) -> xr.Dataset:
    """Train the networks of one shard; their statistics, losses, and outputs at the test points."""
    s, target = job.settings, job.target
    ready = NetworkJob(job, len(target.domain), device)
    members = range(shard * s.shard, min((shard + 1) * s.shard, s.networks))
    train_x, test_x = (
        uniform_points(target, n, f"{n}/{kind}") for kind, n in (("train", s.samples), ("test", s.test_samples))
    )
    loss = LeastSquares(ready.network, ready.points(train_x), ready.values(target_values(target, train_x)))
    probes = ready.points(test_x[:, : s.probes])
    history = train(
        ready.optimizer(ready.initial(members)),
        loss,
        lambda theta: layer_statistics(ready, theta, probes),
        ready.schedule(),
        checkpoint,
        progress,
    )
    with torch.no_grad():
        output = ready.network.output(history.theta, ready.points(test_x))
    output = torch.where((history.diverged_at < 0)[:, None], output, torch.nan)
    arrays = {name: (dims, history.records[name], {"long_name": text}) for name, (dims, text) in STATISTICS.items()}
    return xr.Dataset(
        arrays
        | {
            "loss": (("record", "network"), history.records["objective"], {"long_name": "mean square training error"}),
            "output": (("network", "test"), output.numpy(force=True), {"long_name": "output at the test points"}),
            "target": ("test", target_values(target, test_x), {"long_name": "target at the test points"}),
            "x": (("axis", "test"), test_x, {"long_name": "test points"}),
            "diverged_at": (
                "network",
                history.diverged_at.numpy(force=True),
                {"long_name": "epoch of divergence, or -1"},
            ),
        },
        coords={
            "record": ("record", history.epochs, {"long_name": "epoch"}),
            "network": np.array(members),
            "layer": np.arange(1, s.hidden_layers + 1),
        },
    )
