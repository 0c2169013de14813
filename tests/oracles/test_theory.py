"""Effective theory: closed forms, published critical points, independent recursions and Monte Carlo."""

from math import comb, factorial

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import factorial2, ndtr

from rectified.effective_theory.fixed_points import fixed_points, largest_first_kernel, largest_safe_weight_variance
from rectified.effective_theory.gaussian_averages import average
from rectified.effective_theory.homogeneous_activations import Homogeneous, homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.effective_theory.universality_class import equal_susceptibilities, universality_class
from rectified.formulas import activations
from rectified.formulas.activation import Activation

CUSTOM = {
    "mish": "x*tanh(log(1 + exp(x)))",
    "elu": "max(x,0)+min(exp(min(x,0))-1,0)",
    "bent": "relu(x) + x**2/10",
    "sin2": "sin(x)**2",
    "step": "heaviside(x)",
    "hard": "max(-1, min(1, x))",
    "lame": "max(-3*x, 2*x)",
    "odd": "x*abs(x)",
    "line": "x + 1",
    "flat": "0*x",
    "shifted": "sigmoid(x) - 1/2",
    "shrink": "relu(x - 1) - relu(-x - 1)",
    "exponential": "exp(x)",
}
EPSILON = np.finfo(float).eps


def theory(name: str) -> EffectiveTheory:
    return EffectiveTheory(activations.get(name, CUSTOM))


def density(y):
    return np.exp(-y * y / 2) / np.sqrt(2 * np.pi)


def orders(errors) -> np.ndarray:
    """Return observed orders when the argument is halved from one error to the next."""
    return np.log2(np.abs(errors[:-1]) / np.abs(errors[1:]))


# --- susceptibilities --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "kernel", "parallel", "perpendicular", "digits"),
    [
        (1, 0.01, 1.06, 1.04, 1e-12),
        (2, 0.01, 1.3645, 1.2227, 1e-12),
        (3, 0.01, 1.96792, 1.57894, 1e-12),
        (1, 0.1, 1.5987477, 1.3989042, 5e-8),
        (2, 0.1, 5.0498725, 3.4699191, 5e-8),
        (3, 0.1, 17.169975, 10.509985, 5e-7),
    ],
)
def test_susceptibilities_of_mrepu_agree_with_reference_values(p, kernel, parallel, perpendicular, digits):
    found = theory(f"mrepu{p}")
    assert float(found.susceptibility_parallel(kernel)) == pytest.approx(parallel, abs=digits)
    assert float(found.susceptibility_perpendicular(kernel)) == pytest.approx(perpendicular, abs=digits)


def test_closed_forms_of_mrepu1_agree():
    kernel = np.logspace(-8, 4, 25)
    y = 1 / np.sqrt(kernel)
    found = theory("mrepu1")
    weight_variance = 0.7
    expected = {
        "parallel": 0.7 * (1 + 6 * kernel) * ndtr(y),
        "perpendicular": 0.7 * (1 + 4 * kernel) * ndtr(y),
        "second": kernel * (1 + 3 * kernel) * ndtr(y) + kernel**1.5 * density(y),
    }
    rounding = {"rtol": 64 * EPSILON}
    np.testing.assert_allclose(found.susceptibility_parallel(kernel, weight_variance), expected["parallel"], **rounding)
    np.testing.assert_allclose(
        found.susceptibility_perpendicular(kernel, weight_variance), expected["perpendicular"], **rounding
    )
    np.testing.assert_allclose(found.second_moment(kernel), expected["second"], **rounding)


def truncated_moment(p: int, power: int, kernel: float, hermite: tuple[int, ...]) -> float:
    """⟨MRePU_pᵏ(z)·Σ h_i tⁱ⟩, t = z/√K, from I_m = ∫_a^∞ t^m φ dt, I_m = a^{m−1}φ(a) + (m − 1)I_{m−2}."""
    a = -1 / np.sqrt(kernel)
    moments = [ndtr(-a), density(a)]
    for m in range(2, power * (p + 1) + len(hermite)):
        moments.append(a ** (m - 1) * density(a) + (m - 1) * moments[m - 2])
    return sum(
        h * comb(power * p, j) * kernel ** ((power + j) / 2) * moments[power + j + i]
        for j in range(power * p + 1)
        for i, h in enumerate(hermite)
    )


