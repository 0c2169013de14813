"""Neighbourhood measures and t-SNE of latent representations of a network.

The measures quantify to which extent neighbours in a hidden layer are neighbours in the plane of coordinates, or have
similar outputs. Distances are Euclidean; latents are neither centred nor scaled. Latents of several layers are
[layers, points, features], coordinates [2, points], outputs [points].

Sources: linear centred kernel alignment, Kornblith, Norouzi, Lee and Hinton, arXiv:1905.00414; t-SNE, van der Maaten
and Hinton, J. Mach. Learn. Res. 9 (2008), used for PINNs by R. Bischof, "4 Ideas for Physics-Informed Neural Networks
that failed".
"""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.statistics.representation_names import NEIGHBOURS, PERPLEXITY

DISTANCE_BINS = 20
TIE = 1 + 1e-9  # ratio up to which distances count as equal
RESIDUAL_ROUNDING = 1e-13  # share of a variance below which it is rounding

Latents = Float[np.ndarray, "layers points features"]
Layer = Float[np.ndarray, "points features"]
Coordinates = Float[np.ndarray, "2 points"]
Output = Float[np.ndarray, " points"]
Pairs = Float[np.ndarray, " pairs"]


def layer_purity(latents: Latents, neighbours: int = NEIGHBOURS) -> Float[np.ndarray, " layers"]:
    """Return the mean share of nearest neighbours, among the points of all layers, that belong to the same layer.

    The expected purity of layers with the same distribution is (points − 1)/(layers·points − 1).

    Args:
        neighbours: number of nearest neighbours of a point.

    Raises:
        InvalidInputError: if a latent is not finite, or there are too few points for that many neighbours.
    """
    layers, points, _ = latents.shape
    cloud = np.concatenate(latents)
    near = _nearest(_distances(cloud), neighbours)
    own = near // points == np.arange(len(cloud))[:, None] // points
    return own.reshape(layers, -1).mean(1)


def coordinate_overlap(latent: Layer, coordinates: Coordinates, neighbours: int = NEIGHBOURS) -> float:
    """Return the mean share of the k nearest neighbours in a layer that are among the k nearest in the plane.

    Points as near as the k-th neighbour count as neighbours, because of ties on a grid. The value by chance is
    k/(points − 1).

    Args:
        neighbours: k.

    Raises:
        InvalidInputError: if a latent is not finite, or there are too few points for that many neighbours.
    """
    near = _nearest(_distances(latent), neighbours)
    plane = squareform(pdist(coordinates.T))
    reach = np.sort(plane, axis=1)[:, [neighbours]]  # the point itself comes first
    return float((np.take_along_axis(plane, near, 1) <= reach * TIE).mean())


def far_similar_shift(
    latent: Layer,
    coordinates: Coordinates,
    output: Output,
    far: float = 0.5,
    similar: float = 0.1,
    bins: int = DISTANCE_BINS,
) -> float:
    """Return the relative change of the latent distance of far pairs of points due to similar outputs.

    It is the mean latent distance of far pairs with similar outputs divided by that of all far pairs, minus 1: negative
    if the layer brings similar outputs together, 0 if it ignores outputs. Similar pairs are selected within bins of
    plane distance, and all bins have equal weight in both means, so that plane distance has no influence. The direction
    of pairs may have one; an untrained network shows its size. NaN if all latents are equal.

    Args:
        output: values whose similarity counts, such as the exact solution at the points.
        far: pairs are far if their plane distance exceeds this quantile over all pairs.
        similar: outputs are similar if |Δu| is at most this quantile within a bin.
        bins: number of bins, with equal numbers of far pairs.

    Raises:
        InvalidInputError: if a latent is not finite, a quantile is not between 0 and 1, or a bin has fewer pairs than
            1/similar.
    """
    _check_quantiles(far, similar)
    apart = squareform(_distances(latent), checks=False)
    change, distance = pdist(output[:, None]), pdist(coordinates.T)
    kept = np.argsort(distance, kind="stable")[int(np.ceil(far * len(distance))) :]
    if len(kept) * similar < bins:
        raise InvalidInputError(
            f"the number of far pairs must be at least {bins / similar:.0f}; got {len(kept)} of {len(output)} points"
        )
    parts = np.array_split(kept, bins)
    chosen = [part[change[part] <= np.quantile(change[part], similar)] for part in parts]
    means = [np.mean([apart[part].mean() for part in group]) for group in (chosen, parts)]
    return float(means[0] / means[1] - 1) if means[1] else np.nan


def partial_spearman(a: Pairs, b: Pairs, given: Pairs) -> float:
    """Return the partial Spearman correlation of a and b, given a third quantity.

    It is (r_ab − r_ag r_bg) / √((1 − r_ag²)(1 − r_bg²)) with Spearman's r and mean ranks for ties. 0 if a or b is
    constant or a monotonic function of the given quantity.
    """
    a, b, given = map(_standard_ranks, (a, b, given))
    residual = (1 - (a @ given) ** 2) * (1 - (b @ given) ** 2)
    if residual < RESIDUAL_ROUNDING:
        return 0.0
    return float((a @ b - (a @ given) * (b @ given)) / np.sqrt(residual))


