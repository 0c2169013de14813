"""Comparisons of ensembles and physics-informed networks with their peers."""

from collections.abc import Callable

import deepxde
import numpy as np
import torch

from rectified import activations, optimizers
from rectified.ensembles import Setting, log_kernels
from rectified.least_squares import LeastSquares
from rectified.lowering import torch_activation
from rectified.mlp import MLP, initial_parameters
from rectified.pinn import BurgersResiduals, PinnLoss
from rectified.problems.burgers import BurgersProblem
from rectified.seeding import numpy_generator

WIDTH, LAYERS = 512, 10
NETWORKS = 20
STEPS = 20


class MRePU(torch.nn.Module):
    """MRePU₂ as a user of torch writes it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.relu(x + 1) ** 2


def plain_network(width: int, hidden_layers: int, activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    """A fully connected network of two inputs as a user of torch writes it."""
    layers = [torch.nn.Linear(2, width), activation()]
    for _ in range(hidden_layers - 1):
        layers += [torch.nn.Linear(width, width), activation()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))


def kernel_ensemble() -> tuple[Callable, Callable, int, int]:
    """1000 networks by exact sampling against 10 networks whose weights are drawn, per network, both float64."""
    activation = torch_activation(activations.get("mrepu2"))
    x = torch.full((1000, 2, 1), 0.03, dtype=torch.float64)

    def ours() -> None:
        log_kernels(activation, Setting(WIDTH, LAYERS, 1.0), x, numpy_generator("bench"))

    @torch.no_grad()
    def peer() -> None:
        sigma = MRePU()
        for _ in range(10):
            h, kernels = torch.full((2, 1), 0.03), []
            for _ in range(LAYERS):
                z = torch.randn(WIDTH, len(h)) @ h / len(h) ** 0.5
                kernels.append(z.square().mean())
                h = sigma(z)

    return ours, peer, 1000, 10


def ensemble_step() -> tuple[Callable, Callable, int, int]:
    """An Adam step of 20 networks on 100 points, in a batch against a loop over networks."""
    network = MLP(2, 32, 5, torch_activation(activations.get("mrepu2")))
    theta = initial_parameters(network, range(NETWORKS), [0.1] * 6, 0.0, "bench").float()
    x = torch.rand(1, 2, 100)
    y = torch.sin(3 * x[0, 0]) + x[0, 1] ** 2
    loss = LeastSquares(network, x, y)
    ours = optimizers.build("adam", theta)
    alive = torch.ones(NETWORKS, dtype=torch.bool)
    networks = [plain_network(32, 5, MRePU) for _ in range(NETWORKS)]
    optimizer = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in networks]
    points, values = x[0].T.contiguous(), y[:, None]

    def step() -> None:
        for _ in range(STEPS):
            ours.step(loss, alive, 1e-3)

    def peer() -> None:
        for _ in range(STEPS):
            for plain, adam in zip(networks, optimizer):
                adam.zero_grad()
                torch.nn.functional.mse_loss(plain(points), values).backward()
                adam.step()

    return step, peer, STEPS, STEPS


def burgers_step() -> tuple[Callable, Callable, int, int]:
    """An Adam step of a Burgers PINN on 10,000 points with compiled jets, against DeepXDE on torch, both float32."""
    residuals = BurgersResiduals(BurgersProblem(), MLP(2, 64, 7, torch_activation(activations.get("tanh"))))
    loss = PinnLoss(residuals, 10_000, compiled=True)
    theta = initial_parameters(residuals.network, [0], [1.0] * 8, 0.0, "bench").float()
    ours = optimizers.build("adam", theta)
    loss.redraw(0, theta)
    alive = torch.ones(1, dtype=torch.bool)
    model = _deepxde_model()
    batch = model.data.train_next_batch(None)

    def step() -> None:
        for _ in range(3):
            ours.step(loss, alive, 1e-3)

    def peer() -> None:
        for _ in range(3):
            model._train_step(*batch)

    return step, peer, 3, 3


def _deepxde_model() -> deepxde.Model:
    """The Burgers example of DeepXDE's documentation, with the network and the points of ours."""
    space_time = deepxde.geometry.GeometryXTime(deepxde.geometry.Interval(-1, 1), deepxde.geometry.TimeDomain(0, 1))

    def equation(x, u):
        u_x, u_t = (deepxde.grad.jacobian(u, x, i=0, j=j) for j in (0, 1))
        return u_t + u * u_x - BurgersProblem().viscosity * deepxde.grad.hessian(u, x, i=0, j=0)

    ends = deepxde.icbc.DirichletBC(space_time, lambda x: 0, lambda _, on_boundary: on_boundary)
    start = deepxde.icbc.IC(space_time, lambda x: -np.sin(np.pi * x[:, 0:1]), lambda _, on_initial: on_initial)
    data = deepxde.data.TimePDE(space_time, equation, [ends, start], num_domain=10_000, num_boundary=50, num_initial=50)
    model = deepxde.Model(data, deepxde.nn.FNN([2, *[64] * 7, 1], "tanh", "Glorot normal"))
    model.compile("adam", lr=1e-3, verbose=0)
    return model
