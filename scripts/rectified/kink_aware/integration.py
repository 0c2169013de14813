"""Integrals of a network over a box, exact along lines that are cut at its kinks."""

from collections.abc import Callable
from typing import NamedTuple

import numpy.typing as npt
import torch
from torch import Tensor, nn

from rectified.array_types import Float, Int
from rectified.errors import InvalidInputError
from rectified.kink_aware.arguments import network_values, require_pointwise, usable_box, usable_density, usable_rule
from rectified.kink_aware.kinks import Search, in_order, resolution
from rectified.kink_aware.lines import Lines, fixed_lines, gauss_legendre, random_lines
from rectified.kink_aware.moving_kinks import moving, require_continuous
from rectified.kink_aware.recorder import Recorder, Switch, recorded_switches

Integrand = Callable[[Tensor, Tensor, Tensor], Tensor]

LARGEST_BATCH = 2**16  # points evaluated at once, approximately
FINENESS = (1, 4, 16)  # of the search for kinks, when pieces turn out to contain more


class Pieces(NamedTuple):
    """Pieces of lines without kinks inside: index of the line, and both ends."""

    line: Int[Tensor, " pieces"]
    left: Float[Tensor, " pieces"]
    right: Float[Tensor, " pieces"]


def integrate(
    network: Callable[[Tensor], Tensor],
    integrand: Callable[[Tensor, Tensor, Tensor], Tensor],
    box: npt.ArrayLike | Tensor,
    lines: int = 48,
    order: int = 4,
    panels: int = 8,
    generator: torch.Generator | None = None,
    *,
    balanced: bool = False,
) -> Float[Tensor, ""]:
    """Return the integral of a density of a network and its input gradient over a box.

    The box is crossed by lines parallel to each axis, and the results of all axes are averaged. A line is cut into
    equal panels and at every kink of the network on it; every piece has its own Gauss–Legendre rule. The ends of the
    pieces are differentiable functions of the parameters, so that ``backward`` yields the derivative of the integral
    along the lines, with the contributions of moving kinks that automatic differentiation of the density misses. The
    first derivative is exact. So is the second if pre-activations are piecewise linear; their curvature along the lines
    is missing otherwise. Where kinks of two neurons coincide along a line, derivatives are undetermined between the
    one-sided ones.

    The integrand must be smooth in its arguments; its own kinks and those of x alone are not searched.

    Args:
        network: torch module of linear layers and piecewise smooth activations, points [n, d] → [n] or [n, 1], whose
            value at a point does not depend on other points. Computed in the dtype and on the device of its parameters.
        integrand: ``integrand(x, u, du)`` returns the density [n] from points [n, d], values [n], gradients [n, d].
        box: lower and upper end of each of the d inputs.
        lines: with fixed offsets, nodes across the lines per input, so that lines^(d − 1) lines run along each axis;
            with random offsets, lines along each axis. An interval (d = 1) is one line.
        order: Gauss–Legendre nodes per piece; with one node, missed kinks cannot be noticed.
        panels: equal panels of each input, along the lines and across them; divides ``lines``.
        generator: draws independent, uniform offsets, which make the integral and its derivative unbiased. Without it,
            the offsets are the nodes of a Gauss–Legendre rule with lines/panels nodes per panel, for d ≤ 3.
        balanced: True for another estimate of the first derivative. The exact derivative of the integral along lines
            has rare large terms from kinks that are nearly parallel to a line. Balanced weights the motion of a kink by
            the squared component of its unit normal along the line, times d: the derivative converges to the same
            limit, and is unbiased with random offsets, with a smaller error. It is not the derivative of the value
            returned for these lines, and second derivatives are wrong.

    Returns:
        A scalar tensor. It has a graph if gradients are enabled.

    Raises:
        InvalidInputError: if an argument cannot be used, an operation of the network cannot be followed, or the network
            jumps.

    Source: the rule along a line is that of ``rectified.ritz.quadrature.KinkAware``; the derivative of the moving ends
    is the Reynolds transport theorem on one line.
    """
    bounds = usable_box(network, box)
    usable_rule(len(bounds), lines, order, panels, generator)
    all_lines = random_lines(bounds, lines, generator) if generator else fixed_lines(bounds, lines, panels)
    switches = checked_switches(network, bounds)
    rule = Rule(network, integrand, switches, order, panels, torch.is_grad_enabled(), balanced)
    columns = sum(switch.values.shape[1] for switch in switches)
    size = max(1, LARGEST_BATCH // (order * (panels + columns)))
    return torch.stack([rule(chunk) for chunk in all_lines.chunks(size)]).sum()


def checked_switches(network: nn.Module, bounds: Tensor) -> list[Switch]:
    """Return the operations with kinks of a network, which is evaluated at a few points of a box."""
    share = torch.rand(16, len(bounds), generator=torch.Generator().manual_seed(0)).to(bounds)
    points = torch.lerp(bounds[:, 0], bounds[:, 1], share)
    switches = recorded_switches(lambda x: network_values(network, x), points)
    require_pointwise(network, points)
    return switches


class Rule:
    """Integral along lines that are cut at the kinks.

    Args:
        network, integrand: as given by the user.
        switches: the operations with kinks.
        order, panels: Gauss–Legendre nodes per piece, and equal panels of each line.
        differentiable: True for a result with a graph.
        balanced: True to weight the motion of kinks by the component of their normal along the line.
    """

    def __init__(
        self,
        network: nn.Module,
        integrand: Integrand,
        switches: list[Switch],
        order: int,
        panels: int,
        differentiable: bool,
        balanced: bool,
    ):
        self.network, self.integrand, self.switches = network, integrand, switches
        self.panels, self.differentiable, self.balanced = panels, differentiable, balanced
        self.nodes, self.weights = gauss_legendre(order)

    def __call__(self, lines: Lines) -> Float[Tensor, ""]:
        """Return the sum of the integrals along lines, times their weights."""
        for fineness in FINENESS:
            pieces = self._pieces(lines, fineness)
            integral, whole = self._integral(lines, pieces)
            if whole:
                return integral if self.differentiable else integral.detach()
        raise InvalidInputError(
            "network must have pre-activations that are smooth between the kinks found; more kinks were found in "
            f"pieces of {self.panels * FINENESS[-1]} panels per line: increase panels"
        )

    def _pieces(self, lines: Lines, fineness: int) -> Pieces:
        """Lines cut at panels and kinks; a panel's end that meets a kink is left out."""
        roots = Search(self.network, self.switches, self.panels, fineness)(lines)
        require_continuous(self.network, lines, roots)
        t = moving(self.network, lines, roots, self.balanced) if self.differentiable else roots.t
        share = torch.linspace(0, 1, self.panels + 1, dtype=t.dtype, device=t.device)
        regular = torch.lerp(lines.low[:, None], lines.high[:, None], share)
        index = torch.arange(len(lines), device=t.device)[:, None].expand_as(regular)
        line, ends, order = in_order(torch.cat([index.flatten(), roots.line]), torch.cat([regular.flatten(), t]))
        is_root = order >= regular.numel()
        inner = ~is_root & (ends > lines.low[line]) & (ends < lines.high[line])
        close = (line[1:] == line[:-1]) & (ends.detach().diff() <= resolution(lines)[line[1:]])
        pad = nn.functional.pad
        dropped = inner & (pad(close & is_root[1:], (0, 1)) | pad(close & is_root[:-1], (1, 0)))
        line, ends = line[~dropped], ends[~dropped]
        same = line[1:] == line[:-1]
        return Pieces(line[1:][same], ends[:-1][same], ends[1:][same])

    def _integral(self, lines: Lines, pieces: Pieces) -> tuple[Float[Tensor, ""], bool]:
        """The integral, and False if a pre-activation changes its sign inside of a piece."""
        line, left, right = pieces
        share = torch.as_tensor(self.nodes, dtype=left.dtype, device=left.device)
        weight = torch.as_tensor(self.weights, dtype=left.dtype, device=left.device)
        with torch.enable_grad():
            width = (right - left)[:, None]
            t = left[:, None] + width * share
            x = lines.points(line[:, None].expand_as(t), t).flatten(0, 1)
            x = x if x.requires_grad else x.requires_grad_()
            recorder = Recorder(x, keep=lambda z: _signs(z, len(share)))
            with recorder:
                u = network_values(self.network, x)
            (du,) = torch.autograd.grad(u.sum(), x, create_graph=self.differentiable, retain_graph=True)
        with torch.set_grad_enabled(self.differentiable):
            density = usable_density(self.integrand(x, u, du), len(x))
            integral = (density * (lines.weights[line][:, None] * width * weight).flatten()).sum()
        wide = width.detach()[:, 0] > 1e4 * resolution(lines)[line]
        return integral, not any(bool((switch.values & wide[:, None]).any()) for switch in recorder.switches)


@torch.no_grad()
def _signs(z: Float[Tensor, "points switches"], order: int) -> Tensor:
    """True where a pre-activation clearly changes its sign inside of a piece, [pieces, switches]."""
    least, largest = torch.aminmax(z.unflatten(0, (-1, order)), dim=1)
    rounding = 1e3 * torch.finfo(z.dtype).eps * torch.maximum(-least.amin(), largest.amax())
    return (least < -rounding) & (largest > rounding)
