"""Integrals of piecewise smooth functions of one variable between their kinks, and true mismatches of their gradients.

NumPy alone: networks are evaluated with first and second derivatives by the chain rule, kinks are found where
preactivations cross the levels at which the activation is not smooth, and Gauss–Legendre quadrature is used between
them. Gradients are central differences with nodes that follow the kinks (true), or that stay (as on a fixed grid).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

NODES, WEIGHTS = np.polynomial.legendre.leggauss(10)
STEP = 1e-6  # of the differences, relative to max(|θ|, 1e-2)


class Shape(NamedTuple):
    """An activation: its value and its first two derivatives, and the levels at which they jump."""

    jets: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
    levels: tuple[float, ...]


def _leaky(slope: float) -> Shape:
    return Shape(lambda z: (np.where(z > 0, z, slope * z), np.where(z > 0, 1.0, slope), 0 * z), (0.0,))


def _clipped(low: float, high: float) -> Shape:
    return Shape(lambda z: (np.clip(z, low, high), ((z > low) & (z < high)) * 1.0, 0 * z), (low, high))


SHAPES = {
    "relu": _leaky(0.0),
    "leaky": _leaky(0.1),
    "abs": _leaky(-1.0),
    "relu6": _clipped(0.0, 6.0),
    "hardtanh": _clipped(-1.0, 1.0),
    "relu2": Shape(lambda z: (np.maximum(z, 0) ** 2, 2 * np.maximum(z, 0), 2.0 * (z > 0)), (0.0,)),
}

Density = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # of x, u, u′, u″


class Line:
    """A fully connected network with one input, optionally times x(1 − x), and the integral of a density over [0, 1].

    Args:
        network: alternating linear and activation layers.
        shape: the activation.
        constrained: True for the factor x(1 − x).
        density: the integrand.
    """

    def __init__(self, network: nn.Sequential, shape: Shape, constrained: bool, density: Density):
        linear = [layer for layer in network if isinstance(layer, nn.Linear)]
        self.tensors = [t.detach().double().numpy().copy() for layer in linear for t in (layer.weight, layer.bias)]
        self.shape, self.constrained, self.density = shape, constrained, density

    def preactivation(self, x: np.ndarray, layer: int) -> np.ndarray:
        """Preactivations [points, width] of a layer, counted from 0."""
        h = x[:, None]
        for place in range(layer + 1):
            weight, bias = self.tensors[2 * place : 2 * place + 2]
            z = h @ weight.T + bias
            h = self.shape.jets(z)[0]
        return z

    def kinks(self) -> np.ndarray:
        """Ends of the cells: 0, 1, and the places between at which a preactivation crosses a level.

        Preactivations of a layer are linear between the kinks of the layers before.
        """
        cells = np.array([0.0, 1.0])
        for layer in range(len(self.tensors) // 2 - 1):
            z = self.preactivation(cells, layer)
            for level in self.shape.levels:
                before, after = z[:-1] - level, z[1:] - level
                cell, unit = np.nonzero(before * after < 0)
                share = before[cell, unit] / (before[cell, unit] - after[cell, unit])
                cells = np.append(cells, cells[cell] + share * (cells[cell + 1] - cells[cell]))
            cells = np.unique(cells)
        return cells

    def jets(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """u, u′ and u″ at points."""
        v, d, s = x[:, None], np.ones((len(x), 1)), np.zeros((len(x), 1))
        last = len(self.tensors) // 2 - 1
        for place in range(last + 1):
            weight, bias = self.tensors[2 * place : 2 * place + 2]
            v, d, s = v @ weight.T + bias, d @ weight.T, s @ weight.T
            if place < last:
                value, first, second = self.shape.jets(v)
                v, d, s = value, first * d, first * s + second * d**2
        v, d, s = v[:, 0], d[:, 0], s[:, 0]
        if not self.constrained:
            return v, d, s
        bump, slope = x * (1 - x), 1 - 2 * x
        return bump * v, bump * d + slope * v, bump * s + 2 * slope * d - 2 * v

    def integral(self, cells: np.ndarray | None = None) -> float:
        """Integral over [0, 1] by quadrature between the kinks, or in given cells."""
        cells = self.kinks() if cells is None else cells
        half = np.diff(cells) / 2
        x = ((cells[:-1] + cells[1:]) / 2 + np.outer(NODES, half)).ravel()
        values = self.density(x, *self.jets(x)).reshape(len(NODES), -1)
        return float(WEIGHTS @ values @ half)

    def gradients(self, follow: bool) -> list[np.ndarray]:
        """Gradient of the integral with respect to each tensor, with cells that follow the kinks or that stay."""
        cells, gradients = None if follow else self.kinks(), []
        for tensor in self.tensors:
            flat, gradient = tensor.reshape(-1), np.empty(tensor.size)
            for place, theta in enumerate(flat.copy()):
                step, ends = STEP * max(abs(theta), 1e-2), []
                for sign in (-1, 1):
                    flat[place] = theta + sign * step
                    ends.append(self.integral(cells))
                flat[place] = theta
                gradient[place] = (ends[1] - ends[0]) / (2 * step)
            gradients.append(gradient)
        return gradients


def mismatch(line: Line) -> float:
    """Mismatch of the worst tensor between the gradient on fixed points and the true one."""
    pairs = zip(line.gradients(follow=False), line.gradients(follow=True))
    return worst_tensor(list(pairs))


def worst_tensor(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Largest ‖used − true‖/max(‖used‖, ‖true‖) of the tensors whose gradient is not negligible."""
    sizes = [max(np.linalg.norm(used), np.linalg.norm(true)) for used, true in pairs]
    kept = [(pair, size) for pair, size in zip(pairs, sizes) if size > 1e-6 * max(sizes)]
    return max(float(np.linalg.norm(used - true) / size) for (used, true), size in kept)


def ritz_density(source: float) -> Density:
    """½u′² − source·u."""
    return lambda x, u, slope, second: slope**2 / 2 - source * u


def strong_density(source: float) -> Density:
    """(u″ + source)²."""
    return lambda x, u, slope, second: (second + source) ** 2


def grid(count: int) -> torch.Tensor:
    """Midpoints of equal cells of [0, 1]."""
    return ((torch.arange(count, dtype=torch.float64) + 0.5) / count)[:, None]
