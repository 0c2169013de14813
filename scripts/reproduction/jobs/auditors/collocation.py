"""Audit of a trained physics-informed network with the derivatives used in training.

Each audit compares the derivatives used in training at the collocation points, the function evaluated after training,
and the loss of the equation as an integral over the domain. Boundary conditions contain no derivatives and are omitted.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.audit import Audit, audit
from rectified.audit.derivatives.derivative_measures import NAMES
from rectified.audit.inputs.network_calls import relative
from rectified.audit.loss.parameter_gradient import parameter_mismatch
from rectified.audit.measures import Measure, worst
from rectified.audit.result import OTHER_POINTS, PARAMETER
from rectified.networks.convolution import Convolution
from rectified.networks.normalization import Pass
from rectified.optimization.central_differences import first_difference, second_difference
from rectified.optimization.value_and_gradient import value_and_gradient
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.collocation import CollocationSetup

FINER = 32  # ratio of spacings in the estimate of the error of a stencil: a thousandth of that error is left
FINER_LINES = {"lines": 96, "order": 4}  # of the audit of a loss along lines


def auditor(job: Job, seed: int, points: int, threshold: float) -> Auditor:
    """Return the auditor of a network of a case.

    Args:
        job: that trained the case.
        seed: of the network.
        points: unused; the collocation points of training are taken.
        threshold: largest mismatch that counts as consistent.
    """
    setup = CollocationSetup(job, seeds=[seed])
    order = max(map(len, setup.problem.derivatives))
    options = {"order": order, "threshold": threshold, "box": setup.problem.box}
    variants = {}
    if setup.network.has_statistics:
        variants["frozen"] = lambda theta: _frozen(setup, theta, options)
    coupled = isinstance(setup.network, Convolution) and setup.network.kernel > 1
    one = _convolution if coupled else _stencil if setup.settings.derivatives == "stencil" else _pointwise
    if setup.settings.along_lines:
        one = _along_lines
    return Auditor(setup.network, lambda theta: one(setup, theta, options), variants)


def _pointwise(setup: CollocationSetup, theta: Tensor, options: dict) -> Audit:
    """Audit a network of single points; outputs are coupled at most by the statistics of a batch."""
    x = setup.loss.points.collocation[0].T.contiguous()
    module = OneNetwork(setup.network, theta, lambda rows, at: setup.loss.field(rows, at, Pass()))
    field = _evaluated(setup, theta) if setup.network.has_statistics else None
    return audit(module, x, derivatives=setup.settings.derivatives, field=field, loss=_equation(setup), **options)


def _along_lines(setup: CollocationSetup, theta: Tensor, options: dict) -> Audit:
    """Audit a network whose residual is integrated along lines; the loss is compared by block, on finer lines."""
    x = setup.loss.points.collocation[0].T.contiguous()
    found = audit(_evaluated(setup, theta), x, derivatives=setup.settings.derivatives, **options)
    rule, blocks = setup.line_residual(**FINER_LINES), setup.network.blocks(theta[None])
    slopes = setup.network.blocks(value_and_gradient(rule, theta[None])[1])

    def block_mismatch(name: str) -> Measure:
        def value(block: Tensor) -> Tensor:
            return rule(setup.network.row({**blocks, name: block.view_as(blocks[name])}))[0]

        return parameter_mismatch(value, lambda _: slopes[name].flatten(), blocks[name].flatten(), smallest_step=1e-6)

    measure = worst([block_mismatch(name) for name in blocks], options["threshold"])
    return replace(found, measures={**found.measures, PARAMETER: measure})


def _frozen(setup: CollocationSetup, theta: Tensor, options: dict) -> Audit:
    """Audit a network with its running statistics, as used after training: a function of single points."""
    return audit(_evaluated(setup, theta), setup.loss.points.collocation[0].T.contiguous(), **options)


def _evaluated(setup: CollocationSetup, theta: Tensor) -> OneNetwork:
    """Return a network as evaluated after training."""
    return OneNetwork(setup.network, theta, lambda rows, at: setup.network.evaluate(rows, at, Pass(training=False)))


def _stencil(setup: CollocationSetup, theta: Tensor, options: dict) -> Audit:
    """Audit finite differences of a network of single points between neighbouring nodes."""
    return _by_stencil(setup, theta, _evaluated(setup, theta), options)


def _by_stencil(setup: CollocationSetup, theta: Tensor, field: OneNetwork, options: dict) -> Audit:
    """Audit finite differences between neighbouring nodes, corrected for the error of central differences.

    That error is of second order in the spacing and is no inconsistency; a note states it. All other differences
    between training and the derivatives of the field count.
    """
    x = setup.loss.points.collocation[0].T[setup.loss.points.inner].contiguous()
    coarse, fine = (central_differences(field, x, _spacing(setup) / finer) for finer in (1, FINER))
    trained = _at_inner_nodes(setup, theta)(x)
    used = tuple(values - (wide - narrow) for values, wide, narrow in zip(trained, coarse, fine))
    found = audit(field, x, derivatives=lambda at: used, **options)
    off = " and ".join(f"{relative(wide, narrow):.2g}" for wide, narrow in zip(coarse, fine))
    note = f"derivatives: without the error of differences over the spacing of the grid, {off}"
    return replace(found, notes=(*found.notes, note))


def central_differences(
    field: Callable[[Points], Tensor], x: Points, spacing: Float[Tensor, " inputs"]
) -> tuple[Float[Tensor, "inputs points"], Float[Tensor, "inputs points"]]:
    """Return first and second derivatives along each axis by central differences of second order."""
    with torch.no_grad():
        u, shifts = field(x), torch.diag(spacing)
        right, left = (torch.stack([field(x + sign * shift) for shift in shifts]) for sign in (1, -1))
    h = spacing[:, None]
    return first_difference(left, right, h), second_difference(left, u, right, h)


def _spacing(setup: CollocationSetup) -> Float[Tensor, " inputs"]:
    """Return the spacing of the grid along each axis."""
    nodes = setup.loss.points.collocation[0]
    return (nodes[:, -1] - nodes[:, 0]) / (setup.settings.side - 1)


def _equation(setup: CollocationSetup) -> Callable[[OneNetwork, Points], Tensor]:
    """Return the mean squared residual at arbitrary points, with the derivatives used in training."""

    def loss(network: OneNetwork, at: Points) -> Tensor:
        jets = setup.loss.jets(network.theta, at.T[None], Pass())
        forcing = torch.from_numpy(np.array(setup.problem.forcing(at.detach().numpy().T)))
        return (setup.problem.operator(jets) - forcing).square().mean()

    return loss


def _convolution(setup: CollocationSetup, theta: Tensor, options: dict) -> Audit:
    """Audit a network with 3×3 kernels on the training grid: its derivatives, and the field as a function of position.

    With zero padding the field is no function of position, and differences move the whole grid.
    """
    network, nodes, rule = setup.network, setup.loss.points.collocation, setup.settings.derivatives
    if not network.reach:
        coupled = OneNetwork(network, theta, lambda rows, at: network.evaluate(rows, at, Pass()))
        x = nodes[0].T.contiguous()
        if rule == "stencil":
            note = "derivatives: with zero padding the outputs are no function of place that a stencil could belong to"
            missing = {NAMES[order]: Measure(remark=note) for order in range(1, options["order"] + 1)}
            values = audit(coupled, x, **options | {"order": 0})
            return replace(values, order=options["order"], measures=missing, notes=(note,))
        return audit(coupled, x, derivatives=rule, **options)
    field = OneNetwork(network, theta, lambda rows, at: network.at(rows, at, _spacing(setup)))
    if rule == "stencil":
        found = _by_stencil(setup, theta, field, options)
    else:
        x = nodes[0].T[setup.loss.points.inner].contiguous()
        found = audit(field, x, derivatives=_at_inner_nodes(setup, theta), **options)
    note, share = (
        "parameter gradient: the loss on a grid of patches is not compared with an integral",
        _coupling(setup, theta),
    )
    judged = {OTHER_POINTS: Measure(share, 0.0)} if rule == "reverse" else {}
    measures = {**found.measures, **judged}
    return replace(found, derivatives=rule, measures=measures, off_diagonal=share, notes=(*found.notes, note))


def _at_inner_nodes(setup: CollocationSetup, theta: Tensor) -> Callable[[Points], tuple[Tensor, Tensor]]:
    """Return the function that gives first and second derivatives as in training, at the inner nodes of the grid."""
    names = [*setup.problem.axes, *(2 * name for name in setup.problem.axes)]

    def derivatives(at: Points) -> tuple[Tensor, Tensor]:
        jets = setup.loss.jets(theta[None], setup.loss.points.collocation, Pass(), names)
        stacked = torch.stack([jets[name][0, setup.loss.points.inner] for name in names])
        return stacked[:2], stacked[2:]

    return derivatives


def _coupling(setup: CollocationSetup, theta: Tensor) -> float:
    """Return the share of terms with i ≠ j in Σ|∂u_i/∂x_j|, with x over the padded grid and u over its outputs."""
    network, nodes = setup.network, setup.loss.points.collocation
    x = network.batch(nodes).requires_grad_(True)
    u = network.evaluate(theta[None], x, Pass())[0]
    total = own = 0.0
    for node in range(0, len(u), max(1, len(u) // 64)):
        (row,) = torch.autograd.grad(u[node], x, retain_graph=True)
        total += float(row.abs().sum())
        own += float(network.own(row.abs())[0, :, node].sum())
    return 1 - own / total
