"""Comparisons of the Deep Ritz numerics with their peers."""

import copy
from collections.abc import Callable

import loss_landscapes
import loss_landscapes.metrics
import torch

from builders import network, parameters, problem
from rectified import landscape, optimizers
from rectified.gradients import ritz_gradient
from rectified.hessian import eigenpairs, hessian
from rectified.moments import MomentEnergy
from rectified.quadrature import KinkAware, UniformGrid
from rectified.ritz import RitzEnergy

SEEDS = 20
STEPS = 200


class PlainNetwork(torch.nn.Module):
    """The network as a user of torch writes it."""

    def __init__(self, width: int = 50):
        super().__init__()
        self.hidden = torch.nn.Linear(1, width)
        self.output = torch.nn.Linear(width, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1 - x) * self.output(torch.relu(self.hidden(x)))


def plain_energy(net: Callable, x: torch.Tensor, weights: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    u = net(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (weights * (0.5 * du**2 - source * u)).sum()


def grid() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rule = UniformGrid(100)
    x = rule.points[0][:, None].clone().requires_grad_(True)
    return x, rule.weights[0][:, None], (4 * torch.pi**2 * torch.sin(2 * torch.pi * x)).detach()


def ritz_step() -> tuple[Callable, Callable, int, int]:
    """One Adam step: 20 seeds in a batch against one seed with nn.Module and autograd.grad, per seed."""
    net = network("relu")
    gradient = ritz_gradient("autodiff", problem(), net, points=100, step=1e-2, order=5, panels=10)
    ours = optimizers.build("adam", parameters(net, SEEDS), gradient.objective)
    alive = torch.ones(SEEDS, dtype=torch.bool)
    plain = PlainNetwork()
    adam = torch.optim.Adam(plain.parameters(), lr=5e-3)
    x, weights, source = grid()

    def step() -> None:
        for _ in range(STEPS):
            ours.step(gradient, alive, 5e-3)

    def peer() -> None:
        for _ in range(STEPS):
            adam.zero_grad()
            plain_energy(plain, x, weights, source).backward()
            adam.step()

    return step, peer, STEPS * SEEDS, STEPS


def kink_aware_gradient() -> tuple[Callable, Callable, int, int]:
    """The kink-aware gradient against central differences of the same energy in a loop over parameters."""
    net = network("relu")
    theta = parameters(net, 1)
    gradient = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
    energy = RitzEnergy(problem(), net, KinkAware(net))

    def ours() -> None:
        for _ in range(100):
            gradient(theta)

    @torch.no_grad()
    def peer() -> None:
        for index in range(net.parameters):
            for sign in (1, -1):
                moved = theta.clone()
                moved[0, index] += sign * 1e-5
                energy(moved)

    return ours, peer, 100, 1


def landscape_point() -> tuple[Callable, Callable, int, int]:
    """One point of nine planes through parameter space against loss-landscapes, N = 20, 100 points."""
    net = network("relu", width=20)
    theta = parameters(net, 1)[0]
    energy = RitzEnergy(problem(), net, UniformGrid(100))
    quick = MomentEnergy(energy)
    vectors = eigenpairs(hessian(energy, theta)).vectors
    offsets = torch.linspace(-0.5, 0.5, 81, dtype=torch.float64)
    pairs = [(1, j) for j in range(2, 11)]
    x, weights, source = grid()
    plain = PlainNetwork(20)

    class Energy(loss_landscapes.metrics.Metric):
        def __call__(self, model) -> float:
            return plain_energy(model.forward, x, weights, source).item()

    def ours() -> None:
        landscape.planes(quick, theta, vectors, pairs, offsets, 300)

    def peer() -> None:
        loss_landscapes.random_plane(copy.deepcopy(plain), Energy(), distance=1, steps=15, normalization=None)

    return ours, peer, 9 * 81 * 81, 15 * 15