@pytest.mark.parametrize("p", range(1, 6))
@pytest.mark.parametrize("kernel", [1e-3, 0.02, 0.3, 2.0, 50.0])
def test_mrepu_agrees_with_its_truncated_moments(p, kernel):
    found = theory(f"mrepu{p}")
    second = truncated_moment(p, 2, kernel, (1,))
    parallel = truncated_moment(p, 2, kernel, (-1, 0, 1)) / (2 * kernel)
    curvature = truncated_moment(p, 2, kernel, (3, 0, -6, 0, 1)) / (4 * kernel**2)
    assert float(found.second_moment(kernel)) == pytest.approx(second, rel=1e-12)
    assert float(found.susceptibility_parallel(kernel)) == pytest.approx(parallel, rel=1e-12)
    assert float(found.curvature(kernel)) == pytest.approx(curvature, rel=1e-11)


@pytest.mark.parametrize("p", [2, 3])
def test_small_kernels_of_mrepu_agree_to_second_order(p):
    kernel = 2e-4 / 2.0 ** np.arange(4)
    found = theory(f"mrepu{p}")
    growth = 3 * p * (2 * p - 1)
    errors = [
        found.second_moment(kernel) / kernel - 1 - growth * kernel,
        found.susceptibility_parallel(kernel) - 1 - 2 * growth * kernel,
        found.susceptibility_perpendicular(kernel) - 1 - (7 * p**2 - 3 * p) * kernel,
    ]
    for error in errors:
        assert orders(error) == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("p", [1, 2, 3, 4, 5])
def test_closed_forms_of_repu_agree(p):
    found = theory("relu" if p == 1 else f"relu{p}")
    kernel = np.logspace(-6, 3, 10)
    odd, below = factorial2(2 * p - 1), factorial2(max(2 * p - 3, 1))
    np.testing.assert_allclose(found.second_moment(kernel), odd / 2 * kernel**p, rtol=64 * EPSILON)
    np.testing.assert_allclose(
        found.susceptibility_parallel(kernel), p * odd / 2 * kernel ** (p - 1), rtol=64 * EPSILON
    )
    np.testing.assert_allclose(
        found.susceptibility_perpendicular(kernel), p**2 * below / 2 * kernel ** (p - 1), rtol=64 * EPSILON
    )


SMOOTHNESS = [
    "tanh",
    "sigmoid",
    "swish",
    "gelu",
    "sin",
    "relu",
    "leaky_relu",
    "abs",
    "mrepu2",
    "softplus",
    "step",
    "elu",
]


@pytest.mark.parametrize("name", SMOOTHNESS)
@pytest.mark.parametrize("kernel", [0.01, 1.0, 20.0])
def test_parallel_susceptibility_and_curvature_are_derivatives_of_the_kernel(name, kernel):
    found = theory(name)
    parallel, curvature = found.susceptibility_parallel(kernel, 1.3), found.curvature(kernel, 1.3)
    steps = kernel * np.array([0.02, 0.01])

    def kernels(step):
        return found.next_kernel(kernel + step * np.array([-1, 0, 1]), 1.3, 0.1)

    below, here, above = np.array([kernels(step) for step in steps]).T
    slopes, bends = (above - below) / (2 * steps), (above - 2 * here + below) / steps**2
    scale = here[0] / kernel
    assert (4 * slopes[1] - slopes[0]) / 3 == pytest.approx(float(parallel), abs=1e-6 * scale)
    assert (4 * bends[1] - bends[0]) / 3 == pytest.approx(float(curvature), abs=1e-5 * scale / kernel)


