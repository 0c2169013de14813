"""Errors of the gradients of a Ritz energy by several rules, at the same parameters.

Source: Rowan, arXiv:2512.11184, eqs. 5–10.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from rectified.ritz.energy import RitzEnergy
from rectified.ritz.gradients import Autodiff, FiniteDifference
from rectified.ritz.quadrature import KinkAware
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz import RitzSetup, start_of


def gradient_errors(job: Job, inputs: dict[str, list[str]]) -> pd.DataFrame:
    """Return the relative error of every gradient rule, by seed and block of parameters.

    The reference is the gradient of the exact energy by kink-aware quadrature on fine panels. Central differences of
    the same energy check it and are rows of the table.
    """
    setup = RitzSetup(job, start_of(inputs))
    network = setup.network
    exact = RitzEnergy(setup.problem, network, KinkAware(network, order=8, panels=64))
    rows = []
    for seed, theta in enumerate(setup.initial()):
        reference = network.blocks(Autodiff(exact, 0)(theta[None])[1])
        for labels, rule in _rules(setup, exact):
            blocks = network.blocks(rule(theta[None])[1])
            for name, block in blocks.items():
                error = (block - reference[name]).norm() / reference[name].norm()
                rows.append({**labels, "seed": seed, "block": name, "relative_error": float(error)})
    return pd.DataFrame(rows)


def _rules(setup: RitzSetup, exact: RitzEnergy) -> Iterator[tuple[dict, object]]:
    """Yield the labels of every gradient rule, and the rule."""
    s = setup.settings
    for name in ("autodiff", "discrete_delta"):
        for points in s.grids:
            if name == "autodiff" or s.hidden_layers == 1:
                yield {"rule": name, "points": points, "step": np.nan}, setup.gradient(name, points)
    for step in s.steps:
        rule = setup.gradient("finite_difference", step=step)
        yield {"rule": "finite_difference", "points": s.points, "step": step}, rule
    yield {"rule": "kink_aware", "points": np.nan, "step": np.nan}, setup.gradient("kink_aware")
    check = FiniteDifference(exact, 1e-5, 8 * (64 + s.width), setup.network)
    yield {"rule": "finite_difference_of_the_integral", "points": np.nan, "step": 1e-5}, check
