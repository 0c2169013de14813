"""Largest errors of random polynomials represented by MRePU_p, and of a function approximated by it."""

import itertools
from collections.abc import Callable

import numpy as np
import xarray as xr

from rectified.array_types import Float
from rectified.effective_theory.polynomial_representation import (
    fitted_output,
    inner_weights,
    input_weights,
    last_layer,
    layer,
    output_weights,
)
from rectified.networks.seeding import numpy_generator
from reproduction.config.job import Job

POINTS = 401
FITTED, TESTED = 4000, 2000  # random points of the networks in several variables
STEP = 1e-5  # of central differences


def polynomial_representation(job: Job, inputs: dict[str, list[str]]) -> xr.Dataset:
    """Return the largest relative error of random polynomials, of a function and of its gradient, and an example.

    Args:
        job: ``settings`` holds the powers p, the radius R and the number of polynomials.
        inputs: unused.
    """
    settings = job.settings
    x = np.linspace(-settings.radius, settings.radius, POINTS)
    errors, exact, represented = [], [], []
    for power in settings.powers:
        random = numpy_generator("lemma", power)
        a = random.standard_normal((settings.polynomials, power + 2))
        weights = input_weights(power, settings.radius)
        value = output_weights(a, weights) @ layer(x, weights, power) + a[:, :1]
        polynomial = np.polynomial.polynomial.polyval(x, a.T)
        errors.append(abs(value - polynomial).max(1) / abs(polynomial).max(1))
        exact.append(polynomial[0])
        represented.append(value[0])
    return xr.Dataset(
        {
            "error": (("power", "polynomial"), np.array(errors), {"long_name": "largest relative error"}),
            "exact": (("power", "x"), np.array(exact), {"long_name": "first polynomial"}),
            "network": (("power", "x"), np.array(represented), {"long_name": "its network"}),
            **_networks(settings.variables, settings.depths, settings.polynomials),
        },
        coords={"power": settings.powers, "x": x, "depth": settings.depths},
    )


def _networks(variables: int, depths: list[int], draws: int) -> dict[str, tuple]:
    """Return errors of networks of MRePU₁ on [−1, 1]ᵈ by depth and draw of their inner weights.

    The polynomials are random, of degree 2ᴸ in all variables; the function is ``_twice_differentiable``.
    """
    names = {
        "network_error": "largest relative error of a random polynomial",
        "value_error": "largest relative error of a function",
        "gradient_error": "largest relative error of its gradient",
    }
    found = np.array([[_network_errors(variables, depth, draw) for draw in range(draws)] for depth in depths])
    return {
        name: (("depth", "polynomial"), errors, {"long_name": text})
        for (name, text), errors in zip(names.items(), np.moveaxis(found, -1, 0))
    }


def _network_errors(variables: int, depth: int, draw: int) -> list[float]:
    random = numpy_generator("theorem", variables, depth, draw)
    fitted, tested = (random.uniform(-1, 1, (variables, count)) for count in (FITTED, TESTED))
    weights = inner_weights(fitted, 1, depth, random)
    a = random.standard_normal(len(_monomials(fitted[:, :1], 2**depth)))

    def polynomial(x: np.ndarray) -> np.ndarray:
        return a @ _monomials(x, 2**depth)

    functions = (polynomial, _twice_differentiable)
    outputs = fitted_output(last_layer(fitted, weights, 1), np.stack([f(fitted) for f in functions]))

    def network(x: np.ndarray) -> np.ndarray:
        return outputs[:, :-1] @ last_layer(x, weights, 1) + outputs[:, -1:]

    values = np.stack([f(tested) for f in functions])
    errors = abs(network(tested) - values).max(1) / abs(values).max(1)
    slopes = np.stack([_differences(_twice_differentiable, tested), _differences(lambda x: network(x)[1], tested)])
    return [*errors, abs(slopes[1] - slopes[0]).max() / abs(slopes[0]).max()]


def _monomials(x: Float[np.ndarray, "variables points"], degree: int) -> Float[np.ndarray, "monomials points"]:
    exponents = itertools.product(range(degree + 1), repeat=len(x))
    return np.stack([np.prod(x ** np.array(one)[:, None], 0) for one in exponents if sum(one) <= degree])


def _twice_differentiable(x: Float[np.ndarray, "variables points"]) -> Float[np.ndarray, " points"]:
    """Return |x₁|³ + sin(x₁ + … + x_d), whose third derivative jumps."""
    return abs(x[0]) ** 3 + np.sin(x.sum(0))


def _differences(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return the gradient of a function by central differences, [variables, points]."""
    steps = STEP * np.eye(len(x))[..., None]
    return np.stack([(function(x + step) - function(x - step)) / (2 * STEP) for step in steps])
