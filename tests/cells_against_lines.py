"""Cost of the gradient by cells and by lines for an accuracy, as a table of workflow/docs/kink_aware.md.

Run with ``PYTHONPATH=scripts:tests OMP_NUM_THREADS=1 .venv/bin/python -m cells_against_lines``; two minutes.
"""

import math
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from rectified.kink_aware import integrate, integrate_cells

SQUARE = [(0, 1), (0, 1)]
WIDTHS, SEEDS, ACCURACIES = (5, 10, 20, 40, 60), 5, (1e-2, 1e-3, 1e-4)
LINES, DEGREES = [8 * 2**power for power in range(8)], [*range(0, 13, 2), 16]
REPETITIONS = 3
EXACT = 24  # degree at which the rule on cells has converged to rounding


class Row(NamedTuple):
    """Error of the gradient, points and CPU seconds of one call with its backward pass."""

    error: float
    points: int
    seconds: float


class Field(nn.Sequential):
    """x(1 − x)y(1 − y) Σ cᵢ ReLU(aᵢ·(x, y) + bᵢ), with kinks through random points in random directions."""

    def __init__(self, width: int, seed: int):
        random = torch.Generator().manual_seed(seed)
        first, last = nn.Linear(2, width).double(), nn.Linear(width, 1, bias=False).double()
        angle = 2 * math.pi * torch.rand(width, generator=random, dtype=torch.float64)
        first.weight.data = torch.stack([angle.cos(), angle.sin()], 1)
        first.bias.data = -(first.weight.data * torch.rand(width, 2, generator=random, dtype=torch.float64)).sum(1)
        last.weight.data = torch.randn(1, width, generator=random, dtype=torch.float64) / width**0.5
        super().__init__(first, nn.ReLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return (x * (1 - x)).prod(1, keepdim=True) * super().forward(x)


class Density:
    """½|∇u|² − 8π² sin(2πx) sin(2πy) u, which counts its points."""

    def __init__(self):
        self.points = 0

    def __call__(self, x: Tensor, u: Tensor, du: Tensor) -> Tensor:
        self.points += len(x)
        return du.square().sum(1) / 2 - 8 * math.pi**2 * torch.sin(2 * math.pi * x).prod(1) * u


def gradient(field: Field, integral: Callable[..., Tensor], density: Density, **options) -> Tensor:
    energy = integral(field, density, SQUARE, **options)
    return torch.cat([part.flatten() for part in torch.autograd.grad(energy, list(field.parameters()))])


def measured(field: Field, exact: Tensor, integral: Callable[..., Tensor], **options) -> Row:
    density, seconds = Density(), []
    found = gradient(field, integral, density, **options)
    for _ in range(REPETITIONS):
        start = time.process_time()
        gradient(field, integral, Density(), **options)
        seconds.append(time.process_time() - start)
    return Row(float((found - exact).norm() / exact.norm()), density.points, min(seconds))


def rows(width: int, integral: Callable[..., Tensor], choices: list[dict]) -> list[Row]:
    """The medians over networks for each choice of options."""
    fields = [Field(width, seed) for seed in range(SEEDS)]
    exact = [gradient(field, integrate_cells, Density(), degree=EXACT) for field in fields]
    table = []
    for options in choices:
        runs = [measured(field, target, integral, **options) for field, target in zip(fields, exact)]
        table.append(Row(*(float(np.median(column)) for column in zip(*runs))))
        if table[-1].error < min(ACCURACIES):
            break
    return table


def entry(table: list[Row], accuracy: float) -> str:
    """Points and time of the cheapest choice that is accurate enough."""
    good = [row for row in table if row.error <= accuracy]
    if not good:
        return f"not reached: {table[-1].error:.1e} with {table[-1].points / 1000:.0f}k"
    best = min(good, key=lambda row: row.points)
    return f"{best.points / 1000:.3g}k, {1000 * best.seconds:.3g} ms"


def main() -> None:
    torch.set_num_threads(1)
    methods = {
        "cells": (integrate_cells, [{"degree": degree} for degree in DEGREES]),
        "lines": (integrate, [{"lines": lines} for lines in LINES]),
        "lines, balanced": (integrate, [{"lines": lines, "balanced": True} for lines in LINES]),
    }
    print("| N | method | " + " | ".join(f"error {accuracy:g}" for accuracy in ACCURACIES) + " |")
    print("|---|---|" + "---|" * len(ACCURACIES))
    for width in WIDTHS:
        for name, (integral, choices) in methods.items():
            table = rows(width, integral, choices)
            print(f"| {width} | {name} | " + " | ".join(entry(table, one) for one in ACCURACIES) + " |", flush=True)


if __name__ == "__main__":
    main()
