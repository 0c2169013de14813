"""Detection of jumps and kinks of a field, which pointwise derivatives miss, on straight lines through a box.

Fourth differences on cells of width w are of order w⁴ for a smooth field, w at a kink and 1 at a jump. Cells whose
fourth differences are too large for a smooth field are divided by eight until w is about 1e-9 of the line. In the
remaining cells the jumps of value and slope are measured.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from rectified.array_types import Bool, Float, Int
from rectified.errors import InvalidInputError

Field = Callable[[Float[Tensor, "points inputs"]], Float[Tensor, " points"]]
Suspects = tuple[Int[Tensor, " suspects"], Float[Tensor, " suspects"], Float[Tensor, " suspects"]]

LINES, CELLS = 12, 400  # lines per axis, cells per line; with one input a single line with all cells
PARTS = 8  # parts into which a suspect cell is divided
FINEST = 2e-9  # width, relative to a line, below which cells are not divided
SLOPE_STEP = 1e-7  # step, relative to a line, of the one-sided slopes beside a suspect cell
SMALLEST = 1e-3  # smallest jump, relative to the rms of u − mean, and kink, relative to the mean absolute slope
DIFFERENCE_ROUNDING = (
    16 * torch.finfo(torch.float64).eps
)  # of a fourth difference, whose absolute coefficients sum to 16
LARGEST_BATCH = 1 << 17  # points evaluated per cell width; further lines are skipped


@dataclass(frozen=True)
class Singularities:
    """Jumps of a field, and kinks, which are jumps of its slope where the field itself is continuous.

    Attributes:
        jumps, kinks: mean number per line; NaN if there are too many to count.
        jump_size: the largest jump relative to the rms of u − mean on the lines.
        kink_size: the largest jump of a slope relative to the rms slope between the jumps; lengths in extents.
    """

    jumps: float
    jump_size: float
    kinks: float
    kink_size: float


class Lines:
    """A field on straight lines along the axes of a box, as a function of the position 0 ≤ s ≤ 1 on each line."""

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
        if not len(line):  # a network may not accept an empty batch
            return torch.empty(0, dtype=torch.float64)
        x, axis = self.anchors[line], self.axes[line]
        x[torch.arange(len(x)), axis] = self.low[axis] + self.extent[axis] * share
        with torch.no_grad():
            return self.field(x)

    def sampled(self) -> Float[Tensor, "lines nodes"]:
        """Return the field at the ends of the widest cells."""
        share = torch.linspace(0, 1, self.cells + 1, dtype=torch.float64)
        line = torch.arange(len(self)).repeat_interleave(len(share))
        return self(line, share.repeat(len(self))).view(len(self), -1)


def even_points(box: Float[Tensor, "inputs 2"], count: int) -> Float[Tensor, "count inputs"]:
    """Return points that are evenly distributed in a box and in the projection on each axis.

    They are midpoints of equal cells for one input, otherwise Roberts' additive recurrence: multiples modulo 1 of the
    powers of 1/g with g^(inputs+1) = g + 1.
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
    """Return True if the values at half of the points do not depend on the other points, to 1e-9."""
    half = len(points) // 2
    try:
        alone, among = field(points[:half].clone()).detach(), field(points.clone()).detach()[:half]
    except InvalidInputError:
        return False
    return bool((alone - among).norm() <= 1e-9 * among.norm())


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
    """Number of lines searched completely, and the narrow intervals on them that contain a singularity.

    Args:
        least: half the smallest kink counted, which is the size of its fourth differences per cell width.
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
    """Ends of the cells of all intervals in turn, and the index of their interval."""
    owner = torch.arange(len(left)).repeat_interleave(cells + 1)
    first = (cells + 1).cumsum(0) - (cells + 1)
    return left[owner] + width * (torch.arange(len(owner)) - first[owner]).double(), owner


def _excess(u: Float[Tensor, " nodes"], owner: Int[Tensor, " nodes"], magnitude: float) -> Float[Tensor, " stencils"]:
    """Fourth differences less the rounding error of u and of x; −∞ where the five nodes span two intervals.

    Args:
        magnitude: |x| in cell widths, so that ε·magnitude·|Δu| is the effect of rounding x on u.
    """
    rounding = DIFFERENCE_ROUNDING * (u[2:-2].abs() + magnitude / 4 * (u[4:] - u[:-4]).abs())
    return torch.where(owner[4:] == owner[:-4], u.diff(n=4).abs() - rounding, -torch.inf)


def _runs(large: Bool[Tensor, " stencils"]) -> tuple[Int[Tensor, " runs"], Int[Tensor, " runs"]]:
    """First and last node of every run of cells covered by large differences, which cover four cells each."""
    covered = torch.zeros(len(large) + 3, dtype=torch.int8)
    for cell in range(4):
        covered[cell : cell + len(large)] |= large
    edges = torch.nn.functional.pad(covered, (1, 1)).diff()
    return (edges == 1).nonzero()[:, 0], (edges == -1).nonzero()[:, 0]


def _gaps(lines: Lines, line: Tensor, left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Jump of the value beyond that of the slopes on both sides, and jump of the slope, [suspects] each."""
    (before, slope_before), (after, slope_after) = (
        _one_sided(lines, line, left, -SLOPE_STEP),
        _one_sided(lines, line, right, SLOPE_STEP),
    )
    return after - before - (right - left) * (slope_before + slope_after) / 2, slope_after - slope_before


def _one_sided(lines: Lines, line: Tensor, share: Tensor, step: float) -> tuple[Tensor, Tensor]:
    """Value and one-sided slope, of second order in the step."""
    value, near, far = (lines(line, share + k * step) for k in range(3))
    return value, (4 * near - 3 * value - far) / (2 * step)
