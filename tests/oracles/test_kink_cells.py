"""Integrals over the cells of an arrangement of kinks: exactness, geometry, degenerate arrangements, and errors."""

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from test_kink_aware import (
    COEFFICIENTS,
    SQUARE,
    Field,
    arrangement,
    gradient,
    random_field,
    relative_error,
    ritz,
    shallow,
    source,
)
from torch import nn

from polygon_energy import differences, exact_energy
from rectified.errors import InvalidInputError
from rectified.kink_aware import integrate, integrate_cells
from rectified.kink_aware.arrangement import triangulated_cells
from rectified.kink_aware.cells import triangle_rule

UNIT = np.array([[0.0, 1], [0, 1]])


@pytest.mark.parametrize("name", COEFFICIENTS)
@pytest.mark.parametrize("width", [1, 3, 6])
def test_energy_and_gradient_are_exact_for_polynomial_data(width, name):
    theta = arrangement(width, 2)
    exact = differences(lambda t: exact_energy(t, COEFFICIENTS[name], source), theta)
    field = shallow(theta)
    energy = integrate_cells(field, lambda *of: ritz(*of, COEFFICIENTS[name]), SQUARE, degree=10)
    assert float(energy.detach()) == pytest.approx(exact_energy(theta, COEFFICIENTS[name], source), rel=1e-12)
    assert relative_error(gradient(energy, field), exact) < 1e-10


def test_second_derivatives_are_exact():
    """A Hessian times a vector is the difference of gradients, which have the error of the square of the step."""
    field = shallow(arrangement(4, 0))
    unit = torch.randn(16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    start = nn.utils.parameters_to_vector(field.parameters()).detach()
    energy = integrate_cells(field, ritz, SQUARE, degree=10)
    found = gradient(gradient(energy, field, create_graph=True) @ unit, field)
    sides = []
    for sign in (1, -1):
        nn.utils.vector_to_parameters(start + sign * 1e-5 * unit, field.parameters())
        sides.append(gradient(integrate_cells(field, ritz, SQUARE, degree=10), field))
    torch.testing.assert_close(found, (sides[0] - sides[1]) / 2e-5, rtol=1e-6, atol=1e-7 * float(found.abs().max()))


@pytest.mark.parametrize("degree", [0, 1, 2, 5, 8])
def test_rule_on_a_triangle_is_exact_up_to_its_degree(degree):
    """∫ λ₁ᵃλ₂ᵇλ₃ᶜ over a triangle is 2|T| a!b!c!/(a + b + c + 2)!."""
    share, weight = triangle_rule(degree)
    for powers in itertools.product(range(degree + 1), repeat=3):
        if sum(powers) <= degree:
            exact = 2 * math.prod(map(math.factorial, powers)) / math.factorial(sum(powers) + 2)
            assert weight @ (share**powers).prod(1) == pytest.approx(exact, rel=1e-12)
    beyond = 2 * (degree // 2 + 1)
    exact = 2 * math.factorial(beyond) / math.factorial(beyond + 2)
    assert weight @ share[:, 0] ** beyond != pytest.approx(exact, rel=1e-6)


def areas(lines: np.ndarray) -> tuple[np.ndarray, int]:
    """Areas of the triangles of the unit square, and the number of its cells."""
    found = triangulated_cells(lines, UNIT)
    every = np.concatenate([lines, [[1, 0, 0], [1, 0, -1], [0, 1, 0], [0, 1, -1]]])
    cross = np.cross(every[found.corners[..., 0]], every[found.corners[..., 1]])
    p, q, r = (cross[..., :2] / cross[..., 2:]).transpose(1, 0, 2)
    return np.cross(np.pad(q - p, ((0, 0), (0, 1))), np.pad(r - p, ((0, 0), (0, 1))))[:, 2] / 2, found.cells.max() + 1


@pytest.mark.parametrize("width", [0, 1, 10, 40])
def test_number_of_cells_follows_from_the_crossings(width):
    """Lines that cut a convex set into cells: one more than there are lines and crossings inside."""
    theta = arrangement(width, 5)
    slopes, biases = theta[: 2 * width].reshape(width, 2), theta[2 * width : 3 * width]
    crossings = 0
    for i, j in itertools.combinations(range(width), 2):
        point = np.linalg.solve(slopes[[i, j]], -biases[[i, j]])
        crossings += bool(((point > 0) & (point < 1)).all())
    sizes, cells = areas(np.concatenate([slopes, biases[:, None]], 1))
    assert cells == 1 + width + crossings
    assert np.sign(sizes).min() == np.sign(sizes).max()
    assert abs(sizes.sum()) == pytest.approx(1, rel=1e-13)


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        ([[1, 1, -3]], 1),  # misses the square
        ([[1, 1, -2]], 1),  # touches a corner
        ([[1, 0, 0], [0, 3, -3]], 1),  # lie on sides
        ([[0, 0, 1]], 1),  # no line: a neuron without slope
        ([[1, -1, 0]], 2),  # diagonal, through two corners
        ([[1, -1, 0], [1, 1, -1], [2, 0, -1]], 6),  # three lines through the centre, two through corners
        ([[1, 2, -1], [-2, -4, 2], [1, 2, -1 + 1e-15]], 2),  # repeated
        ([[1e-9, 1, -0.5], [0, 1, -0.5]], 3),  # nearly parallel, crossing on a side
    ],
)
def test_degenerate_arrangements(lines, cells):
    sizes, count = areas(np.array(lines, dtype=float))
    assert count == cells
    assert abs(sizes.sum()) == pytest.approx(1, rel=1e-12)
    assert (np.abs(sizes) == sizes * np.sign(sizes.sum())).all()


