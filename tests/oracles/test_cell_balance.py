"""Balances of a conservation law over rectangles: an upwind scheme, the entropy solution, wrong fronts."""

import numpy as np
import pytest
import scipy.optimize
import torch

from builders import job_of
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import Scaling, Towers
from rectified.networks.residual_mlp import Trunk
from rectified.pinn.cell_balance import CellBalance
from rectified.problems.buckley_leverett import BuckleyLeverettProblem
from rectified.problems.conditions import grid_of
from reproduction.config.errors import ConfigError
from reproduction.config.problems.buckley_leverett import BuckleyLeverett
from reproduction.config.tasks.collocation import CollocationSettings
from reproduction.jobs.setup.collocation import CollocationSetup

PROBLEM = BuckleyLeverettProblem()
FLUXES = ["fractional", "hull"]
NETWORK = Towers(Scaling(), [Trunk(2, 3, 1, torch.tanh)])


def rule(side: int, flux: str = "fractional") -> CellBalance:
    return CellBalance(BuckleyLeverettProblem(flux=flux), NETWORK, side, "cpu")


def upwind(side: int, flux: str) -> np.ndarray:
    """Return the solution of the implicit upwind scheme at all nodes, cell by cell, by a root finder."""
    problem, dx, dt = BuckleyLeverettProblem(flux=flux), 1 / side, 0.5 / side
    u = np.zeros((side + 1, side + 1))
    u[0] = 1.0
    for n in range(1, side + 1):
        for i in range(1, side + 1):
            known = u[i, n - 1] / dt + problem.flux_value(u[i - 1, n]) / dx
            u[i, n] = scipy.optimize.brentq(_balance, 0, 1, (problem, dx, dt, known), xtol=1e-15)
    return u


def _balance(u: float, problem: BuckleyLeverettProblem, dx: float, dt: float, known: float) -> float:
    return u / dt + problem.flux_value(u) / dx - known


@pytest.mark.parametrize("flux", FLUXES)
def test_the_upwind_scheme_has_no_balance_and_converges_to_the_entropy_solution(flux):
    errors = []
    for side in (20, 80):
        u = upwind(side, flux)
        assert rule(side, flux).balance(torch.from_numpy(u)[None]).abs().max() < 1e-12
        exact = PROBLEM.exact(rule(side).nodes[0].numpy()).reshape(side + 1, -1)
        errors.append(abs(u - exact)[1:, 1:].mean())
    assert errors[1] < 0.6 * errors[0]  # of order 1/2 as the cells vanish, with a front


def root_mean_square(side: int, field, flux: str = "fractional") -> float:
    u = field(rule(side).nodes[0].numpy()).reshape(1, side + 1, side + 1)
    return float(rule(side, flux).balance(torch.from_numpy(u)).square().mean().sqrt())


@pytest.mark.parametrize("flux", FLUXES)
def test_balance_of_the_entropy_solution_vanishes_with_the_cells(flux):
    coarse, fine = (root_mean_square(side, PROBLEM.exact, flux) for side in (50, 200))
    assert fine < coarse / 2.5
    assert fine < 0.02


@pytest.mark.parametrize("speed", [0.7, 1.0, 1.7])
def test_balance_of_a_wrong_front_does_not(speed):
    """u of the rarefaction up to a front of another speed violates the law, by as much on any grid."""

    def moved(points: np.ndarray) -> np.ndarray:
        x, t = points
        return np.where(x <= speed * t, np.maximum(PROBLEM.exact(np.minimum(points, [PROBLEM.front(t), t])), 0.4), 0.0)

    coarse, fine = (root_mean_square(side, moved) for side in (50, 200))
    assert fine > 2 * root_mean_square(200, PROBLEM.exact)
    assert fine == pytest.approx(coarse, rel=0.3)


def test_mean_square_is_relative_to_the_area_of_the_box_and_is_the_term_of_the_loss():
    job = job_of(
        "collocation",
        problems={"front": BuckleyLeverett(equation="buckley_leverett")},
        problem="front",
        width=5,
        hidden_layers=2,
        seeds=2,
        quadrature="cells",
        collocation_points=64,
    )
    setup = CollocationSetup(job)
    theta = setup.initial().double()
    points = grid_of(np.linspace(0, 1, 9), np.linspace(0, 0.5, 9))
    u = setup.network.evaluate(theta, torch.from_numpy(points)[None], Pass()).unflatten(-1, (9, 9)).detach().numpy()
    gained = np.cumsum(u[:, 1:, 1:] - u[:, 1:, :1], 1) / 8
    flux = u**2 / (u**2 + (1 - u) ** 2 / 2)
    outflow = np.cumsum(flux[:, 1:, 1:] - flux[:, :1, 1:], 2) * 0.5 / 8
    expected = ((gained + outflow) ** 2).mean((1, 2)) / 0.5**2
    np.testing.assert_allclose(setup.loss.terms(theta)["equation"].detach(), expected, rtol=1e-12)


@pytest.mark.parametrize(("changes", "message"), [({"viscosity": 1e-3}, "with viscosity"), ({}, None)])
def test_viscosity_is_rejected(changes, message):
    settings = CollocationSettings(document="test", problem="front", quadrature="cells")
    entry = BuckleyLeverett(equation="buckley_leverett", **changes)
    if message is None:
        settings.check_problem("front", entry)
        return
    with pytest.raises(ConfigError, match=message):
        settings.check_problem("front", entry)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quadrature": "cells", "collocation_points": 60, "sampling": "uniform"}, "square number with quadrature"),
        ({"assignment": "annealed"}, "requires architecture 'quantized'"),
        ({"inputs": "similarity", "architecture": "experts"}, "architecture among dense, quantized"),
    ],
)
def test_settings_that_do_not_fit_are_rejected(settings, message):
    with pytest.raises(ValueError, match=message):
        CollocationSettings(document="test", problem="front", **settings)