def similarity_correlation(latent: Layer, coordinates: Coordinates, output: Output) -> float:
    """Return the partial Spearman correlation of latent distance and |Δu|, given plane distance, over all pairs.

    Raises:
        InvalidInputError: if a latent is not finite.
    """
    apart = squareform(_distances(latent), checks=False)
    return partial_spearman(apart, pdist(output[:, None]), pdist(coordinates.T))


def linear_cka(x: Float[np.ndarray, "points _"], y: Float[np.ndarray, "points _"]) -> float:
    """Return the linear centred kernel alignment ‖YᵀX‖²/(‖XᵀX‖ ‖YᵀY‖) of two representations, columns centred.

    It is 1 if they differ by a rotation, a factor and a shift, 0 if they are uncorrelated, NaN if one is constant.
    Source: Kornblith et al., arXiv:1905.00414, eq. 4 and table 1.
    """
    x, y = (values - values.mean(0, dtype=np.float64) for values in (x, y))
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / scale) if scale else np.nan


def embed(latents: Latents, seed: int = 0, perplexity: float = PERPLEXITY) -> Float[np.ndarray, "layers points 2"]:
    """Return a joint t-SNE embedding of the points of all layers, initialized by principal components.

    The result is deterministic. It needs scikit-learn (the extra ``representations``).

    Args:
        seed: random state of t-SNE.
        perplexity: effective number of neighbours.

    Raises:
        InvalidInputError: if a latent is not finite, or the perplexity is not below the number of points of all layers.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    _check_finite(latents)
    cloud = np.concatenate(latents).astype(np.float64)
    if not 0 < perplexity < len(cloud):
        raise InvalidInputError(
            f"perplexity must be positive and below the number of points, {len(cloud)}; got {perplexity:g}"
        )
    with threadpool_limits(1):
        plane = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(cloud)
    return plane.astype(np.float64).reshape(*latents.shape[:2], 2)


def measures(
    latents: Float[np.ndarray, "networks seeds layers points features"], coordinates: Coordinates, output: Output
) -> dict[str, np.ndarray]:
    """Return all measures of several networks and seeds; NaN for networks with latents that are not finite.

    Args:
        output: exact solution at the points, common to all networks.

    Returns:
        ``purity``, ``overlap``, ``far_similar`` and ``partial_correlation`` [networks, seeds, layers], and ``cka``
        [networks, networks, seeds, layers] of the same layer and seed of two networks.
    """
    networks, seeds, layers = latents.shape[:3]
    names = ("purity", "overlap", "far_similar", "partial_correlation")
    result = {name: np.full((networks, seeds, layers), np.nan) for name in names}
    result["cka"] = np.full((networks, networks, seeds, layers), np.nan)
    finite = np.isfinite(latents).all((2, 3, 4))
    for network, seed in np.argwhere(finite):
        result["purity"][network, seed] = layer_purity(latents[network, seed])
        for layer, latent in enumerate(latents[network, seed]):
            at = network, seed, layer
            result["overlap"][at] = coordinate_overlap(latent, coordinates)
            result["far_similar"][at] = far_similar_shift(latent, coordinates, output)
            result["partial_correlation"][at] = similarity_correlation(latent, coordinates, output)
            for other in np.flatnonzero(finite[:, seed]):
                result["cka"][network, other, seed, layer] = linear_cka(latent, latents[other, seed, layer])
    return result


def _distances(cloud: Layer) -> Float[np.ndarray, "points points"]:
    _check_finite(cloud)
    return squareform(pdist(cloud))


def _nearest(distances: Float[np.ndarray, "points points"], neighbours: int) -> np.ndarray:
    """Indices of the nearest neighbours of each point, excluding the point itself, in arbitrary order."""
    if not 0 < neighbours < len(distances):
        raise InvalidInputError(
            f"neighbours must be from 1 to {len(distances) - 1} for {len(distances)} points; got {neighbours}"
        )
    others = distances + np.diag(np.full(len(distances), np.inf))
    return np.argpartition(others, neighbours - 1, axis=1)[:, :neighbours]


def _standard_ranks(values: Pairs) -> Pairs:
    """Centred ranks with norm 1; 0 if all values are equal."""
    ranks = rankdata(values) - (len(values) + 1) / 2
    return ranks / (np.linalg.norm(ranks) or 1.0)


def _check_finite(latents: np.ndarray) -> None:
    if not np.isfinite(latents).all():
        raise InvalidInputError("latents must be finite; got NaN or infinite values, as from a diverged network")


def _check_quantiles(*quantiles: float) -> None:
    for quantile in quantiles:
        if not 0 < quantile < 1:
            raise InvalidInputError(f"quantile must be between 0 and 1; got {quantile:g}")
