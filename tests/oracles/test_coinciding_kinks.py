"""Kinks on cuts, on ends of the domain and on each other: derivatives against exact rational arithmetic.

The activations are piecewise polynomials, and so are all other factors of the energy. It is therefore a rational number
if the parameters are, and differences with a step of 1e-30 give its one-sided derivatives to 30 digits.
"""

from fractions import Fraction
from itertools import pairwise

import pytest
import sympy
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from builders import job_of, network, problem
from rectified.formulas import activations, expressions
from rectified.formulas.torch_activation import torch_activation
from rectified.formulas.torch_functions import torch_function
from rectified.optimization.hessian import hessian
from rectified.problems.elliptic import X, elliptic_problem
from rectified.ritz.closed_form_gradient import ClosedFormGradient, has_closed_form_gradient
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.gradients import Autodiff
from rectified.ritz.network import Network
from rectified.ritz.quadrature import KinkAware
from reproduction.config.problems.elliptic import Elliptic
from reproduction.jobs.gradient_errors import gradient_errors

SOLUTION = "x*(1 - x)*(1 + x)"
COEFFICIENTS = {"1": [1], "1 + x/2": [1, Fraction(1, 2)]}
TENTH, HUNDREDTH = Fraction(1, 10), Fraction(0.01)
ACTIVATIONS = {  # kinks, and the polynomials between them by ascending powers
    "relu": ([0], [[0], [0, 1]]),
    "leaky_relu": ([0], [[0, HUNDREDTH], [0, 1]]),
    "abs": ([0], [[0, -1], [0, 1]]),
    "hat": ([-1, 0, 1], [[0], [1, 1], [1, -1], [0]]),
    "stairs": ([0, 1], [[0], [0, 1], [-1, 2]]),
    "relu2": ([0], [[0], [0, 0, 1]]),
    "bent": ([0], [[0, 0, TENTH], [0, 1, TENTH]]),
}
PROBLEMS = {"k2": Elliptic(solution="sin(2*pi*x)")}
STEP = Fraction(1, 10**30)
CUTS = [float(cut) for cut in torch.linspace(0, 1, 11, dtype=torch.float64)]
DYADIC = [i / 8 for i in range(9)]


def product(p: list, q: list) -> list:
    result = [Fraction(0)] * (len(p) + len(q) - 1)
    for i, one in enumerate(p):
        for j, other in enumerate(q):
            result[i + j] += one * other
    return result


def derivative(p: list) -> list:
    return [i * coefficient for i, coefficient in enumerate(p)][1:] or [0]


def total(*polynomials: list) -> list:
    longest = max(map(len, polynomials))
    return [sum((p[i] for p in polynomials if i < len(p)), Fraction(0)) for i in range(longest)]


def integral(p: list, left, right):
    return sum(c * (right ** (i + 1) - left ** (i + 1)) / (i + 1) for i, c in enumerate(p))


def neuron(activation: str, a, b, middle) -> list:
    """σ(ax + b) as a polynomial in x, on the piece that contains the point ``middle``."""
    kinks, pieces = ACTIVATIONS[activation]
    piece = pieces[sum(a * middle + b > kink for kink in kinks)]
    result = [Fraction(0)]
    for coefficient in reversed(piece):
        result = total(product(result, [b, a]), [coefficient])
    return result


def exact_energy(activation: str, coefficient: str, theta: list) -> Fraction:
    """∫ (½κû'² − bû) dx on [0, 1] for D = x(1 − x), piece by piece."""
    width = len(theta) // 3
    neurons = list(zip(theta[:width], theta[width : 2 * width], theta[2 * width :]))
    kinks = {(p - b) / a for p in ACTIVATIONS[activation][0] for a, b, _ in neurons if a}
    ends = sorted({Fraction(0), Fraction(1)} | {kink for kink in kinks if 0 < kink < 1})
    kappa, distance = COEFFICIENTS[coefficient], [0, 1, -1]
    source = [-c for c in derivative(product(kappa, derivative(product(distance, [1, 1]))))]
    energy = Fraction(0)
    for left, right in pairwise(ends):
        middle = (left + right) / 2
        field = total(*(product([c], neuron(activation, a, b, middle)) for a, b, c in neurons))
        field = product(distance, field)
        slope = derivative(field)
        stiffness, load = product(kappa, product(slope, slope)), product(source, field)
        energy += integral(stiffness, left, right) / 2 - integral(load, left, right)
    return energy


