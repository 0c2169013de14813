"""Central differences: exactness on polynomials, and observed orders of convergence."""

import math

import pytest
import torch

from rectified.optimization import central_differences as differences

X = torch.linspace(-1, 1, 5, dtype=torch.float64)
STEPS = torch.tensor([0.1, 0.05, 0.025, 0.0125], dtype=torch.float64)


STENCILS = [
    (table, order, k) for table, order in ((differences.SECOND_ORDER, 2), (differences.FOURTH_ORDER, 4)) for k in table
]


def values(function, step, middle: bool) -> list[torch.Tensor]:
    """Return the function at X shifted by the step to the left and to the right, and at X between if wanted."""
    return [function(X + shift * step) for shift in (-1, 0, 1) if middle or shift]


CASES = {
    "first, order 2": (differences.first_difference, False, 1, 2),
    "second, order 2": (differences.second_difference, True, 2, 2),
}


@pytest.mark.parametrize(("difference", "middle", "derivative", "order"), CASES.values(), ids=CASES)
def test_order_of_convergence(difference, middle, derivative, order):
    exact = torch.exp(X)
    errors = torch.stack([(difference(*values(torch.exp, h, middle), h) - exact).abs().max() for h in STEPS])
    orders = torch.log2(errors[:-1] / errors[1:])
    torch.testing.assert_close(orders, torch.full_like(orders, float(order)), atol=0.02, rtol=0)


@pytest.mark.parametrize(("difference", "middle", "derivative", "order"), CASES.values(), ids=CASES)
def test_polynomials_up_to_the_order_are_exact(difference, middle, derivative, order):
    """Differences of order p are exact for polynomials of degree p + derivative − 1, by symmetry."""
    degree = order + derivative - 1
    factor = degree if derivative == 1 else degree * (degree - 1)
    found = difference(*values(lambda x: x**degree, 0.25, middle), 0.25)
    torch.testing.assert_close(found, factor * X ** (degree - derivative), atol=1e-13, rtol=0)


@pytest.mark.parametrize(("table", "order", "k"), STENCILS)
def test_stencils_converge_with_their_order_and_are_exact_on_polynomials(table, order, k):
    def derivative(function, h):
        return differences.difference(table[k], {m: function(X + m * h) for m in table[k]}, h, k)

    errors = torch.stack([(derivative(torch.exp, h) - torch.exp(X)).abs().max() for h in (0.4, 0.2, 0.1)])
    torch.testing.assert_close(
        torch.log2(errors[:-1] / errors[1:]), torch.full((2,), float(order), dtype=X.dtype), atol=0.1, rtol=0
    )
    degree = order + k - 1
    exact = math.factorial(degree) / math.factorial(degree - k) * X ** (degree - k)
    torch.testing.assert_close(derivative(lambda x: x**degree, 0.25), exact, atol=1e-10, rtol=0)
