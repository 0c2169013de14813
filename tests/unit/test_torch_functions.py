"""Torch functions generated from formulas, compared with sympy and with torch's own functions."""

import numpy as np
import pytest
import sympy
import torch

from builders import CUSTOM
from rectified.formulas import activations, expressions
from rectified.formulas.activation import X
from rectified.formulas.torch_activation import torch_activation
from rectified.formulas.torch_functions import torch_function

NATIVE = {
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": torch.nn.functional.softplus,
    "swish": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "abs": torch.abs,
    "sin": torch.sin,
    "mish": torch.nn.functional.mish,
}
ALL = [*activations.REGISTRY, *CUSTOM, "relu4", "mrepu4"]


def points() -> torch.Tensor:
    """Points on both sides of all kinks, none at a kink."""
    return torch.linspace(-4.03, 4.07, 100, dtype=torch.float64)


@pytest.mark.parametrize("name", NATIVE)
def test_values_and_slopes_agree_with_torch(name):
    z = points().requires_grad_(True)
    value = NATIVE[name](z)
    (slope,) = torch.autograd.grad(value.sum(), z)
    mine = torch_activation(activations.get(name, CUSTOM)).values_and_slopes(z)
    torch.testing.assert_close(mine[0], value, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(mine[1], slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ALL)
def test_derivatives_agree_with_the_formula(name):
    activation = activations.get(name, CUSTOM)
    z = points()
    for order, values in enumerate(torch_activation(activation).values_to_second_order(z)):
        expected = expressions.sample(expressions.pointwise_derivative(activation.expression, "x", order), z.numpy())
        np.testing.assert_allclose(values.numpy(), expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", ALL)
def test_autodiff_of_the_slope_gives_the_pointwise_second_derivative(name):
    activation = torch_activation(activations.get(name, CUSTOM))
    z = points().requires_grad_(True)
    value, slope = activation.values_and_slopes(z)
    (by_torch,) = torch.autograd.grad(value.sum(), z, create_graph=True)
    torch.testing.assert_close(by_torch, slope, rtol=1e-10, atol=1e-12)
    second = torch.zeros_like(z)
    if slope.requires_grad:
        (second,) = torch.autograd.grad(slope.sum(), z)
    torch.testing.assert_close(second, activation.values_to_second_order(z.detach())[2], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in ALL if activations.get(name, CUSTOM).is_piecewise_linear])
def test_lines_of_piecewise_linear_activations_reproduce_their_values(name):
    activation = torch_activation(activations.get(name, CUSTOM))
    z = points()
    slope, intercept = activation.line(z.clone())
    value, expected = activation.values_and_slopes(z)
    torch.testing.assert_close(slope * z + intercept, value, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(slope, expected)


@pytest.mark.parametrize("name", ["swish", "softplus", "sigmoid", "tanh", "gelu", "mish"])
def test_large_arguments_do_not_overflow(name):
    z = torch.tensor([-1e4, -800.0, 800.0, 1e4], dtype=torch.float64)
    for values in torch_activation(activations.get(name, CUSTOM)).values_to_second_order(z):
        assert torch.isfinite(values).all()


@pytest.mark.parametrize(
    "formula", ["x + sqrt(2)", "2*x + sqrt(2)*x**2 - pi + 1", "3*x**2 - 2*x", "relu(x)*heaviside(x) + heaviside(x)**2"]
)
def test_sums_with_factors_and_constants_agree_with_sympy(formula):
    expression = expressions.parse(formula)
    (values,) = torch_function([expression], [X])(points())
    np.testing.assert_allclose(values, expressions.sample(expression, points()), rtol=1e-13)


@pytest.mark.parametrize("name", ["relu2", "mrepu2", "mrepu3"])
def test_redundant_step_functions_are_removed(name):
    """θ(u)·max(0, u)ᵏ is simplified to max(0, u)ᵏ, which has the same values."""
    activation = activations.get(name)
    plain = sympy.diff(activation.expression, X)
    assert plain.has(sympy.Heaviside)
    slope = expressions.pointwise_derivative(activation.expression, "x")
    assert not slope.has(sympy.Heaviside)
    z = points().numpy()
    np.testing.assert_array_equal(expressions.sample(slope, z), expressions.sample(plain, z))


@pytest.mark.parametrize(
    "formula", ["exp(sqrt(2))*x + exp(sqrt(2))*cos(x)*sin(x) + sqrt(2)*cos(x)", "x*sin(1) + sin(sin(1))*x**2"]
)
def test_nested_constants_shared_by_terms_are_evaluated_as_numbers(formula):
    expression = expressions.parse(formula)
    (found,) = torch_function([expression + sympy.cos(expression)], [X])(points())
    np.testing.assert_allclose(
        found, expressions.sample(expression + sympy.cos(expression), points().numpy()), rtol=1e-12
    )
