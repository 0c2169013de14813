"""Central differences: exactness on polynomials, and observed orders of convergence."""

import pytest
import torch

from rectified.optimization import central_differences as differences

X = torch.linspace(-1, 1, 5, dtype=torch.float64)
STEPS = torch.tensor([0.1, 0.05, 0.025, 0.0125], dtype=torch.float64)


def values(function, step, far: bool, middle: bool) -> list[torch.Tensor]:
    """Return the function at X shifted by multiples of the step, from left to right."""
    shifts = [shift for shift in (-2, -1, 0, 1, 2) if (far or abs(shift) < 2) and (middle or shift)]
    return [function(X + shift * step) for shift in shifts]


CASES = {
    "first, order 2": (differences.first_difference, False, False, 1, 2),
    "second, order 2": (differences.second_difference, False, True, 2, 2),
    "first, order 4": (differences.first_difference_of_fourth_order, True, False, 1, 4),
    "second, order 4": (differences.second_difference_of_fourth_order, True, True, 2, 4),
}


@pytest.mark.parametrize(("difference", "far", "middle", "derivative", "order"), CASES.values(), ids=CASES)
def test_order_of_convergence(difference, far, middle, derivative, order):
    exact = torch.exp(X)
    errors = torch.stack([(difference(*values(torch.exp, h, far, middle), h) - exact).abs().max() for h in STEPS])
    orders = torch.log2(errors[:-1] / errors[1:])
    torch.testing.assert_close(orders, torch.full_like(orders, float(order)), atol=0.02, rtol=0)


@pytest.mark.parametrize(("difference", "far", "middle", "derivative", "order"), CASES.values(), ids=CASES)
def test_polynomials_up_to_the_order_are_exact(difference, far, middle, derivative, order):
    """Differences of order p are exact for polynomials of degree p + derivative − 1, by symmetry."""
    degree = order + derivative - 1
    factor = degree if derivative == 1 else degree * (degree - 1)
    found = difference(*values(lambda x: x**degree, 0.25, far, middle), 0.25)
    torch.testing.assert_close(found, factor * X ** (degree - derivative), atol=1e-13, rtol=0)
