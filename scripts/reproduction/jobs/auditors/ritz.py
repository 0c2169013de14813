"""The audit of a trained Ritz network: û′ by the chain rule, and the gradient of the energy by the rule of the case."""

from collections.abc import Callable
from dataclasses import replace
from math import nan

import torch
from torch import Tensor

from rectified.audit.derivative_audit import Audit, audit
from rectified.audit.parameter_gradient import parameter_mismatch
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.ritz import RitzSetup

RITZ_POINTS = 20_001  # of the grid that a fixed-grid rule is tried on: its failure does not go away with refinement


def auditor(job: Job, points: int, threshold: float) -> Auditor:
    """Return the auditor of a case: the gradient rule of the case is compared with the exact energy."""
    ready = RitzSetup(job)
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


def _energy_mismatch(ready: RitzSetup, rule: Callable, theta: Tensor, threshold: float) -> tuple[float, float]:
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