def moved(theta: list, direction: list, step: Fraction) -> list:
    return [value + step * change for value, change in zip(theta, direction)]


def towards_order(theta: list) -> list:
    """The direction in which neuron i's kink moves to the right at a speed that increases with i."""
    width = len(theta) // 3
    return [0] * width + [-a * i for i, a in enumerate(theta[:width])] + [0] * width


def unit(parameters: int, index: int) -> list:
    return [int(i == index) for i in range(parameters)]


def one_sided_gradient(activation: str, coefficient: str, theta: list, step: Fraction = STEP) -> torch.Tensor:
    """Derivatives along directions that keep the kinks in the order of the neurons, solved for the gradient."""
    order = [1000 * change for change in towards_order(theta)]
    base = exact_energy(activation, coefficient, theta)

    def along(direction: list) -> Fraction:
        return (exact_energy(activation, coefficient, moved(theta, direction, step)) - base) / step

    common = along(order)
    directions = [moved(order, unit(len(theta), i), Fraction(1)) for i in range(len(theta))]
    return torch.tensor([float(along(direction) - common) for direction in directions], dtype=torch.float64)


def rules(activation: str, coefficient: str, width: int, panels: int) -> list:
    net = network(activation, width=width)
    energy = RitzEnergy(problem(SOLUTION, coefficient), net, KinkAware(net, 5, panels))
    return [Autodiff(energy, 0), *([ClosedFormGradient(energy)] if has_closed_form_gradient(energy) else [])]


def parameters_of(kinks: list[float], slopes: list[float], weights: list[float], point: float) -> list[float]:
    return [*slopes, *(point - a * kink for a, kink in zip(slopes, kinks)), *weights]


@st.composite
def networks(draw, places: list[float], distinct: bool = False):
    """An activation, and parameters with kinks at some of the places, whose arithmetic is exact."""
    activation = draw(st.sampled_from(sorted(ACTIVATIONS)))
    kinks = draw(st.lists(st.sampled_from(places), min_size=1, max_size=4, unique=distinct))
    slopes = [draw(st.sampled_from([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])) for _ in kinks]
    weights = [draw(st.sampled_from([-1.5, -1.0, 0.5, 0.75, 1.0, 3.0])) for _ in kinks]
    point = draw(st.sampled_from(ACTIVATIONS[activation][0]))
    return activation, parameters_of(kinks, slopes, weights, point)


COEFFICIENT = st.sampled_from(sorted(COEFFICIENTS))