@pytest.mark.parametrize("name", ["mrepu2", "tanh", "gelu", "sigmoid", "relu3", "mish"])
def test_susceptibilities_agree_with_monte_carlo(name):
    found = theory(name)
    kernel, weight_variance = 0.3, 0.8
    z = np.sqrt(kernel) * np.random.default_rng(7).standard_normal(1_000_000)
    step = 1e-5
    sigma, above, below = (sample(name, z + shift) for shift in (0, step, -step))
    samples = {
        found.susceptibility_parallel: weight_variance * sigma**2 * (z**2 - kernel) / (2 * kernel**2),
        found.susceptibility_perpendicular: weight_variance * ((above - below) / (2 * step)) ** 2,
    }
    for susceptibility, values in samples.items():
        error = values.std() / np.sqrt(len(values))
        assert abs(values.mean() - susceptibility(kernel, weight_variance)) < 5 * error


def sample(name: str, z: np.ndarray) -> np.ndarray:
    """Return σ(z), implemented independently."""
    formulas = {
        "mrepu2": lambda z: z * np.maximum(z + 1, 0) ** 2,
        "tanh": np.tanh,
        "gelu": lambda z: z * ndtr(z),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "relu2": lambda z: np.maximum(z, 0) ** 2,
        "relu3": lambda z: np.maximum(z, 0) ** 3,
        "mish": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    }
    return formulas[name](z)


# --- recursions --------------------------------------------------------------------------------------


def test_overflow_is_infinite_and_underflow_is_zero():
    kernels = theory("relu3").kernels([0.01, 10.0, 0.0], 1.0, 0.0, 12)
    assert kernels[-1].tolist() == [0.0, np.inf, 0.0]
    exploding = theory("mrepu2").finite_width([1.0, 1e-3], 1.0, 0.0, 12)
    assert np.isinf([exploding.kernel[-1, 0], exploding.vertex[-1, 0], exploding.mean_correction[-1, 0]]).all()
    assert np.isfinite([exploding.kernel[-1, 1], exploding.vertex[-1, 1], exploding.mean_correction[-1, 1]]).all()
    vanishing = theory("relu2").finite_width(0.01, 1.0, 0.0, 14)
    assert vanishing.kernel[-1] == vanishing.vertex[-1] == vanishing.mean_correction[-1] == 0


@pytest.mark.parametrize("p", [1, 2, 3])
def test_vertex_and_mean_correction_of_repu_follow_from_its_exact_law(p):
    """Compare with Ĝˡ = Kˡ Π (M_k/m)^{p^{l−1−k}}, M_k independent means over n_k neurons, so that to order 1/n
    V/K² = A Σ p^{2(l−1−k)} n_{l−1}/n_k and G₁/K = A Σ q(q − 1)/2 n_{l−1}/n_k with q = p^{l−1−k}."""
    widths = [30, 60, 20, 45, 90]
    excess = 2 * factorial2(4 * p - 1) / factorial2(2 * p - 1) ** 2 - 1
    found = theory("relu" if p == 1 else f"relu{p}").finite_width(0.9, 0.7, 0.0, 6, widths)
    for layer in range(2, 7):
        powers = [p ** (layer - 1 - k) for k in range(1, layer)]
        ratios = [widths[layer - 2] / widths[k - 1] for k in range(1, layer)]
        vertex = excess * sum(q**2 * r for q, r in zip(powers, ratios))
        mean = excess * sum(q * (q - 1) / 2 * r for q, r in zip(powers, ratios))
        kernel = found.kernel[layer - 1]
        assert found.vertex[layer - 1] / kernel**2 == pytest.approx(vertex, rel=1e-12)
        assert found.mean_correction[layer - 1] / kernel == pytest.approx(mean, rel=1e-12, abs=1e-12)


def test_vertex_of_mrepu2_agrees_with_the_published_setting():
    vertex = theory("mrepu2").finite_width(0.0025, 1.0, 0.0, 11).vertex
    assert vertex[0] == 0
    np.testing.assert_allclose(vertex[[1, 4, 8, 10]], [1.878e-5, 1.181e-4, 4.949e-4, 9.710e-4], rtol=5e-4)


