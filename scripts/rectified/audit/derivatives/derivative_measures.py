"""Mismatch between the input derivatives used in training and those of the function, order by order."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from rectified.array_types import Bool, Float
from rectified.audit.derivatives.differences import Axes, Estimate, resolved
from rectified.audit.measures import Measure

AGREEMENT = 0.01  # largest error of a difference, relative to the derivative, at a point that is compared
FLOOR = 1e-4  # size, relative to the spread of u over the extent, below which a derivative counts as vanishing
CONSTANT_FLOOR = 1e-10  # likewise relative to |u|, where u is constant to rounding
NAMES = {1: "first derivatives", 2: "second derivatives", 3: "third derivatives", 4: "fourth derivatives"}
MIXED = "mixed derivatives"
ROUNDING = "rounding errors of u exceed its change: subtract its offset, or compute in double precision throughout"
CONSTANT = "u is constant to rounding, and the derivatives used are too small to be seen in u: subtract its offset"
UNRESOLVED = (
    "differences do not converge, because u jumps, bends or oscillates within a step of more than half the points"
)


@dataclass(frozen=True)
class Compared:
    """Derivatives of one kind at the points; lengths in extents.

    Attributes:
        name: of the kind, such as ``first derivatives``.
        axes: inputs of each derivative.
        used: derivatives used in training, [derivatives, points].
        differences: those of the function, [derivatives, points].
        errors: of the differences.
        resolved: points at which the differences are accurate enough to be compared.
    """

    name: str
    axes: tuple[Axes, ...]
    used: Float[Tensor, "derivatives points"]
    differences: Float[Tensor, "derivatives points"]
    errors: Float[Tensor, "derivatives points"]
    resolved: Bool[Tensor, " points"]

    @property
    def low(self) -> bool:
        """True for first and second derivatives along one input."""
        return self.name in (NAMES[1], NAMES[2])


def compare(
    wanted: Sequence[Axes], used: Sequence[Tensor], estimates: Sequence[Estimate], spread: float
) -> list[tuple[Measure, Compared]]:
    """Return the mismatch of the derivatives of each kind, and the derivatives.

    Args:
        wanted: inputs of each derivative.
        used: derivatives used in training; lengths in extents.
        estimates: those of the function by differences; lengths in extents.
        spread: of u over the points; 0 if u is constant to rounding.
    """
    kinds: dict[str, list[int]] = {}
    for index, axes in enumerate(wanted):
        kinds.setdefault(NAMES[len(axes)] if len(set(axes)) == 1 else MIXED, []).append(index)
    results = []
    for name, members in kinds.items():
        chosen, others = [estimates[i] for i in members], [used[i] for i in members]
        floor = FLOOR * spread if spread > 0 else CONSTANT_FLOOR
        fine = resolved(chosen, AGREEMENT, floor)
        stacked = [torch.stack([estimate[k] for estimate in chosen]) for k in range(3)]
        compared = Compared(name, tuple(wanted[i] for i in members), torch.stack(others), *stacked[:2], fine)
        lost = spread == 0 and 0 < float(compared.used.abs().max()) < CONSTANT_FLOOR
        measure = Measure(remark=CONSTANT) if lost else _measure(compared, stacked[2], floor)
        results.append((measure, compared))
    return results


def _measure(compared: Compared, rounding: Tensor, floor: float) -> Measure:
    """Return ‖used − differences‖ over the resolved points, relative to the larger norm of both."""
    used, best, error, fine = compared.used, compared.differences, compared.errors, compared.resolved
    if not torch.isfinite(used).all():
        return Measure(torch.inf, 0.0, "the derivatives used are not finite")
    if 2 * int(fine.sum()) < len(fine):
        rough = ~(rounding[:, ~fine] > error[:, ~fine] / 2).any(0)
        return Measure(remark=UNRESOLVED if 2 * int(rough.sum()) > int((~fine).sum()) else ROUNDING)
    used, best, error = used[:, fine], best[:, fine], error[:, fine]
    scale = max(float(used.norm()), float(best.norm()), floor * used.numel() ** 0.5)
    return Measure(float((used - best).norm()) / scale, float(error.norm()) / scale)
