"""Measures of latents: exact chance levels and levels by design, independent formulas, invariances."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group, rankdata
from sklearn.neighbors import NearestNeighbors

from rectified.errors import InvalidInputError
from rectified.statistics.representations import (
    coordinate_overlap,
    embed,
    far_similar_shift,
    layer_purity,
    linear_cka,
    measures,
    partial_spearman,
    similarity_correlation,
)

SEEDS = st.integers(0, 2**32 - 1)


def square(random, points: int = 250) -> np.ndarray:
    return random.uniform(-1, 1, size=(2, points))


def isometric(coordinates: np.ndarray, random, features: int = 5) -> np.ndarray:
    """Return the plane of coordinates rotated, shifted and scaled in more dimensions."""
    return 3 * coordinates.T @ ortho_group.rvs(features, random_state=random)[:2] + 7


def mean_and_error(measure, repetitions: int) -> tuple[float, float]:
    found = np.array([measure(np.random.default_rng(seed)) for seed in range(repetitions)])
    return found.mean(), found.std(ddof=1) / np.sqrt(repetitions)


def agrees(measure, level: float, repetitions: int = 60, bias: float = 0.0) -> bool:
    mean, error = mean_and_error(measure, repetitions)
    return abs(mean - level) < 5 * error + bias


def test_purity_of_distant_clouds_is_one():
    random = np.random.default_rng(0)
    assert (layer_purity(random.normal(size=(3, 60, 5)) + 100 * np.arange(3)[:, None, None]) == 1).all()


@pytest.mark.parametrize("layers", [2, 3])
def test_purity_of_identically_distributed_layers_is_at_chance_level(layers):
    """All orders of the points are equally likely: a neighbour is of the same layer at a rate of (n − 1)/(Ln − 1)."""
    level = 49 / (50 * layers - 1)
    assert agrees(lambda random: layer_purity(random.normal(size=(layers, 50, 4)))[0], level)


def test_neighbours_agree_with_a_tree_search():
    random = np.random.default_rng(1)
    latents = random.normal(size=(3, 70, 4)) + 0.8 * np.arange(3)[:, None, None]
    cloud, owner = latents.reshape(-1, 4), np.repeat(np.arange(3), 70)
    near = NearestNeighbors(n_neighbors=9, algorithm="kd_tree").fit(cloud).kneighbors(return_distance=False)
    expected = [(owner[near[owner == layer]] == layer).mean() for layer in range(3)]
    np.testing.assert_allclose(layer_purity(latents, 9), expected, rtol=1e-14)


@given(SEEDS)
def test_overlap_of_an_isometry_is_one(seed):
    random = np.random.default_rng(seed)
    points = square(random, 60)
    assert coordinate_overlap(isometric(points, random), points) == 1


def test_overlap_of_an_isometry_is_one_on_a_grid():
    """A point of a grid has many neighbours at the same distance, which rounding orders arbitrarily."""
    axis = np.linspace(-1, 1, 16)
    grid = np.stack([plane.ravel() for plane in np.meshgrid(axis, axis)])
    assert coordinate_overlap(isometric(grid, np.random.default_rng(2)), grid) == 1


def test_overlap_of_an_independent_cloud_is_at_chance_level():
    assert agrees(lambda random: coordinate_overlap(random.normal(size=(80, 6)), square(random, 80)), 15 / 79)


def test_overlap_is_the_share_of_common_neighbours():
    random = np.random.default_rng(3)
    points = square(random, 90)
    latent = np.tanh(points.T @ random.normal(size=(2, 8)) * 3)
    sets = [
        NearestNeighbors(n_neighbors=15).fit(cloud).kneighbors(return_distance=False) for cloud in (latent, points.T)
    ]
    expected = np.mean([len(np.intersect1d(*pair)) for pair in zip(*sets)]) / 15
    assert coordinate_overlap(latent, points) == pytest.approx(expected, rel=1e-14)


def test_far_similar_shift_of_the_output_itself_has_the_closed_form():
    """For independent uniform outputs, |Δu| has density 2(1 − s), mean 1/3, and the lowest tenth ends at 1 − √0.9."""
    q = 1 - np.sqrt(0.9)
    level = 3 * (q**2 - 2 * q**3 / 3) / 0.1 - 1

    def measure(random):
        output = random.uniform(size=150)
        return far_similar_shift(output[:, None], square(random, 150), output)

    assert agrees(measure, level, bias=1 / 150)


def test_far_similar_shift_of_a_map_independent_of_the_outputs_is_zero():
    def measure(random):
        points = square(random, 100)
        return far_similar_shift(isometric(points, random), points, random.uniform(size=100))

    assert agrees(measure, 0.0)


@pytest.mark.parametrize("field", [lambda x, y: x, lambda x, y: np.sin(np.pi * x) * np.sin(2 * np.pi * y)])
def test_far_similar_shift_is_not_confounded_by_distance(field):
    """Within a bin of plane distance an isometry moves a mean by at most the width of the bin."""
    random = np.random.default_rng(4)
    points = square(random)
    output, distance = field(*points), pdist(points.T)
    far = distance[distance > np.median(distance)]
    bound = np.ptp(far) / 20 / far.mean()
    assert abs(far_similar_shift(isometric(points, random), points, output)) < bound


def test_similar_outputs_are_nearer_in_the_plane_unless_distances_are_matched():
    """With one bin, the plane itself would seem to bring similar values of u = x together; the bins prevent this."""
    points = square(np.random.default_rng(5))
    unmatched = far_similar_shift(points.T, points, points[0], bins=1)
    assert unmatched < -0.05
    assert abs(far_similar_shift(points.T, points, points[0])) < 0.1 * abs(unmatched)


def test_far_similar_shift_decreases_with_the_weight_of_the_output():
    random = np.random.default_rng(6)
    points = square(random)
    output = np.sin(np.pi * points[0]) * np.sin(2 * np.pi * points[1])
    shifts = [far_similar_shift(np.c_[points.T, s * output], points, output) for s in (0.0, 0.5, 1.0, 2.0, 4.0)]
    assert (np.diff(shifts) < 0).all()
    assert shifts[0] == pytest.approx(far_similar_shift(isometric(points, random), points, output), abs=1e-12)


@given(SEEDS, st.integers(2, 6))
def test_partial_spearman_equals_the_correlation_of_rank_residuals(seed, values):
    random = np.random.default_rng(seed)
    given_ = random.integers(values, size=40) + 0.0
    a, b = (random.integers(10, size=(2, 40)) + given_).astype(float)
    design = np.c_[np.ones(40), rankdata(given_)]
    residuals = [rankdata(v) - design @ np.linalg.lstsq(design, rankdata(v))[0] for v in (a, b)]
    assert partial_spearman(a, b, given_) == pytest.approx(np.corrcoef(residuals)[0, 1], abs=1e-10)


@pytest.mark.parametrize(("p", "q"), [(0.6, 0.0), (0.0, 0.5), (0.6, 0.5)])
def test_partial_spearman_of_copies_has_the_closed_form(p, q):
    """a copies the given with probability p and b copies a with probability q: r_ag = p, r_ab = q, r_bg = pq.

    If b copies the given instead, a and b share only the given: 0.
    """

    def draw(random, of_given):
        given_, *fresh = random.uniform(size=(3, 1000))
        a = np.where(random.uniform(size=1000) < p, given_, fresh[0])
        return partial_spearman(a, np.where(random.uniform(size=1000) < q, given_ if of_given else a, fresh[1]), given_)

    level = q * np.sqrt((1 - p**2) / (1 - p**2 * q**2))
    assert agrees(lambda random: draw(random, False), level, bias=1e-3)
    assert agrees(lambda random: draw(random, True), 0.0, bias=1e-3)


@pytest.mark.parametrize("function", [np.exp, lambda g: -(g**3), lambda g: 0 * g])
def test_partial_spearman_is_zero_without_remaining_variation(function):
    random = np.random.default_rng(7)
    given_, other = random.normal(size=(2, 5000))
    assert partial_spearman(function(given_), other, given_) == 0
    assert partial_spearman(other, function(given_), given_) == 0


def test_similarity_correlation_measures_the_output_and_not_the_plane():
    random = np.random.default_rng(8)
    points = square(random, 120)
    output = points[0] * points[1]
    assert similarity_correlation(output[:, None], points, output) == pytest.approx(1, abs=1e-12)
    assert similarity_correlation(points.T, points, output) == 0


@given(SEEDS, st.floats(0.01, 100.0))
def test_cka_is_invariant_to_rotation_scaling_and_translation(seed, factor):
    random = np.random.default_rng(seed)
    x, y = random.normal(size=(2, 30, 6))
    turned = factor * x @ ortho_group.rvs(6, random_state=random) + random.normal(size=6)
    assert linear_cka(x, turned) == pytest.approx(1, abs=1e-10)
    assert linear_cka(turned, y) == pytest.approx(linear_cka(x, y), abs=1e-10)
    assert linear_cka(y, x) == pytest.approx(linear_cka(x, y), abs=1e-12)


@given(SEEDS, st.integers(1, 8))
def test_cka_equals_the_alignment_of_centred_gram_matrices(seed, features):
    """HSIC(K, L)/√(HSIC(K, K) HSIC(L, L)) with HSIC(K, L) = tr(KHLH), H = I − 1/n."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(25, features)) + 3
    y = np.tanh(x[:, :1]) + random.normal(size=(25, 5))
    centre = np.eye(25) - 1 / 25
    grams = x @ x.T, y @ y.T
    hsic = np.array([[np.trace(k @ centre @ m @ centre) for k in grams] for m in grams])
    assert linear_cka(x, y) == pytest.approx(hsic[0, 1] / np.sqrt(hsic[0, 0] * hsic[1, 1]), rel=1e-9)


