"""Benchmarks of ensembles and physics-informed networks against their peers."""

from collections.abc import Callable

import torch

from benchmarks import hot_paths
from benchmarks.measure import Comparison, Sides
from benchmarks.ritz import repeated

WIDTH, LAYERS = 512, 10
NETWORKS = 20
STEPS = 20


class MRePU(torch.nn.Module):
    """MRePU₂ as a plain torch module."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.relu(x + 1) ** 2


def plain_network(width: int, hidden_layers: int, activation: type[torch.nn.Module]) -> torch.nn.Sequential:
    """Return a fully connected network with two inputs, built from plain torch modules."""
    layers = [torch.nn.Linear(2, width), activation()]
    for _ in range(hidden_layers - 1):
        layers += [torch.nn.Linear(width, width), activation()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(width, 1))


def kernel_ensemble() -> Sides:
    """Exact sampling of 1000 networks against 10 networks with sampled weights, both in float64."""

    @torch.no_grad()
    def with_weights() -> None:
        sigma = MRePU()
        for _ in range(10):
            h, kernels = torch.full((2, 1), 0.03), []
            for _ in range(LAYERS):
                z = torch.randn(WIDTH, len(h)) @ h / len(h) ** 0.5
                kernels.append(z.square().mean())
                h = sigma(z)

    return Sides(hot_paths.kernels(1000, WIDTH, LAYERS), with_weights, 1000, 10)


def plain_ensemble() -> tuple[list[torch.nn.Sequential], torch.Tensor, torch.Tensor]:
    """Return twenty plain torch networks with points and target values."""
    x, y = hot_paths.plain_data(100)
    return [plain_network(32, 5, MRePU) for _ in range(NETWORKS)], x[0].T.contiguous(), y.T.contiguous()


def ensemble_step() -> Sides:
    """Batched ensemble against a loop over networks."""
    networks, points, values = plain_ensemble()
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in networks]

    def loop() -> None:
        for plain, adam in zip(networks, optimizers):
            adam.zero_grad()
            torch.nn.functional.mse_loss(plain(points), values).backward()
            adam.step()

    return Sides(repeated(hot_paths.ensemble_step(), STEPS), repeated(loop, STEPS), STEPS, STEPS)


def ensemble_vmap() -> Sides:
    """Batched ensemble against torch.func.vmap over stacked modules."""
    networks, points, values = plain_ensemble()
    stacked, _ = torch.func.stack_module_state(networks)
    adam = torch.optim.Adam(stacked.values(), lr=1e-3)

    def loss(weights: dict[str, torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.mse_loss(torch.func.functional_call(networks[0], weights, (points,)), values)

    gradients = torch.func.vmap(torch.func.grad(loss))

    def step() -> None:
        for name, gradient in gradients(stacked).items():
            stacked[name].grad = gradient
        adam.step()

    return Sides(repeated(hot_paths.ensemble_step(), STEPS), repeated(step, STEPS), STEPS, STEPS)


def burgers_step(compiled: bool) -> Sides:
    """Forward jets at all 10,000 points against DeepXDE on torch, both in float32."""
    from benchmarks.race import deepxde_model

    model = deepxde_model(width=64, layers=7, domain=10_000, boundary=50, initial=50)
    batch = model.data.train_next_batch(None)
    return Sides(
        repeated(hot_paths.burgers_step(compiled=compiled), 3),
        repeated(lambda: model._train_step(*batch), 3),
        3,
        3,
    )


def nested_autograd_step() -> Sides:
    """Forward jets against nested reverse-mode differentiation of an nn.Module, 1000 points, both in float32."""
    net = plain_network(64, 7, torch.nn.Tanh)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    x = torch.rand(1000, 2, requires_grad=True)

    def slopes(values: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(values.sum(), x, create_graph=True)[0]

    def step() -> None:
        adam.zero_grad()
        u = net(x)
        du = slopes(u)
        residual = du[:, 1] + u[:, 0] * du[:, 0] - 0.01 / torch.pi * slopes(du[:, 0])[:, 0]
        residual.square().mean().backward()
        adam.step()

    return Sides(repeated(hot_paths.burgers_step(points=1000), 5), repeated(step, 5), 5, 5)


def _in_double(key: str, work: str, peer: str, target: float | None, build: Callable[[], Sides]) -> Comparison:
    return Comparison(key, work, peer, target, torch.float64, build)


def _in_single(key: str, work: str, peer: str, target: float | None, build: Callable[[], Sides]) -> Comparison:
    return Comparison(key, work, peer, target, torch.float32, build)


COMPARISONS = (
    _in_double(
        "kernels",
        "kernel ensemble, width 512, 10 layers, one input, per network",
        "brute force with weights",
        300,
        kernel_ensemble,
    ),
    _in_single(
        "ensemble, loop",
        "ensemble training step, 20 networks, 5×32",
        "plain torch, a loop over networks",
        10,
        ensemble_step,
    ),
    _in_single("ensemble, vmap", "ensemble training step, 20 networks, 5×32", "torch.func.vmap", None, ensemble_vmap),
    _in_single(
        "Burgers, compiled",
        "Burgers step, 10,000 points, 7×64, tanh, compiled",
        "DeepXDE 1.15.0",
        1.6,
        lambda: burgers_step(compiled=True),
    ),
    _in_single(
        "Burgers, eager",
        "Burgers step, 10,000 points, 7×64, tanh, not compiled",
        "DeepXDE 1.15.0",
        None,
        lambda: burgers_step(compiled=False),
    ),
    _in_single(
        "Burgers, autograd",
        "Burgers step, 1000 points, 7×64, tanh",
        "nested autograd of an nn.Module",
        None,
        nested_autograd_step,
    ),
)
