"""Relative L² errors of fields on a grid on which the solution is known."""

import numpy as np
import torch
from torch import Tensor
from torch.types import Device

from rectified.array_types import Float
from rectified.networks.mlp import MLP

CHUNK_BYTES = 1 << 20  # of the values of a layer


def relative_l2(
    fields: Float[Tensor, "networks points"], exact: Float[Tensor, " points"]
) -> Float[Tensor, " networks"]:
    """‖û − u‖/‖u‖ over equally weighted points."""
    return (fields - exact).norm(dim=1) / exact.norm()


class RelativeError:
    """The relative L² error of fully connected networks u(x, t) over the domain and the time.

    Args:
        network: of the inputs x and t.
        x, t: coordinates of the grid.
        exact: the solution, one row per time.
        device: of the parameters.
    """

    def __init__(
        self,
        network: MLP,
        x: Float[np.ndarray, " points"],
        t: Float[np.ndarray, " times"],
        exact: Float[np.ndarray, "times points"],
        device: Device = "cpu",
    ):
        self.network, self.exact = network, torch.tensor(exact, device=device)
        self._grid = torch.cartesian_prod(torch.tensor(t), torch.tensor(x)).flip(1).T[None].to(device)

    @torch.no_grad()
    def fields(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, "networks times points"]:
        """û on the grid, in float64."""
        rows = theta.double()
        parts = self._grid.split(max(1, CHUNK_BYTES // (8 * len(rows) * self.network.width)), -1)
        u = torch.cat([self.network.output(rows, part) for part in parts], 1)
        return u.unflatten(1, self.exact.shape)

    def __call__(self, theta: Float[Tensor, "networks parameters"]) -> Float[Tensor, " networks"]:
        return relative_l2(self.fields(theta).flatten(1), self.exact.flatten())
