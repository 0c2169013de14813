"""Benchmarks of the Deep Ritz numerics against their peers."""

import copy
from collections.abc import Callable

import torch

from benchmarks import hot_paths
from benchmarks.measure import Comparison, Sides
from builders import network, parameters, problem
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.quadrature import KinkAware, UniformGrid

SEEDS, STEPS = 20, 200
EIGENPAIRS = 10  # number of leading eigenpairs, as in the landscapes of the document


class PlainNetwork(torch.nn.Module):
    """The network as a plain torch module."""

    def __init__(self, width: int = 50):
        super().__init__()
        self.hidden = torch.nn.Linear(1, width)
        self.output = torch.nn.Linear(width, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1 - x) * self.output(torch.relu(self.hidden(x)))


class WithSlope(torch.nn.Module):
    """A network with its derivative, by automatic differentiation, as a second output."""

    def __init__(self, net: torch.nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def values(at: torch.Tensor) -> torch.Tensor:
            return self.net(at).sum()

        return torch.cat([self.net(x), torch.func.grad(values)(x)], 1)


class OutputEnergy(torch.nn.Module):
    """The energy as a loss of these outputs, given the weights and the source at each point."""

    reduction = "sum"

    def forward(self, outputs: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        u, du = outputs.split(1, 1)
        return (known[:, :1] * (0.5 * du**2 - known[:, 1:] * u)).sum()


def plain_energy(net: Callable, x: torch.Tensor, weights: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    u = net(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (weights * (0.5 * du**2 - source * u)).sum()


def grid() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rule = UniformGrid(100)
    x = rule.points[0][:, None].clone().requires_grad_(True)
    return x, rule.weights[0][:, None], (4 * torch.pi**2 * torch.sin(2 * torch.pi * x)).detach()


def repeated(action: Callable, count: int) -> Callable:
    def many() -> None:
        for _ in range(count):
            action()

    return many


def ritz_step() -> Sides:
    """20 seeds in a batch against one seed."""
    plain = PlainNetwork()
    adam = torch.optim.Adam(plain.parameters(), lr=5e-3)
    x, weights, source = grid()

    def step() -> None:
        adam.zero_grad()
        plain_energy(plain, x, weights, source).backward()
        adam.step()

    return Sides(repeated(hot_paths.ritz_step(SEEDS), STEPS), repeated(step, STEPS), STEPS * SEEDS, STEPS)


def kink_aware_gradient() -> Sides:
    """Closed form against central differences of the same energy in a loop over parameters."""
    net = network("relu")
    theta = parameters(net, 1)
    energy = RitzEnergy(problem(), net, KinkAware(net))

    @torch.no_grad()
    def differences() -> None:
        for index in range(net.parameters):
            for sign in (1, -1):
                moved = theta.clone()
                moved[0, index] += sign * 1e-5
                energy(moved)

    return Sides(repeated(hot_paths.kink_aware_gradient(), 100), differences, 100, 1)


def landscape_point() -> Sides:
    """Planes in parameter space against loss-landscapes, N = 20, 100 points."""
    import loss_landscapes
    import loss_landscapes.metrics

    x, weights, source = grid()
    plain = PlainNetwork(20)

    class Energy(loss_landscapes.metrics.Metric):
        def __call__(self, model) -> float:
            return plain_energy(model.forward, x, weights, source).item()

    def plane() -> None:
        loss_landscapes.random_plane(copy.deepcopy(plain), Energy(), distance=1, steps=15, normalization=None)

    return Sides(repeated(hot_paths.landscape_plane(), 9), plane, 9 * 81 * 81, 15 * 15)


def hessian_eigenpairs() -> Sides:
    """All eigenpairs of the dense Hessian against the ten largest by Lanczos with curvlinops' products, N = 20."""
    import curvlinops
    from scipy.sparse.linalg import eigsh

    x, weights, source = grid()
    x = x.detach()
    net = WithSlope(PlainNetwork(20))

    data = [(x, torch.cat([weights, source], 1))]

    def largest() -> None:
        operator = curvlinops.HessianLinearOperator(
            net, OutputEnergy(), list(net.parameters()), data, check_deterministic=False, num_data=len(x)
        )
        eigsh(operator.to_scipy(), k=EIGENPAIRS, which="LA")

    return Sides(repeated(hot_paths.hessian_eigenpairs(), 5), largest, 5, 1)


COMPARISONS = (
    Comparison(
        "Ritz step",
        "Deep Ritz step, per seed, 20 seeds",
        "plain torch, one seed at a time",
        15,
        torch.float64,
        ritz_step,
    ),
    Comparison(
        "kink-aware gradient",
        "kink-aware gradient, N = 50",
        "differences in a loop",
        100,
        torch.float64,
        kink_aware_gradient,
    ),
    Comparison(
        "landscape point", "point of a landscape, N = 20", "loss-landscapes 3.0.6", 100, torch.float64, landscape_point
    ),
    Comparison(
        "Hessian",
        "Hessian and its eigenpairs, N = 20: all / the ten largest",
        "curvlinops 3.0.1 with SciPy",
        None,
        torch.float64,
        hessian_eigenpairs,
    ),
)
