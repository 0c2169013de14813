"""Audit of a trained regression: the parameter gradient of the mean squared error; there is no input derivative."""

import numpy as np
import torch
from torch import Tensor

from rectified.audit import Audit, audit
from rectified.networks.seeding import generator
from reproduction.config.job import Job
from reproduction.jobs.setup.auditing import Auditor, OneNetwork, Points
from reproduction.jobs.setup.mlp import MLPSetup, target_values


def auditor(job: Job, seed: int, points: int, threshold: float) -> Auditor:
    """Return the auditor of a network of a case.

    Args:
        job: that trained the case.
        seed: of the network, unused: its training data are the same for all seeds.
        points: number of points at which the network is evaluated.
        threshold: largest mismatch that counts as consistent.
    """
    setup = MLPSetup(job, len(job.target.domain))
    box = np.array(job.target.domain)
    unit = torch.rand(points, len(box), generator=generator("audit"), dtype=torch.float64).numpy()
    x = torch.from_numpy(box[:, 0] + (box[:, 1] - box[:, 0]) * unit)

    def loss(network: OneNetwork, at: Points) -> Tensor:
        exact = torch.from_numpy(np.array(target_values(job.target, at.numpy().T)))
        return (network(at) - exact).square().mean()

    def audit_network(theta: Tensor) -> Audit:
        module = OneNetwork(setup.network, theta, setup.network.output)
        return audit(module, x, order=0, loss=loss, threshold=threshold, box=box)

    return Auditor(setup.network, audit_network)
