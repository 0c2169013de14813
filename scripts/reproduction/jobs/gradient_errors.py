"""Errors of the gradients of a Ritz energy by several rules, at the same parameters.

Source: Rowan, arXiv:2512.11184, eqs. 5–10.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from torch import Tensor

from rectified.ritz.energy import RitzEnergy
from rectified.ritz.gradients import Autodiff, FiniteDifference, steps_within_kinks
from rectified.ritz.quadrature import KinkAware
from reproduction.config.job import Job
from reproduction.jobs.setup.ritz import RitzSetup, start_of

LARGEST_STEP = 1e-5  # of the central differences of the exact energy


def gradient_errors(job: Job, inputs: dict[str, list[str]]) -> pd.DataFrame:
    """Return the errors of every gradient rule, by seed and block of parameters.

    The reference is the gradient of the exact energy by kink-aware quadrature on fine panels. Central differences of
    the same energy, with steps that move no kink across another, check it and are rows of the table.
    ``relative_error`` is the error of a block over the norm of that block, ``error_over_gradient`` over that of the
    whole gradient.
    """
    setup = RitzSetup(job, start_of(inputs))
    network = setup.network
    exact = RitzEnergy(setup.problem, network, KinkAware(network, order=8, panels=64))
    rows = []
    for seed, theta in enumerate(setup.initial()):
        gradient = Autodiff(exact, 0)(theta[None])[1]
        reference = network.blocks(gradient)
        for labels, rule in _rules(setup, exact, theta):
            blocks = network.blocks(rule(theta[None])[1])
            for name, block in blocks.items():
                error = (block - reference[name]).norm()
                relative = {"relative_error": reference[name], "error_over_gradient": gradient}
                errors = {key: float(error / scale.norm()) for key, scale in relative.items()}
                rows.append({**labels, "seed": seed, "block": name, **errors})
    return pd.DataFrame(rows)


def _rules(setup: RitzSetup, exact: RitzEnergy, theta: Tensor) -> Iterator[tuple[dict, object]]:
    """Yield the labels of every gradient rule at the parameters of a network, and the rule."""
    s = setup.settings
    for name in ("autodiff", "discrete_delta"):
        for points in s.grids:
            if name == "autodiff" or s.hidden_layers == 1:
                yield {"rule": name, "points": points, "step": np.nan}, setup.gradient(name, points)
    for step in s.steps:
        rule = setup.gradient("finite_difference", step=step)
        yield {"rule": "finite_difference", "points": s.points, "step": step}, rule
    yield {"rule": "kink_aware", "points": np.nan, "step": np.nan}, setup.gradient("kink_aware")
    steps = steps_within_kinks(setup.network, theta, LARGEST_STEP)
    check = FiniteDifference(exact, steps, 8 * (64 + s.width), setup.network)
    yield {"rule": "finite_difference_of_the_integral", "points": np.nan, "step": LARGEST_STEP}, check