ACTIVATIONS = {
    "leaky": nn.LeakyReLU(0.1),
    "relu6": lambda z: F.relu6(6 * z),
    "hardtanh": nn.Hardtanh(-0.4, 0.3),
    "abs": torch.abs,
    "squared": lambda z: F.relu(z) ** 2,
    "elu": nn.ELU(),
    "where": lambda z: torch.where(z > 0.1, z, 0.2 * z + 0.08),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_other_activations_and_boxes_agree_with_lines(activation):
    field, box = random_field([2, 5, 1], ACTIVATIONS[activation], seed=3, distance=False), [(-0.5, 1.5), (0, 1)]
    cells = integrate_cells(field, ritz, box, degree=12)
    lines = integrate(field, ritz, box, lines=256, balanced=True)
    assert float(cells.detach()) == pytest.approx(float(lines.detach()), rel=1e-4)
    assert relative_error(gradient(cells, field), gradient(lines, field).numpy()) < 5e-3


def test_smooth_network_is_one_cell():
    field = random_field([2, 4, 3, 1], torch.tanh)
    node, weight = np.polynomial.legendre.leggauss(24)
    x = torch.cartesian_prod(*[torch.from_numpy((1 + node) / 2)] * 2).requires_grad_()
    u = field(x)[:, 0]
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    exact = (ritz(x, u, du) * torch.from_numpy(np.outer(weight, weight)).ravel() / 4).sum()
    found = integrate_cells(field, ritz, SQUARE, degree=40)
    torch.testing.assert_close(gradient(found, field), gradient(exact, field), rtol=1e-9, atol=1e-10)


def test_single_precision_and_no_graph():
    field = random_field([2, 8, 1], seed=1)
    expected = gradient(integrate_cells(field, ritz, SQUARE), field)
    single = gradient(integrate_cells(field.float(), ritz, SQUARE), field)
    assert single.dtype == torch.float32
    assert float((single - expected).norm() / expected.norm()) < 1e-4
    with torch.no_grad():
        assert not integrate_cells(field, ritz, SQUARE).requires_grad


def square_of(widths: list[int], activation=torch.relu) -> Field:
    return random_field(widths, activation)


@pytest.mark.parametrize(
    ("build", "box", "degree", "message"),
    [
        (lambda: square_of([2, 4, 4, 1]), SQUARE, 8, "straight kinks .* those of 'relu' are not"),
        (lambda: square_of([2, 4, 1], lambda z: z.sin().relu()), SQUARE, 8, "straight kinks"),
        (lambda: square_of([1, 4, 1]), [(0, 1)], 8, "two inputs .*; got 1"),
        (lambda: square_of([3, 4, 1]), [(0, 1)] * 3, 8, "two inputs .*; got 3"),
        (lambda: square_of([2, 4, 1]), SQUARE, -1, "degree must be a non-negative integer; got -1"),
        (lambda: square_of([2, 4, 1]), SQUARE, True, "degree must be a non-negative integer; got True"),
        (lambda: square_of([2, 4, 1], lambda z: (z > 0) * 1.0 + z), SQUARE, 8, "must be continuous"),
        (lambda: square_of([2, 4, 1]), [(1, 0), (0, 1)], 8, "low < high"),
    ],
)
def test_errors_name_what_is_wrong(build, box, degree, message):
    with pytest.raises(InvalidInputError, match=message):
        integrate_cells(build(), ritz, box, degree)
