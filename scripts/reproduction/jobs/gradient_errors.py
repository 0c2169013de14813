"""The job that compares the gradients of all rules at the same parameters."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rectified.ritz.energy import RitzEnergy
from rectified.ritz.gradients import Autodiff, FiniteDifference
from rectified.ritz.quadrature import KinkAware
from reproduction.jobs.setup.ritz import RitzJob


def gradient_errors(job: RitzJob) -> pd.DataFrame:
    """Relative errors of every gradient rule, by block of parameters, seed by seed.

    The reference is the gradient of the exact energy: kink-aware quadrature on fine panels. Its own check
    is a row of the table, central differences of that energy.
    """
    network = job.network
    exact = RitzEnergy(job.problem, network, KinkAware(network, order=8, panels=64))
    rows = []
    for seed, theta in enumerate(job.initial()):
        reference = network.blocks(Autodiff(exact, 0)(theta[None])[1])
        for labels, rule in _rules(job, exact):
            blocks = network.blocks(rule(theta[None])[1])
            for name, block in blocks.items():
                error = (block - reference[name]).norm() / reference[name].norm()
                rows.append({**labels, "seed": seed, "block": name, "relative_error": float(error)})
    return pd.DataFrame(rows)


def _rules(job: RitzJob, exact: RitzEnergy) -> Iterator[tuple[dict, object]]:
    s = job.settings
    for name in ("autodiff", "discrete_delta"):
        for points in s.grids:
            if name == "autodiff" or s.hidden_layers == 1:
                yield {"rule": name, "points": points, "step": np.nan}, job.gradient(name, points)
    for step in s.steps:
        rule = job.gradient("finite_difference", step=step)
        yield {"rule": "finite_difference", "points": s.points, "step": step}, rule
    yield {"rule": "kink_aware", "points": np.nan, "step": np.nan}, job.gradient("kink_aware")
    check = FiniteDifference(exact, 1e-5, 8 * (64 + s.width), job.network)
    yield {"rule": "finite_difference_of_the_integral", "points": np.nan, "step": 1e-5}, check
