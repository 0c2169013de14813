"""The derivative audit of trained cases of all documents: what each trains with, put before ``rectified.audit.derivative_audit``.

For each seed: the derivatives that training takes at its points, the function that is evaluated when training is over,
and the loss of the equation as an integral over the domain. Conditions on the boundary contain no derivatives and are
left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from math import nan
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from rectified.audit.arguments import relative
from rectified.audit.derivative_audit import Audit, audit
from rectified.audit.parameter_gradient import parameter_mismatch
from rectified.errors import InvalidInputError
from rectified.networks.convolution import Convolution
from rectified.networks.jets import Jets
from rectified.networks.normalization import Pass
from rectified.networks.parameter_layout import Rows
from rectified.networks.seeding import generator
from rectified.optimization.central_differences import first_difference, second_difference
from rectified.pinn.burgers_loss import BurgersResiduals
from reproduction.config.job import Job
from reproduction.config.problem_factory import posed
from reproduction.jobs.setup.collocation import CollocationJob
from reproduction.jobs.setup.mlp import NetworkJob, target_values
from reproduction.jobs.setup.ritz import RitzJob

FINER = 8  # the error of a stencil is told from the same with a spacing so many times smaller
RITZ_POINTS = 20_001  # of the grid that a fixed-grid rule is tried on: its failure does not go away with refinement

Points = Float[Tensor, "points inputs"]


class OneNetwork(torch.nn.Module):
    """One network of an ensemble as a module with a parameter for each block: [points, inputs] → [points].

    Args:
        layout: the blocks of a row.
        theta: a row.
        field: maps parameters [1, parameters] and points [1, inputs, points] to [1, points].
    """

    def __init__(self, layout: Rows, theta: Float[Tensor, " parameters"], field: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.layout, self.field = layout, field
        blocks = layout.blocks(theta.double()[None])
        self.blocks = torch.nn.ParameterDict({name: block[0].clone() for name, block in blocks.items()})

    @property
    def theta(self) -> Float[Tensor, "1 parameters"]:
        return self.layout.row({name: block[None] for name, block in self.blocks.items()})

    def forward(self, points: Points) -> Float[Tensor, " points"]:
        return self.field(self.theta, points.T[None])[0]


AuditOne = Callable[[Float[Tensor, " parameters"]], Audit]


class Auditor(NamedTuple):
    """How the networks of a case are audited.

    Attributes:
        layout: the order of their parameters.
        audit: of one of them, as it was trained.
        besides: of one of them in other ways, by name.
    """

    layout: Rows
    audit: AuditOne
    besides: Mapping[str, AuditOne] = {}


def audited(
    job: Job, blocks: Mapping[str, np.ndarray], diverged_at: np.ndarray, seeds: int, points: int, threshold: float
) -> pd.DataFrame:
    """Audit the first seeds of a trained case: one row each, with the measures, the verdict and its reasons.

    Args:
        blocks: trained parameters by name, of all seeds.
        diverged_at: epoch of divergence of each seed, or −1; of a diverged network nothing is measured.
        seeds: how many are audited.
        points: at which derivatives are compared, where the case has none of its own.
        threshold: largest mismatch that counts as consistent.
    """
    auditors = {"ritz": _ritz, "pinn": _pinn, "regression": _regression, "collocation": _collocation}
    auditor = auditors[job.settings.task](job, points, threshold)
    theta = auditor.layout.row({name: torch.from_numpy(block[:seeds]) for name, block in blocks.items()}).double()
    case = f"{job.experiment}/{job.case}"
    ways = {case: auditor.audit} | {f"{case}, {name}": way for name, way in auditor.besides.items()}
    found = [
        {"case": name, "document": job.settings.document, "seed": seed, **_measured(way, row, int(diverged_at[seed]))}
        for name, way in ways.items()
        for seed, row in enumerate(theta)
    ]
    return pd.DataFrame(found)


def _measured(way: AuditOne, theta: Float[Tensor, " parameters"], diverged_at: int) -> dict:
    """The columns of one network: what was measured, or why nothing could be."""
    if diverged_at >= 0:
        return {"verdict": "diverged"}
    try:
        result = way(theta)
    except InvalidInputError as error:
        return {"verdict": "undetermined", "notes": str(error)}
    return columns(result)


def columns(result: Audit) -> dict:
    """An audit as columns of a table."""
    words = {"reasons": "; ".join(result.reasons), "hides": result.hides, "notes": "; ".join(result.notes)}
    return asdict(result) | {"verdict": result.verdict} | words


def _ritz(job: Job, points: int, threshold: float) -> Auditor:
    """û' by the chain rule, and the gradient of the energy by the rule of the case against the exact energy."""
    ready = RitzJob(job)
    left, right = ready.problem.domain
    x = torch.linspace(left, right, job.settings.points, dtype=torch.float64)[:, None]
    grid = None if job.settings.gradient == "kink_aware" else RITZ_POINTS
    rule = ready.gradient(job.settings.gradient, points=grid)
    regression = job.settings.objective == "regression"

    def one(theta: Tensor) -> Audit:
        def slopes(at: Points) -> tuple[Tensor, None]:
            return ready.network.fields(theta[None], at.T)[1], None

        module = OneNetwork(ready.network, theta, lambda rows, at: ready.network.fields(rows, at[:, 0])[0])
        found = audit(
            module, x, order=0 if regression else 1, derivatives=slopes, threshold=threshold, box=[[left, right]]
        )
        if regression:
            return found
        parameter, uncertainty = _energy_mismatch(ready, rule, theta, threshold)
        return replace(found, parameter=parameter, parameter_uncertainty=uncertainty)

    return Auditor(ready.network, one)


