"""Kinks as differentiable functions of the parameters, and the continuity of the network at them."""

import torch
from torch import Tensor

from rectified.array_types import Bool, Float
from rectified.errors import InvalidInputError
from rectified.kink_aware.kinks import Module, Roots, resolution
from rectified.kink_aware.lines import Lines
from rectified.kink_aware.recorder import switch_values

SAMPLE = 64  # kinks at which continuity is checked


def moving(network: Module, lines: Lines, roots: Roots, balanced: bool) -> Float[Tensor, " roots"]:
    """Return the coordinates of the roots as differentiable functions of the parameters.

    One Newton step t − z(t; θ)/z_t(t; θ) from each root has the derivative −z_θ/z_t of the implicit function; its
    second derivative is exact where z is linear in t. Roots at which z_t is of the order of the rounding error stay at
    rest.

    Args:
        balanced: True to multiply the derivative by d·z_t²/|∇z|², with ∇z the gradient in all d inputs. The motion of
            a kink surface with unit normal n is then shared among the axes by n_k², which sum to 1. The factor cancels
            the pole at kinks that are nearly parallel to the line.
    """
    result = roots.t.clone()
    for switch in roots.switch.unique().tolist():
        rows = (roots.switch == switch).nonzero()[:, 0]
        step = _newton_step(network, lines, Roots(*(part[rows] for part in roots)), balanced)
        result = result.index_copy(0, rows, roots.t[rows] - step)
    return result


def _newton_step(network: Module, lines: Lines, roots: Roots, balanced: bool) -> Float[Tensor, " roots"]:
    """z/z_t at roots of one switch, differentiable in the parameters; 0 where a kink is at rest."""
    line, t, switch, column = roots
    x = lines.points(line, t).requires_grad_()
    with torch.enable_grad():
        values = switch_values(network, x, int(switch[0]))
        z = values.gather(1, column[:, None])[:, 0]
        if not z.requires_grad:
            raise InvalidInputError(
                "network must compute pre-activations by differentiable operations; those of a kink are detached, or "
                "inside of a torch.autograd.Function"
            )
        (gradient,) = torch.autograd.grad(z.sum(), x, create_graph=not balanced, retain_graph=True)
        slope = gradient.gather(1, lines.axes[line, None])[:, 0]
        length = (lines.high - lines.low)[line]
        least = 16 * torch.finfo(t.dtype).eps * values.detach().abs().amax()
        moves = (slope.abs() * length > least) & (z.detach().abs() < slope.abs() * length / 100)
        step = torch.where(moves, z, 0) / torch.where(moves, slope, 1)
    if balanced:
        share = gradient.shape[1] * slope**2 / torch.where(moves, gradient.square().sum(1), 1)
        step = step.detach() + share * (step - step.detach())
    return step


@torch.no_grad()
def require_continuous(network: Module, lines: Lines, roots: Roots) -> None:
    """Raise InvalidInputError if the values of a network jump at one of a sample of its kinks.

    At a kink, the change over a small distance is at most the sum of those on both sides. Suspects are confirmed at a
    smaller distance, because two kinks in between change the values, too.
    """
    rows = torch.linspace(0, len(roots.t) - 1, min(SAMPLE, len(roots.t)), device=roots.t.device).long()
    line, t = roots.line[rows], roots.t[rows]
    largest = torch.finfo(t.dtype).eps ** 0.375 * (lines.high - lines.low)
    for share in (1, 1 / 64):
        step = torch.maximum(share * largest, 8 * resolution(lines))
        jumps = _jumps(network, lines, line, t, step[line])
        line, t = line[jumps], t[jumps]
    if len(t):
        raise InvalidInputError(
            "network must be continuous; its value jumps where a pre-activation changes its sign, which the input "
            "gradient does not contain"
        )


def _jumps(network: Module, lines: Lines, line: Tensor, t: Tensor, step: Tensor) -> Bool[Tensor, " roots"]:
    """True where the change of the network across a root exceeds those on both sides by far."""
    if not len(t):
        return torch.zeros_like(t, dtype=torch.bool)
    offsets = torch.tensor([-2, -1, 1, 2], dtype=t.dtype, device=t.device)
    at = t[:, None] + step[:, None] * offsets
    u = network(lines.points(line[:, None].expand_as(at), at).flatten(0, 1)).reshape(at.shape)
    before, gap, after = u.diff(dim=1).abs().unbind(1)
    return gap > 10 * (before + after) + torch.finfo(t.dtype).eps ** 0.75 * u.abs().amax()
