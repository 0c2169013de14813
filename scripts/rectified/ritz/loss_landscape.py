"""Loss landscape: an objective on planes through a point of parameter space (Rowan, arXiv:2512.11184, sec. 2)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.optimization import chunked_evaluation


def planes(
    objective: Callable[[Tensor], Tensor],
    theta: Float[Tensor, " parameters"],
    vectors: Float[Tensor, "parameters vectors"],
    pairs: Sequence[tuple[int, int]],
    offsets: Float[Tensor, " offsets"],
    values_per_network: int,
) -> Float[Tensor, "planes offsets offsets"]:
    """Return Π(θ + αvᵢ + βvⱼ) for each pair (i, j); α varies along the rows, β along the columns.

    Args:
        objective: Π; maps parameters [networks, parameters] to [networks].
        theta: θ.
        vectors: v₁, v₂, … as columns.
        pairs: i and j of each plane, counted from 1.
        offsets: values of α and of β, in the units of the parameters.
        values_per_network: size of the largest intermediate array of one network.
    """
    grid = torch.cartesian_prod(offsets, offsets)

    def surface(i: int, j: int) -> Tensor:
        plane = vectors[:, [i - 1, j - 1]].T.contiguous()
        values = chunked_evaluation.evaluate(
            lambda part: objective(torch.addmm(theta, part, plane)), grid, values_per_network
        )
        return values.view(len(offsets), len(offsets))

    return torch.stack([surface(i, j) for i, j in pairs])


def roughness(surface: Float[Tensor, "*planes offsets offsets"]) -> Float[Tensor, "*planes"]:
    """Return the standard deviation of the second differences along both axes, divided by the range of the surface.

    The roughness of a smooth surface on n × n points is of order 1/n²; that of noise with relative amplitude s is about
    2.4·s.
    """
    rows = surface.diff(n=2, dim=-2).flatten(-2)
    columns = surface.diff(n=2, dim=-1).flatten(-2)
    spread = torch.cat([rows, columns], -1).std(-1)
    return spread / (surface.amax((-2, -1)) - surface.amin((-2, -1)))
