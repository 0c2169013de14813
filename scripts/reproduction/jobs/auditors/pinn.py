"""Audit of a trained PINN: its jets, and the mean squared residual of the Burgers equation."""

import torch
from torch import Tensor

from rectified.audit import Audit, audit
from rectified.networks.jets import Jets
from rectified.pinn.mlp_residuals import MLPResiduals
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.mlp import MLPSetup


def auditor(job: Job, seed: int, points: int, threshold: float) -> Auditor:
    """Return the auditor of a network of a case.

    Args:
        job: that trained the case.
        seed: of the network; the points of the audit are its own.
        points: number of points at which derivatives are compared.
        threshold: largest mismatch that counts as consistent.
    """
    problem = job.problem.build()
    setup = MLPSetup(job, 2)
    residuals = MLPResiduals(problem, setup.network, seeds=[seed], stream="burgers")
    jets = Jets(setup.network, first=(0, 1), second=(0, 1))
    x = residuals.uniform(points, "audit")[0].T.contiguous()

    def audit_network(theta: Tensor) -> Audit:
        def derivatives(at: Points) -> tuple[Tensor, Tensor]:
            _, *first_and_second = jets(theta[None], at.T[None])[0]
            return torch.stack(first_and_second[:2]), torch.stack(first_and_second[2:])

        def loss(network: OneNetwork, at: Points) -> Tensor:
            return residuals.equation(network.theta, at.T[None]).square().mean()

        module = OneNetwork(setup.network, theta, setup.network.output)
        return audit(module, x, derivatives=derivatives, loss=loss, threshold=threshold, box=problem.box)

    return Auditor(setup.network, audit_network)
