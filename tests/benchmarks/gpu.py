"""Our hot paths on a GPU beside the same on two CPU threads."""

from collections.abc import Callable

import torch
from torch.types import Device

from builders import network, parameters, problem
from rectified import activations, devices, optimizers
from rectified.ensembles import Setting, log_kernels
from rectified.gradients import ritz_gradient
from rectified.lowering import torch_activation
from rectified.mlp import MLP, initial_parameters
from rectified.pinn import BurgersResiduals, PinnLoss
from rectified.problems.burgers import BurgersProblem
from rectified.seeding import numpy_generator

SEEDS, STEPS = 20, 5


def sides(build: Callable[[Device], Callable]) -> tuple[Callable, Callable, int, int]:
    """The work on the GPU, until it is done, and on the CPU; both per step."""
    on_gpu, on_cpu = build(devices.chosen("cuda")), build("cpu")

    def ours() -> None:
        on_gpu()
        torch.cuda.synchronize()

    return ours, on_cpu, STEPS, STEPS


def ritz_step(device: Device) -> Callable:
    """Adam steps with the kink-aware gradient, 20 seeds."""
    net = network("relu")
    numbers = {"points": 100, "step": 1e-2, "order": 5, "panels": 10}
    gradient = ritz_gradient("kink_aware", problem(), net, **numbers, device=device)
    return _steps(parameters(net, SEEDS).to(device), gradient)


def burgers_step(device: Device) -> Callable:
    """Adam steps of a Burgers PINN, 10,000 points, 7×64, float32."""
    net = MLP(2, 64, 7, torch_activation(activations.get("tanh")))
    loss = PinnLoss(BurgersResiduals(BurgersProblem(), net, device=device), 10_000)
    theta = initial_parameters(net, [0], [1.0] * 8, 0.0, "bench").to(device, torch.float32)
    loss.redraw(0, theta)
    return _steps(theta, loss)


def kernel_ensemble(device: Device) -> Callable:
    """Kernels of 50 networks of width 512 and 10 layers with one input; random numbers are drawn on the CPU."""
    activation = torch_activation(activations.get("mrepu2"))
    x = torch.full((50 * STEPS, 2, 1), 0.03, dtype=torch.float64).to(device)
    return lambda: log_kernels(activation, Setting(512, 10, 1.0), x, numpy_generator("bench"))


def _steps(theta: torch.Tensor, gradient: Callable) -> Callable:
    adam = optimizers.build("adam", theta)
    alive = torch.ones(len(theta), dtype=torch.bool, device=theta.device)

    def steps() -> None:
        for _ in range(STEPS):
            adam.step(gradient, alive, 1e-3)

    return steps
