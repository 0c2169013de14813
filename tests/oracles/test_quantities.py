"""Quantities of cases, against closed forms and constructed data."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import xarray as xr

from builders import job_of
from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.formulas import activations
from rectified.problems.elliptic import elliptic_problem
from rectified.ritz import spline_limits
from reproduction.claims.decide import by_name
from reproduction.claims.measures import measured
from reproduction.config import tasks
from reproduction.config.errors import ConfigError
from reproduction.config.job import Job
from reproduction.exhibits.quantities.theory import CLASSES
from reproduction.storage import store
from reproduction.storage.results import results_of

NAN = float("nan")


@pytest.fixture
def case(tmp_path):
    """Return a function that writes the arrays or a table of a case with its job, and returns the result."""

    def write(job, name, data):
        arrays = isinstance(data, xr.Dataset)
        path = tmp_path / "e" / "c" / f"{name}.{'nc' if arrays else 'parquet'}"
        (store.write_arrays if arrays else store.write_table)(path, data, {"spec": job.model_dump_json()})
        return by_name(results_of([str(path)]))["e/c"]

    return write


def kernels(case, log_kernel, activation="relu2", **given):
    """Return a case of kernels with log Ĝ [networks, layers] at one width, C_W and scale."""
    log_kernel = np.asarray(log_kernel, dtype=float)
    settings = {"widths": [32], "weight_variances": [1.0], "input_scales": [1.0]} | given
    job = job_of(
        "kernel_ensemble", activation=activation, hidden_layers=log_kernel.shape[1] - 1, networks=2, **settings
    )
    dims = ("width", "weight_variance", "input_scale", "network", "layer", "datum")
    coordinates = {
        "width": settings["widths"],
        "weight_variance": settings["weight_variances"],
        "input_scale": settings["input_scales"],
        "layer": np.arange(1, log_kernel.shape[1] + 1),
    }
    variances = np.array(settings["weight_variances"])[:, None]
    data = {
        "log_kernel": (dims, log_kernel[None, None, None, :, :, None]),
        "C_W": (("weight_variance", "input_scale"), variances),
    }
    return case(job, "kernel_ensemble", xr.Dataset(data, coordinates))


def test_network_has_exploded_above_the_unstable_fixed_point(case):
    limit = np.log(homogeneous(job_of("kernel_ensemble", activation="relu2").activation).unstable_kernel(1.0))
    result = kernels(case, [[0, limit + 0.1], [0, limit - 0.1], [0, np.inf], [0, -np.inf]])
    assert measured(result, "exploded", {"width": 32}).tolist() == [1, 0, 1, 0]
    assert measured(result, "grew", {}).tolist() == [float(limit + 0.1 > 0), float(limit - 0.1 > 0), 1, 0]


def test_law_of_exploding_networks_is_subtracted(case):
    """K¹ = 1 lies above the fixed point 1/(C_W·3/2) = 2/3 of ReLU²; the law is computed here independently."""
    result = kernels(case, [[0, 9], [0, -9]])
    spread = np.log1p((105 / 2 / (3 / 2) ** 2 - 1) / 32)
    law = scipy.stats.norm.cdf((np.log(1.5) - spread / 4) / np.sqrt(spread / 4))
    np.testing.assert_allclose(measured(result, "exploded_beyond_law", {}), [1 - law, -law], rtol=1e-12)


def test_growth_factor_of_a_kernel_with_power_growth_is_that_power(case):
    steps = 3.0 ** np.arange(5)
    result = kernels(case, [steps, -2 * steps])
    np.testing.assert_allclose(measured(result, "growth_factor", {}, reduce="mean"), [3, 3])
    np.testing.assert_allclose(measured(kernels(case, [[0.0, 1, 2, 3]]), "growth_factor", {}), [1])


def test_largest_change_of_a_kernel_is_relative_to_the_first_layer(case):
    result = kernels(case, [[1, 2, 0.5], [0, 0, 0], [0, 1, np.inf], [0, -np.inf, -np.inf]])
    np.testing.assert_array_equal(measured(result, "largest_change", {}), [1, 0, np.inf, np.inf])


def test_vertex_over_theory_is_one_for_kernels_of_that_variance(case):
    """Normal Ĝ of variance V/n and mean K + G₁/n; four times the variance gives 4."""
    job = job_of("kernel_ensemble", activation="mrepu2")
    found = EffectiveTheory(job.activation).finite_width(1e-3, 1.0, 0.0, 4)
    random, n = np.random.default_rng(0), 512
    noise = random.normal(size=(4000, 4)) * np.sqrt(found.vertex / n)
    settings = {"activation": "mrepu2", "widths": [n], "input_scales": [1e-3]}

    def mean_and_error(measure, factor):
        ensemble = found.kernel + found.mean_correction / n + factor * noise
        values = measured(kernels(case, np.log(ensemble), **settings), measure, {"layer": 3})
        return values.mean(), values.std() / np.sqrt(len(values))

    for factor in (1, 2):
        value, error = mean_and_error("vertex_over_theory", factor)
        assert abs(value - factor**2) < 4.5 * error
        value, error = mean_and_error("mean_over_theory", factor)
        assert abs(value - 1) < 4.5 * error


def test_kernels_obey_the_fixed_point_or_do_not(case):
    """K* of MRePU, p = 2, is 0.01373 at C_W = 0.8; kernels that start within a factor of two of it are excluded."""

    def obeys(scale, last):
        settings = {"activation": "mrepu2", "weight_variances": [0.8], "input_scales": [scale]}
        result = kernels(case, [[np.log(0.8 * scale), np.log(0.8 * scale) + last]] * 2, **settings)
        return measured(result, "obeys_fixed_point", {}, reduce="mean").tolist()

    assert (obeys(1e-3, -1), obeys(1e-3, 1), obeys(0.1, 1), obeys(0.1, -1)) == ([1, 1], [0, 0], [1, 1], [0, 0])
    assert obeys(0.01373 / 0.8, 1) == []


@pytest.mark.parametrize(("profile", "share"), [(np.arange(5.0), 1 / 3), (2.0 ** np.arange(5), 4 / 7)])
def test_last_step_of_the_vertex_distinguishes_linear_from_geometric_growth(case, profile, share):
    """Kernels of 1 and pairs 1 + V/n have the vertex V exactly; a diverged network is excluded."""
    networks, width = 6, 8
    pairs = np.tile((1 + profile / width)[None, None, :, None], (2, networks, 1, 3))
    kernel = np.ones_like(pairs)
    pairs[:, 0] = NAN
    ensemble = xr.Dataset(
        {
            "kernel": (("record", "network", "layer", "probe"), kernel),
            "pairs": (("record", "network", "layer", "probe"), pairs),
            "susceptibility": (("record", "network", "layer"), kernel[..., 0] * 1.5),
            "loss": (("record", "network"), np.tile([[3.0], [4.0]], (1, networks))),
            "output": (("network", "test"), np.arange(networks)[:, None] * np.array([[-1.0, 1.0]])),
            "target": ("test", [-2.0, 2.0]),
            "diverged_at": ("network", [3, *[-1] * (networks - 1)]),
        },
        {"record": [0, 9], "network": np.arange(networks), "layer": np.arange(1, 6)},
    )
    result = case(job_of("ensemble_training", activation="mrepu2", width=width), "shard0", ensemble)
    found = measured(result, "vertex_last_step", {})
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], share, rtol=1e-10)
    np.testing.assert_allclose(measured(result, "vertex", {"layer": 5, "record": 0})[1:], profile[-1], rtol=1e-10)
    np.testing.assert_allclose(measured(result, "susceptibility_distance", {"layer": 2})[1:], 0.5)
    assert measured(result, "diverged", {}).tolist() == [1, 0, 0, 0, 0, 0]
    np.testing.assert_allclose(measured(result, "training_error", {}), [NAN, 1, 1, 1, 1, 1])  # 4 / variance of 4
    np.testing.assert_allclose(measured(result, "test_error", {})[1:], [(k - 2) ** 2 / 4 for k in range(1, 6)])
    np.testing.assert_allclose(measured(result, "output_spread", {})[1:], np.arange(1, 6) / 2)


def test_gaps_are_relative_to_the_limits_of_splines(case):
    job = job_of("ritz", activation="relu", width=40)
    pde = elliptic_problem("sin(2*pi*x)", "1", (0.0, 1.0))
    best = float(spline_limits.free_knots(pde, "x*(1 - x)", np.array([40]))[0])
    minimum = -(np.pi**2)
    fields = xr.Dataset({"energy": ("seed", minimum + best * np.array([1.0, 3.0])), "minimum_energy": minimum})
    result = case(job, "fields", fields.assign_coords(seed=[0, 1]))
    np.testing.assert_allclose(measured(result, "gap", {}), [best, 3 * best])
    np.testing.assert_allclose(measured(result, "gap_over_free_knots", {}), [1, 3])
    assert (measured(result, "gap_over_uniform_knots", {}) < [1, 3]).all()
    assert measured(result, "minimum_energy", {}).tolist() == [minimum]
    with pytest.raises(ConfigError, match="'exploded' is a quantity of cases of task 'kernel_ensemble'"):
        measured(result, "exploded", {})


def test_missing_mass_of_a_neuron(case):
    x = np.linspace(0, 1, 11)
    by_hand = np.zeros((2, 11))
    by_hand[1, 5] = 10.0
    derivative = (("method", "name", "x"), np.stack([by_hand, np.zeros((2, 11))]))
    coordinates = {"x": x, "method": ["analytic", "autodiff"], "name": ["f_x", "f_xb"]}
    result = case(
        _job("single_neuron", activation="relu"), "single_neuron", xr.Dataset({"derivative": derivative}, coordinates)
    )
    assert measured(result, "missing", {"name": "f_x"}).tolist() == [0]
    assert measured(result, "missing", {"name": "f_xb"}).tolist() == pytest.approx([1])


def _job(task, **given):
    return Job(tier="test", threads=1, experiment="e", case="c", settings=tasks.model(task)(document="test", **given))


def test_undetermined_audit_results_are_unknown(case):
    verdicts = ["inconsistent", "consistent", "undetermined", "diverged"]
    table = pd.DataFrame({"case": ["a/b"] * 4, "seed": range(4), "verdict": verdicts})
    result = case(_job("audit", of=["a/b"]), "audit", table)
    np.testing.assert_array_equal(measured(result, "inconsistent", {"case": "a/b"}), [1, 0, NAN, NAN])


@pytest.mark.parametrize(
    ("activation", "name", "stability", "ratio"),
    [("relu2", "none", "", 1.5), ("tanh", "K* = 0", "stable", 0.5), ("mrepu1", "K* = 0", "unstable", 2.0)],
)
def test_classes_and_ratios_of_the_theory(case, activation, name, stability, ratio):
    arrays = xr.Dataset(
        {"parallel": ("kernel", ratio * np.array([1.0, 2.0])), "perpendicular": ("kernel", [1.0, 2.0])},
        {"kernel": [0.1, 1.0]},
        {"universality_class": name, "stability": stability},
    )
    result = case(_job("theory", activation=activation), "theory", arrays)
    classes = [measured(result, "in_class", {"universality_class": kind}).item() for kind in CLASSES]
    assert classes == [float(kind == name) for kind in CLASSES]
    assert measured(result, "stable", {}).item() == float(stability == "stable")
    assert measured(result, "susceptibility_ratio", {}, reduce="largest").item() == ratio
    with pytest.raises(
        ConfigError, match="several values; select among kernel with `at`, or combine them with `reduce`"
    ):
        measured(result, "susceptibility_ratio", {})


def trained_regression(case, train_mse):
    """Return a case of a regression with training errors [records, seeds], recorded every 100 epochs."""
    records, seeds = np.shape(train_mse)
    epochs = np.repeat(100 * np.arange(records), seeds)
    columns = {"epoch": epochs, "seed": np.tile(np.arange(seeds), records), "train_mse": np.ravel(train_mse)}
    return case(job_of("regression", target="f1", activation="relu"), "history", pd.DataFrame(columns))


def test_settled_error_is_the_median_over_the_last_tenth(case):
    """Of the records 0 to 20, the last tenth is 19 and 20; earlier ones and the rest of the noise do not matter."""
    errors = np.ones((21, 2))
    errors[-2:] = [[1e-3, np.nan], [3e-3, np.nan]]
    values = measured(trained_regression(case, errors), "settled_mse", {})
    np.testing.assert_allclose(values, [2e-3, np.nan])


def test_path_error_is_the_geometric_mean_over_the_history(case):
    errors = 10.0 ** -np.arange(5)[:, None] * [1, 2]
    np.testing.assert_allclose(measured(trained_regression(case, errors), "path_mse", {}), [1e-2, 2e-2])


def test_output_deviation_is_that_of_the_other_networks(case):
    """The mean of its squares is the unbiased variance of the ensemble over the variance of the target.

    The means of the training values, which are added to the outputs, do not matter.
    """
    output = np.random.default_rng(2).standard_normal((6, 40))
    output[0] = NAN
    target, means = np.linspace(-1, 1, 40), np.arange(6.0)
    data = {
        "output": (("network", "test"), output + means[:, None]),
        "training_mean": ("network", means),
        "target": ("test", target),
        "diverged_at": ("network", [3, *[-1] * 5]),
    }
    result = case(job_of("ensemble_training", activation="relu2"), "shard0", xr.Dataset(data, {"network": range(6)}))
    values = measured(result, "output_deviation", {})
    assert np.isnan(values[0])
    np.testing.assert_allclose(np.mean(values[1:] ** 2), output[1:].var(0, ddof=1).mean() / target.var())


@pytest.mark.parametrize(("name", "expected"), [("mrepu1", 0), ("mrepu3", 2), ("relu2", 1), ("tanh", np.inf)])
def test_number_of_continuous_derivatives(case, name, expected):
    job = _job("theory", activation=name).model_copy(update={"formula": activations.get(name).formula})
    result = case(job, "theory", xr.Dataset({"parallel": ("kernel", [1.0])}))
    assert float(measured(result, "continuous_derivatives", {}).item()) == expected


def test_distance_of_two_inputs_vanishes_where_the_parallel_susceptibility_is_one(case):
    """χ⊥/χ∥ of ReLU² is 2/3 at every kernel, so that ten layers divide the squared distance by (3/2)¹⁰."""
    data = xr.Dataset({"parallel": ("kernel", [3.0, 6.0]), "perpendicular": ("kernel", [2.0, 4.0])}, {"kernel": [1, 2]})
    result = case(_job("theory", activation="relu2"), "theory", data)
    for measure, expected in [
        ("perpendicular_at_parallel_one", 2 / 3),
        ("parallel_at_perpendicular_one", 3 / 2),
        ("distance_after_ten_layers", (2 / 3) ** 10),
    ]:
        np.testing.assert_allclose(measured(result, measure, {}, reduce="largest"), expected)


def fields_of(case, activation, field, exact, **given):
    """Return a case of trained Ritz networks with fields [seeds, x] on [0, 1]."""
    x = np.linspace(0, 1, len(exact))
    arrays = xr.Dataset(
        {"field": (("seed", "x"), np.asarray(field)), "exact": ("x", exact)}, {"x": x, "seed": range(len(field))}
    )
    return case(job_of("ritz", activation=activation, **given), "fields", arrays)


def test_corners_and_total_variation_of_a_piecewise_linear_field(case):
    """u = x² has u″ = 2: a change of slope 2h over h. A hat of slopes ±s bends by 2s, wherever its tip is."""
    x, h = np.linspace(0, 1, 101), 0.05
    hat = [slope * (1 - abs(2 * x - 1)) / 2 for slope in (1.0, 3.0)]
    result = fields_of(case, "relu", [*hat, x**2], x**2, width=20)
    np.testing.assert_allclose(measured(result, "largest_corner", {}), [1 / h, 3 / h, 1], rtol=1e-9)
    np.testing.assert_allclose(measured(result, "slope_variation", {}), [2 / 1.98, 6 / 1.98, 1], rtol=1e-9)


def test_pair_of_opposite_kinks_is_no_sharp_corner(case):
    """Slopes s, −s over one spacing each move the field by s·Δx: their variation is 4s, their bend s·Δx/h per h."""
    x, h = np.linspace(0, 1, 101), 0.05
    spike = np.where(abs(x - 0.5) < 1e-9, 10 * 0.01, 0.0)
    result = fields_of(case, "relu", [spike], x**2, width=20)
    np.testing.assert_allclose(measured(result, "largest_corner", {}), 2 * 0.1 / (2 * h**2), rtol=1e-9)
    np.testing.assert_allclose(measured(result, "slope_variation", {}), 40 / 1.98, rtol=1e-9)


def test_curvature_of_a_piecewise_linear_network_comes_from_the_distance(case):
    """û = DN: N of ReLU has no curvature between kinks. N = x² has DN″ = 2D of û″ = (x³ − x⁴)″ = 6x − 12x²."""
    x = np.linspace(0, 1, 401)
    distance = x * (1 - x)
    result = fields_of(case, "relu", [distance * (1 + abs(x - 0.3)), distance * x**2], x**2)
    bends = abs(6 * x - 12 * x**2)
    expected = np.median((2 * distance / np.where(bends > 1e-9, bends, 1e-9))[2:-2])
    np.testing.assert_allclose(measured(result, "network_curvature", {}), [0, expected], rtol=2e-3, atol=1e-9)


def test_local_minima_of_a_plane(case):
    """cos along both axes has its minima at odd multiples of π; a well has one, a slope none."""
    a = np.linspace(-2, 2, 41)
    waves = np.cos(2 * np.pi * a[:, None]) + np.cos(2 * np.pi * a)
    planes = np.stack([waves, a[:, None] ** 2 + (a - 0.1) ** 2, a[:, None] + 0 * a])
    dims = ("seed", "plane", "alpha", "beta")
    arrays = xr.Dataset({"energy": (dims, planes[None])}, {"seed": [0], "alpha": a, "beta": a})
    job = _job("landscape", problem="p", activation="relu", start="e/c", planes=[[1, 2]])
    result = case(job, "landscape", arrays)
    for plane, minima in enumerate((16, 1, 0)):
        assert measured(result, "local_minima", {"plane": plane}).tolist() == [minima]


def test_sum_with_a_discrete_delta_is_the_value_at_the_nearest_point(case):
    """A kink at 0.3 between points at 0.25 and 0.5: the sum is g(0.25)."""
    x = np.linspace(0, 1, 5)
    by_hand = np.where(x == 0.25, -4.0, 0.0)
    derivative = (("method", "name", "x"), np.stack([by_hand, 0 * x])[:, None])
    coordinates = {"x": x, "method": ["analytic", "autodiff"], "name": ["f_xb"]}
    job = _job("single_neuron", activation="relu", slope=-2.0, bias=0.6)
    result = case(job, "single_neuron", xr.Dataset({"derivative": derivative}, coordinates))
    expected = {
        "1": 0,
        "x": 0.05,
        "cos 2πx": abs(np.cos(np.pi / 2) - np.cos(0.6 * np.pi)),
        "exp x": np.exp(0.3) - np.exp(0.25),
    }
    for g, error in expected.items():
        assert measured(result, "delta_sum_error", {"g": g}).tolist() == pytest.approx([error], abs=1e-12)


def test_steps_to_an_error_are_interpolated_between_records(case):
    """An error 10^(−epoch/100) reaches 0.1 at epoch 100, between records; others start below it or never reach it."""
    epochs = np.array([0, 30, 90, 150])
    errors = {0: 10.0 ** (-epochs / 100), 1: [0.05, 0.5, 0.5, 0.5], 2: [2.0, 1.0, 0.9, 0.8], 3: [1, 0.2, 0.05, 0.9]}
    rows = [{"epoch": e, "seed": s, "relative_l2": v} for s, values in errors.items() for e, v in zip(epochs, values)]
    result = case(_job("collocation", problem="p"), "history", pd.DataFrame(rows))
    found = measured(result, "steps_to_error", {"error": 0.1})
    np.testing.assert_allclose(found, [100, 0, 150, 60], rtol=1e-12)
    np.testing.assert_allclose(measured(result, "steps_to_error", {"error": 0.5})[0], 100 * np.log10(2))


def test_errors_in_segments_leave_out_the_place_of_the_front(case):
    """A step of height 1 in a wrong place is right on both sides; one of height 0.9 is off by a tenth."""
    place, x = np.linspace(0, 1, 1001), (np.arange(100) + 0.5) / 100
    exact, fronts = (place < 0.3) * 1.0, np.array([0.5, 0.295, 0.5])
    profiles = [height * (place < front) for height, front in zip((1, 1, 0.9), fronts)]
    arrays = xr.Dataset(
        {
            "profile": (("seed", "time", "place"), np.array(profiles)[:, None]),
            "exact_profile": (("time", "place"), exact[None]),
            "front": (("seed", "time"), fronts[:, None]),
            "exact_front": ("time", [0.3]),
            "front_error": (("seed", "time"), abs(fronts - 0.3)[:, None]),
        },
        {"seed": range(3), "time": [0.25], "place": place, "x": x},
    )
    result = case(_job("collocation", problem="p"), "fields", arrays)
    np.testing.assert_allclose(measured(result, "segment_error", {}), [0, 0, 0.1], atol=1e-12)
    assert measured(result, "misplaced_front", {"time": 0.25}).tolist() == [1, 0, 1]
