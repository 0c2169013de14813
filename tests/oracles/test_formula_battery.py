"""Activation functions written in several ways, compared with multiprecision values and with each other.

The references are written in mpmath and share nothing with the formulas. A derivative may be off by 1024 roundings of
the largest derivative up to its order, and of its argument.
"""

import functools
import itertools

import numpy as np
import pytest
import torch
from mpmath import mp, mpf

from formula_battery import FUNCTIONS
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.errors import InvalidInputError
from rectified.formulas.activation import Activation
from rectified.formulas.torch_activation import torch_activation

ROUNDINGS = 1024
MODERATE = (-41.3, -12.7, -3.7, -1.3, -0.71, -0.013, 1e-7, 0.0041, 0.37, 0.83, 2.9, 7.3, 19.1, 38.6, 95.0)
EXTREME = (-3e37, -2e19, -4e9, -813.0, 911.0, 3e10, 4e19, 2e37)
CASES = [(name, formula) for name, function in FUNCTIONS.items() for formula in function.formulas]


def activation_of(name: str, formula: str) -> Activation:
    return Activation(name, formula)


@functools.cache
def reference(name: str, x: float, order: int) -> mpf:
    """A derivative from multiprecision differences of the reference."""
    with mp.workdps(120):
        return mp.diff(FUNCTIONS[name].reference, mpf(x), order, h=mpf(10) ** -25) if order else exact(name, x)


def exact(name: str, x: float) -> mpf:
    with mp.workdps(120):
        return FUNCTIONS[name].reference(mpf(x))


def tolerance(name: str, x: float, order: int, precision: torch.dtype) -> float:
    """Roundings of the largest derivative up to the order at x and two other points, and of the argument."""
    places = (x, 0.83, -0.71)
    largest = max(abs(reference(name, y, k)) for k in range(order + 1) for y in places)
    steepest = max(abs(reference(name, y, order + 1)) for y in places)
    return float(ROUNDINGS * torch.finfo(precision).eps * max(largest, abs(x) * steepest)) + torch.finfo(precision).tiny


@pytest.mark.parametrize("precision", [torch.float64, torch.float32])
@pytest.mark.parametrize(("name", "formula"), CASES)
def test_values_and_derivatives_agree_with_multiprecision(name, formula, precision):
    """σ to σ''' at moderate arguments, σ and σ' at those where exp, x² and x³ overflow in single precision."""
    function = torch_activation(activation_of(name, formula)).values_to_third_order
    for points, orders in ((MODERATE, range(4)), (EXTREME, range(2))):
        z = torch.tensor(points, dtype=precision)
        for order, found in zip(orders, function(z)):
            for x, value in zip(z.tolist(), found.tolist()):
                expected = reference(name, x, order)
                if abs(expected) < torch.finfo(precision).max / 4096:
                    assert abs(value - float(expected)) <= tolerance(name, x, order, precision), (order, x)