@pytest.mark.parametrize(
    ("name", "kernel", "weight_variance", "bias_variance"), [("mrepu2", 0.0025, 1.0, 0.0), ("tanh", 0.5, 1.5, 0.1)]
)
def test_vertex_and_mean_agree_with_an_ensemble_of_networks(name, kernel, weight_variance, bias_variance):
    """Given the kernel of a network in one layer, its preactivations are normal and independent over neurons."""
    width, networks = 256, 20_000
    generator = np.random.default_rng(11)
    expected = theory(name).finite_width(kernel, weight_variance, bias_variance, 4)
    sampled = np.full(networks, kernel)
    for layer in range(1, 4):
        z = generator.standard_normal((networks, width))
        z *= np.sqrt(sampled)[:, None]
        sampled = bias_variance + weight_variance * (sample(name, z) ** 2).mean(1)
        deviation = sampled - sampled.mean()
        vertex, error = width * (deviation**2).mean(), width * (deviation**2).std() / np.sqrt(networks)
        assert abs(vertex - expected.vertex[layer]) < 5 * error + 5 / width * expected.vertex[layer]
        mean = expected.kernel[layer] + expected.mean_correction[layer] / width
        assert abs(sampled.mean() - mean) < 5 * sampled.std() / np.sqrt(networks)


# --- homogeneous activations -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", (1, 1, 0)),
        ("relu3", (3, 1, 0)),
        ("leaky_relu", (1, 1, -0.01)),
        ("abs", (1, 1, 1)),
        ("lame", (1, 2, 3)),
        ("odd", (2, 1, -1)),
        ("perceptron", (0, 1, -1)),
        ("step", (0, 1, 0)),
        *((name, None) for name in ("tanh", "gelu", "mrepu1", "bent", "line", "flat", "elu", "hard")),
    ],
)
def test_homogeneous_activations_are_detected(name, expected):
    assert homogeneous(activations.get(name, CUSTOM)) == expected


@pytest.mark.parametrize("degree", [0, 0.5, 1, 1.5, 2, 2.5, 4])
def test_moments_of_any_degree_agree_with_quadrature(degree):
    power = Homogeneous(degree, 1.3, -0.4)

    def sigma(z):
        return np.where(z > 0, 1.3, -0.4) * abs(z) ** degree

    kernel = np.array([1e-3, 1.0, 7.0])
    np.testing.assert_allclose(
        power.second_moment(kernel), average(lambda z: sigma(z) ** 2, kernel, (0.0,)), rtol=1e-13
    )
    assert power.moment(4) == pytest.approx(float(average(lambda z: sigma(z) ** 4, 1.0, (0.0,))), rel=1e-13)


@pytest.mark.parametrize("name", ["relu", "relu2", "relu3", "relu5", "odd", "lame"])
@pytest.mark.parametrize("ratio", [0.3, 1.0, 4.0])
def test_first_kernel_is_preserved_at_the_critical_weight_variance(name, ratio):
    power = homogeneous(activations.get(name, CUSTOM))
    critical = float(power.critical_weight_variance(ratio))
    logs = power.log_kernels(np.log(critical * ratio), critical, 6)
    np.testing.assert_allclose(logs, np.log(critical * ratio), rtol=1e-9, atol=1e-9)
    assert theory(name).kernels(critical * ratio, critical, 0.0, 3)[-1] == pytest.approx(critical * ratio, rel=1e-11)
    if power.degree > 1:
        assert largest_safe_weight_variance(theory(name), ratio) == pytest.approx(critical, rel=1e-12)


def test_published_critical_weight_variances_and_log_kernels_of_repu():
    square, cube = (homogeneous(activations.get(name)) for name in ("relu2", "relu3"))
    assert float(square.critical_weight_variance(1.0)) == pytest.approx(0.8165, abs=5e-5)
    assert float(cube.critical_weight_variance(1.0)) == pytest.approx(0.5109, abs=5e-5)
    factors = np.array([0.7, 1.0, 1.4])
    weight_variance = factors * square.critical_weight_variance(1.0)
    found = square.log_kernels(np.log(weight_variance), weight_variance, 11)[-1] / np.log(10)
    assert found == pytest.approx([-317, -0.09, 299], abs=0.5)
    assert found[1] == pytest.approx(-0.09, abs=0.005)


