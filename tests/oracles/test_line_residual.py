"""Mean squared residual along lines cut at kinks, against adaptive quadrature, differences and fine grids."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from builders import job_of
from rectified.errors import InvalidInputError
from rectified.kink_aware.line_residual import LineResidual
from rectified.networks.normalization import Pass
from rectified.networks.pinn_architectures import Scaling, Towers
from rectified.networks.residual_mlp import Trunk
from reproduction.config.errors import ConfigError
from reproduction.config.problems.burgers import Burgers
from reproduction.config.problems.poisson import Poisson
from reproduction.config.tasks.collocation import CollocationSettings
from reproduction.jobs.setup.collocation import CollocationSetup

BOX = torch.tensor([[0.0, 1.0], [-1.0, 2.0]], dtype=torch.float64)
WIDTH = 4


def forcing(x, y):
    """Return a smooth q that is no polynomial."""
    return (2 * x).sin() * (1 + y) if isinstance(x, torch.Tensor) else math.sin(2 * x) * (1 + y)


def network(powers, layers: int = 1, scaled: bool = True) -> Towers:
    trunks = [Trunk(2, WIDTH, layers, lambda z, k=k: z.relu() ** k, prefix=f"relu{k}_", spread=True) for k in powers]
    return Towers(Scaling(BOX if scaled else None), trunks)


def residual(powers, lines: int = 8, order: int = 10, scaled: bool = True, **more) -> LineResidual:
    return LineResidual(network(powers, scaled=scaled), powers, forcing, BOX, lines, order=order, **more)


def parameters(rule: LineResidual, networks: int = 1) -> torch.Tensor:
    return rule.network.initial(range(networks), "test")


def along_lines(rule: LineResidual, theta: np.ndarray) -> float:
    """Return the mean by adaptive quadrature with the kinks as break points, from the definition of the network."""
    p = {name: block[0].numpy() for name, block in rule.network.blocks(torch.from_numpy(theta)[None]).items()}
    low, high = BOX.numpy().T
    scale = 2 / (high - low)
    neurons = []
    for trunk, k in zip(rule.network.parts, rule.powers):
        weights = p[f"W{trunk.prefix}1"] * scale
        offsets = p[f"b{trunk.prefix}1"] - weights @ ((low + high) / 2)
        neurons += [(w, b, c, k) for w, b, c in zip(weights, offsets, p[f"W{trunk.prefix}out"][0])]

    def square(x: float, y: float) -> float:
        total = 0.0
        for w, b, c, k in neurons:
            z = w @ (x, y) + b
            total += c * k * (k - 1) * (w @ w) * (z > 0) * max(z, 0) ** (k - 2)
        return (total - forcing(x, y)) ** 2

    nodes = np.polynomial.legendre.leggauss(len(rule._lines) // 2 // rule.panels)
    shares = ((np.arange(rule.panels)[:, None] + (1 + nodes[0]) / 2) / rule.panels).ravel()
    weights, total = np.tile(nodes[1] / 2 / rule.panels, rule.panels), 0.0
    for share, weight in zip(shares, weights):
        for axis in (0, 1):
            across = low[1 - axis] + share * (high - low)[1 - axis]
            kinks = [-(b + w[1 - axis] * across) / w[axis] for w, b, _, _ in neurons]
            ends = [low[axis], *sorted(t for t in kinks if low[axis] < t < high[axis]), high[axis]]
            total += (
                weight * sum(_integral(square, axis, across, *piece) for piece in pairwise(ends)) / (high - low)[axis]
            )
    return total / 2


def _integral(function, axis: int, across: float, start: float, end: float) -> float:
    """Return the integral of a function of x and y along a line parallel to an axis."""
    return quad(lambda t: function(*((t, across) if axis == 0 else (across, t))), start, end, epsabs=1e-13)[0]


@pytest.mark.parametrize("powers", [(2,), (3,), (2, 3), (2, 5)])
def test_mean_along_lines_is_that_of_adaptive_quadrature(powers):
    rule = residual(powers)
    theta = parameters(rule)
    assert float(rule(theta)) == pytest.approx(along_lines(rule, theta[0].numpy()), rel=1e-9)


@pytest.mark.parametrize("powers", [(2,), (2, 3)])
def test_gradient_is_the_derivative_of_the_mean_along_lines(powers):
    rule = residual(powers)
    theta = parameters(rule).requires_grad_()
    (gradient,) = torch.autograd.grad(rule(theta).sum(), theta)
    row, step = theta.detach()[0].numpy(), 1e-5
    random = np.random.default_rng(0)
    for _ in range(4):
        direction = random.standard_normal(len(row))
        ends = [along_lines(rule, row + sign * step * direction) for sign in (1, -1)]
        assert float(gradient[0] @ torch.from_numpy(direction)) == pytest.approx(
            (ends[0] - ends[1]) / 2 / step, rel=1e-5
        )


def gradients(powers) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradients with moving kinks and with kinks at rest, of the same value."""
    found = []
    for moving in (True, False):
        rule = residual(powers, moving=moving)
        theta = parameters(rule).requires_grad_()
        value = rule(theta)
        found.append((value.detach(), torch.autograd.grad(value.sum(), theta)[0]))
    assert found[0][0] == found[1][0]
    return found[0][1], found[1][1]


