"""Homogeneous activations, such as the powers of ReLU: closed forms, and kernels in the log domain.

Sources: Kim and Kang, arXiv:2408.02697, eq. 6; Roberts, Yaida and Hanin, The Principles of Deep Learning Theory, ch. 5.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded when first used
import sympy

from rectified.formulas import expressions
from rectified.formulas.activations import Activation, X


class Homogeneous(NamedTuple):
    """σ(z) = c₊zᵖ for z > 0 and c₋|z|ᵖ for z < 0, of any real degree p ≥ 0; closed forms at C_b = 0.

    RePU_p has c₊ = 1, c₋ = 0.
    """

    degree: float
    right: float
    left: float

    def moment(self, power: int) -> float:
        """⟨σ^k⟩ at K = 1 for even k: (c₊ᵏ + c₋ᵏ)/2 · (kp − 1)!!."""
        exponent = power * self.degree / 2
        double_factorial = 2**exponent * scipy.special.gamma(exponent + 0.5) / np.sqrt(np.pi)
        return float((self.right**power + self.left**power) / 2 * double_factorial)

    def second_moment(self, kernel: npt.ArrayLike) -> npt.ArrayLike:
        """⟨σ²⟩_K = (c₊² + c₋²)/2 · (2p − 1)!! Kᵖ."""
        with np.errstate(over="ignore", under="ignore"):
            return self.moment(2) * np.power(kernel, self.degree)

    def log_kernels(self, log_first: npt.ArrayLike, weight_variance: npt.ArrayLike, layers: int) -> np.ndarray:
        """log K by layer, [layers, …], where K itself overflows: log K' = log(C_W⟨σ²⟩₁) + p log K."""
        step = np.log(weight_variance) + np.log(self.moment(2))
        found = [np.asarray(log_first, dtype=float) + 0 * step]
        while len(found) < layers:
            found.append(step + self.degree * found[-1])
        return np.stack(found)

    def critical_weight_variance(self, ratio: npt.ArrayLike) -> npt.ArrayLike:
        """The C_W, the same in all layers, at which K¹ = C_W·r is a fixed point (p > 0)."""
        return (self.moment(2) * np.power(ratio, self.degree - 1)) ** (-1 / self.degree)

    def unstable_kernel(self, weight_variance: npt.ArrayLike) -> npt.ArrayLike:
        """The repelling fixed point K* = (C_W⟨σ²⟩₁)^{−1/(p−1)} of a degree above 1."""
        return (weight_variance * self.moment(2)) ** (-1 / (self.degree - 1))

    def explosion_law(self, width: int, layers: int) -> tuple[float, float]:
        """Mean and standard deviation of Σ p^{−l} log(M_l/⟨M⟩), M_l the mean of σ² over so many neurons at K = 1.

        log Ĝ leaves the unstable fixed point upwards where its distance from it in the first layer and this sum
        add up to more than 0. The logarithm is taken for normal, with the mean and variance that M then has.
        """
        spread = np.log1p((self.moment(4) / self.moment(2) ** 2 - 1) / width)
        weights = self.degree ** -np.arange(1.0, layers + 1)
        return float(-spread / 2 * weights.sum()), float(np.sqrt(spread * (weights**2).sum()))

    def explosion_probability(
        self, first_kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, width: int, layers: int
    ) -> npt.ArrayLike:
        """How probable it is, by ``explosion_law``, that a kernel of the first layer ends above the fixed point."""
        mean, deviation = self.explosion_law(width, layers)
        distance = np.log(first_kernel / self.unstable_kernel(weight_variance))
        return scipy.special.ndtr((distance + mean) / deviation)


@cache
def homogeneous(activation: Activation) -> Homogeneous | None:
    """Degree and the two coefficients of a homogeneous activation, from its formula; None for any other."""
    parts = expressions.pieces(activation.expression, X)
    if len(parts) > 2 or any(start not in (-np.inf, 0) for start, _ in parts):
        return None
    left, right = (_monomial(parts[index][1], side) for index, side in ((0, -1), (-1, 1)))
    if left is None or right is None or not (left[0] or right[0]):
        return None
    degrees = {degree for coefficient, degree in (left, right) if coefficient}
    return Homogeneous(degrees.pop(), right[0], left[0]) if len(degrees) == 1 else None


def _monomial(expression: sympy.Expr, side: int) -> tuple[float, float] | None:
    """c and p where expression(±y) = cyᵖ for y > 0; None if it is not of that form."""
    y = sympy.Dummy(positive=True)
    expression = expression.subs(X, side * y)
    if expression == 0:
        return 0.0, 0.0
    coefficient = expression.subs(y, 1)
    if not coefficient.is_finite or coefficient.is_zero:
        return None
    degree = sympy.diff(expression, y).subs(y, 1) / coefficient
    rest = expression - coefficient * y**degree
    if abs(sympy.N(rest.subs(y, 2), 30, chop=True)) > 1e-20 or sympy.simplify(rest) != 0:
        return None
    return float(coefficient), float(degree)
