"""Problem, network, points and loss of a job on physics-informed networks of two inputs."""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.types import Device

from rectified.formulas import expressions
from rectified.formulas.activation import of_power
from rectified.formulas.torch_activation import torch_activation
from rectified.formulas.torch_functions import torch_function
from rectified.kink_aware.line_residual import LineResidual
from rectified.networks.convolution import Convolution, ConvolutionTrunk
from rectified.networks.normalization import NORMALIZATIONS, Pass
from rectified.networks.pinn_architectures import (
    Dense,
    Experts,
    FieldNetwork,
    Scaling,
    Towers,
    mixed,
)
from rectified.networks.quantized import Encoder, Quantized
from rectified.networks.residual_mlp import TensorFunction, Trunk
from rectified.networks.similarity import Similarity
from rectified.pinn.cell_balance import CellBalance
from rectified.pinn.collocation_loss import CollocationLoss
from rectified.pinn.relative_error import relative_l2
from rectified.pinn.sampling import Sampler, as_tensor
from rectified.problems.conditions import grid_of
from reproduction.config.collocation_checks import LINE_PANELS, REFERENCE_POINTS
from reproduction.config.job import Job

CHUNK_POINTS = 4096


class CollocationSetup:
    """The problem, the network, the points and the loss that the settings of a job define.

    Args:
        job: that trains the networks.
        device: of parameters and points.
        seeds: of the networks; None for those of the job.
    """

    def __init__(self, job: Job, device: Device = "cpu", seeds: Sequence[int] | None = None):
        torch.set_num_threads(job.threads)
        self.device = device
        self.settings = s = job.settings
        self.seeds = range(s.seeds) if seeds is None else seeds
        self.problem = job.problem.build()
        self.dtype = getattr(torch, s.precision)
        self.sampler = Sampler(
            self.problem,
            s.sampling,
            s.collocation_points,
            s.initial_points,
            s.boundary_points,
            {"initial": s.initial_weight, "boundary": s.boundary_weight},
            "collocation",
            self.seeds,
            device,
        )
        self.network = self._network(torch_activation(job.activation))
        self.test_points = grid_of(*self.test_axes())
        self.exact = as_tensor(self.problem.exact(self.test_points)).to(device)
        self.loss = CollocationLoss(
            self.problem,
            self.network,
            self.sampler,
            s.derivatives,
            s.passes == "joint",
            s.mass_weight,
            self._residual(),
        )

    def _residual(self) -> Callable[[Tensor, Pass], Tensor] | None:
        """Return the mean squared residual by a rule of its own; None if it is taken at points."""
        if self.settings.quadrature == "cells":
            return CellBalance(self.problem, self.network, self.settings.side, self.device)
        lines = self.line_residual()
        return None if lines is None else lambda theta, of: lines(theta)

    def line_residual(self, **rule) -> LineResidual | None:
        """Return the mean squared residual along lines that are cut at kinks; None if it is taken at points.

        Args:
            rule: arguments of ``LineResidual`` that replace those of training.
        """
        s = self.settings
        if s.quadrature not in ("lines", "lines_at_rest"):
            return None
        density = torch_function([self.problem.forcing_formula], [expressions.symbol(x) for x in self.problem.axes])
        box = torch.from_numpy(self.problem.box).to(self.device)
        options = {"lines": s.lines, "panels": LINE_PANELS, "moving": s.quadrature == "lines"} | rule
        return LineResidual(self.network, s.powers, lambda x, y: density(x, y)[0], box, **options)

    def _trunk(self, activation: TensorFunction, inputs: int = 2, **more) -> Trunk:
        s = self.settings
        return Trunk(inputs, s.width, s.hidden_layers, activation, spread=s.initialization == "spread", **more)

    def _network(self, activation: TensorFunction) -> FieldNetwork:
        s = self.settings
        scaling = Scaling(torch.from_numpy(self.problem.box).to(self.device) if s.input_scaling else None)
        match s.architecture:
            case "dense":
                layers = range(s.first_normalized, s.hidden_layers + 1)
                normalization = NORMALIZATIONS[s.normalization](s.width, layers)
                trunk, similarity = self._trunk(activation, self._inputs), self._similarity()
                return Dense(scaling, trunk, normalization, self._reference(), similarity)
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
                encoder = Encoder(s.codes, s.code_dimension, self._inputs)
                encoded = self._reference() if s.codebook == "encoded" else None
                trunk = self._trunk(activation, self._inputs + s.code_dimension)
                annealed = s.epochs if s.assignment == "annealed" else None
                return Quantized(scaling, trunk, encoder, s.straight_through, encoded, self._similarity(), annealed)
        trunks = [self._trunk(activation, prefix=f"expert{number}_") for number in range(1, s.experts + 1)]
        gate = Trunk(2, s.width, 1, activation, outputs=s.experts, prefix="gate_")
        return Experts(scaling, trunks, gate, inf if s.sharpness == "hard" else s.sharpness)

    @property
    def _inputs(self) -> int:
        """Number of variables that the network receives for a point."""
        return 2 if self.settings.inputs == "coordinates" else 1

    def _similarity(self) -> Similarity | None:
        return None if self.settings.inputs == "coordinates" else Similarity()

    def _reference(self) -> Float[Tensor, "seeds_or_1 2 points"]:
        """Return a reference set: collocation points of the first epoch, an evenly spaced subset if there are many."""
        points = self.sampler.draw(0).collocation
        chosen = torch.linspace(0, points.shape[-1] - 1, min(points.shape[-1], REFERENCE_POINTS)).round().long()
        return points[:, :, chosen.to(self.device)]

    def initial(self) -> Float[Tensor, "seeds parameters"]:
        """Return the initial parameters of all seeds; architectures with a common part share its initial parameters."""
        s = self.settings
        theta = self.network.initial(self.seeds, f"collocation/{s.width}x{s.hidden_layers}")
        return theta.to(self.device, self.dtype)

    def test_axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the axes of the test grid; with sampling ``nodes``, those of the training grid."""
        if self.settings.sampling == "nodes":
            return tuple(np.linspace(*ends, self.settings.side) for ends in self.problem.box)
        return self.problem.test_axes()

    def field(
        self, theta: Float[Tensor, "networks parameters"], points: np.ndarray
    ) -> Float[Tensor, "networks points"]:
        """Return u at points [2, points] in float64, with running statistics instead of batch statistics."""
        x, rows = torch.from_numpy(points)[None].to(theta.device), theta.double()
        evaluation = Pass(training=False)
        with torch.no_grad():
            if isinstance(self.network, Convolution):
                return self.network.evaluate(rows, self.network.batch(x), evaluation)
            return torch.cat([self.network.evaluate(rows, part, evaluation) for part in x.split(CHUNK_POINTS, -1)], -1)

    def errors(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        """Return ‖û − u‖/‖u‖ over the test grid."""
        return relative_l2(self.field(theta, self.test_points), self.exact)


def _power_of_relu(k: int) -> TensorFunction:
    return torch_activation(of_power("relu", k))