def test_cka_of_single_features_equals_the_squared_correlation():
    x, y = np.random.default_rng(9).normal(size=(2, 50))
    assert linear_cka(x[:, None], (x + y)[:, None]) == pytest.approx(np.corrcoef(x, x + y)[0, 1] ** 2, rel=1e-12)


def test_embedding_keeps_clouds_apart_and_is_deterministic():
    random = np.random.default_rng(10)
    latents = random.normal(size=(3, 50, 6)) + 30 * np.eye(6)[:3, None]
    plane = embed(latents, perplexity=15)
    assert plane.shape == (3, 50, 2)
    assert (layer_purity(plane) == 1).all()
    assert np.array_equal(plane, embed(latents, perplexity=15))


def test_measures_equal_those_of_each_network_and_are_nan_for_diverged_ones():
    random = np.random.default_rng(11)
    points, latents = square(random, 40), random.normal(size=(3, 2, 2, 40, 4))
    output = points[0] ** 2
    latents[2, 1, 0, 5, 1] = np.inf
    found = measures(latents, points, output)
    assert found["cka"].shape == (3, 3, 2, 2)
    for network, seed, layer in np.ndindex(3, 2, 2):
        at, latent = (network, seed, layer), latents[network, seed, layer]
        if (network, seed) == (2, 1):
            expected = [np.nan] * 4
        else:
            purity = layer_purity(latents[network, seed])[layer]
            others = (coordinate_overlap, lambda z, p: far_similar_shift(z, p, output))
            expected = [purity, *(f(latent, points) for f in others), similarity_correlation(latent, points, output)]
        names = ("purity", "overlap", "far_similar", "partial_correlation")
        np.testing.assert_array_equal([found[name][at] for name in names], expected)
    assert found["cka"][0, 1, 1, 0] == linear_cka(latents[0, 1, 0], latents[1, 1, 0])
    assert np.isnan(found["cka"][:, 2, 1]).all()
    assert np.isfinite(found["cka"][:, :, 0]).all()