# --- fixed points and the first layer ----------------------------------------------------------------


@pytest.mark.parametrize(("weight_variance", "kernel"), [(0.9, 0.00614), (0.8, 0.01373), (0.5, 0.0532)])
def test_mrepu2_has_a_repelling_fixed_point_below_unit_weight_variance(weight_variance, kernel):
    zero, upper = fixed_points(theory("mrepu2"), weight_variance)
    assert (zero.kernel, zero.slope, zero.stability) == (0, pytest.approx(weight_variance), "attracting")
    assert upper.kernel == pytest.approx(kernel, rel=1e-3)
    assert upper.stability == "repelling"
    start = upper.kernel * np.array([1 - 1e-6, 1 + 1e-6])
    below, above = theory("mrepu2").kernels(start, weight_variance, 0.0, 12)[-1]
    assert below < start[0] < start[1] < above


@pytest.mark.parametrize(
    ("name", "weight_variance", "bias_variance", "expected"),
    [
        ("mrepu2", 1.0, 0.0, ["0 repelling"]),
        ("tanh", 1.0, 0.0, ["0 attracting"]),
        ("hard", 1.0, 0.0, ["0 attracting"]),
        ("shifted", 16.0, 0.0, ["0 attracting"]),
        ("tanh", 1.5, 0.0, ["0 repelling", "0.287 attracting"]),
        ("tanh", 0.5, 0.1, ["0.163 attracting"]),
        ("relu", 2.0, 0.0, ["0 marginal"]),
        ("relu", 2.0, 0.1, []),
        ("relu", 1.9, 0.1, ["2 attracting"]),
        ("relu2", 0.8, 0.0, ["0 attracting", "0.833 repelling"]),
        ("perceptron", 0.7, 0.1, ["0.8 attracting"]),
        ("exponential", 0.1, 0.0, ["0.13 attracting", "1.27 repelling"]),
        ("sin", 30.0, 0.0, ["0 repelling", "15 attracting"]),
    ],
)
def test_fixed_points_and_their_stability(name, weight_variance, bias_variance, expected):
    found = fixed_points(theory(name), weight_variance, bias_variance)
    assert [f"{point.kernel:.3g} {point.stability}" for point in found] == expected
    for point in found:
        again = theory(name).next_kernel(point.kernel, weight_variance, bias_variance)
        assert float(again) == pytest.approx(point.kernel, rel=1e-11)


def test_fixed_points_of_the_exponential_agree_with_the_lambert_function():
    for point, branch in zip(fixed_points(theory("exponential"), 0.1), (0, -1)):
        assert point.kernel == pytest.approx(float(-mpmath.lambertw(-0.2, branch).real / 2), rel=1e-12)


@pytest.mark.parametrize("name", ["swish", "gelu", "mish", "sin2"])
def test_half_stable_fixed_points_are_found_without_a_sign_change(name):
    critical = universality_class(activations.get(name, CUSTOM))
    found = fixed_points(theory(name), critical.weight_variance, critical.bias_variance)
    (point,) = [point for point in found if point.stability == "marginal"]
    assert point.kernel == pytest.approx(critical.kernel, rel=1e-9)
    assert point.slope == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("p", "expected"), [(1, 0.4427), (2, 0.196), (3, 0.1115)])
def test_largest_safe_weight_variance_of_mrepu(p, expected):
    found = theory(f"mrepu{p}")
    limit = largest_safe_weight_variance(found, 1.0)
    assert limit == pytest.approx(expected, abs=6e-5)
    assert fixed_points(found, limit)[1].kernel == pytest.approx(limit, rel=1e-11)
    safe, unsafe = found.kernels(limit * np.array([0.999, 1.001]), limit * np.array([0.999, 1.001]), 0.0, 200)[-1]
    assert safe < 1e-6
    assert unsafe == np.inf