@given(case=networks(DYADIC), coefficient=COEFFICIENT, panels=st.sampled_from([1, 3, 8, 10]))
@example(case=("relu", [1.0, 0.0, 1.0]), coefficient="1", panels=10)
@example(case=("relu", [-1.0, 0.0, 1.0]), coefficient="1", panels=10)
@example(case=("relu", [1.0, -1.0, 0.5, -0.5, 1.0, 1.0]), coefficient="1", panels=8)
@settings(max_examples=60, deadline=None)
def test_gradient_is_one_sided_where_kinks_coincide(case, coefficient, panels):
    activation, numbers = case
    theta = torch.tensor([numbers], dtype=torch.float64)
    exact = [Fraction(number) for number in numbers]
    energy = float(exact_energy(activation, coefficient, exact))
    gradient = one_sided_gradient(activation, coefficient, exact)
    for rule in rules(activation, coefficient, len(numbers) // 3, panels):
        value, found = rule(theta)
        # Kinks are moved apart by 1e-12 per neuron, which derivatives of at most about 1000 multiply.
        torch.testing.assert_close(float(value), energy, rtol=1e-8, atol=1e-8)
        torch.testing.assert_close(found[0], gradient, rtol=1e-8, atol=1e-8)


@given(case=networks(CUTS, distinct=True), coefficient=COEFFICIENT)
@settings(max_examples=40, deadline=None)
def test_gradient_and_hessian_are_exact_where_kinks_meet_cuts(case, coefficient):
    activation, numbers = case
    theta = torch.tensor([numbers], dtype=torch.float64)
    exact = [Fraction(number) for number in numbers]
    size = len(numbers)
    kinks = sorted(
        (p - b) / a for p in ACTIVATIONS[activation][0] for a, b in zip(exact[: size // 3], exact[size // 3 :])
    )
    assume(all(right - left > 1e-9 for left, right in pairwise(kinks)))

    def energy(*indices: int) -> Fraction:
        direction = [sum(column) for column in zip([0] * size, *(unit(size, i) for i in indices))]
        return exact_energy(activation, coefficient, moved(exact, direction, STEP))

    base, single = energy(), [energy(i) for i in range(size)]
    gradient = torch.tensor([float((one - base) / STEP) for one in single], dtype=torch.float64)
    for rule in rules(activation, coefficient, size // 3, 10):
        torch.testing.assert_close(rule(theta)[1][0], gradient, rtol=1e-9, atol=1e-9)
    if {0, 1} & set(kinks):
        return  # second derivatives are one-sided
    second = [[(energy(i, j) - single[i] - single[j] + base) / STEP**2 for i in range(size)] for j in range(size)]
    expected = torch.tensor([[float(entry) for entry in row] for row in second], dtype=torch.float64)
    objective = rules(activation, coefficient, size // 3, 10)[0].objective
    torch.testing.assert_close(hessian(objective, theta[0]), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("sign", [1, -1])
def test_hessian_with_a_kink_at_an_end_is_that_with_the_kink_outside(activation, sign):
    point = ACTIVATIONS[activation][0][0]
    for end, outside in ((0.0, -1), (1.0, 1)):
        numbers = parameters_of([end], [float(sign)], [1.5], point)
        exact = [Fraction(number) for number in numbers]
        exact[1] -= exact[0] * outside * 10 * STEP

        def energy(*indices: int, exact: list = exact) -> Fraction:
            direction = [indices.count(i) for i in range(3)]
            return exact_energy(activation, "1", moved(exact, direction, STEP))

        second = [[energy(i, j) - energy(i) - energy(j) + energy() for i in range(3)] for j in range(3)]
        expected = torch.tensor([[float(entry / STEP**2) for entry in row] for row in second], dtype=torch.float64)
        objective = rules(activation, "1", 1, 10)[0].objective
        found = hessian(objective, torch.tensor(numbers, dtype=torch.float64))
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("b", [0.25, -0.25, 1e-320, -1e-320, 0.0, -1.0, -1e-300])
@pytest.mark.parametrize("a", [1e-300, -1e-300, 1e-17])
def test_a_neuron_with_a_tiny_slope_has_the_gradient_of_its_only_piece(a, b):
    """The kink is at an end of the domain or outside."""
    theta = [0.5, a, -0.25, b, 1.0, 1.0]
    expected = one_sided_gradient("relu", "1 + x/2", [Fraction(number) for number in theta], Fraction(1, 10**340))
    for rule in rules("relu", "1 + x/2", 2, 10):
        _, found = rule(torch.tensor([theta], dtype=torch.float64))
        torch.testing.assert_close(found[0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kink", [0.3, 0.4, 0.77])
def test_closed_form_is_exact_for_a_tiny_slope_and_autodiff_finite(kink):
    theta = [0.5, 1e-300, -0.25, -kink * 1e-300, 1.0, 1.0]
    expected = one_sided_gradient("relu", "1", [Fraction(number) for number in theta], Fraction(1, 10**340))
    automatic, closed = (rule(torch.tensor([theta], dtype=torch.float64)) for rule in rules("relu", "1", 2, 10))
    torch.testing.assert_close(closed[1][0], expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(automatic[0], closed[0], rtol=1e-12, atol=1e-12)
    assert torch.isfinite(automatic[1]).all()


def test_a_neuron_without_slope_at_its_kink_counts_as_below():
    theta = torch.tensor([[0.5, 0.0, -0.25, 0.0, 1.0, 1.0]], dtype=torch.float64)
    below = theta.clone()
    below[0, 3] = -1e-3
    for rule in rules("relu", "1", 2, 10):
        torch.testing.assert_close(rule(theta), rule(below), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("domain", [(0.0, 1.0), (-1.0, 1.0), (2.0, 5.0)])
@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("a", [1.0, -1.0, 0.75])
def test_energy_and_gradient_are_continuous_where_a_kink_leaves_the_domain(domain, end, a):
    left, right = domain
    distance = expressions.parse(f"(x - {left})*({right} - x)")
    functions = torch_function([distance, sympy.diff(distance, X)], [X])
    net = Network(2, 1, torch_activation(activations.get("relu")), functions, domain)
    energy = RitzEnergy(elliptic_problem(str(distance * (1 + X)), "1", domain), net, KinkAware(net))
    kinks = domain[end] + 1e-9 * torch.tensor([[0.0], [-1.0], [1.0]], dtype=torch.float64)
    other = torch.tensor([[0.5, -0.5 * (left + right) / 2 + 0.1, 1.0, 1.0]], dtype=torch.float64).expand(3, -1)
    theta = torch.stack([a + 0 * kinks[:, 0], other[:, 0], -a * kinks[:, 0], other[:, 1], other[:, 2], other[:, 3]], 1)
    for rule in (Autodiff(energy, 0), ClosedFormGradient(energy)):
        value, gradient = rule(theta)
        scale = 1 + gradient.abs().max()
        torch.testing.assert_close(value[1:], value[:1].expand(2), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(gradient[1:] / scale, gradient[:1].expand(2, -1) / scale, rtol=0, atol=1e-6)


@pytest.mark.parametrize("width", [5, 16, 20, 32])
def test_reference_of_the_gradient_errors_agrees_with_differences_where_kinks_meet_its_cuts(width):
    """Spread kinks lie on multiples of 1/10 or 1/64, the cuts of the rule under test and of the reference."""
    job = job_of("gradient_errors", PROBLEMS, problem="k2", activation="relu", width=width, initialization="spread")
    table = gradient_errors(job, {})
    table = table[(table.rule == "kink_aware") | (table.rule == "finite_difference_of_the_integral")]
    assert table.relative_error.max() < 1e-6


@pytest.mark.parametrize("slopes", [[1.0, 0.5], [1.0, -0.5], [-1.0, 2.0]])
@pytest.mark.parametrize("activation", ["relu", "bent", "stairs"])
def test_hessian_where_kinks_coincide_is_that_with_the_kinks_in_order(activation, slopes):
    numbers = parameters_of([0.5, 0.5], slopes, [1.0, -0.75], 0.0)
    exact = [Fraction(number) for number in numbers]
    exact = moved(exact, towards_order(exact), 100 * STEP)
    indices = range(len(exact))

    def energy(*chosen: int) -> Fraction:
        return exact_energy(activation, "1", moved(exact, [chosen.count(i) for i in indices], STEP))

    second = [[(energy(i, j) - energy(i) - energy(j) + energy()) / STEP**2 for i in indices] for j in indices]
    expected = torch.tensor([[float(entry) for entry in row] for row in second], dtype=torch.float64)
    found = hessian(rules(activation, "1", 2, 10)[0].objective, torch.tensor(numbers, dtype=torch.float64))
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-8)
