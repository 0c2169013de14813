"""Benchmark of kink-aware integrals against automatic differentiation on a grid of as many points."""

import itertools
import math

import torch

from benchmarks.measure import Comparison, Sides
from rectified.kink_aware import integrate

LINES, WIDTH = 48, 40


class Field(torch.nn.Module):
    """x(1 − x)y(1 − y)·N(x, y), with kinks through random points of the square."""

    def __init__(self, hidden_layers: int):
        super().__init__()
        widths = [2] + [WIDTH] * hidden_layers
        layers = [part for pair in itertools.pairwise(widths) for part in (torch.nn.Linear(*pair), torch.nn.ReLU())]
        first = layers[0]
        first.bias.data = -(first.weight.data * torch.rand(WIDTH, 2)).sum(1)
        self.net = torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * (1 - x)).prod(1, keepdim=True) * self.net(x)


def density(x: torch.Tensor, u: torch.Tensor, du: torch.Tensor) -> torch.Tensor:
    return du.square().sum(1) / 2 - 8 * math.pi**2 * torch.sin(2 * math.pi * x).prod(1) * u


def integral(hidden_layers: int) -> Sides:
    """Energy with its gradient: lines cut at the kinks, and a uniform grid with at least as many points."""
    torch.manual_seed(0)
    field, points = Field(hidden_layers), []

    def counted(x: torch.Tensor, u: torch.Tensor, du: torch.Tensor) -> torch.Tensor:
        points.append(len(x))
        return density(x, u, du)

    integrate(field, counted, [(0, 1), (0, 1)], lines=LINES)
    cells = math.ceil(sum(points) ** 0.5)
    share = (torch.arange(cells) + 0.5) / cells
    x = torch.cartesian_prod(share, share).requires_grad_()

    def along_lines() -> None:
        field.zero_grad()
        integrate(field, density, [(0, 1), (0, 1)], lines=LINES).backward()

    def on_grid() -> None:
        field.zero_grad()
        u = field(x)[:, 0]
        (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
        density(x, u, du).mean().backward()

    return Sides(along_lines, on_grid, 1, 1)


COMPARISONS = tuple(
    Comparison(
        f"kink-aware integral, {layers} hidden",
        f"energy and gradient by {LINES} + {LINES} lines, 2-D, N = {WIDTH}, {layers} hidden layer{'s' * (layers > 1)}",
        "autodiff on as many grid points",
        0.5,
        torch.float64,
        lambda layers=layers: integral(layers),
    )
    for layers in (1, 2)
)
