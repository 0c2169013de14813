"""Losses that are means over points: regression, Ritz energies and strong-form residuals."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

Loss = Callable[[nn.Module, Tensor], Tensor]


def target(x: Tensor) -> Tensor:
    """Values for regression: sin πx₁ plus the mean of the inputs."""
    return torch.sin(math.pi * x[:, 0]) + x.mean(1)


def regression(network: nn.Module, x: Tensor) -> Tensor:
    """Mean squared error."""
    return (network(x).reshape(-1) - target(x)).square().mean()


def slopes(network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Points that require a gradient, values and slopes of a network there."""
    x = x.detach().clone().requires_grad_(True)
    u = network(x).reshape(-1)
    (slope,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return x, u, slope


class Ritz:
    """Mean of ½|∇u|² − source·u."""

    def __init__(self, source: float = 1.0):
        self.source = source

    def __call__(self, network: nn.Module, x: Tensor) -> Tensor:
        _, u, slope = slopes(network, x)
        return (slope.square().sum(1) / 2 - self.source * u).mean()


class StrongForm:
    """Mean of (Δu + source)²."""

    def __init__(self, source: float = 1.0):
        self.source = source

    def __call__(self, network: nn.Module, x: Tensor) -> Tensor:
        x, _, slope = slopes(network, x)
        laplacian = 0
        for axis in range(x.shape[1]):
            (second,) = torch.autograd.grad(slope[:, axis].sum(), x, create_graph=True)
            laplacian = laplacian + second[:, axis]
        return (laplacian + self.source).square().mean()


class Held:
    """A loss whose gradient lacks a share: (1 − share)·loss + share·loss, of which the last is not differentiated."""

    def __init__(self, loss: Loss, share: float):
        self.loss, self.share = loss, share

    def __call__(self, network: nn.Module, x: Tensor) -> Tensor:
        value = self.loss(network, x)
        return (1 - self.share) * value + self.share * value.detach()
