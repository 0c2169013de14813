"""Audit of a trained Ritz network: û′ by the chain rule, and the gradient of the energy by the rule of the case."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from rectified.audit import Audit, audit
from rectified.audit.loss.parameter_gradient import parameter_mismatch
from rectified.audit.measures import Measure, worst
from rectified.audit.result import PARAMETER
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.ritz import RitzSetup

RITZ_POINTS = 100_001  # of the grid of fixed-grid rules, whose error at kinks is the same on any grid


def auditor(job: Job, seed: int, points: int, threshold: float) -> Auditor:
    """Return the auditor of a network of a case; its gradient rule is compared with differences of the exact energy.

    Args:
        job: that trained the case.
        seed: of the network, unused: its training data are the same for all seeds.
        points: unused; the grid of training is taken.
        threshold: largest mismatch that counts as consistent.
    """
    setup = RitzSetup(job)
    left, right = setup.problem.domain
    x = torch.linspace(left, right, job.settings.points, dtype=torch.float64)[:, None]
    grid = None if job.settings.gradient == "kink_aware" else RITZ_POINTS
    rule = setup.gradient(job.settings.gradient, points=grid)
    regression = job.settings.objective == "regression"

    def audit_network(theta: Tensor) -> Audit:
        def slopes(at: Points) -> tuple[Tensor, None]:
            return setup.network.fields(theta[None], at.T)[1], None

        module = OneNetwork(setup.network, theta, lambda rows, at: setup.network.fields(rows, at[:, 0])[0])
        found = audit(
            module, x, order=0 if regression else 1, derivatives=slopes, threshold=threshold, box=[[left, right]]
        )
        if regression:
            return found
        measure = worst(_energy_mismatches(setup, rule, theta), threshold)
        return replace(found, measures={**found.measures, PARAMETER: measure})

    return Auditor(setup.network, audit_network)


def _energy_mismatches(setup: RitzSetup, rule: Callable, theta: Tensor) -> list[Measure]:
    """Return the mismatch of a gradient rule with differences of the exact energy, by block of parameters."""
    errors, blocks = setup.true_errors(), setup.network.blocks(theta[None])
    slopes = setup.network.blocks(rule(theta[None])[1])

    def block_mismatch(name: str) -> Measure:
        def energy(block: Tensor) -> Tensor:
            return errors(setup.network.row({**blocks, name: block.view_as(blocks[name])}))[0][0]

        block, slope = blocks[name].flatten(), slopes[name].flatten()
        return parameter_mismatch(energy, lambda _: slope, block, smallest_step=1e-6)

    return [block_mismatch(name) for name in blocks]