def test_moving_kinks_contribute_where_second_derivatives_jump_and_only_there():
    moving, resting = gradients((2,))
    assert (moving - resting).norm() > 0.1 * moving.norm()
    moving, resting = gradients((3,))
    assert (moving - resting).norm() < 1e-9 * moving.norm()  # the rule is exact up to the error of ten nodes


@pytest.mark.parametrize(("power", "converges"), [(2, False), (3, True)])
def test_automatic_differentiation_at_grid_points_converges_only_without_jumps(power, converges):
    """Compare with grids of 100² and 400² cells; errors of a convergent rule fall at least like the spacing."""
    rule = residual((power,), lines=96, order=4)
    theta = parameters(rule).requires_grad_()
    (exact,) = torch.autograd.grad(rule(theta).sum(), theta)
    errors = []
    for cells in (100, 400):
        share = (torch.arange(cells, dtype=torch.float64) + 0.5) / cells
        points = torch.stack(torch.meshgrid(*(low + (high - low) * share for low, high in BOX), indexing="ij"))
        x = points.flatten(1)[None]
        p = rule.network.blocks(theta)
        prefix = f"relu{power}_"
        scale = 2 / (BOX[:, 1] - BOX[:, 0])
        z = p[f"W{prefix}1"] @ rule.network.scaling(x) + p[f"b{prefix}1"][:, :, None]
        factor = power * (power - 1) * p[f"W{prefix}out"] * (p[f"W{prefix}1"] * scale).square().sum(-1)[:, None]
        laplacian = factor @ ((z > 0) * z.relu() ** (power - 2))
        value = (laplacian[:, 0] - forcing(*x[0])).square().mean()
        (gradient,) = torch.autograd.grad(value, theta)
        errors.append(float((gradient - exact).norm() / exact.norm()))
    assert (errors[1] < errors[0] / 3) == converges
    assert converges or errors[1] > 0.1


def test_unscaled_inputs_give_the_same_mean():
    rule, plain = residual((2, 3)), residual((2, 3), scaled=False)
    theta = parameters(rule)
    p = rule.network.blocks(theta)
    scale, middle = 2 / (BOX[:, 1] - BOX[:, 0]), BOX.mean(1)
    for prefix in ("relu2_", "relu3_"):
        p[f"W{prefix}1"] = p[f"W{prefix}1"] * scale
        p[f"b{prefix}1"] = p[f"b{prefix}1"] - p[f"W{prefix}1"] @ middle
    assert plain(plain.network.row(p)).item() == pytest.approx(rule(theta).item(), rel=1e-12)


def test_networks_do_not_affect_each_other():
    rule = residual((2, 3))
    together = rule(parameters(rule, 3))
    alone = torch.cat([rule(row[None]) for row in parameters(rule, 3)])
    assert torch.allclose(together, alone, rtol=1e-12)
    assert (rule.points(parameters(rule, 3)) >= 2 * 8 * rule.panels * 10).all()


