"""Detection of jumps and kinks of a field, which pointwise derivatives miss, on straight lines through a box.

Fourth differences on cells of width w are of order w⁴ for a smooth field, w at a kink and 1 at a jump. Cells whose
fourth differences are too large for a smooth field are divided by eight until w is about 1e-9 of the line, or until
rounding errors hide a kink. In the remaining cells the jumps of value and slope are measured.
"""

from dataclasses import dataclass, field
from math import nan

import torch
from torch import Tensor

from rectified.array_types import Bool, Float, Int
from rectified.audit.derivatives.rounding import EPSILON, value_rounding
from rectified.audit.singularity.lines import Field, Lines

Suspects = tuple[Int[Tensor, " suspects"], Float[Tensor, " suspects"], Float[Tensor, " suspects"]]

PARTS = 8  # parts into which a suspect cell is divided
FINEST = 2e-9  # width, relative to a line, below which cells are not divided
SLOPE_STEP = 1e-7  # shortest step, relative to a line, of the one-sided slopes beside a suspect cell
SMALLEST = 1e-3  # smallest jump, relative to the rms of u − mean, and kink, relative to the mean absolute slope
SUM_OF_WEIGHTS = 16  # of the absolute weights of a fourth difference
DEVIATIONS = 50  # of a value, beyond which its fourth difference is no rounding error: 6 times the root of 70
LARGEST_BATCH = 1 << 17  # points evaluated per cell width; further lines are skipped
NOISE_POINTS = 64  # at which rounding errors are measured
INEXACT = 1e3  # ratio of rounding errors and the last digit of u above which the network computes inexactly inside
INSIDE = "rounding errors inside the network hide them"
TOO_MANY = "u oscillates too fast, or has too many jumps or kinks, for the search"


@dataclass(frozen=True)
class Singularities:
    """Jumps of a field, and kinks, which are jumps of its slope where the field itself is continuous.

    Attributes:
        jumps, kinks: mean number per line; NaN if they cannot be counted.
        jump_size: the largest jump relative to the rms of u − mean on the lines.
        kink_size: the largest jump of a slope relative to the rms slope between the jumps; lengths in extents.
        reason: why they cannot be counted, or down to which size they are.
        jump_positions, kink_positions: coordinates, [found, inputs].
        slopes: mean slope in every cell of every line without the jumps, in extents, [lines, cells].
        axes: input along which each line runs.
    """

    jumps: float = nan
    jump_size: float = nan
    kinks: float = nan
    kink_size: float = nan
    reason: str = ""
    jump_positions: Tensor = field(default_factory=lambda: torch.empty(0, 1), repr=False, compare=False)
    kink_positions: Tensor = field(default_factory=lambda: torch.empty(0, 1), repr=False, compare=False)
    slopes: Tensor | None = field(default=None, repr=False, compare=False)
    axes: Tensor | None = field(default=None, repr=False, compare=False)


class Resolution:
    """Sizes down to which kinks are found on lines with rounding errors.

    Attributes:
        rounding: largest fourth difference that rounding errors of the values explain.
        least: half the smallest kink counted, which is the size of its fourth differences per cell width.
        finest: cell width below which rounding errors exceed the fourth differences of such a kink.
        slope_step: step of one-sided slopes.
    """

    def __init__(self, lines: Lines, u: Float[Tensor, "lines nodes"]):
        nodes = torch.linspace(0, u.shape[1] - 1, NOISE_POINTS, dtype=torch.float64).round().long()
        line = torch.arange(NOISE_POINTS) % len(lines)
        points = lines.positions(line, nodes.double() / lines.cells)
        deviation = float(value_rounding(lambda x: lines.field(x).detach(), points, lines.extent).median())
        largest = float(u.abs().max())
        self.inexact = deviation > INEXACT * EPSILON * largest
        self.rounding = max(DEVIATIONS * deviation, SUM_OF_WEIGHTS * EPSILON * largest)
        self.spread = float((u - u.mean()).square().mean().sqrt())
        self.least = SMALLEST / 2 * float(u.diff().abs().mean()) * lines.cells
        self.finest = max(FINEST, 2 * self.rounding / self.least) if self.least > 0 else torch.inf
        self.slope_step = max(SLOPE_STEP, self.rounding / self.least) if self.least > 0 else torch.inf

    def reason(self, lines: Lines, largest: float) -> str:
        """Return the reason why kinks or jumps of the smallest size are not detectable; empty if they are."""
        if PARTS * self.finest < 1 / lines.cells and SMALLEST * self.spread > self.rounding:
            return ""
        if self.inexact:
            return f"{INSIDE}, at {self.rounding / DEVIATIONS:.0e}: compute in double precision throughout"
        return (
            f"rounding errors hide them, because |u| is {largest / max(self.spread, EPSILON * largest):.0e} times the "
            "spread of u: subtract the offset of u"
        )


def singularities(field: Field, box: Float[Tensor, "inputs 2"]) -> Singularities:
    """Count and measure the jumps and kinks of a field in a box, in double precision.

    A steep slope that is smooth over 1e-5 of the extent is not a jump. Singularities closer than 1e-8 of the extent are
    counted as one; slopes are resolved beyond 1e-6. A jump of the second derivative, as of relu², is not counted.

    Args:
        field: function whose value at a point does not depend on other points.
        box: lower and upper end along each input.
    """
    lines = Lines(field, box)
    u = lines.sampled()
    if not torch.isfinite(u).all():
        return Singularities(reason="the field is not finite everywhere in the box")
    if bool(u.amax() == u.amin()):
        return Singularities(0.0, 0.0, 0.0, 0.0, slopes=u.diff() * lines.cells, axes=lines.axes)
    resolution = Resolution(lines, u)
    if reason := resolution.reason(lines, float(u.abs().max())):
        return Singularities(reason=reason)
    complete, suspects = _suspects(lines, resolution)
    return _measured(lines, u, suspects, complete, resolution) if complete else Singularities(reason=TOO_MANY)