@pytest.mark.parametrize("name", ["tanh", "relu", "leaky_relu", "sin", "perceptron", "sigmoid"])
def test_bounded_and_linear_growth_has_no_largest_safe_weight_variance(name):
    assert largest_safe_weight_variance(theory(name), 0.5) is None


@pytest.mark.parametrize(("p", "expected"), [(1, 0.0179), (2, 0.0030), (3, 0.0012)])
def test_largest_first_kernel_of_mrepu(p, expected):
    found = theory(f"mrepu{p}")
    limit = largest_first_kernel(found)
    assert limit == pytest.approx(expected, abs=5e-5)
    assert found.kernels(limit, 1.0, 0.0, 11)[-1] / limit == pytest.approx(2, rel=1e-10)


def test_largest_first_kernel_is_none_without_a_limit_and_zero_if_every_kernel_explodes():
    assert largest_first_kernel(theory("tanh")) is None
    assert largest_first_kernel(theory("sigmoid")) is None
    assert largest_first_kernel(theory("relu"), 2.0) is None
    assert largest_first_kernel(theory("relu"), 3.0) == 0


@pytest.mark.parametrize("p", [1, 2, 3])
def test_depth_at_which_mrepu_blows_up(p):
    """1/K decreases by 3p(2p − 1) per layer while K is small; the remaining layers become relatively few."""
    first = np.array([1e-2, 1e-3, 5e-4]) / p**2
    estimate = 1 + 1 / (3 * p * (2 * p - 1) * first)
    ratio = theory(f"mrepu{p}").blow_up_layer(first, layers=1000) / estimate
    assert (np.diff(ratio) < 0).all()
    assert ratio[-1] == pytest.approx(1, abs=0.05)


def test_blow_up_layers_count_from_one():
    found = theory("relu2").blow_up_layer([2.0, 0.9, 0.1], weight_variance=[1.0, 1.0, 1.0], layers=30)
    assert found.tolist() == [1, 2, np.inf]


# --- universality classes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "stability", "weight_variance", "bias_variance", "kernel"),
    [
        ("relu", "scale-invariant", "", 2, 0, None),
        ("leaky_relu", "scale-invariant", "", 2 / (1 + 0.01**2), 0, None),
        ("abs", "scale-invariant", "", 1, 0, None),
        ("lame", "scale-invariant", "", 2 / 13, 0, None),
        ("tanh", "K* = 0", "stable", 1, 0, 0),
        ("sin", "K* = 0", "stable", 1, 0, 0),
        ("hard", "K* = 0", "stable", 1, 0, 0),
        ("elu", "K* = 0", "stable", 1, 0, 0),
        ("shifted", "K* = 0", "stable", 16, 0, 0),
        ("mrepu1", "K* = 0", "unstable", 1, 0, 0),
        ("mrepu2", "K* = 0", "unstable", 1, 0, 0),
        ("mrepu3", "K* = 0", "unstable", 1, 0, 0),
        ("bent", "K* = 0", "unstable", 2, 0, 0),
        ("swish", "half-stable", "half-stable", 1.98800468, 0.55514317, 14.32017362),
        ("gelu", "half-stable", "half-stable", 1.98305826, 0.17292239, (3 + 17**0.5) / 2),
        *(
            (name, "none", "", None, None, None)
            for name in ("perceptron", "step", "sigmoid", "softplus", "relu2", "relu3", "odd", "line", "flat", "shrink")
        ),
        ("exponential", "none", "", None, None, None),
    ],
)
def test_universality_classes(name, kind, stability, weight_variance, bias_variance, kernel):
    found = universality_class(activations.get(name, CUSTOM))
    assert (found.name, found.stability) == (kind, stability)
    assert found.reason
    for value, expected in zip(
        (found.weight_variance, found.bias_variance, found.kernel), (weight_variance, bias_variance, kernel)
    ):
        assert value == (None if expected is None else pytest.approx(expected, abs=1e-8))


