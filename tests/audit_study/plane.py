"""The part of the gradient of a Ritz energy over the unit square that is lost with the moving kinks.

For a network with one hidden layer and u = D·N, the kink of unit j lies on the line z_j = w_j·x + b_j = 0. There, the
integrand ½|∇u|² − qu jumps by J = ∇̄u·(D c_j δ w_j), where δ is the jump of the slope of the activation and ∇̄u the mean
of the gradients on both sides. The part of the derivative with respect to a parameter of z_j that is lost is the
integral of J ∂z_j/∂θ/|w_j| along the line.
"""

import numpy as np
import torch
from torch import nn

from audit_study.case import doubled
from audit_study.exact import worst_tensor
from audit_study.losses import Ritz

SEGMENTS = 2000  # midpoints along each line
SIDE = 300  # side of the grid for the gradient that training uses


def line_in_square(w: np.ndarray, b: float) -> tuple[np.ndarray, float]:
    """Midpoints [segments, 2] and their spacing on the part of w·x + b = 0 in the unit square; none if it misses it."""
    foot, along = -b * w / (w @ w), np.array([-w[1], w[0]]) / np.linalg.norm(w)
    with np.errstate(divide="ignore"):
        ends = np.sort(np.stack([(0 - foot) / along, (1 - foot) / along]), axis=0)
    low, high = ends[0].max(), ends[1].min()
    if low >= high:
        return np.empty((0, 2)), 0.0
    place = low + (high - low) * (np.arange(SEGMENTS) + 0.5) / SEGMENTS
    return foot + place[:, None] * along, (high - low) / SEGMENTS


def lost(network: nn.Sequential, left: float, constrained: bool) -> tuple[np.ndarray, np.ndarray]:
    """Lost derivatives with respect to the weights [width, 2] and biases [width] of the hidden layer.

    Args:
        network: linear, activation, linear.
        left: slope of the activation for negative z; it is 1 for positive z.
        constrained: True for the factor D = x(1 − x)y(1 − y).
    """
    w, b, c, last = (tensor.detach().double().numpy() for tensor in network.parameters())
    weights, biases = np.zeros_like(w), np.zeros_like(b)
    for unit in range(len(b)):
        x, spacing = line_in_square(w[unit], b[unit])
        z = x @ w.T + b
        slope = np.where(z > 0, 1.0, left)
        value = (slope * z) @ c[0] + last[0]
        slope[:, unit] = (1 + left) / 2
        gradient = (slope * c[0]) @ w
        bump, bump_slope = np.ones(len(x)), np.zeros_like(x)
        if constrained:
            one, other = (x * (1 - x)).T
            bump, bump_slope = one * other, (1 - 2 * x) * np.stack([other, one], 1)
        mean = bump[:, None] * gradient + bump_slope * value[:, None]
        jump = (mean @ w[unit]) * bump * c[0, unit] * (1 - left) * spacing / np.linalg.norm(w[unit])
        weights[unit], biases[unit] = jump @ x, jump.sum()
    return weights, biases


def mismatch(network: nn.Sequential, trained: nn.Module, left: float, constrained: bool, loss: Ritz) -> float:
    """Mismatch of the worst tensor of the gradient that training uses on a fine grid, with respect to the true one."""
    trained = doubled(trained)
    axis = (torch.arange(SIDE, dtype=torch.float64) + 0.5) / SIDE
    value = loss(trained, torch.cartesian_prod(axis, axis))
    gradients = torch.autograd.grad(value, list(trained.parameters()), allow_unused=True)
    used = [gradient.numpy() for gradient in gradients if gradient is not None]
    missing = [*lost(network, left, constrained), *[0 * g for g in used[2:]]]
    return worst_tensor([(g, g + part) for g, part in zip(used, missing)])
