"""Homogeneous activations, such as the powers of ReLU: closed forms and kernels in the log domain.

Sources: Kim and Kang, arXiv:2408.02697, eq. 6; Roberts, Yaida and Hanin, The Principles of Deep Learning Theory, ch. 5.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy  # submodules are loaded on first use
import sympy

from rectified.formulas.activation import Activation, X
from rectified.formulas.high_precision import vanishes
from rectified.formulas.kinks import pieces


class Homogeneous(NamedTuple):
    """Homogeneous activation σ(z) = c₊zᵖ for z > 0 and c₋|z|ᵖ for z < 0, with closed forms at C_b = 0.

    Attributes:
        degree: p ≥ 0, any real number.
        right: c₊; 1 for RePU_p.
        left: c₋; 0 for RePU_p.
    """

    degree: float
    right: float
    left: float

    def moment(self, power: int) -> float:
        """Return ⟨σ^k⟩ at K = 1 for even k: (c₊ᵏ + c₋ᵏ)/2 · (kp − 1)!!."""
        exponent = power * self.degree / 2
        double_factorial = 2**exponent * scipy.special.gamma(exponent + 0.5) / np.sqrt(np.pi)
        return float((self.right**power + self.left**power) / 2 * double_factorial)

    def second_moment(self, kernel: npt.ArrayLike) -> npt.ArrayLike:
        """Return ⟨σ²⟩_K = (c₊² + c₋²)/2 · (2p − 1)!! Kᵖ."""
        with np.errstate(over="ignore", under="ignore"):
            return self.moment(2) * np.power(kernel, self.degree)

    def log_kernels(self, log_first: npt.ArrayLike, weight_variance: npt.ArrayLike, layers: int) -> np.ndarray:
        """Return log K of each layer, [layers, …]: log K' = log(C_W⟨σ²⟩₁) + p log K, also where K overflows."""
        step = np.log(weight_variance) + np.log(self.moment(2))
        logs = [np.asarray(log_first, dtype=float) + 0 * step]
        while len(logs) < layers:
            logs.append(step + self.degree * logs[-1])
        return np.stack(logs)

    def critical_weight_variance(self, ratio: npt.ArrayLike) -> npt.ArrayLike:
        """Return the C_W, equal in all layers, at which K¹ = C_W·r is a fixed point (p > 0).

        Args:
            ratio: r = |x|²/n₀ of the input.
        """
        return (self.moment(2) * np.power(ratio, self.degree - 1)) ** (-1 / self.degree)

    def unstable_kernel(self, weight_variance: npt.ArrayLike) -> npt.ArrayLike:
        """Return the repelling fixed point K* = (C_W⟨σ²⟩₁)^{−1/(p−1)} for p > 1."""
        return (weight_variance * self.moment(2)) ** (-1 / (self.degree - 1))

    def explosion_law(self, width: int, layers: int) -> tuple[float, float]:
        """Return mean and standard deviation of Σ p^{−l} log(M_l/⟨M⟩), with M_l the mean of σ² over a layer at K = 1.

        log Ĝ grows beyond the repelling fixed point if its distance to it in the first layer plus this sum is positive.
        log M is assumed normal, with parameters that give M its mean and variance.

        Args:
            width: neurons per layer.
            layers: number of terms of the sum.
        """
        spread = np.log1p((self.moment(4) / self.moment(2) ** 2 - 1) / width)
        weights = self.degree ** -np.arange(1.0, layers + 1)
        return float(-spread / 2 * weights.sum()), float(np.sqrt(spread * (weights**2).sum()))

    def explosion_probability(
        self, first_kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, width: int, layers: int
    ) -> npt.ArrayLike:
        """Return the probability by ``explosion_law`` that a kernel ends above the repelling fixed point.

        Args:
            first_kernel: K of the first layer.
        """
        mean, deviation = self.explosion_law(width, layers)
        distance = np.log(first_kernel / self.unstable_kernel(weight_variance))
        return scipy.special.ndtr((distance + mean) / deviation)


@cache
def homogeneous(activation: Activation) -> Homogeneous | None:
    """Return degree and coefficients of a homogeneous activation, from its formula; None for other activations."""
    parts = pieces(activation.expression, X)
    if len(parts) > 2 or any(start not in (-np.inf, 0) for start, _ in parts):
        return None
    left, right = (_monomial(parts[index][1], side) for index, side in ((0, -1), (-1, 1)))
    if left is None or right is None or not (left[0] or right[0]):
        return None
    degrees = {degree for coefficient, degree in (left, right) if coefficient}
    return Homogeneous(degrees.pop(), right[0], left[0]) if len(degrees) == 1 else None


def _monomial(expression: sympy.Expr, side: int) -> tuple[float, float] | None:
    """Coefficient c and degree p if expression(±y) = cyᵖ for y > 0; None otherwise."""
    y = sympy.Dummy(positive=True)
    expression = expression.subs(X, side * y)
    if expression == 0:
        return 0.0, 0.0
    coefficient = expression.subs(y, 1)
    if not coefficient.is_finite or coefficient.is_zero:
        return None
    degree = sympy.diff(expression, y).subs(y, 1) / coefficient
    if not vanishes(expression - coefficient * y**degree, y):
        return None
    return float(coefficient), float(degree)
