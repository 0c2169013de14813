"""The audit of a trained physics-informed network in a variant: derivatives as training takes them.

For each network: the derivatives that training takes at its points, the function that is evaluated after training, and
the loss of the equation as an integral over the domain. Conditions on the boundary contain no derivatives and are left
out.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit.arguments import relative
from rectified.audit.derivative_audit import Audit, audit
from rectified.networks.convolution import Convolution
from rectified.networks.normalization import Pass
from rectified.optimization.central_differences import first_difference, second_difference
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.collocation import CollocationSetup

FINER = 8  # the error of a stencil is estimated from the same stencil with a spacing so many times smaller


def auditor(job: Job, points: int, threshold: float) -> Auditor:
    """Return the auditor of a case."""
    ready = CollocationSetup(job)
    order = max(map(len, ready.problem.derivatives))
    rest = {"order": order, "threshold": threshold, "box": ready.problem.box}
    besides = {}
    if ready.network.has_statistics:
        besides["frozen"] = lambda theta: _frozen(ready, theta, rest)
    coupled = isinstance(ready.network, Convolution) and ready.network.kernel > 1
    one = _convolution if coupled else _stencil if ready.settings.derivatives == "stencil" else _pointwise
    return Auditor(ready.network, lambda theta: one(ready, theta, rest), besides)


def _pointwise(ready: CollocationSetup, theta: Tensor, rest: dict) -> Audit:
    """Networks that take points as they are, coupled at most by the statistics of a batch."""
    x = ready.loss.points.collocation[0].T.contiguous()
    module = OneNetwork(ready.network, theta, lambda rows, at: ready.loss.field(rows, at, Pass()))
    field = _evaluated(ready, theta) if ready.network.has_statistics else None
    return audit(module, x, derivatives=ready.settings.derivatives, field=field, loss=_equation(ready), **rest)


def _frozen(ready: CollocationSetup, theta: Tensor, rest: dict) -> Audit:
    """A network with the statistics that it has gathered, as it is evaluated: a function of single points."""
    return audit(_evaluated(ready, theta), ready.loss.points.collocation[0].T.contiguous(), **rest)


def _evaluated(ready: CollocationSetup, theta: Tensor) -> OneNetwork:
    return OneNetwork(ready.network, theta, lambda rows, at: ready.network.evaluate(rows, at, Pass(training=False)))


def _stencil(ready: CollocationSetup, theta: Tensor, rest: dict) -> Audit:
    """Differences of the outputs of a network of single points at neighbouring nodes."""
    return _by_stencil(ready, theta, _evaluated(ready, theta), rest)


def _by_stencil(ready: CollocationSetup, theta: Tensor, field: OneNetwork, rest: dict) -> Audit:
    """What training takes from neighbouring nodes, less the error that central differences have over their spacing.

    That error is no inconsistency, it falls with the square of the spacing; it is told in a note. Anything else by
    which training differs from the derivatives of the field counts.
    """
    x = ready.loss.points.collocation[0].T[ready.loss.points.inner].contiguous()
    coarse, fine = (central_differences(field, x, _spacing(ready) / finer) for finer in (1, FINER))
    trained = _at_inner_nodes(ready, theta)(x)
    used = tuple(values - (wide - narrow) for values, wide, narrow in zip(trained, coarse, fine))
    found = audit(field, x, derivatives=lambda at: used, **rest)
    off = " and ".join(f"{relative(wide, narrow):.2g}" for wide, narrow in zip(coarse, fine))
    note = f"derivatives: without the error of differences over the spacing of the grid, {off}"
    return replace(found, notes=(*found.notes, note))


def central_differences(
    field: Callable[[Points], Tensor], x: Points, spacing: Float[Tensor, " inputs"]
) -> tuple[Float[Tensor, "inputs points"], Float[Tensor, "inputs points"]]:
    """First and second derivatives along each axis by differences of values a spacing apart, of second order."""
    with torch.no_grad():
        u, shifts = field(x), torch.diag(spacing)
        right, left = (torch.stack([field(x + sign * shift) for shift in shifts]) for sign in (1, -1))
    h = spacing[:, None]
    return first_difference(left, right, h), second_difference(left, u, right, h)


def _spacing(ready: CollocationSetup) -> Float[Tensor, " inputs"]:
    nodes = ready.loss.points.collocation[0]
    return (nodes[:, -1] - nodes[:, 0]) / (ready.settings.side - 1)


def _equation(ready: CollocationSetup) -> Callable[[OneNetwork, Points], Tensor]:
    """The mean squared residual at any points, derivatives taken as in training."""

    def loss(network: OneNetwork, at: Points) -> Tensor:
        jets = ready.loss.jets(network.theta, at.T[None], Pass())
        forcing = torch.from_numpy(np.array(ready.problem.forcing(at.detach().numpy().T)))
        return (ready.problem.operator(jets) - forcing).square().mean()

    return loss


def _convolution(ready: CollocationSetup, theta: Tensor, rest: dict) -> Audit:
    """3×3 kernels on the grid of training: derivatives as training takes them, the field as a function of place.

    With zero padding there is no function of place; the whole grid is then moved for the differences.
    """
    network, nodes, rule = ready.network, ready.loss.points.collocation, ready.settings.derivatives
    if not network.reach:
        coupled = OneNetwork(network, theta, lambda rows, at: network.evaluate(rows, at, Pass()))
        x = nodes[0].T.contiguous()
        if rule == "stencil":
            note = "derivatives: with zero padding the outputs are no function of place that a stencil could belong to"
            return replace(audit(coupled, x, **rest | {"order": 0}), order=rest["order"], notes=(note,))
        return audit(coupled, x, derivatives=rule, **rest)
    place = OneNetwork(network, theta, lambda rows, at: network.at(rows, at, _spacing(ready)))
    if rule == "stencil":
        found = _by_stencil(ready, theta, place, rest)
    else:
        x = nodes[0].T[ready.loss.points.inner].contiguous()
        found = audit(place, x, derivatives=_at_inner_nodes(ready, theta), **rest)
    note = "parameter gradient: the loss on a grid of patches is not compared with an integral"
    return replace(found, derivatives=rule, off_diagonal=_coupling(ready, theta), notes=(*found.notes, note))


def _at_inner_nodes(ready: CollocationSetup, theta: Tensor) -> Callable[[Points], tuple[Tensor, Tensor]]:
    """First and second derivatives along both axes as training takes them, at the inner nodes of its grid."""
    names = [*ready.problem.axes, *(2 * name for name in ready.problem.axes)]

    def derivatives(at: Points) -> tuple[Tensor, Tensor]:
        jets = ready.loss.jets(theta[None], ready.loss.points.collocation, Pass(), names)
        stacked = torch.stack([jets[name][0, ready.loss.points.inner] for name in names])
        return stacked[:2], stacked[2:]

    return derivatives


def _coupling(ready: CollocationSetup, theta: Tensor) -> float:
    """Share of Σ|∂u_i/∂x_j| with i ≠ j over the grid that training puts in, larger than the grid it gets out."""
    network, nodes = ready.network, ready.loss.points.collocation
    x = network.batch(nodes).requires_grad_(True)
    u = network.evaluate(theta[None], x, Pass())[0]
    total = own = 0.0
    for node in range(0, len(u), max(1, len(u) // 64)):
        (row,) = torch.autograd.grad(u[node], x, retain_graph=True)
        total += float(row.abs().sum())
        own += float(network.own(row.abs())[0, :, node].sum())
    return 1 - own / total