def test_measures_of_constant_latents_are_undefined_or_zero():
    random = np.random.default_rng(12)
    points, dead = square(random, 40), np.full((40, 3), 0.5)
    assert np.isnan(far_similar_shift(dead, points, points[0]))
    assert np.isnan(linear_cka(dead, points.T))
    assert similarity_correlation(dead, points, points[0]) == 0


FINE = np.random.default_rng(13).normal(size=(2, 30, 3))
PLANE = square(np.random.default_rng(14), 30)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layer_purity(FINE, 60), "neighbours must be from 1 to 59 for 60 points; got 60"),
        (lambda: coordinate_overlap(FINE[0], PLANE, 0), "for 30 points; got 0"),
        (lambda: coordinate_overlap(FINE[0] * np.nan, PLANE), "latents must be finite"),
        (lambda: embed(FINE, perplexity=60), "perplexity must be positive and below the number of points, 60; got 60"),
        (lambda: embed(FINE * np.inf), "latents must be finite"),
        (lambda: far_similar_shift(FINE[0], PLANE, PLANE[0], far=1.0), "quantile must be between 0 and 1; got 1"),
        (
            lambda: far_similar_shift(FINE[0], PLANE, PLANE[0], similar=0.01),
            "must be at least 2000; got 217 of 30 points",
        ),
    ],
)
def test_invalid_numbers_are_rejected(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
