"""The training job of a physics-informed network in a variant: from its settings to history, weights and fields."""

from math import inf

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.types import Device

from rectified.formulas import activations
from rectified.formulas.torch_functions import torch_activation
from rectified.networks.convolution import Convolution, ConvolutionTrunk
from rectified.networks.normalization import NORMALIZATIONS, Pass
from rectified.networks.pinn_architectures import (
    Dense,
    Encoder,
    Experts,
    FieldNetwork,
    Quantized,
    Scaling,
    Towers,
    mixed,
)
from rectified.networks.residual_mlp import TensorFunction, Trunk
from rectified.optimization.optimizers import build
from rectified.optimization.training_loop import History, Schedule, train
from rectified.pinn.collocation_loss import CollocationLoss, Sampler, as_tensor, grid_of
from reproduction.config.collocation_tasks import REFERENCE_POINTS
from reproduction.config.job import Job
from reproduction.config.problem_factory import posed
from reproduction.storage.checkpoints import Checkpoint

CHUNK_POINTS = 4096


class CollocationJob:
    """The problem, the network, the points and the loss that a job's settings describe."""

    def __init__(self, job: Job, device: Device = "cpu"):
        torch.set_num_threads(job.threads)
        self.device = device
        self.settings = s = job.settings
        self.problem = posed(job.problem)
        self.dtype = getattr(torch, s.precision)
        self.sampler = Sampler(
            self.problem,
            s.sampling,
            s.collocation_points,
            s.initial_points,
            s.boundary_points,
            {"initial": s.initial_weight, "boundary": s.boundary_weight},
            "collocation",
            device,
        )
        self.network = self._network(torch_activation(job.activation).values)
        self.test_points = grid_of(*self.test_axes())
        self.exact = as_tensor(self.problem.exact(self.test_points)).to(device)
        self.loss = CollocationLoss(
            self.problem, self.network, self.sampler, s.derivatives, s.passes == "joint", s.mass_weight
        )

    def _trunk(self, activation: TensorFunction, inputs: int = 2, **more) -> Trunk:
        return Trunk(inputs, self.settings.width, self.settings.hidden_layers, activation, **more)

    def _network(self, activation: TensorFunction) -> FieldNetwork:
        s = self.settings
        scaling = Scaling(torch.from_numpy(self.problem.box).to(self.device) if s.input_scaling else None)
        match s.architecture:
            case "dense":
                layers = range(s.first_normalized, s.hidden_layers + 1)
                normalization = NORMALIZATIONS[s.normalization](s.width, layers)
                return Dense(scaling, self._trunk(activation), normalization, self._reference())
            case "towers":
                trunks = [self._trunk(_power_of_relu(k), prefix=f"relu{k}_", bias_range=1.0) for k in s.powers]
                return Towers(scaling, trunks)
            case "mixed":
                parts = mixed([_power_of_relu(k) for k in s.powers])
                return Towers(scaling, [self._trunk(parts, bias_range=1.0)])
            case "convolution":
                trunk = ConvolutionTrunk(s.width, s.hidden_layers, activation, s.kernel)
                return Convolution(scaling, trunk, s.kernel, s.padding)
            case "quantized":
                encoder = Encoder(s.codes, s.code_dimension)
                encoded = self._reference() if s.codebook == "encoded" else None
                trunk = self._trunk(activation, 2 + s.code_dimension)
                return Quantized(scaling, trunk, encoder, s.straight_through, encoded)
        trunks = [self._trunk(activation, prefix=f"expert{number}_") for number in range(1, s.experts + 1)]
        gate = Trunk(2, s.width, 1, activation, outputs=s.experts, prefix="gate_")
        return Experts(scaling, trunks, gate, inf if s.sharpness == "hard" else s.sharpness)

    def _reference(self) -> Float[Tensor, "1 2 points"]:
        """Collocation points of the first epoch as a reference set, evenly chosen where there are many."""
        points = self.sampler.draw(0).collocation
        chosen = torch.linspace(0, points.shape[-1] - 1, min(points.shape[-1], REFERENCE_POINTS)).round().long()
        return points[:, :, chosen.to(self.device)]

    def initial(self) -> Float[Tensor, "seeds parameters"]:
        """Initial parameters of all seeds; variants that share a part of the network share its start."""
        s = self.settings
        theta = self.network.initial(range(s.seeds), f"collocation/{s.width}x{s.hidden_layers}")
        return theta.to(self.device, self.dtype)

    def test_axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates of the grid that errors are measured on; nodes themselves: a convolution has no other values."""
        if self.settings.sampling == "nodes":
            return tuple(np.linspace(*ends, self.settings.side) for ends in self.problem.box)
        return self.problem.test_axes()

    def field(
        self, theta: Float[Tensor, "networks parameters"], points: np.ndarray
    ) -> Float[Tensor, "networks points"]:
        """u at points [2, points] in float64, with running statistics in place of those of a batch."""
        x, rows = torch.from_numpy(points)[None].to(theta.device), theta.double()
        of = Pass(training=False)
        with torch.no_grad():
            if isinstance(self.network, Convolution):
                return self.network.evaluate(rows, self.network.batch(x), of)
            return torch.cat([self.network.evaluate(rows, part, of) for part in x.split(CHUNK_POINTS, -1)], -1)

    def run(self, checkpoint: Checkpoint | None, progress: bool) -> History:
        """Train as the settings say."""
        s = self.settings
        schedule = Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)
        optimizer = build("adam", self.initial())
        return train(optimizer, self.loss, self._observe, schedule, checkpoint, progress, self.loss.redraw)

    def _observe(self, theta: Tensor) -> dict[str, Tensor]:
        return {"relative_l2": self.errors(theta)} | self._shares(theta)

    def errors(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """‖û − u‖/‖u‖ over the test grid."""
        return (self.field(theta, self.test_points) - self.exact).norm(dim=1) / self.exact.norm()

    def _shares(self, theta: Tensor) -> dict[str, Tensor]:
        """Share of each tower in the norm of the gradient of the mean squared residual, if there are towers."""
        if self.settings.architecture != "towers":
            return {}
        theta = theta.detach().requires_grad_(True)
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(self.loss.terms(theta)["equation"].sum(), theta)
        blocks = self.network.blocks(gradient)
        norms = [
            sum(blocks[name].flatten(1).square().sum(1) for name in trunk.shapes).sqrt() for trunk in self.network.parts
        ]
        total = sum(norms).clamp(min=torch.finfo(theta.dtype).tiny)  # towers of ReLU alone have no gradient
        return {f"share{k}": norm / total for k, norm in zip(self.settings.powers, norms)}


def _power_of_relu(k: int) -> TensorFunction:
    return torch_activation(activations.get(f"relu{k}")).values