def test_kinks_parallel_to_lines_and_outside_the_box_are_at_rest():
    rule = residual((2,), lines=40)
    p = rule.network.blocks(parameters(rule))
    p["Wrelu2_1"] = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]], dtype=torch.float64)
    p["brelu2_1"] = torch.tensor([[0.0, 0.0, 9.0, 1.0]], dtype=torch.float64)
    theta = rule.network.row(p).requires_grad_()
    value = rule(theta)
    assert value.item() == pytest.approx(along_lines_without_division(rule, p), rel=1e-9)
    (gradient,) = torch.autograd.grad(value.sum(), theta)
    assert gradient.isfinite().all()


def along_lines_without_division(rule: LineResidual, p: dict) -> float:
    """Return the mean for kinks at the middle of both axes, by Gauss–Legendre rules on the four quarters of the box."""
    c = p["Wrelu2_out"][0, 0].numpy()
    factors = 2 * c * ((p["Wrelu2_1"][0].numpy() * (2 / np.array([1.0, 3.0]))) ** 2).sum(1)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    total = 0.0
    for right in (0, 1):
        for top in (0, 1):
            x, y = 0.5 * right + (1 + nodes) / 4, -1 + 1.5 * top + 0.75 * (1 + nodes)
            level = factors[0] * right + factors[1] * top + factors[2]
            squares = (level - np.sin(2 * x)[:, None] * (1 + y)) ** 2
            total += float(weights @ squares @ weights) / 16
    return total


@pytest.mark.parametrize(("powers", "layers"), [((1, 2), 1), ((2,), 2)])
def test_other_networks_are_rejected(powers, layers):
    with pytest.raises(InvalidInputError, match="one hidden layer of ReLU"):
        LineResidual(network(powers, layers), powers, forcing, BOX, 8)


SHALLOW = {"architecture": "towers", "powers": [2], "hidden_layers": 1, "quadrature": "lines"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({**SHALLOW, "powers": [1, 2]}, "powers of at least 2"),
        ({**SHALLOW, "hidden_layers": 2}, "hidden_layers 1"),
        ({**SHALLOW, "architecture": "dense"}, "architecture 'towers'"),
        ({**SHALLOW, "lines": 10}, "multiple of 4"),
        ({**SHALLOW, "sampling": "nodes"}, "another sampling"),
        ({"initialization": "spread", "input_scaling": False}, "requires input_scaling"),
        ({"initialization": "spread", "architecture": "experts"}, "architecture among dense, towers, mixed"),
    ],
)
def test_settings_that_do_not_fit_are_rejected(settings, message):
    with pytest.raises(ValueError, match=message):
        job_of("collocation", problems={"poisson": Poisson(equation="poisson")}, problem="poisson", **settings)


def test_another_equation_is_rejected():
    settings = CollocationSettings(document="test", problem="burgers", **SHALLOW)
    with pytest.raises(ConfigError, match="requires equation 'poisson'; problem 'burgers' has equation 'burgers'"):
        settings.check_problem("burgers", Burgers(equation="burgers", viscosity=0.01))


def test_training_uses_the_residual_along_lines():
    """The term of the equation is the mean along lines, and the fine mean does not depend on the rule of training."""
    jobs = [
        job_of(
            "collocation",
            problems={"poisson": Poisson(equation="poisson")},
            problem="poisson",
            width=5,
            seeds=2,
            **case,
        )
        for case in (SHALLOW, {**SHALLOW, "quadrature": "lines_at_rest"})
    ]
    ready = [CollocationSetup(job) for job in jobs]
    theta = ready[0].initial().double()
    values = [setup.loss.terms(theta)["equation"] for setup in ready]
    assert torch.equal(*values)
    assert torch.equal(values[0], ready[0].line_residual()(theta))
    fine = ready[0].line_residual(lines=200, order=6)(theta)
    assert torch.allclose(values[0], fine, rtol=0.1)
    x = torch.rand(1, 2, 200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    jets = ready[0].loss.jets(theta, x, Pass())
    squares = (jets["xx"] + jets["yy"] - torch.tensor(ready[0].problem.forcing(x[0].numpy()))).square()
    error = 4 * squares.std(-1) / squares.shape[-1] ** 0.5
    assert ((squares.mean(-1) - fine).abs() < error).all()