def _energy_mismatch(ready: RitzJob, rule: Callable, theta: Tensor, threshold: float) -> tuple[float, float]:
    """The mismatch of a gradient rule with differences of the exact energy: of the worst block that can be judged.

    NaN, and the least uncertainty, if none can.
    """
    errors, blocks = ready.true_errors(), ready.network.blocks(theta[None])
    slopes = ready.network.blocks(rule(theta[None])[1])

    def of_block(name: str) -> tuple[float, float]:
        def energy(block: Tensor) -> Tensor:
            return errors(ready.network.row({**blocks, name: block.view_as(blocks[name])}))[0][0]

        return parameter_mismatch(
            energy, lambda block: slopes[name].flatten(), blocks[name].flatten(), smallest_step=1e-6
        )

    found = [of_block(name) for name in blocks]
    judged = [pair for pair in found if pair[1] <= threshold]
    return max(judged, default=(nan, min(uncertainty for _, uncertainty in found)))


def _pinn(job: Job, points: int, threshold: float) -> Auditor:
    """Derivatives by hand-written jets, and the mean squared residual of the Burgers equation."""
    problem = posed(job.problem)
    ready = NetworkJob(job, 2)
    residuals = BurgersResiduals(problem, ready.network)
    jets = Jets(ready.network, first=(0, 1), second=(0, 1))
    x = residuals.uniform(points, "audit").T.contiguous()

    def one(theta: Tensor) -> Audit:
        def derivatives(at: Points) -> tuple[Tensor, Tensor]:
            _, *first_and_second = jets(theta[None], at.T[None])[0]
            return torch.stack(first_and_second[:2]), torch.stack(first_and_second[2:])

        def loss(network: OneNetwork, at: Points) -> Tensor:
            return residuals.equation(network.theta, at.T[None]).square().mean()

        module = OneNetwork(ready.network, theta, ready.network.output)
        return audit(module, x, derivatives=derivatives, loss=loss, threshold=threshold, box=problem.box)

    return Auditor(ready.network, one)


