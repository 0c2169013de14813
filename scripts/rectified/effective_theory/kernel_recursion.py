"""Effective theory of networks at initialization: kernels, susceptibilities and vertices.

In a wide network z¹ = b + Wx, zˡ⁺¹ = b + Wσ(zˡ) with b ~ N(0, C_b) and W ~ N(0, C_W/n), the preactivations are normal
with variance K, the kernel. The kernel of the next layer is K' = C_b + C_W⟨σ²⟩_K. The parallel susceptibility
χ∥ = dK'/dK is the factor by which a change of K propagates, the perpendicular one χ⊥ = C_W⟨σ'²⟩_K that of the squared
distance of two close inputs. The activation is critical where both are 1 at a fixed point. At finite width n the kernel
of a network fluctuates with variance V/n, with V the four-point vertex, and its mean is K + G₁/n.

Sources: Kim and Kang, arXiv:2408.02697, eqs. 4–8; Roberts, Yaida and Hanin, The Principles of Deep Learning Theory
(PDLT), ch. 4–5.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import sympy

from rectified.effective_theory.gaussian_averages import HALVINGS, SINGULAR_HALVINGS, average
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.errors import InvalidInputError
from rectified.formulas import expressions
from rectified.formulas.activation import Activation, X
from rectified.formulas.kinks import growth_exponent, limit, pieces

Values = np.ndarray | np.floating
STEEPEST_EXPONENT = -0.2501  # of a slope at a kink away from 0; there ⟨σ'²⟩ is accurate to 1e-7


class FiniteWidth(NamedTuple):
    """Kernel statistics at leading order in 1/width, each [layers, …].

    Attributes:
        kernel: K.
        vertex: four-point vertex V.
        mean_correction: correction G₁ of the mean.
    """

    kernel: np.ndarray
    vertex: np.ndarray
    mean_correction: np.ndarray


@dataclass(frozen=True)
class EffectiveTheory:
    """The effective theory of one activation, from its formula.

    Kernels and variances are arrays that broadcast; susceptibilities require K > 0. Averages are accurate to rounding,
    see ``gaussian_averages.average``. Overflow gives infinity, underflow zero.

    Attributes:
        activation: σ.
    """

    activation: Activation

    @cached_property
    def _sigma(self) -> Callable[[np.ndarray], np.ndarray]:
        return expressions.compiled(self.activation.forms[0], ("x",))

    @cached_property
    def _slope(self) -> Callable[[np.ndarray], np.ndarray]:
        return expressions.compiled(self.activation.forms[1], ("x",))

    @cached_property
    def jumps(self) -> bool:
        """True if σ itself jumps, so that its derivative contains deltas."""
        return any(kink.order == 0 for kink in self.activation.kinks)

    @cached_property
    def slope_at_zero(self) -> float | None:
        """Limit of ⟨σ²⟩/K as K → 0, the mean of σ'² on both sides of 0; None unless σ(0) = 0."""
        parts = pieces(self.activation.expression, X)
        sides = {-1: [part for start, part in parts if start < 0][-1], 1: [p for start, p in parts if start <= 0][-1]}
        values, slopes = (
            [limit(sympy.diff(part, X, order), X, sympy.S.Zero, side) for side, part in sides.items()]
            for order in (0, 1)
        )
        return sum(slope**2 for slope in slopes) / 2 if max(map(abs, values)) < 1e-20 else None

    @cached_property
    def slope_is_square_integrable(self) -> bool:
        """False if σ has a jump, or a root such as that of √|x|, whose squared slope has an infinite integral.

        Raises:
            InvalidInputError: if the integral is finite, but floating point does not resolve the slope at a root off 0.
        """
        parts = pieces(self.activation.expression, X)
        for (_, left), (point, right) in itertools.pairwise(parts):
            exponent = min(growth_exponent(left, X, point, -1), growth_exponent(right, X, point, 1))
            if exponent <= -0.5:
                return False
            if point != 0 and exponent < STEEPEST_EXPONENT:
                raise InvalidInputError(
                    f"slope of {self.activation.formula} grows like a power {exponent:.3g} of the distance from "
                    f"x = {point:g}; away from 0 the power must be at least {STEEPEST_EXPONENT}"
                )
        return not self.jumps

    def _average(self, function: Callable, kernel: npt.ArrayLike, hermite: int = 0) -> Values:
        singular = any(math.isinf(jump) for kink in self.activation.kinks for jump in kink.jumps)
        halvings = SINGULAR_HALVINGS if singular else HALVINGS
        return average(function, kernel, self.activation.kink_points, hermite, halvings)

    def second_moment(self, kernel: npt.ArrayLike) -> Values:
        """Return ⟨σ²⟩_K."""
        return self._average(lambda z: self._sigma(z) ** 2, kernel)

    def variance_of_square(self, kernel: npt.ArrayLike) -> Values:
        """Return ⟨σ⁴⟩ − ⟨σ²⟩², the contribution of one layer to V/C_W².

        Averages are of σ² − σ(0)², which reduces cancellation at small K.
        """
        with np.errstate(all="ignore"):
            offset = np.nan_to_num(self._sigma(np.array(0.0)), posinf=0, neginf=0) ** 2
        mean = self._average(lambda z: self._sigma(z) ** 2 - offset, kernel)
        square = self._average(lambda z: (self._sigma(z) ** 2 - offset) ** 2, kernel)
        with np.errstate(all="ignore"):
            return np.maximum(square - mean**2, 0)

    def susceptibility_parallel(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """Return χ∥ = dK'/dK = C_W⟨σ²(z² − K)⟩/2K².

        If σ has no jumps it is computed as C_W⟨zσσ'⟩/K, which cancels less at small K.
        """
        kernel = np.asarray(kernel, dtype=float)
        with np.errstate(all="ignore"):
            if self.jumps:
                return weight_variance * self._average(lambda z: self._sigma(z) ** 2, kernel, 2) / (2 * kernel)
            return (
                weight_variance * self._average(lambda z: self._sigma(z) * self._slope(z), kernel, 1) / np.sqrt(kernel)
            )

    def susceptibility_perpendicular(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """Return χ⊥ = C_W⟨σ'²⟩; infinite if σ jumps or has a root such as that of √|x|."""
        if not self.slope_is_square_integrable:
            return np.full(np.broadcast_shapes(np.shape(kernel), np.shape(weight_variance)), np.inf)
        return weight_variance * self._average(lambda z: self._slope(z) ** 2, kernel)

    def curvature(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """Return h'' = d²K'/dK² = C_W⟨σ²(z⁴ − 6Kz² + 3K²)⟩/4K⁴."""
        with np.errstate(all="ignore"):
            fourth = self._average(lambda z: self._sigma(z) ** 2, kernel, 4)
            return weight_variance * fourth / (4 * np.square(kernel))

    def next_kernel(
        self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, bias_variance: npt.ArrayLike
    ) -> Values:
        """Return K' = C_b + C_W⟨σ²⟩_K."""
        with np.errstate(all="ignore"):
            return _nan_to_infinity(bias_variance + weight_variance * self.second_moment(kernel))

    def kernels(
        self, first_kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, bias_variance: npt.ArrayLike, layers: int
    ) -> np.ndarray:
        """Return the kernels of all layers, [layers, …], from the kernel of the first layer."""
        shape = np.broadcast_shapes(*map(np.shape, (first_kernel, weight_variance, bias_variance)))
        kernels = [np.broadcast_to(np.asarray(first_kernel, dtype=float), shape)]
        while len(kernels) < layers:
            kernels.append(self.next_kernel(kernels[-1], weight_variance, bias_variance))
        return np.stack(kernels)

    def finite_width(
        self,
        first_kernel: npt.ArrayLike,
        weight_variance: npt.ArrayLike,
        bias_variance: npt.ArrayLike,
        layers: int,
        widths: Sequence[int] | None = None,
    ) -> FiniteWidth:
        """Return kernel, vertex and correction of the mean: Var Ĝ = V/n and E Ĝ = K + G₁/n, n the width below.

        V' = C_W²(⟨σ⁴⟩ − ⟨σ²⟩²) + (n_l/n_{l−1}) χ∥² V and G₁' = (n_l/n_{l−1}) (χ∥G₁ + ½h''V), both 0 in the first layer.

        Args:
            widths: n₁, n₂, … of the layers below the last; equal if None.
        """
        kernel = self.kernels(first_kernel, weight_variance, bias_variance, layers)
        vertex, mean = np.zeros_like(kernel), np.zeros_like(kernel)
        widths = [1] * layers if widths is None else widths
        for layer in range(1, layers):
            k, v, g = kernel[layer - 1], vertex[layer - 1], mean[layer - 1]
            ratio = widths[layer - 1] / widths[layer - 2] if layer > 1 else 1.0
            parallel = self.susceptibility_parallel(k, weight_variance)
            curvature = self.curvature(k, weight_variance)
            with np.errstate(all="ignore"):
                added = np.square(weight_variance) * self.variance_of_square(k)
                vertex[layer] = _nan_to_infinity(added + ratio * _transported(parallel**2, v))
                mean[layer] = _nan_to_infinity(ratio * (_transported(parallel, g) + _transported(curvature / 2, v)))
        return FiniteWidth(kernel, vertex, mean)

    def blow_up_layer(
        self,
        first_kernel: npt.ArrayLike,
        weight_variance: npt.ArrayLike = 1.0,
        bias_variance: npt.ArrayLike = 0.0,
        level: float = 1.0,
        layers: int = 1000,
    ) -> np.ndarray:
        """Return the first layer, counted from 1, whose kernel exceeds a level; infinite if none of ``layers`` does."""
        kernel, weight, bias = np.broadcast_arrays(*map(np.float64, (first_kernel, weight_variance, bias_variance)))
        shape, kernel, weight, bias = kernel.shape, kernel.flatten(), weight.ravel(), bias.ravel()
        first = np.where(kernel > level, 1.0, np.inf)
        for layer in range(2, layers + 1):
            below = np.isinf(first)
            if not below.any():
                break
            kernel[below] = self.next_kernel(kernel[below], weight[below], bias[below])
            first[below & (kernel > level)] = layer
        return first.reshape(shape)


def _nan_to_infinity(values: npt.ArrayLike) -> np.ndarray:
    """Replace NaN by ∞: here ∞ − ∞ and 0·∞ result from overflow only."""
    return np.where(np.isnan(values), np.inf, values)


def _transported(factor: npt.ArrayLike, values: npt.ArrayLike) -> np.ndarray:
    """factor·values, and 0 where values are 0 even if the factor is infinite."""
    return np.where(values == 0, 0.0, factor * values)


def log_kernels(
    activation: Activation,
    first_kernel: npt.ArrayLike,
    weight_variance: npt.ArrayLike,
    bias_variance: float,
    layers: int,
) -> np.ndarray:
    """Return log K of each layer, [layers, …], from the kernel of the first layer.

    Without biases, kernels of homogeneous activations are computed in the log domain and do not overflow.
    """
    power = homogeneous(activation)
    if power is not None and bias_variance == 0:
        return power.log_kernels(np.log(first_kernel), weight_variance, layers)
    with np.errstate(divide="ignore"):
        return np.log(EffectiveTheory(activation).kernels(first_kernel, weight_variance, bias_variance, layers))
