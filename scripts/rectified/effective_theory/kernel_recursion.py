"""Effective theory of networks at initialization: kernels, susceptibilities, vertices and universality classes.

In a wide network z¹ = b + Wx, zˡ⁺¹ = b + Wσ(zˡ) with b ~ N(0, C_b) and W ~ N(0, C_W/n) the preactivations are normal
with variance K, the kernel. K' = C_b + C_W⟨σ²⟩_K takes it to the next layer, the parallel susceptibility χ∥ = dK'/dK
tells what becomes of a change of K, the perpendicular one χ⊥ = C_W⟨σ'²⟩_K what becomes of the distance of two close
inputs. The activation is critical where both are 1 at a fixed point. At finite width n the kernel of one network
fluctuates with variance V/n (the four-point vertex), and its mean is K + G₁/n.

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
from rectified.formulas.activations import Activation, X

Values = np.ndarray | np.floating

KERNELS = np.geomspace(1e-12, 1e6, 18 * 24 + 1)
SMALL_KERNELS = np.geomspace(1e-10, 1, 10 * 24 + 1)


class FiniteWidth(NamedTuple):
    """By layer, [layers, …]: the kernel K, the four-point vertex V and the correction G₁ of the mean."""

    kernel: np.ndarray
    vertex: np.ndarray
    mean_correction: np.ndarray


@dataclass(frozen=True)
class FixedPoint:
    """A kernel that the recursion leaves as it is.

    Attributes:
        kernel: K*.
        slope: χ∥ there.
        stability: "attracting", "repelling" or "marginal" (attracting from one side only, or neither).
    """

    kernel: float
    slope: float
    stability: str


@dataclass(frozen=True)
class EffectiveTheory:
    """The effective theory of one activation, from its formula.

    Kernels and variances are arrays that broadcast. Susceptibilities want K > 0. Averages are exact to rounding
    (``gaussian.average``); what overflows is infinite, what underflows is zero.
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
        """Whether σ itself jumps, so that its derivative has deltas."""
        return any(kink.order == 0 for kink in self.activation.kinks)

    @cached_property
    def slope_at_zero(self) -> float | None:
        """The limit of ⟨σ²⟩/K as K → 0, the mean of σ'² on both sides of 0; None unless σ(0) = 0."""
        parts = expressions.pieces(self.activation.expression, X)
        sides = [[part for start, part in parts if start < 0][-1], [part for start, part in parts if start <= 0][-1]]
        values, slopes = ([float(sympy.N(sympy.diff(s, X, k).subs(X, 0), 30)) for s in sides] for k in (0, 1))
        return sum(slope**2 for slope in slopes) / 2 if max(map(abs, values)) < 1e-20 else None

    def _average(self, function: Callable, kernel: npt.ArrayLike, hermite: int = 0) -> Values:
        return average(function, kernel, self.activation.kink_points, hermite)

    def second_moment(self, kernel: npt.ArrayLike) -> Values:
        """⟨σ²⟩_K."""
        return self._average(lambda z: self._sigma(z) ** 2, kernel)

    def variance_of_square(self, kernel: npt.ArrayLike) -> Values:
        """⟨σ⁴⟩ − ⟨σ²⟩², what each layer adds to V/C_W²; about σ(0)², so that little cancels at small K."""
        with np.errstate(all="ignore"):
            offset = np.nan_to_num(self._sigma(np.array(0.0)), posinf=0, neginf=0) ** 2
        mean = self._average(lambda z: self._sigma(z) ** 2 - offset, kernel)
        square = self._average(lambda z: (self._sigma(z) ** 2 - offset) ** 2, kernel)
        with np.errstate(all="ignore"):
            return np.maximum(square - mean**2, 0)

    def susceptibility_parallel(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """χ∥ = dK'/dK = C_W⟨σ²(z² − K)⟩/2K²; where σ has no jumps as C_W⟨zσσ'⟩/K, which cancels less at small K."""
        kernel = np.asarray(kernel, dtype=float)
        with np.errstate(all="ignore"):
            if self.jumps:
                return weight_variance * self._average(lambda z: self._sigma(z) ** 2, kernel, 2) / (2 * kernel)
            return (
                weight_variance * self._average(lambda z: self._sigma(z) * self._slope(z), kernel, 1) / np.sqrt(kernel)
            )

    def susceptibility_perpendicular(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """χ⊥ = C_W⟨σ'²⟩; infinite where σ jumps."""
        if self.jumps:
            return np.full(np.broadcast_shapes(np.shape(kernel), np.shape(weight_variance)), np.inf)
        return weight_variance * self._average(lambda z: self._slope(z) ** 2, kernel)

    def curvature(self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike = 1.0) -> Values:
        """h'' = d²K'/dK² = C_W⟨σ²(z⁴ − 6Kz² + 3K²)⟩/4K⁴."""
        with np.errstate(all="ignore"):
            fourth = self._average(lambda z: self._sigma(z) ** 2, kernel, 4)
            return weight_variance * fourth / (4 * np.square(kernel))

    def next_kernel(
        self, kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, bias_variance: npt.ArrayLike
    ) -> Values:
        """K' = C_b + C_W⟨σ²⟩_K."""
        with np.errstate(all="ignore"):
            return _overflow(bias_variance + weight_variance * self.second_moment(kernel))

    def kernels(
        self, first_kernel: npt.ArrayLike, weight_variance: npt.ArrayLike, bias_variance: npt.ArrayLike, layers: int
    ) -> np.ndarray:
        """Kernels of one input, [layers, …], from that of the first layer."""
        shape = np.broadcast_shapes(*map(np.shape, (first_kernel, weight_variance, bias_variance)))
        found = [np.broadcast_to(np.asarray(first_kernel, dtype=float), shape)]
        while len(found) < layers:
            found.append(self.next_kernel(found[-1], weight_variance, bias_variance))
        return np.stack(found)

    def finite_width(
        self,
        first_kernel: npt.ArrayLike,
        weight_variance: npt.ArrayLike,
        bias_variance: npt.ArrayLike,
        layers: int,
        widths: Sequence[int] | None = None,
    ) -> FiniteWidth:
        """Kernel, vertex and correction of the mean by layer: Var Ĝ = V/n and E Ĝ = K + G₁/n, n the width before.

        V' = C_W²(⟨σ⁴⟩ − ⟨σ²⟩²) + (n_l/n_{l−1}) χ∥² V and G₁' = (n_l/n_{l−1}) (χ∥G₁ + ½h''V), both 0 in the first layer.

        Args:
            widths: n₁, n₂, … of the layers before the last; all the same if not given.
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
                vertex[layer] = _overflow(added + ratio * _transported(parallel**2, v))
                mean[layer] = _overflow(ratio * (_transported(parallel, g) + _transported(curvature / 2, v)))
        return FiniteWidth(kernel, vertex, mean)

    def fixed_points(self, weight_variance: float, bias_variance: float = 0.0) -> list[FixedPoint]:
        """Every K* = C_b + C_W⟨σ²⟩ from 1e-12 to 1e6, and 0 where it is one, in rising order.

        Where all kernels are fixed, as for ReLU at C_W = 2, only 0 is given, marginal. Fixed points below 1e-9 are
        not told from rounding when χ∥ there is 1 to 1e-8.
        """
        found = []
        if bias_variance == 0 and self.slope_at_zero is not None:
            slope = weight_variance * self.slope_at_zero
            drift = np.sign(slope - 1) if abs(slope - 1) > 64 * EPSILON else self.drift_at_zero(weight_variance)
            found.append(FixedPoint(0.0, slope, {-1: "attracting", 0: "marginal", 1: "repelling"}[int(drift)]))

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
            found.append(FixedPoint(kernel, slope, "marginal" if kernel in touches else stability))
        return found

    def repelling_kernel(self, weight_variance: float, bias_variance: float = 0.0) -> float | None:
        """The smallest kernel from which others move away on both sides; None if there is none."""
        found = self.fixed_points(weight_variance, bias_variance)
        return min((point.kernel for point in found if point.stability == "repelling"), default=None)

    @cached_property
    def _tabulated(self) -> tuple[np.ndarray, np.ndarray]:
        """⟨σ²⟩ and χ∥/C_W at ``KERNELS``: fixed points are asked for at many C_W."""
        return self.second_moment(KERNELS), self.susceptibility_parallel(KERNELS)

    def drift_at_zero(self, weight_variance: float) -> int:
        """Sign of C_W⟨σ²⟩ − K at the smallest K where it stands out of rounding; 0 if nowhere up to K = 1."""
        growth = weight_variance * self.second_moment(SMALL_KERNELS) / SMALL_KERNELS - 1
        told = growth[abs(growth) > rounding(SMALL_KERNELS)]
        return int(np.sign(told[0])) if len(told) else 0

    def largest_safe_weight_variance(self, ratio: float) -> float | None:
        """The largest C_W, the same in all layers, at which K¹ = C_W·r stays below a repelling fixed point (C_b = 0).

        At the limit K¹ is that fixed point, so ⟨σ²⟩ = r there. None if there is no repelling fixed point of that kind.

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
        """The largest K¹ that stays within factor·K¹ through that many layers after the first.

        None if all large K¹ do, 0 if none does.
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
        """The first layer (from 1) whose kernel exceeds a level; infinite if none of so many does."""
        kernel, weight, bias = np.broadcast_arrays(*map(np.float64, (first_kernel, weight_variance, bias_variance)))
        shape, kernel, weight, bias = kernel.shape, kernel.flatten(), weight.ravel(), bias.ravel()
        found = np.where(kernel > level, 1.0, np.inf)
        for layer in range(2, layers + 1):
            open_ = np.isinf(found)
            if not open_.any():
                break
            kernel[open_] = self.next_kernel(kernel[open_], weight[open_], bias[open_])
            found[open_ & (kernel > level)] = layer
        return found.reshape(shape)


def _overflow(values: npt.ArrayLike) -> np.ndarray:
    """∞ − ∞ and 0·∞ come of overflow only."""
    return np.where(np.isnan(values), np.inf, values)


def _transported(factor: npt.ArrayLike, values: npt.ArrayLike) -> np.ndarray:
    """factor·values, 0 where there is nothing to transport."""
    return np.where(values == 0, 0.0, factor * values)


def log_kernels(
    activation: Activation,
    first_kernel: npt.ArrayLike,
    weight_variance: npt.ArrayLike,
    bias_variance: float,
    layers: int,
) -> np.ndarray:
    """log K by layer, [layers, …]; in the log domain where the activation is homogeneous and has no biases."""
    power = homogeneous(activation)
    if power is not None and bias_variance == 0:
        return power.log_kernels(np.log(first_kernel), weight_variance, layers)
    with np.errstate(divide="ignore"):
        return np.log(EffectiveTheory(activation).kernels(first_kernel, weight_variance, bias_variance, layers))
