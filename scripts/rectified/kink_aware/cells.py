"""Integrals of networks with straight kinks over rectangles, by Gauss rules on the cells into which the kinks cut it.

Source: the decomposition into cells is that of Magueresse and Badia, arXiv:2303.11617.
"""

from collections.abc import Callable
from numbers import Integral

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import roots_jacobi
from torch import Tensor

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.kink_aware.arguments import network_values, usable_box, usable_density
from rectified.kink_aware.arrangement import box_sides, triangulated_cells
from rectified.kink_aware.integration import LARGEST_BATCH, checked_switches
from rectified.kink_aware.kinks import Search
from rectified.kink_aware.lines import fixed_lines, gauss_legendre
from rectified.kink_aware.moving_kinks import require_continuous
from rectified.kink_aware.recorder import Switch, switch_values


def integrate_cells(
    network: Callable[[Tensor], Tensor],
    integrand: Callable[[Tensor, Tensor, Tensor], Tensor],
    box: npt.ArrayLike | Tensor,
    degree: int = 8,
) -> Float[Tensor, ""]:
    """Return the integral of a density of a network and its input gradient over a rectangle, cell by cell.

    The kinks must be straight lines, as those of networks of one hidden layer. They cut the rectangle into convex
    polygons, which are divided into triangles with a Gauss rule each. Corners are differentiable functions of the
    parameters. If the integrand is a polynomial on each cell, of at most the given degree, integral and derivatives are
    exact up to rounding. Where three lines meet, or two coincide, derivatives are one-sided.

    N lines in general position have about N²/2 cells; ``integrate`` has no such limit to depth and dimension.

    Args:
        network, integrand: as for ``rectified.kink_aware.integrate``.
        box: lower and upper end of both inputs.
        degree: polynomials in both coordinates of this total degree are integrated exactly on each cell; a triangle has
            (⌊degree/2⌋ + 1)² points.

    Returns:
        A scalar tensor. It has a graph if gradients are enabled.

    Raises:
        InvalidInputError: if an argument cannot be used, an operation of the network cannot be followed, the network
            jumps, or its kinks are not straight.
    """
    bounds = usable_box(network, box)
    if len(bounds) != 2:
        raise InvalidInputError(f"box must have two inputs for an integral over cells; got {len(bounds)}")
    if isinstance(degree, bool) or not isinstance(degree, Integral) or degree < 0:
        raise InvalidInputError(f"degree must be a non-negative integer; got {degree!r}")
    differentiable = torch.is_grad_enabled()
    switches = checked_switches(network, bounds)
    _require_continuity(network, switches, bounds)
    with torch.set_grad_enabled(differentiable):
        lines = _straight_kinks(network, switches, bounds)
        triangles = _triangles(lines, bounds)
        share, weight = (torch.as_tensor(part).to(bounds) for part in triangle_rule(degree))
        parts = triangles.split(max(1, LARGEST_BATCH // len(weight)))
        return torch.stack([_integral(network, integrand, part, share, weight) for part in parts]).sum()


def triangle_rule(degree: int) -> tuple[Float[np.ndarray, "points 3"], Float[np.ndarray, " points"]]:
    """Return barycentric coordinates and weights, of sum 1, of a rule that is exact up to a degree.

    It is the product of two Gauss rules on a square with one edge collapsed; the Gauss–Jacobi rule of the collapsed
    direction contains the Jacobian.
    """
    count = degree // 2 + 1
    s, s_weight = roots_jacobi(count, 0, 1)
    t, t_weight = gauss_legendre(count)
    s, t = np.meshgrid((1 + s) / 2, t, indexing="ij")
    share = np.stack([1 - s, s * (1 - t), s * t], -1).reshape(-1, 3)
    return share, np.outer(s_weight, t_weight).ravel() / 2


def _straight_kinks(network, switches: list[Switch], bounds: Tensor) -> Float[Tensor, "lines 3"]:
    """Coefficients (a, b, c) of ax + by + c for all pre-activations, differentiable in the parameters."""
    low, high = bounds.unbind(1)
    corners = torch.stack([low, torch.stack([high[0], low[1]]), torch.stack([low[0], high[1]])])
    inner = torch.lerp(low, high, torch.linspace(0.1, 0.9, 9, dtype=low.dtype, device=low.device)[:, None])
    crossed = torch.cat([inner, torch.stack([inner[:, 0], inner.flip(0)[:, 1]], 1)])
    rows = []
    for index, switch in enumerate(switches):
        start, right, up = switch_values(network, corners, index)
        slope = torch.stack([(right - start) / (high - low)[0], (up - start) / (high - low)[1]], 1)
        with torch.no_grad():
            expected = start + (crossed - low) @ slope.T
            found = switch_values(network, crossed, index)
            largest = expected.abs().amax() + start.abs().amax()
            straight = bool((found - expected).abs().amax() <= 1e3 * torch.finfo(low.dtype).eps * largest)
        if not straight:
            raise InvalidInputError(
                f"network must have straight kinks for an integral over cells, as with one hidden layer; those of "
                f"{switch.operation!r} are not: use rectified.kink_aware.integrate"
            )
        rows.append(torch.cat([slope, (start - slope @ low)[:, None]], 1))
    return torch.cat(rows) if rows else low.new_zeros(0, 3)


def _require_continuity(network, switches: list[Switch], bounds: Tensor) -> None:
    lines = fixed_lines(bounds, 8, 4)
    require_continuous(network, lines, Search(network, switches, 4)(lines))


def _triangles(lines: Float[Tensor, "lines 3"], bounds: Tensor) -> Float[Tensor, "triangles 3 2"]:
    """Corners of the triangles of all cells, differentiable in the lines."""
    box = bounds.double().numpy(force=True)
    pairs = triangulated_cells(lines.double().numpy(force=True), box).corners
    every = torch.cat([lines, torch.as_tensor(box_sides(box)).to(lines)])
    first, second = every[torch.as_tensor(pairs, device=lines.device)].unbind(-2)
    cross = torch.linalg.cross(first, second)
    return cross[..., :2] / cross[..., 2:]


def _integral(network, integrand, triangles: Tensor, share: Tensor, weight: Tensor) -> Float[Tensor, ""]:
    differentiable = torch.is_grad_enabled()
    sides = triangles[:, 1:] - triangles[:, :1]
    area = (sides[:, 0, 0] * sides[:, 1, 1] - sides[:, 0, 1] * sides[:, 1, 0]).abs() / 2
    with torch.enable_grad():
        x = (share @ triangles).flatten(0, 1)
        x = x if x.requires_grad else x.requires_grad_()
        u = network_values(network, x)
        (du,) = torch.autograd.grad(u.sum(), x, create_graph=differentiable, retain_graph=True)
    density = usable_density(integrand(x, u, du), len(x))
    return (density * (area[:, None] * weight).flatten()).sum()