@pytest.mark.parametrize("name", ["swish", "mish"])
def test_half_stable_points_agree_with_multiprecision_quadrature(name):
    critical = universality_class(activations.get(name, CUSTOM))
    kernel = mpmath.mpf(critical.kernel)

    def sigma(z):
        return z / (1 + mpmath.exp(-z)) if name == "swish" else z * mpmath.tanh(mpmath.log(1 + mpmath.exp(z)))

    def mean(function):
        cuts = [-14, -7, -3, -1, 0, 1, 3, 7, 14]
        return mpmath.quad(lambda t: function(t, mpmath.sqrt(kernel) * t) * mpmath.npdf(t), cuts)

    with mpmath.workdps(20):
        weight_variance = mpmath.mpf(critical.weight_variance)
        second = weight_variance * mean(lambda t, z: sigma(z) ** 2)
        parallel = weight_variance * mean(lambda t, z: sigma(z) ** 2 * (t * t - 1)) / (2 * kernel)
        perpendicular = weight_variance * mean(lambda t, z: mpmath.diff(sigma, z) ** 2)
    assert float(kernel - second) == pytest.approx(critical.bias_variance, abs=1e-11)
    assert float(parallel) == pytest.approx(1, abs=1e-12)
    assert float(perpendicular) == pytest.approx(1, abs=1e-12)


def test_kernels_near_a_half_stable_point_are_attracted_from_one_side_only():
    critical = universality_class(activations.get("gelu"))
    start = critical.kernel + np.array([-0.1, 0.1])
    after = theory("gelu").kernels(start, critical.weight_variance, critical.bias_variance, 2)[-1]
    assert np.sign(after - start).tolist() in ([1, 1], [-1, -1])


def test_equal_susceptibilities_are_one_at_a_fixed_kernel():
    for name in ("gelu", "swish", "mish"):
        for kernel, weight_variance, bias_variance in equal_susceptibilities(theory(name)):
            found = theory(name)
            assert found.susceptibility_parallel(kernel, weight_variance) == pytest.approx(1, abs=1e-12)
            assert float(found.next_kernel(kernel, weight_variance, bias_variance)) == pytest.approx(kernel)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.sampled_from(["tanh(x)", "x*sigmoid(x)", "x*relu(x + 1)", "abs(x) + x/2"]))
def test_classes_do_not_depend_on_the_units_of_the_output(tenths, formula):
    """σ → cσ maps C_W → C_W/c², with the same class, K* and C_b."""
    plain = universality_class(Activation("plain", formula))
    scaled = universality_class(Activation("scaled", f"{tenths}/10*({formula})"))
    assert (scaled.name, scaled.stability) == (plain.name, plain.stability)
    assert scaled.weight_variance == pytest.approx(plain.weight_variance * 100 / tenths**2, rel=1e-9)
    assert scaled.bias_variance == pytest.approx(plain.bias_variance, abs=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 40), st.sampled_from(["tanh({})", "{}*sigmoid({})", "{}*relu({} + 1)"]))
def test_classes_do_not_depend_on_the_units_of_the_input(tenths, formula):
    """σ(cz) has K*, C_b and C_W divided by c²."""
    plain = universality_class(Activation("plain", formula.replace("{}", "x")))
    scaled = universality_class(Activation("scaled", formula.replace("{}", f"({tenths}/10*x)")))
    square = (tenths / 10) ** 2
    assert (scaled.name, scaled.stability) == (plain.name, plain.stability)
    assert scaled.kernel == pytest.approx(plain.kernel / square, rel=1e-9)
    assert scaled.bias_variance == pytest.approx(plain.bias_variance / square, rel=1e-9)
    assert scaled.weight_variance == pytest.approx(plain.weight_variance / square, rel=1e-9)


def test_moments_of_a_power_are_double_factorials():
    assert Homogeneous(3, 1, 1).second_moment(1.0) == pytest.approx(15)
    assert Homogeneous(2, 1, 0).moment(4) == pytest.approx(105 / 2)
    assert Homogeneous(1, 1, 1).second_moment(1.0) == factorial(1)
