"""Convolutional networks on a grid of collocation points.

Sources: Bischof, sec. 3; Gao, Sun and Wang, J. Comput. Phys. 428 (2021), who compute derivatives by stencils.
"""

from math import isqrt
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from rectified.array_types import Float
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import FieldNetwork, FieldValues, PointBatch, Scaling
from rectified.networks.residual_mlp import Blocks, TensorFunction, Trunk

Images = Float[Tensor, "images channels _ _"]


class ConvolutionTrunk(Trunk):
    """Parameters of a residual network with convolution kernels [channels, channels, rows, columns] as weights.

    Args:
        kernel: rows and columns of a kernel; the other arguments are those of ``Trunk``.
    """

    def __init__(self, width: int, layers: int, activation: TensorFunction, kernel: int):
        super().__init__(2, width, layers, activation)
        for layer in range(1, layers + 1):
            self.shapes[f"W{layer}"] = (*self.shapes[f"W{layer}"], kernel, kernel)


class Convolution(FieldNetwork):
    """1×1 or 3×3 convolutions with skip connections and a 1×1 output layer, on a square grid of coordinates.

    A grid is a batch of points in the order of its nodes, the second axis fastest. With ``valid`` convolutions the
    input grid has the same spacing and ``reach`` more nodes on every side; with ``zero`` padding it is the grid itself.
    All networks are evaluated by one grouped convolution.

    Args:
        kernel: 1 or 3.
        padding: how 3×3 kernels are continued beyond the grid.

    Attributes:
        reach: number of nodes by which the input grid exceeds the output grid on every side.
    """

    def __init__(
        self, scaling: Scaling, trunk: ConvolutionTrunk, kernel: int, padding: Literal["zero", "valid"] = "valid"
    ):
        self.trunk, self.kernel = trunk, kernel
        self.padding = kernel // 2 if padding == "zero" else 0
        self.reach = trunk.layers * (kernel // 2 - self.padding)
        super().__init__(scaling, (trunk,))

    def batch(self, points: PointBatch) -> Float[Tensor, "networks_or_1 2 inputs"]:
        """Return the input grid: the grid of points extended by ``reach`` nodes on every side."""
        if not self.reach:
            return points
        side = isqrt(points.shape[-1])
        grid = points[0].unflatten(-1, (side, side))
        axes = [_extended(axis, self.reach) for axis in (grid[0, :, 0], grid[1, 0, :])]
        return torch.stack([axis.flatten() for axis in torch.meshgrid(*axes, indexing="ij")])[None]

    def own(self, values: Tensor) -> Tensor:
        """Return those of the values [..., inputs] that belong to the output grid, [..., points]."""
        side = isqrt(values.shape[-1])
        inner = slice(self.reach, side - self.reach)
        return values.unflatten(-1, (side, side))[..., inner, inner].flatten(-2)

    def at(self, theta: Tensor, centres: PointBatch, steps: Float[Tensor, " 2"]) -> FieldValues:
        """Return u of valid convolutions at any points, each the centre of its own patch with spacing ``steps``."""
        offsets = torch.arange(-self.reach, self.reach + 1, dtype=centres.dtype, device=centres.device)
        shifts = torch.stack(torch.meshgrid(offsets * steps[0], offsets * steps[1], indexing="ij"))
        patches = self.scaling((centres[..., None, None] + shifts[:, None]).flatten(2))
        side = len(offsets)
        images = patches.expand(len(theta), -1, -1).unflatten(-1, (-1, side, side)).permute(2, 0, 1, 3, 4).flatten(1, 2)
        return self._layers(self.blocks(theta), images)[:, :, 0, 0].T

    def _field(self, p: Blocks, x: PointBatch, state: Pass) -> FieldValues:
        rows = isqrt(x.shape[-1]) if self.kernel > 1 else 1  # 1×1 kernels take any points
        image = x.expand(len(p["b1"]), -1, -1).reshape(1, 2 * len(p["b1"]), rows, -1)
        return self._layers(p, image)[0].flatten(1)

    def _layers(self, p: Blocks, h: Images) -> Float[Tensor, "images networks _ _"]:
        """The outputs for images whose channels are those of all networks in turn."""
        networks, trunk = len(p["b1"]), self.trunk
        for layer in range(1, trunk.layers + 1):
            weight, bias = p[f"W{layer}"].flatten(0, 1), p[f"b{layer}"].flatten()
            z = trunk.activation(conv2d(h, weight, bias, padding=self.padding, groups=networks))
            h = z if layer == 1 else z + self._cropped(h)
        return conv2d(h, p["Wout"][..., None, None].flatten(0, 1), groups=networks)

    def _cropped(self, h: Images) -> Images:
        return h[..., 1:-1, 1:-1] if self.reach else h


def first_patches(network: Convolution, points: PointBatch) -> Float[Tensor, "coordinates inputs"]:
    """Return the input of the first convolution: the coordinates in the patch of each node, one column per node."""
    x = network.scaling(network.batch(points))
    side = isqrt(x.shape[-1])
    return torch.nn.functional.unfold(x.unflatten(-1, (side, side)), network.kernel, padding=network.padding)[0]


def _extended(axis: Float[Tensor, " nodes"], reach: int) -> Tensor:
    step = (axis[-1] - axis[0]) / (len(axis) - 1)
    beyond = step * torch.arange(1, reach + 1, dtype=axis.dtype, device=axis.device)
    return torch.cat([axis[0] - beyond.flip(0), axis, axis[-1] + beyond])
