"""Activations as torch functions."""

from collections.abc import Callable
from functools import cache, cached_property

import numpy as np
import sympy
import torch
from torch import Tensor

from rectified.formulas.activation import Activation, X
from rectified.formulas.kinks import pieces
from rectified.formulas.torch_functions import heaviside, torch_function


class TorchActivation:
    """An activation σ as torch functions: values, derivatives and kinks.

    Attributes:
        symbolic: the activation with its formula.
        kink_points: arguments z at which σ or one of its derivatives jumps.
        is_piecewise_linear: True if σ(z) = slope·z + intercept with piecewise constant coefficients.
        slope_jumps, intercept_jumps: jumps of these coefficients at the kinks; only for piecewise linear σ.
        values_and_slopes: function of z that returns σ(z) and σ'(z).
    """

    def __init__(self, symbolic: Activation):
        self.symbolic = symbolic
        self.kink_points = symbolic.kink_points
        self.is_piecewise_linear = symbolic.is_piecewise_linear
        self._values = torch_function(symbolic.forms[:1], [X])
        self.values_and_slopes = torch_function(symbolic.forms[:2], [X])
        if self.is_piecewise_linear:
            lines = pieces(symbolic.expression, X)
            slopes = [float(sympy.diff(line, X)) for _, line in lines]
            intercepts = [float(line.subs(X, 0)) for _, line in lines]
            self._first_line = slopes[0], intercepts[0]
            self._is_relu = self.kink_points == (0.0,) and slopes == [0.0, 1.0] and intercepts == [0.0, 0.0]
            self.slope_jumps = tuple(float(jump) for jump in np.diff(slopes))
            self.intercept_jumps = tuple(float(jump) for jump in np.diff(intercepts))

    @cached_property
    def values_to_second_order(self) -> Callable[[Tensor], tuple[Tensor, ...]]:
        """Function of z that returns σ(z), σ'(z) and σ''(z)."""
        return torch_function(self.symbolic.forms[:3], [X])

    @cached_property
    def values_to_third_order(self) -> Callable[[Tensor], tuple[Tensor, ...]]:
        """Function of z that returns σ(z) and its first three derivatives."""
        return torch_function(self.symbolic.forms, [X])

    def values(self, z: Tensor) -> Tensor:
        """Return σ(z)."""
        return self._values(z)[0]

    __call__ = values

    def line(self, z: Tensor) -> tuple[Tensor, Tensor | float]:
        """Return slope and intercept of the linear piece of σ that contains each z; may overwrite z.

        Both are locally constant: with slope and intercept held constant, slope·z + intercept has the same automatic
        derivative as σ. Only for piecewise linear activations.
        """
        if self._is_relu:
            return z.gt_(0), 0.0
        slope, intercept = torch.full_like(z, self._first_line[0]), torch.full_like(z, self._first_line[1])
        for point, slope_jump, intercept_jump in zip(self.kink_points, self.slope_jumps, self.intercept_jumps):
            beyond = heaviside(z - point)
            slope += slope_jump * beyond
            intercept += intercept_jump * beyond
        return slope, intercept


@cache
def torch_activation(symbolic: Activation) -> TorchActivation:
    """Return the torch functions of an activation (cached)."""
    return TorchActivation(symbolic)