def _measured(
    lines: Lines, u: Float[Tensor, "lines nodes"], suspects: Suspects, complete: int, resolution: Resolution
) -> Singularities:
    """Jumps and kinks in the suspect intervals, and the slopes between them."""
    line, left, right = suspects
    gap, bend = _gaps(lines, line, left, right, resolution.slope_step)
    jump = gap.abs() > SMALLEST * resolution.spread
    kink = ~jump & (bend.abs() > 2 * resolution.least)
    increments = u.diff()
    ends = (torch.stack([left, right])[:, jump] * lines.cells).long().clamp(0, lines.cells - 1)
    cell = ends.gather(0, increments[line[jump], ends].abs().argmax(0, keepdim=True))[0]  # a jump may be at a node
    increments.index_put_((line[jump], cell), -gap[jump], accumulate=True)
    slopes = increments * lines.cells
    middle = (left + right) / 2
    return Singularities(
        jumps=int(jump.sum()) / complete,
        jump_size=_largest(gap[jump], resolution.spread),
        kinks=int(kink.sum()) / complete,
        kink_size=_largest(bend[kink], float(slopes.square().mean().sqrt())),
        reason=f"resolved to {resolution.finest:.1g} of the extent" if resolution.finest > FINEST else "",
        jump_positions=lines.positions(line[jump], middle[jump]),
        kink_positions=lines.positions(line[kink], middle[kink]),
        slopes=slopes,
        axes=lines.axes,
    )


def _largest(sizes: Float[Tensor, " found"], scale: float) -> float:
    return float(sizes.abs().max()) / scale if len(sizes) else 0.0


def _suspects(lines: Lines, resolution: Resolution) -> tuple[int, Suspects]:
    """Number of lines searched completely, and the narrow intervals on them that contain a singularity."""
    complete, width = len(lines), 1 / lines.cells
    line = torch.arange(complete)
    left, cells = torch.zeros(complete, dtype=torch.float64), torch.full((complete,), lines.cells)
    while len(line):
        share, owner = _nodes(left, cells, width)
        excess = _excess(lines(line[owner], share), owner, lines.magnitude / width, resolution.rounding)
        start, end = _runs(excess > resolution.least * width)
        line, left, cells = line[owner[start]], share[start], end - start
        if width <= resolution.finest:
            break
        width, cells = width / PARTS, cells * PARTS
        beyond = line[cells.cumsum(0) > LARGEST_BATCH]
        complete = min(complete, int(beyond[0])) if len(beyond) else complete
        line, left, cells = (part[line < complete] for part in (line, left, cells))
    return complete, (line, left, left + cells.double() * width)


def _nodes(left: Tensor, cells: Tensor, width: float) -> tuple[Float[Tensor, " nodes"], Int[Tensor, " nodes"]]:
    """Ends of the cells of all intervals in turn, and the index of their interval."""
    owner = torch.arange(len(left)).repeat_interleave(cells + 1)
    first = (cells + 1).cumsum(0) - (cells + 1)
    return left[owner] + width * (torch.arange(len(owner)) - first[owner]).double(), owner


def _excess(
    u: Float[Tensor, " nodes"], owner: Int[Tensor, " nodes"], magnitude: float, rounding: float
) -> Float[Tensor, " stencils"]:
    """Fourth differences less the rounding error of u and of x; −∞ where the five nodes span two intervals.

    Args:
        u: values at the nodes.
        owner: interval of each node.
        magnitude: |x| in cell widths, so that ε·magnitude·|Δu| is the effect of rounding x on u.
        rounding: largest fourth difference that rounding errors of the values explain.
    """
    rounding = rounding + SUM_OF_WEIGHTS * EPSILON * magnitude / 4 * (u[4:] - u[:-4]).abs()
    return torch.where(owner[4:] == owner[:-4], u.diff(n=4).abs() - rounding, -torch.inf)


def _runs(large: Bool[Tensor, " stencils"]) -> tuple[Int[Tensor, " runs"], Int[Tensor, " runs"]]:
    """First and last node of every run of cells covered by large differences, which cover four cells each."""
    covered = torch.zeros(len(large) + 3, dtype=torch.int8)
    for cell in range(4):
        covered[cell : cell + len(large)] |= large
    edges = torch.nn.functional.pad(covered, (1, 1)).diff()
    return (edges == 1).nonzero()[:, 0], (edges == -1).nonzero()[:, 0]


def _gaps(lines: Lines, line: Tensor, left: Tensor, right: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Jump of the value beyond that of the slopes on both sides, and jump of the slope, [suspects] each."""
    before, slope_before = _one_sided(lines, line, left, -step)
    after, slope_after = _one_sided(lines, line, right, step)
    return after - before - (right - left) * (slope_before + slope_after) / 2, slope_after - slope_before


def _one_sided(lines: Lines, line: Tensor, share: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Value and one-sided slope, of second order in the step."""
    value, near, far = (lines(line, share + k * step) for k in range(3))
    return value, (4 * near - 3 * value - far) / (2 * step)
