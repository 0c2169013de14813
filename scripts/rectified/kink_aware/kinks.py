"""Search for the kinks of a network along lines, one layer after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Float, Int
from rectified.kink_aware.lines import Lines
from rectified.kink_aware.recorder import Switch, switch_values

Module = Callable[[Tensor], Tensor]

PARTS = 4  # sub-intervals in which a curved pre-activation is sampled
HALVINGS = 14  # at most, of an interval in which samples do not exclude two roots; closer ones are missed
STEPS = 60  # of the root finder
LARGEST_BATCH = 2**17  # intervals searched at once


class Roots(NamedTuple):
    """Zeros of pre-activations along lines.

    Attributes:
        line: index of the line.
        t: coordinate along the line.
        switch: index of the recorded tensor of pre-activations.
        column: index of the pre-activation in it.
    """

    line: Int[Tensor, " roots"]
    t: Float[Tensor, " roots"]
    switch: Int[Tensor, " roots"]
    column: Int[Tensor, " roots"]


class Intervals(NamedTuple):
    """Intervals of lines, without kinks of the layers searched before."""

    line: Int[Tensor, " intervals"]
    left: Float[Tensor, " intervals"]
    right: Float[Tensor, " intervals"]


@dataclass(frozen=True)
class Search:
    """Search for all kinks of a network along lines.

    The pre-activations of a layer are smooth between the kinks of the layers below. Where they are linear there, a
    change of sign between the ends shows every root. Otherwise they are sampled; intervals on which their curvature
    admits an extremum beyond zero between two samples are halved.

    Args:
        network: maps points [n, inputs] to values.
        switches: the recorded operations with kinks, of any points.
        panels: equal panels of each line, for pre-activations that are curved.
        fineness: factor by which panels are multiplied, and pre-activations taken for curved if it is not 1.
    """

    network: Module
    switches: list[Switch]
    panels: int
    fineness: int = 1

    @torch.no_grad()
    def __call__(self, lines: Lines) -> Roots:
        """Return the roots inside of the lines, in the order of evaluation."""
        index = torch.arange(len(lines), device=lines.axes.device)
        found = Roots(index[:0], lines.low[:0], index[:0], index[:0])
        for switch, recorded in enumerate(self.switches):
            straight = recorded.linear and self.fineness == 1
            pieces = 1 if straight else self.panels * self.fineness
            intervals = self._intervals(lines, found, pieces)
            parts = [
                (self._straight if straight else self._curved)(lines, Intervals(*part), switch)
                for part in zip(*(each.split(LARGEST_BATCH) for each in intervals))
            ]
            line, t, column = (torch.cat(part) for part in zip(*parts))
            inside = (t - lines.low[line] > resolution(lines)[line]) & (lines.high[line] - t > resolution(lines)[line])
            more = Roots(*(part[inside] for part in (line, t, torch.full_like(line, switch), column)))
            found = Roots(*(torch.cat(pair) for pair in zip(found, more)))
        return found

    def _intervals(self, lines: Lines, found: Roots, pieces: int) -> Intervals:
        share = torch.linspace(0, 1, pieces + 1, dtype=lines.low.dtype, device=lines.low.device)
        regular = torch.lerp(lines.low[:, None], lines.high[:, None], share)
        index = torch.arange(len(lines), device=lines.axes.device)[:, None].expand_as(regular)
        line, ends, _ = in_order(torch.cat([index.flatten(), found.line]), torch.cat([regular.flatten(), found.t]))
        proper = (line[1:] == line[:-1]) & (ends[1:] > ends[:-1])
        return Intervals(line[1:][proper], ends[:-1][proper], ends[1:][proper])

    def _values(self, lines: Lines, line: Tensor, t: Tensor, switch: int) -> Tensor:
        return switch_values(self.network, lines.points(line, t), switch)

    def _straight(self, lines: Lines, intervals: Intervals, switch: int) -> tuple[Tensor, Tensor, Tensor]:
        """Roots of pre-activations that are linear on the intervals, in closed form."""
        line, left, right = intervals
        start = self._values(lines, line, left, switch)
        end = self._values(lines, line, right, switch)
        interval, column = ((start >= 0) != (end >= 0)).nonzero(as_tuple=True)
        start, end = start[interval, column], end[interval, column]
        t = torch.lerp(left[interval], right[interval], (start / (start - end)).clamp(0, 1))
        return line[interval], t, column

    def _curved(self, lines: Lines, intervals: Intervals, switch: int) -> tuple[Tensor, Tensor, Tensor]:
        """Roots of smooth pre-activations: brackets from samples, then false position."""
        brackets = []
        for halving in range(HALVINGS + 1):
            line, left, right = intervals
            share = torch.linspace(0, 1, PARTS + 1, dtype=left.dtype, device=left.device)
            t = torch.lerp(left[:, None], right[:, None], share)
            z = self._values(lines, line[:, None].expand_as(t).flatten(), t.flatten(), switch).unflatten(0, t.shape)
            unsure = _may_hide_roots(z)
            if halving == HALVINGS or len(line) > LARGEST_BATCH:
                unsure[:] = False
            sure = ~unsure
            interval, part, column = (
                ((z[:, 1:] >= 0) != (z[:, :-1] >= 0)).logical_and(sure[:, None, None]).nonzero(as_tuple=True)
            )
            ends = (t[interval, part], t[interval, part + 1])
            brackets.append((line[interval], *ends, z[interval, part, column], z[interval, part + 1, column], column))
            if sure.all():
                break
            middle = t[unsure, PARTS // 2]
            intervals = Intervals(
                line[unsure].repeat(2), torch.cat([left[unsure], middle]), torch.cat([middle, right[unsure]])
            )
        line, *bracket, column = (torch.cat(parts) for parts in zip(*brackets))
        return line, self._false_position(lines, line, column, switch, *bracket), column

    def _false_position(
        self, lines: Lines, line: Tensor, column: Tensor, switch: int, a: Tensor, b: Tensor, za: Tensor, zb: Tensor
    ) -> Tensor:
        """Roots in brackets [a, b] by the Illinois method, with a bisection in every third step."""
        root = torch.where(za == 0, a, b)
        open_ = ((za != 0) & (zb != 0)).nonzero()[:, 0]
        tolerance = resolution(lines)[line]
        for step in range(STEPS):
            if not len(open_):
                break
            low, high, z_low, z_high = (part[open_] for part in (a, b, za, zb))
            share = torch.full_like(low, 0.5) if step % 3 == 2 else (z_low / (z_low - z_high)).clamp(0, 1)
            t = torch.lerp(low, high, share)
            z = self._values(lines, line[open_], t, switch).gather(1, column[open_, None])[:, 0]
            right = (z >= 0) == (z_low >= 0)  # of t the root lies to the right
            a[open_], b[open_] = torch.where(right, t, low), torch.where(right, high, t)
            za[open_], zb[open_] = torch.where(right, z, z_low / 2), torch.where(right, z_high / 2, z)
            moved = torch.minimum((t - low).abs(), (high - t).abs())
            root[open_] = t
            open_ = open_[(z != 0) & (moved > tolerance[open_])]
        return root


def _may_hide_roots(z: Float[Tensor, "intervals samples switches"]) -> Tensor:
    """True for intervals on which a pre-activation may have more roots than its samples change sign.

    The second difference D of a smooth function bounds the distance from its chord by D/8. A factor of 4 is kept.
    Second differences of the order of the rounding error are ignored.
    """
    bend = z.diff(n=2, dim=1).abs().amax(1, keepdim=True)
    bend = torch.where(bend > 32 * torch.finfo(z.dtype).eps * z.abs().amax(), bend, 0)
    start, end = z[:, :-1], z[:, 1:]
    crosses = (start >= 0) != (end >= 0)
    near = torch.minimum(start.abs(), end.abs()) < bend / 2
    steep = (end - start).abs() > bend
    return (near & ~(crosses & steep) & (bend > 0)).flatten(1).any(1)


def resolution(lines: Lines) -> Float[Tensor, " lines"]:
    """Distance below which two points of a line are the same up to rounding."""
    return (
        16
        * torch.finfo(lines.low.dtype).eps
        * torch.maximum(lines.low.abs(), lines.high.abs()).clamp(lines.high - lines.low)
    )


def in_order(line: Tensor, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return lines and coordinates sorted by line, then by coordinate, and the order."""
    order = t.detach().argsort(stable=True)
    order = order[line[order].argsort(stable=True)]
    return line[order], t[order], order
