"""Jumps and kinks of a field that no derivative at a point sees, found on straight lines through a box.

Fourth differences of a smooth field on cells of width w are of order w⁴, of one with a kink of order w and of one
with a jump of order 1. Cells whose fourth differences are too large for a smooth field are cut into eight until
w is about 1e-9 of the line; what is still suspect there has its gap of value and of slope measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rectified.array_types import Bool, Float, Int
from rectified.errors import InvalidInputError

Field = Callable[[Float[Tensor, "points inputs"]], Float[Tensor, " points"]]
Suspects = tuple[Int[Tensor, " suspects"], Float[Tensor, " suspects"], Float[Tensor, " suspects"]]

LINES, CELLS = 12, 400  # lines along each axis, cells of each; with one input a single line of all these cells
PARTS = 8  # what a suspect cell is cut into
FINEST = 2e-9  # share of a line below which cells are not cut
SLOPE_STEP = 1e-7  # share of a line over which the slopes beside a suspect are taken
SMALLEST = 1e-3  # jump relative to the rms of u − mean, and kink relative to the mean absolute slope, that count
DIFFERENCE_ROUNDING = 16 * torch.finfo(torch.float64).eps  # of a fourth difference, whose coefficients sum to 16
LARGEST_BATCH = 1 << 17  # points evaluated for one width of cells; lines beyond are left out


@dataclass(frozen=True)
class Singularities:
    """Jumps of a field, and of its slope where the field itself has none.

    Attributes:
        jumps, kinks: how many there are on a line, on average over all lines; NaN if there are too many to tell.
        jump_size: the largest jump relative to the rms of u − mean on the lines.
        kink_size: the largest jump of a slope relative to the rms slope between the jumps; lengths in extents.
    """

    jumps: float
    jump_size: float
    kinks: float
    kink_size: float


class Lines:
    """A field on straight lines along the axes of a box, as a function of the share 0 ≤ s ≤ 1 of each line."""

    def __init__(self, field: Field, box: Float[Tensor, "inputs 2"]):
        self.field, self.inputs = field, len(box)
        self.low, self.extent = box[:, 0], box[:, 1] - box[:, 0]
        self.magnitude = 1 + float((box.abs().amax(1) / self.extent).max())
        per_axis, self.cells = (LINES, CELLS) if self.inputs > 1 else (1, LINES * CELLS)
        self.anchors = even_points(box, per_axis).repeat_interleave(self.inputs, 0)
        self.axes = torch.arange(self.inputs).repeat(per_axis)

    def __len__(self) -> int:
        return len(self.axes)

    def __call__(self, line: Int[Tensor, " points"], share: Float[Tensor, " points"]) -> Float[Tensor, " points"]:
        if not len(line):  # a network need not take a batch of no points
            return torch.empty(0, dtype=torch.float64)
        x, axis = self.anchors[line], self.axes[line]
        x[torch.arange(len(x)), axis] = self.low[axis] + self.extent[axis] * share
        with torch.no_grad():
            return self.field(x)

    def sampled(self) -> Float[Tensor, "lines nodes"]:
        """The field at the ends of the widest cells."""
        share = torch.linspace(0, 1, self.cells + 1, dtype=torch.float64)
        line = torch.arange(len(self)).repeat_interleave(len(share))
        return self(line, share.repeat(len(self))).view(len(self), -1)


def even_points(box: Float[Tensor, "inputs 2"], count: int) -> Float[Tensor, "count inputs"]:
    """Points that fill a box evenly and project on each axis to different, even positions.

    Midpoints of equal cells for one input; else Roberts' additive recurrence, multiples modulo 1 of the powers of
    1/g with g^(inputs+1) = g + 1.
    """
    inputs, root = len(box), 2.0
    if inputs == 1:
        share = (torch.arange(count, dtype=torch.float64)[:, None] + 0.5) / count
    else:
        for _ in range(64):
            root = (1 + root) ** (1 / (inputs + 1))
        powers = root ** -torch.arange(1, inputs + 1, dtype=torch.float64)
        share = (0.5 + torch.arange(1, count + 1, dtype=torch.float64)[:, None] * powers) % 1
    return box[:, 0] + (box[:, 1] - box[:, 0]) * share


def is_pointwise(field: Field, points: Float[Tensor, "points inputs"]) -> bool:
    """Whether the values at half of the points are the same without the others, to 1e-9."""
    half = len(points) // 2
    try:
        alone, among = field(points[:half].clone()).detach(), field(points.clone()).detach()[:half]
    except InvalidInputError:
        return False
    return bool((alone - among).norm() <= 1e-9 * among.norm())


def singularities(field: Field, box: Float[Tensor, "inputs 2"]) -> Singularities:
    """Count and measure the jumps and kinks of a field in a box, all in double precision.

    What is steep but smooth over 1e-5 of the extent is no jump; singularities closer than 1e-8 of it are one, and
    slopes are told apart beyond 1e-6. A jump of the second derivative, as of relu², is neither jump nor kink.

    Args:
        field: must give each point the same value whatever the other points are.
        box: lower and upper end along each input.
    """
    lines = Lines(field, box)
    u = lines.sampled()
    spread, slope = (u - u.mean()).square().mean().sqrt(), u.diff().abs().mean() * lines.cells
    if not spread > DIFFERENCE_ROUNDING * u.abs().max():
        return Singularities(*[0.0 if torch.isfinite(spread) else torch.nan] * 4)
    complete, (line, left, right) = _suspects(lines, float(SMALLEST * slope / 2))
    if not complete:
        return Singularities(*[torch.nan] * 4)
    gap, bend = _gaps(lines, line, left, right)
    jump = gap.abs() > SMALLEST * spread
    kink = ~jump & (bend.abs() > SMALLEST * slope)
    increments = u.diff()
    ends = (torch.stack([left, right])[:, jump] * lines.cells).long().clamp(0, lines.cells - 1)
    cell = ends.gather(0, increments[line[jump], ends].abs().argmax(0, keepdim=True))[0]  # a jump may be at a node
    increments.index_put_((line[jump], cell), -gap[jump], accumulate=True)
    slope = (increments * lines.cells).square().mean().sqrt()
    return Singularities(
        int(jump.sum()) / complete, _largest(gap[jump], spread), int(kink.sum()) / complete, _largest(bend[kink], slope)
    )


def _largest(sizes: Float[Tensor, " found"], scale: Float[Tensor, ""]) -> float:
    return float(sizes.abs().max() / scale) if len(sizes) else 0.0


def _suspects(lines: Lines, least: float) -> tuple[int, Suspects]:
    """Lines that were searched to the end, and the narrow intervals on them that no smooth field explains.

    Args:
        least: half the smallest kink looked for, which is what its fourth differences come to per width of a cell.
    """
    complete, width = len(lines), 1 / lines.cells
    line = torch.arange(complete)
    left, cells = torch.zeros(complete, dtype=torch.float64), torch.full((complete,), lines.cells)
    while len(line):
        share, owner = _nodes(left, cells, width)
        large = _excess(lines(line[owner], share), owner, lines.magnitude / width) > least * width
        start, end = _runs(large)
        line, left, cells = line[owner[start]], share[start], end - start
        if width <= FINEST:
            break
        width, cells = width / PARTS, cells * PARTS
        beyond = line[cells.cumsum(0) > LARGEST_BATCH]
        complete = min(complete, int(beyond[0])) if len(beyond) else complete
        line, left, cells = (part[line < complete] for part in (line, left, cells))
    return complete, (line, left, left + cells * width)


def _nodes(left: Tensor, cells: Tensor, width: float) -> tuple[Float[Tensor, " nodes"], Int[Tensor, " nodes"]]:
    """Ends of the cells of all intervals, one interval after the other, and the interval that each belongs to."""
    owner = torch.arange(len(left)).repeat_interleave(cells + 1)
    first = (cells + 1).cumsum(0) - (cells + 1)
    return left[owner] + width * (torch.arange(len(owner)) - first[owner]).double(), owner


def _excess(u: Float[Tensor, " nodes"], owner: Int[Tensor, " nodes"], magnitude: float) -> Float[Tensor, " stencils"]:
    """Fourth differences beyond the rounding of u and of x; −∞ where the five nodes are not of one interval.

    Args:
        magnitude: |x| in widths of the cells, so that ε·magnitude·|Δu| is what the rounding of x does to u.
    """
    rounding = DIFFERENCE_ROUNDING * (u[2:-2].abs() + magnitude / 4 * (u[4:] - u[:-4]).abs())
    return torch.where(owner[4:] == owner[:-4], u.diff(n=4).abs() - rounding, -torch.inf)


def _runs(large: Bool[Tensor, " stencils"]) -> tuple[Int[Tensor, " runs"], Int[Tensor, " runs"]]:
    """First and last node of every run of cells that large differences reach over, four cells each."""
    covered = torch.zeros(len(large) + 3, dtype=torch.int8)
    for cell in range(4):
        covered[cell : cell + len(large)] |= large
    edges = torch.nn.functional.pad(covered, (1, 1)).diff()
    return (edges == 1).nonzero()[:, 0], (edges == -1).nonzero()[:, 0]


def _gaps(lines: Lines, line: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Jump of the value that the slopes on both sides do not explain, and jump of the slope, [suspects] each."""
    (before, slope_before), (after, slope_after) = (
        _one_sided(lines, line, left, -SLOPE_STEP),
        _one_sided(lines, line, right, SLOPE_STEP),
    )
    return after - before - (right - left) * (slope_before + slope_after) / 2, slope_after - slope_before


def _one_sided(lines: Lines, line: Tensor, share: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Value and slope from one side, of second order in the step."""
    value, near, far = (lines(line, share + k * step) for k in range(3))
    return value, (4 * near - 3 * value - far) / (2 * step)
