"""Mean squared balance of a conservation law over cells of space and time, without input derivatives.

The balance of the rectangle [0, xᵢ] × [0, tₙ] is what it gained, Σ(uₖⁿ − uₖ⁰)Δx, and what flowed out of it,
Σ(f(uᵢᵐ) − f(u₀ᵐ))Δt, with the values of the network at nodes and sums over k ≤ i and m ≤ n. It is the sum of the
balances of the implicit upwind scheme over all cells of the rectangle. For an increasing flux that scheme is monotone,
so that fields of zero balance converge to the entropy solution. As the cells become smaller, the balance of any other
weak solution vanishes, too. A jump of the network needs no derivative, and contributes in proportion to the error of
its position.
Source: LeVeque, Finite Volume Methods for Hyperbolic Problems (2002), secs. 4.8 and 12; the sum is ours.
"""

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import FieldNetwork
from rectified.pinn.sampling import as_tensor
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.conditions import grid_of


class CellBalance:
    """The mean squared balance of rectangles, relative to the area of the box, as a function of the parameters.

    Args:
        problem: the conservation law without viscosity; its flux must not decrease.
        network: the field u.
        side: number of cells along each axis.
        device: of the nodes.
    """

    def __init__(self, problem: BuckleyLeverettProblem, network: FieldNetwork, side: int, device: torch.types.Device):
        self.problem, self.network, self.side = problem, network, side
        nodes = [np.linspace(*ends, side + 1) for ends in problem.box]
        self.nodes = as_tensor(grid_of(*nodes))[None].to(device)
        self.steps = [float(axis[1] - axis[0]) for axis in nodes]

    def __call__(self, theta: Float[Tensor, "networks parameters"], of: Pass) -> Float[Tensor, " networks"]:
        """Return the mean squares, differentiable in the parameters; the pass records a penalty of the network."""
        u = self.network.evaluate(theta, self.nodes.to(theta), of).unflatten(-1, (self.side + 1, self.side + 1))
        return (self.balance(u) / (self.side**2 * self.steps[0] * self.steps[1])).square().mean((1, 2))

    def balance(self, u: Float[Tensor, "networks x_nodes t_nodes"]) -> Float[Tensor, "networks x_cells t_cells"]:
        """Return the balances of the rectangles between the origin and every node beyond it."""
        gained = u[:, 1:, 1:] - u[:, 1:, :1]
        flux = self.problem.flux_value(u[:, :, 1:])
        outflow = flux[:, 1:] - flux[:, :1]
        return self.steps[0] * gained.cumsum(1) + self.steps[1] * outflow.cumsum(2)
