"""Gradient of a loss, compared with that of the integral which the loss approximates.

On a fixed grid, automatic differentiation and small finite differences of the loss agree almost everywhere, and both
miss the contribution of moving jumps and kinks to the integral (Rowan, arXiv:2512.11184, sec. 3). Here the steps of the
differences are so long that jumps cross many quadrature points.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.inputs.user_errors import in_words
from rectified.audit.loss.loss_jumps import loss_jumps
from rectified.audit.loss.loss_values import loss_value, random_directions, real_row, require_repeatable, varied
from rectified.audit.loss.parameter_gradient import FLOOR, RATIO, parameter_mismatch, value_rounding
from rectified.audit.measures import INCONSISTENT, UNDETERMINED, Measure
from rectified.audit.singularity.lines import PART, even_points
from rectified.errors import InvalidInputError

POINTS = 1 << 8  # quadrature points without jumps: differences and gradient of a smooth sum agree on any points
OTHER_POINTS = 367  # of a second measurement, as a kink of the network may lie next to one of the first points
JUMP_POINTS = (1 << 12, 1 << 14)  # quadrature points for integrands with jumps, until a mismatch is decided
MOST_POINTS = 1 << 16  # quadrature points for the one tensor that is most likely inconsistent, if none is
CLEAR = 5.0  # ratio of mismatch and uncertainty at which one inconsistent tensor decides for all
CROSSED = 20  # approximate number of quadrature points that a jump must cross within a step
DIRECTIONS = 5  # of each tensor


def loss_mismatches(
    network: torch.nn.Module,
    loss: Callable[[torch.nn.Module, Tensor], Tensor],
    box: Float[Tensor, "inputs 2"],
    *,
    jumps: bool,
    threshold: float,
) -> dict[str, Measure]:
    """Return the mismatch of the gradient of a loss for each parameter tensor, by name.

    The loss is evaluated as an integral over a box, on evenly distributed points, see ``parameter_mismatch``. Tensors
    are treated one at a time, since the missing terms are small compared with the gradient in the output weights.
    Complex parameters count as pairs of real ones. If the integrand jumps, the points are refined until one tensor is
    clearly inconsistent or no further tensor can be decided.

    Args:
        network: module in double precision; unchanged on return.
        loss: maps network and points to a scalar, a mean over the points.
        box: lower and upper end of each input.
        jumps: True if the integrand is known to jump; steps are then long enough for a jump to cross many points.
            Otherwise jumps are searched for in the values of the loss.
        threshold: largest mismatch that counts as consistent.

    Raises:
        InvalidInputError: if the loss fails, is not a finite scalar or does not depend on the parameters, or if there
            are no parameters.
    """
    parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if not parameters:
        raise InvalidInputError(
            "network must have parameters that require a gradient if a loss is given; it has no parameters that do"
        )
    require_repeatable(network, loss, even_points(box, POINTS // 4))
    if not jumps and not loss_jumps(network, loss, list(parameters.values()), box):
        first = _smooth_mismatches(network, loss, parameters, box, POINTS, list(parameters))
        suspected = [name for name, one in first.items() if one.verdict(threshold) == INCONSISTENT]
        again = _smooth_mismatches(network, loss, parameters, box, OTHER_POINTS, suspected) if suspected else {}
        return first | {name: min(first[name], again[name], key=_size) for name in suspected}
    found: dict[str, Measure] = {}
    for count in (*JUMP_POINTS, MOST_POINTS):
        wanted = _promising(found, threshold)[: 1 if count == MOST_POINTS else None] if found else list(parameters)
        if not wanted:
            break
        rule = _LossGradient(network, loss, parameters, box, count, jumps=True)
        for name in wanted:
            found[name] = rule.mismatch(name)
            if count > JUMP_POINTS[0] and found[name].verdict(threshold) == INCONSISTENT:
                return found
    return found


def _smooth_mismatches(
    network: torch.nn.Module,
    loss: Callable,
    parameters: dict[str, torch.nn.Parameter],
    box: Float[Tensor, "inputs 2"],
    count: int,
    names: list[str],
) -> dict[str, Measure]:
    rule = _LossGradient(network, loss, parameters, box, count, jumps=False)
    return {name: rule.mismatch(name) for name in names}


def _size(measure: Measure) -> float:
    return measure.mismatch


def _promising(found: dict[str, Measure], threshold: float) -> list[str]:
    """Names of the tensors that more points may decide, the most likely inconsistent first."""
    if any(one.verdict(threshold) == INCONSISTENT and one.mismatch > CLEAR * one.uncertainty for one in found.values()):
        return []
    names = [name for name, one in found.items() if one.verdict(threshold) == UNDETERMINED]
    return sorted(names, key=lambda name: -found[name].mismatch / found[name].uncertainty)


class _LossGradient:
    """The gradient of a loss on evenly distributed points, by parameter tensor.

    Args:
        network, loss, box: as in ``loss_mismatches``.
        parameters: trained tensors by name.
        count: number of points.
        jumps: True if the integrand jumps; the changes of the gradient from a sixteenth to a quarter and to all of the
            points are then its error, so that a steep transition between few points does not pass for a jump.
    """

    def __init__(
        self,
        network: torch.nn.Module,
        loss: Callable[[torch.nn.Module, Tensor], Tensor],
        parameters: dict[str, torch.nn.Parameter],
        box: Float[Tensor, "inputs 2"],
        count: int,
        *,
        jumps: bool,
    ):
        self.network, self.loss, self.parameters, self.count, self.jumps = network, loss, parameters, count, jumps
        self.parts = even_points(box, count).split(PART)
        slopes = self._slopes(self.parts)
        self.errors = {}
        if jumps:
            coarse, coarsest = (self._slopes(even_points(box, count // part).split(PART)) for part in (4, 16))
            pairs = ((slopes, coarse), (coarse, coarsest))
            self.errors = {n: torch.stack([real_row(one[n] - other[n]) for one, other in pairs]) for n in parameters}
        self.rows = {name: (real_row(p.detach()), real_row(slopes[name])) for name, p in parameters.items()}
        along = [random_directions(theta, DIRECTIONS) @ slope for theta, slope in self.rows.values()]
        self.largest = max(float(one.square().mean()) ** 0.5 for one in along)

    def _slopes(self, parts: Sequence[Tensor]) -> dict[str, Tensor]:
        slopes = _gradients(lambda at: loss_value(self.network, self.loss, at), parts, list(self.parameters.values()))
        return dict(zip(self.parameters, slopes))

    @cached_property
    def rounding(self) -> float:
        """Standard deviation of the rounding errors of the loss."""
        first = next(iter(self.parameters))
        with varied(self.network, self.loss, [self.parameters[first]], self.parts) as value:
            return value_rounding(value, self.rows[first][0])

    def mismatch(self, name: str) -> Measure:
        """Return the mismatch of a tensor."""
        theta, slopes = self.rows[name]
        crossed = CROSSED * theta.numel() ** 0.5 / self.count
        step, shortest = (0.2, min(max(crossed, 1e-3), 0.2 / RATIO)) if self.jumps else (0.04, 1e-5)
        with varied(self.network, self.loss, [self.parameters[name]], self.parts) as value:
            return parameter_mismatch(
                value,
                lambda _: slopes,
                theta,
                directions=DIRECTIONS,
                step=step,
                smallest_step=shortest,
                floor=FLOOR * self.largest,
                rounding=self.rounding,
                error=self.errors.get(name),
            )


def _gradients(value: Callable[[Tensor], Tensor], parts: Sequence[Tensor], tensors: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of the mean of a value over equal parts of the points; 0 for tensors without influence on it.

    Raises:
        InvalidInputError: if no tensor has influence.
    """
    gradients, depends = [torch.zeros_like(tensor) for tensor in tensors], False
    for total in map(value, parts):
        with in_words("loss"):
            shares = torch.autograd.grad(total, tensors, allow_unused=True) if total.requires_grad else []
        for gradient, share in zip(gradients, shares):
            if share is not None:
                gradient += share / len(parts)
                depends = True
    if not depends:
        raise InvalidInputError(
            "the loss does not depend on the network's parameters; it must evaluate the network passed to it"
        )
    return gradients
