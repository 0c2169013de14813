"""Effective theory of networks at initialization: kernels, susceptibilities, vertices and fixed points.

In a wide network z¹ = b + Wx, zˡ⁺¹ = b + Wσ(zˡ) with b ~ N(0, C_b) and W ~ N(0, C_W/n), the preactivations are normal
with variance K, the kernel. The kernel of the next layer is K' = C_b + C_W⟨σ²⟩_K. The parallel susceptibility
χ∥ = dK'/dK is the factor by which a change of K propagates, the perpendicular one χ⊥ = C_W⟨σ'²⟩_K that of the squared
distance of two close inputs. The activation is critical where both are 1 at a fixed point. At finite width n the kernel
of a network fluctuates with variance V/n, with V the four-point vertex, and its mean is K + G₁/n.

Sources: Kim and Kang, arXiv:2408.02697, eqs. 4–8; Roberts, Yaida and Hanin, The Principles of Deep Learning Theory
(PDLT), ch. 4–5.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import sympy

from rectified.effective_theory.gaussian_averages import average
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.root_finding import EPSILON, rounding, zeros
from rectified.formulas import expressions
from rectified.formulas.activation import Activation, X

Values = np.ndarray | np.floating

KERNELS = np.geomspace(1e-12, 1e6, 18 * 24 + 1)
SMALL_KERNELS = np.geomspace(1e-10, 1, 10 * 24 + 1)


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
class FixedPoint:
    """A fixed point of the kernel recursion.

    Attributes:
        kernel: K*.
        slope: χ∥ at K*.
        stability: "attracting", "repelling" or "marginal" (attracting from one side only, or neither).
    """

    kernel: float
    slope: float
    stability: str


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
        return expressions.compiled(self.activation.expression, ("x",))

    @cached_property
    def _slope(self) -> Callable[[np.ndarray], np.ndarray]:
        return expressions.compiled(self.activation.derivative(1), ("x",))

    @cached_property
    def jumps(self) -> bool:
        """True if σ itself jumps, so that its derivative contains deltas."""
        return any(kink.order == 0 for kink in self.activation.kinks)

    @cached_property
    def slope_at_zero(self) -> float | None:
        """Limit of ⟨σ²⟩/K as K → 0, the mean of σ'² on both sides of 0; None unless σ(0) = 0."""
        parts = expressions.pieces(self.activation.expression, X)
        sides = [[part for start, part in parts if start < 0][-1], [part for start, part in parts if start <= 0][-1]]
        values, slopes = ([float(sympy.N(sympy.diff(s, X, k).subs(X, 0), 30)) for s in sides] for k in (0, 1))
        return sum(slope**2 for slope in slopes) / 2 if max(map(abs, values)) < 1e-20 else None

    def _average(self, function: Callable, kernel: npt.ArrayLike, hermite: int = 0) -> Values:
        return average(function, kernel, self.activation.kink_points, hermite)

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
        """Return χ⊥ = C_W⟨σ'²⟩; infinite if σ jumps."""
        if self.jumps:
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

    def fixed_points(self, weight_variance: float, bias_variance: float = 0.0) -> list[FixedPoint]:
        """Return the fixed points K* = C_b + C_W⟨σ²⟩ from 1e-12 to 1e6, and 0 if it is one, in ascending order.

        If every kernel is a fixed point, as for ReLU at C_W = 2, only 0 is returned, as marginal. Fixed points below
        1e-9 are not distinguished from rounding errors if χ∥ differs from 1 by less than 1e-8 there.
        """
        points = []
        if bias_variance == 0 and self.slope_at_zero is not None:
            slope = weight_variance * self.slope_at_zero
            drift = np.sign(slope - 1) if abs(slope - 1) > 64 * EPSILON else self.drift_at_zero(weight_variance)
            points.append(FixedPoint(0.0, slope, {-1: "attracting", 0: "marginal", 1: "repelling"}[int(drift)]))

        def growth(kernel, second=None):
            second = self.second_moment(kernel) if second is None else second
            return (bias_variance + weight_variance * second) / kernel - 1

        def steepness(kernel, parallel=None):
            return weight_variance * (self.susceptibility_parallel(kernel) if parallel is None else parallel) - 1

        second, parallel = self._tabulated
        with np.errstate(all="ignore"):
            turns = [turn for kind in zeros(steepness, KERNELS, steepness(KERNELS, parallel)) for turn in kind]
            crossings, touches = zeros(growth, KERNELS, growth(KERNELS, second), turns)
        for kernel in sorted(crossings + touches):
            slope = float(self.susceptibility_parallel(kernel, weight_variance))
            stability = "attracting" if abs(slope) < 1 else "repelling"
            points.append(FixedPoint(kernel, slope, "marginal" if kernel in touches else stability))
        return points

    def repelling_kernel(self, weight_variance: float, bias_variance: float = 0.0) -> float | None:
        """Return the smallest repelling fixed point; None if there is none."""
        points = self.fixed_points(weight_variance, bias_variance)
        return min((point.kernel for point in points if point.stability == "repelling"), default=None)

    @cached_property
    def _tabulated(self) -> tuple[np.ndarray, np.ndarray]:
        """⟨σ²⟩ and χ∥/C_W at ``KERNELS``, cached for fixed points at many C_W."""
        return self.second_moment(KERNELS), self.susceptibility_parallel(KERNELS)

    def drift_at_zero(self, weight_variance: float) -> int:
        """Return the sign of C_W⟨σ²⟩ − K at the smallest K ≤ 1 where it exceeds rounding; 0 if there is none."""
        growth = weight_variance * self.second_moment(SMALL_KERNELS) / SMALL_KERNELS - 1
        significant = growth[abs(growth) > rounding(SMALL_KERNELS)]
        return int(np.sign(significant[0])) if len(significant) else 0

    def largest_safe_weight_variance(self, ratio: float) -> float | None:
        """Return the largest C_W, equal in all layers, at which K¹ = C_W·r stays below a repelling K* (C_b = 0).

        In the limit K¹ is the fixed point itself, so that ⟨σ²⟩ = r. None if there is no such repelling fixed point.

        Args:
            ratio: r = |x|²/n₀ of the input.
        """
        for kernel in zeros(lambda kernel: self.second_moment(kernel) / ratio - 1, KERNELS)[0]:
            if self.susceptibility_parallel(kernel, kernel / ratio) > 1 + 64 * EPSILON:
                return kernel / ratio
        return None

    def largest_first_kernel(
        self, weight_variance: float = 1.0, bias_variance: float = 0.0, layers: int = 10, factor: float = 2.0
    ) -> float | None:
        """Return the largest K¹ for which the kernels of the following layers stay below factor·K¹.

        None if they do for all large K¹, 0 if they do for no K¹.

        Args:
            layers: number of layers after the first.
        """

        def excess(kernel):
            with np.errstate(all="ignore"):
                path = self.kernels(kernel, weight_variance, bias_variance, layers + 1)
                return np.log(path.max(0) / kernel / factor)

        if not excess(KERNELS[-1]) > 0:
            return None
        return max(zeros(excess, KERNELS)[0], default=0.0)

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