@pytest.mark.parametrize(("name", "formula"), CASES)
def test_autodiff_agrees_with_the_slope_at_all_arguments(name, formula):
    activation = torch_activation(activation_of(name, formula))
    z = torch.tensor([*MODERATE, *EXTREME, 1e100, -1e100], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(activation.values(z).sum(), z)
    torch.testing.assert_close(slope, activation.values_and_slopes(z.detach())[1], rtol=1e-10, atol=1e-12)


@functools.cache
def gaussian_average(name: str, kernel: float, kind: str) -> float:
    """⟨σ²⟩, ⟨σ'²⟩ or dK'/dK by multiprecision quadrature between the kinks."""
    sigma = FUNCTIONS[name].reference

    def slope(z):
        return mp.diff(sigma, z, h=mpf(10) ** -12)

    integrand = {
        "second_moment": lambda z: sigma(z) ** 2,
        "susceptibility_perpendicular": lambda z: slope(z) ** 2,
        "susceptibility_parallel": lambda z: sigma(z) ** 2 * (z**2 - kernel) / (2 * mpf(kernel) ** 2),
    }[kind]
    with mp.workdps(30):
        deviation = mp.sqrt(kernel)
        cuts = sorted(
            {*FUNCTIONS[name].kinks, *(s * k * deviation for s in (-1, 1) for k in (0, 1, 3, 6, 14)), -3, 3, -1, 1}
        )
        inner = [mpf(cut) for cut in cuts if abs(cut) <= 14 * deviation]
        density = 1 / mp.sqrt(2 * mp.pi * kernel)
        pieces = itertools.pairwise(inner)
        margin = mpf(10) ** -11
        return float(
            sum(
                mp.quad(lambda z: integrand(z) * mp.exp(-(z**2) / (2 * kernel)), [a + margin, b - margin])
                for a, b in pieces
                if b - a > 2 * margin
            )
            * density
        )


@pytest.mark.parametrize("kernel", [1e-4, 1.0, 100.0])
@pytest.mark.parametrize(("name", "formula"), CASES)
def test_moments_and_susceptibilities_agree_with_multiprecision(name, formula, kernel):
    theory = EffectiveTheory(activation_of(name, formula))
    for kind in ("second_moment", "susceptibility_perpendicular", "susceptibility_parallel"):
        if kind == "susceptibility_perpendicular" and theory.jumps:
            assert np.isinf(theory.susceptibility_perpendicular(kernel))
            continue
        expected = gaussian_average(name, kernel, kind)
        scale = abs(expected) + (gaussian_average(name, kernel, "second_moment") / kernel if "parallel" in kind else 0)
        assert float(getattr(theory, kind)(kernel)) == pytest.approx(expected, abs=2e-8 * scale), kind


def losses(name: str, formula: str, steps: int = 60) -> list[float]:
    """Losses of a small regression by Adam, in double precision.

    Points and biases are not symmetric: a gradient that is zero by symmetry is all rounding, which Adam scales to one.
    """
    activation = torch_activation(activation_of(name, formula)).values
    random = torch.Generator().manual_seed(3)
    x = torch.linspace(-1.7, 2.1, 41, dtype=torch.float64)[:, None]
    weights = [torch.randn(shape, generator=random, dtype=torch.float64) for shape in ((1, 12), (12, 12), (12, 1))]
    weights[0] *= 30  # large preactivations, at which exp(x) − 1 overflows in the branch that is not taken
    biases = [torch.randn(12, generator=random, dtype=torch.float64) for _ in range(2)]
    parameters = [tensor.requires_grad_() for tensor in (*weights, *biases)]
    optimizer, history = torch.optim.Adam(parameters, 1e-2), []
    for _ in range(steps):
        hidden = activation(activation(x @ weights[0] + biases[0]) @ weights[1] / 12**0.5 + biases[1])
        loss = ((hidden @ weights[2] / 12 - torch.sin(3 * x)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    return history


@pytest.mark.parametrize("name", [name for name, function in FUNCTIONS.items() if len(function.formulas) > 1])
def test_training_does_not_depend_on_how_a_function_is_written(name):
    first, *others = (losses(name, formula) for formula in FUNCTIONS[name].formulas)
    assert np.isfinite(first).all()
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-6)


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("tan(x)", r"tan\(x\) is not defined at -?1\.5708"),
        ("1/x", "1/x is not defined at 0"),
        ("x**3/(x**2 - 1)", r"1/\(x\*\*2 - 1\) is not defined at -?1$"),
        ("1/(x - 1/pi)", "is not defined at 0.31831"),
        ("1/(1 - cos(x))", "is not defined at 0"),
        ("sqrt(x)", r"sqrt\(x\) is not defined at -"),
        ("log(x)", r"log\(x\) is not defined at -"),
        ("x**0.5", r"sqrt\(x\) is not defined at -"),
        ("x**x", r"x\*\*x is not defined at -"),
        ("log(abs(x))", "is not defined|not finite"),
        ("sqrt(x**2 - 1e-10)", "is not defined at"),
        ("log(x + sqrt(x**2 + 1))", "cannot be evaluated in floating point: in float(32|64) its value at x = -"),
        ("sin(exp(x))", "cannot be evaluated in floating point|not defined"),
        ("sqrt(1 + (x + 1e9)**2) - 1e9", "cannot be evaluated in floating point"),
        ("relu(sin(x))", "cannot list"),
        ("sqrt(1 - cos(x))", "cannot list"),
    ],
)
def test_functions_that_are_undefined_or_lost_in_rounding_are_refused(formula, reason):
    with pytest.raises(InvalidInputError, match=reason):
        Activation("q", formula).forms  # noqa: B018