def _regression(job: Job, points: int, threshold: float) -> Auditor:
    """No input derivative: the parameter gradient of the mean squared error alone."""
    ready = NetworkJob(job, len(job.target.domain))
    box = np.array(job.target.domain)
    unit = torch.rand(points, len(box), generator=generator("audit"), dtype=torch.float64).numpy()
    x = torch.from_numpy(box[:, 0] + (box[:, 1] - box[:, 0]) * unit)

    def loss(network: OneNetwork, at: Points) -> Tensor:
        exact = torch.from_numpy(np.array(target_values(job.target, at.numpy().T)))
        return (network(at) - exact).square().mean()

    def one(theta: Tensor) -> Audit:
        module = OneNetwork(ready.network, theta, ready.network.output)
        return audit(module, x, order=0, loss=loss, threshold=threshold, box=box)

    return Auditor(ready.network, one)


def _collocation(job: Job, points: int, threshold: float) -> Auditor:
    ready = CollocationJob(job)
    order = max(map(len, ready.problem.derivatives))
    rest = {"order": order, "threshold": threshold, "box": ready.problem.box}
    besides = {}
    if ready.network.has_statistics:
        besides["frozen"] = lambda theta: _frozen(ready, theta, rest)
    coupled = isinstance(ready.network, Convolution) and ready.network.kernel > 1
    one = _convolution if coupled else _stencil if ready.settings.derivatives == "stencil" else _pointwise
    return Auditor(ready.network, lambda theta: one(ready, theta, rest), besides)


def _pointwise(ready: CollocationJob, theta: Tensor, rest: dict) -> Audit:
    """Networks that take points as they are, coupled at most by the statistics of a batch."""
    x = ready.loss.points.collocation[0].T.contiguous()
    module = OneNetwork(ready.network, theta, lambda rows, at: ready.loss.field(rows, at, Pass()))
    field = _evaluated(ready, theta) if ready.network.has_statistics else None
    return audit(module, x, derivatives=ready.settings.derivatives, field=field, loss=_equation(ready), **rest)


def _frozen(ready: CollocationJob, theta: Tensor, rest: dict) -> Audit:
    """A network with the statistics that it has gathered, as it is evaluated: a function of single points."""
    return audit(_evaluated(ready, theta), ready.loss.points.collocation[0].T.contiguous(), **rest)


def _evaluated(ready: CollocationJob, theta: Tensor) -> OneNetwork:
    return OneNetwork(ready.network, theta, lambda rows, at: ready.network.evaluate(rows, at, Pass(training=False)))


def _stencil(ready: CollocationJob, theta: Tensor, rest: dict) -> Audit:
    """Differences of the outputs of a network of single points at neighbouring nodes."""
    return _by_stencil(ready, theta, _evaluated(ready, theta), rest)


def _by_stencil(ready: CollocationJob, theta: Tensor, field: OneNetwork, rest: dict) -> Audit:
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


def _spacing(ready: CollocationJob) -> Float[Tensor, " inputs"]:
    nodes = ready.loss.points.collocation[0]
    return (nodes[:, -1] - nodes[:, 0]) / (ready.settings.side - 1)


def _equation(ready: CollocationJob) -> Callable[[OneNetwork, Points], Tensor]:
    """The mean squared residual at any points, derivatives taken as in training."""

    def loss(network: OneNetwork, at: Points) -> Tensor:
        jets = ready.loss.jets(network.theta, at.T[None], Pass())
        forcing = torch.from_numpy(np.array(ready.problem.forcing(at.detach().numpy().T)))
        return (ready.problem.operator(jets) - forcing).square().mean()

    return loss


def _convolution(ready: CollocationJob, theta: Tensor, rest: dict) -> Audit:
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


def _at_inner_nodes(ready: CollocationJob, theta: Tensor) -> Callable[[Points], tuple[Tensor, Tensor]]:
    """First and second derivatives along both axes as training takes them, at the inner nodes of its grid."""
    names = [*ready.problem.axes, *(2 * name for name in ready.problem.axes)]

    def derivatives(at: Points) -> tuple[Tensor, Tensor]:
        jets = ready.loss.jets(theta[None], ready.loss.points.collocation, Pass(), names)
        stacked = torch.stack([jets[name][0, ready.loss.points.inner] for name in names])
        return stacked[:2], stacked[2:]

    return derivatives


def _coupling(ready: CollocationJob, theta: Tensor) -> float:
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
