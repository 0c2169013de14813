"""Audit of a trained Ritz network with several inputs: ∇û by the chain rule, and the gradient of the energy.

The gradient is that of the rule of the case on finer points or lines, as in one dimension: the audit asks whether the
rule converges to the derivative of the energy, not whether training used enough points.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from rectified.audit import Audit, audit
from rectified.audit.loss.parameter_gradient import parameter_mismatch
from rectified.audit.measures import Measure, worst
from rectified.audit.result import PARAMETER
from rectified.errors import InvalidInputError
from rectified.optimization.value_and_gradient import value_and_gradient
from rectified.ritz.boxes.module_energy import ModuleEnergy
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.ritz_box import RitzBoxSetup

LARGEST_INPUTS = 2  # in more dimensions differences of the energy are not accurate enough
CELLS = 512  # along each input, of the grid that stands for rules with points
LINES = {True: 320, False: 48}  # per axis, of the rule and of the energy; by whether networks are batched

SMALLEST_STEP = 1e-8  # kinks nearly parallel to lines cross many of them within a short step


def auditor(job: Job, seed: int, points: int, threshold: float) -> Auditor:
    """Return the auditor of a network of a case; its gradient rule is compared with differences of the energy.

    Args:
        job: that trained the case.
        seed: of the network, unused: fine rules are the same for all seeds.
        points: number of points at which ∇û is compared.
        threshold: largest mismatch that counts as consistent.
    """
    setup = RitzBoxSetup(job)
    problem, network = setup.problem, setup.network
    x = torch.from_numpy(problem.points(points)[:, :points].T.copy())

    def audit_network(theta: Tensor) -> Audit:
        if problem.inputs > LARGEST_INPUTS:
            raise InvalidInputError(f"the energy is audited in up to {LARGEST_INPUTS} dimensions; got {problem.inputs}")

        def slopes(at: Points) -> tuple[Tensor, None]:
            return network.fields(theta[None], at.T[None])[1][0], None

        module = OneNetwork(network, theta, lambda rows, at: network.fields(rows, at)[0])
        box = [list(ends) for ends in problem.box]
        found = audit(module, x, order=1, derivatives=slopes, threshold=threshold, box=box)
        measure = worst(_energy_mismatches(setup, theta), threshold)
        return replace(found, measures={**found.measures, PARAMETER: measure})

    return Auditor(network, audit_network)


def _energy_mismatches(setup: RitzBoxSetup, theta: Tensor) -> list[Measure]:
    """Return the mismatch of the gradient with differences of the energy along lines, by block of parameters."""
    gradient, energy = _rule(setup), _reference(setup)
    network = setup.network
    blocks, slopes = network.blocks(theta[None]), network.blocks(gradient(theta[None]))

    def block_mismatch(name: str) -> Measure:
        def value(block: Tensor) -> Tensor:
            return energy(network.row({**blocks, name: block.view_as(blocks[name])}))[0]

        block, slope = blocks[name].flatten(), slopes[name].flatten()
        return parameter_mismatch(value, lambda _: slope, block, smallest_step=SMALLEST_STEP)

    return [block_mismatch(name) for name in blocks]


def _rule(setup: RitzBoxSetup) -> Callable[[Tensor], Tensor]:
    """The gradient by the rule of the case, on finer points or lines."""
    energy = setup.fine_energy(CELLS, LINES[setup.is_batched])
    if isinstance(energy, ModuleEnergy):
        return lambda theta: energy(theta)[1]
    return lambda theta: value_and_gradient(energy, theta)[1]


def _reference(setup: RitzBoxSetup) -> Callable[[Tensor], Tensor]:
    """The energy along fine lines; on a fine grid for smooth networks, whose derivatives are continuous."""
    kinks = bool(setup.network.activation.kink_points)
    energy = setup.fine_energy(CELLS, LINES[setup.is_batched], along_lines=kinks)
    return torch.no_grad()(energy.objective if isinstance(energy, ModuleEnergy) else energy)
