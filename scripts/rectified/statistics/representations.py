"""Latent representations of a network at the same points: what lies near what in them, in numbers and as a picture.

Does a hidden layer keep points together that lie together in the plane of coordinates, or those that have similar
outputs? Distances are Euclidean, and latents are taken as they are, neither centred nor scaled. Latents of several
layers are [layers, points, features], coordinates [2, points], outputs [points].

Sources: linear centred kernel alignment, Kornblith, Norouzi, Lee, Hinton, arXiv:1905.00414; t-SNE, van der Maaten
and Hinton, J. Mach. Learn. Res. 9 (2008), as the picture that R. Bischof, "4 Ideas for Physics-Informed Neural
Networks that failed", draws conclusions from.
"""

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata

from rectified.array_types import Float
from rectified.errors import InvalidInputError
from rectified.statistics.representation_names import NEIGHBOURS, PERPLEXITY

DISTANCE_BINS = 20
TIE = 1 + 1e-9  # distances that agree so far are equal
NOTHING_LEFT = 1e-13  # share of a variance that is rounding

Latents = Float[np.ndarray, "layers points features"]
Layer = Float[np.ndarray, "points features"]
Coordinates = Float[np.ndarray, "2 points"]
Output = Float[np.ndarray, " points"]
Pairs = Float[np.ndarray, " pairs"]


def layer_purity(latents: Latents, neighbours: int = NEIGHBOURS) -> Float[np.ndarray, " layers"]:
    """Mean share of the nearest neighbours of a point, among the points of all layers, that are of its own layer.

    Layers that all have the same law have purity (points − 1)/(layers·points − 1) on average.

    Raises:
        InvalidInputError: if a latent is not finite, or there are not so many neighbours.
    """
    layers, points, _ = latents.shape
    cloud = np.concatenate(latents)
    near = _nearest(_distances(cloud), neighbours)
    own = near // points == np.arange(len(cloud))[:, None] // points
    return own.reshape(layers, -1).mean(1)


def coordinate_overlap(latent: Layer, coordinates: Coordinates, neighbours: int = NEIGHBOURS) -> float:
    """Mean share of the k nearest neighbours in a layer that are among the k nearest in the plane of coordinates.

    As near as the k-th counts as among them, so that ties on a grid of points do no harm. By chance k/(points − 1).

    Raises:
        InvalidInputError: if a latent is not finite, or there are not so many neighbours.
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
    """How much closer in a layer than other distant points those are that have similar outputs, as a share.

    The mean latent distance of pairs of points far apart in the plane whose outputs are similar, over that of all
    pairs far apart, less 1: negative if the layer brings similar outputs together, 0 if it ignores outputs. Similar
    pairs are chosen within bins of plane distance, and every bin counts the same in both means: that similar outputs
    may be nearer in the plane does not enter. The direction of pairs may: a network before training tells how much.
    NaN if all latents are equal.

    Args:
        output: what is to be similar, such as the exact solution at the points.
        far: pairs are far apart if their plane distance is above this quantile of all pairs.
        similar: outputs are similar if |Δu| is at most this quantile of a bin.
        bins: of equal numbers of far pairs.

    Raises:
        InvalidInputError: if a latent is not finite, a quantile is not between 0 and 1, or a bin has no room for that share.
    """
    _check_quantiles(far, similar)
    apart = squareform(_distances(latent), checks=False)
    change, distance = pdist(output[:, None]), pdist(coordinates.T)
    kept = np.argsort(distance, kind="stable")[int(np.ceil(far * len(distance))) :]
    if len(kept) * similar < bins:
        raise InvalidInputError(
            f"{len(output)} points have {len(kept)} pairs far apart: {bins / similar:.0f} are needed"
        )
    parts = np.array_split(kept, bins)
    chosen = [part[change[part] <= np.quantile(change[part], similar)] for part in parts]
    means = [np.mean([apart[part].mean() for part in group]) for group in (chosen, parts)]
    return float(means[0] / means[1] - 1) if means[1] else np.nan


def partial_spearman(a: Pairs, b: Pairs, given: Pairs) -> float:
    """Rank correlation of a and b once the ranks of a third quantity are taken off both, linearly.

    (r_ab − r_ag r_bg) / √((1 − r_ag²)(1 − r_bg²)) with Spearman's r, ties at their mean rank. 0 where nothing is left
    of a or b: where it is constant, or a monotonic function of what is given.
    """
    a, b, given = map(_standard_ranks, (a, b, given))
    left = (1 - (a @ given) ** 2) * (1 - (b @ given) ** 2)
    if left < NOTHING_LEFT:
        return 0.0
    return float((a @ b - (a @ given) * (b @ given)) / np.sqrt(left))


def similarity_correlation(latent: Layer, coordinates: Coordinates, output: Output) -> float:
    """Partial Spearman correlation of latent distance and |Δu|, given the plane distance, over all pairs of points.

    Raises:
        InvalidInputError: if a latent is not finite.
    """
    apart = squareform(_distances(latent), checks=False)
    return partial_spearman(apart, pdist(output[:, None]), pdist(coordinates.T))


def linear_cka(x: Float[np.ndarray, "points _"], y: Float[np.ndarray, "points _"]) -> float:
    """Linear centred kernel alignment ‖YᵀX‖²/(‖XᵀX‖ ‖YᵀY‖) of two representations of the same points, columns centred.

    1 if they differ by a rotation, a factor and a shift, 0 if uncorrelated; NaN if one is constant. Kornblith et al.,
    arXiv:1905.00414, eq. 4 and table 1.
    """
    x, y = (values - values.mean(0, dtype=np.float64) for values in (x, y))
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / scale) if scale else np.nan


def embed(latents: Latents, seed: int = 0, perplexity: float = PERPLEXITY) -> Float[np.ndarray, "layers points 2"]:
    """t-SNE of the points of all layers in one plane, from their principal components; the same each time.

    Raises:
        InvalidInputError: if a latent is not finite, or the perplexity is not below the number of points of all layers.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    _check_finite(latents)
    cloud = np.concatenate(latents).astype(np.float64)
    if not 0 < perplexity < len(cloud):
        raise InvalidInputError(
            f"perplexity {perplexity:g} must be positive and below the number of points, {len(cloud)}"
        )
    with threadpool_limits(1):
        plane = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(cloud)
    return plane.astype(np.float64).reshape(*latents.shape[:2], 2)


def measures(
    latents: Float[np.ndarray, "networks seeds layers points features"], coordinates: Coordinates, output: Output
) -> dict[str, np.ndarray]:
    """All measures of several networks and seeds; NaN for networks that have latents that are not finite.

    Args:
        output: the exact solution at the points, for all networks alike.

    Returns:
        ``purity``, ``overlap``, ``far_similar`` and ``partial_correlation`` [networks, seeds, layers], and ``cka``
        [networks, networks, seeds, layers], of the same layer and seed of two networks.
    """
    networks, seeds, layers = latents.shape[:3]
    names = ("purity", "overlap", "far_similar", "partial_correlation")
    found = {name: np.full((networks, seeds, layers), np.nan) for name in names}
    found["cka"] = np.full((networks, networks, seeds, layers), np.nan)
    finite = np.isfinite(latents).all((2, 3, 4))
    for network, seed in np.argwhere(finite):
        found["purity"][network, seed] = layer_purity(latents[network, seed])
        for layer, latent in enumerate(latents[network, seed]):
            at = network, seed, layer
            found["overlap"][at] = coordinate_overlap(latent, coordinates)
            found["far_similar"][at] = far_similar_shift(latent, coordinates, output)
            found["partial_correlation"][at] = similarity_correlation(latent, coordinates, output)
            for other in np.flatnonzero(finite[:, seed]):
                found["cka"][network, other, seed, layer] = linear_cka(latent, latents[other, seed, layer])
    return found


def _distances(cloud: Layer) -> Float[np.ndarray, "points points"]:
    _check_finite(cloud)
    return squareform(pdist(cloud))


def _nearest(distances: Float[np.ndarray, "points points"], neighbours: int) -> np.ndarray:
    """Indices of the nearest neighbours of each point, itself left out, in no order."""
    if not 0 < neighbours < len(distances):
        raise InvalidInputError(
            f"{neighbours} neighbours of {len(distances)} points: between 1 and {len(distances) - 1}"
        )
    others = distances + np.diag(np.full(len(distances), np.inf))
    return np.argpartition(others, neighbours - 1, axis=1)[:, :neighbours]


def _standard_ranks(values: Pairs) -> Pairs:
    """Ranks less their mean, of norm 1; 0 if all values are equal."""
    ranks = rankdata(values) - (len(values) + 1) / 2
    return ranks / (np.linalg.norm(ranks) or 1.0)


def _check_finite(latents: np.ndarray) -> None:
    if not np.isfinite(latents).all():
        raise InvalidInputError("latents must be finite numbers: those of a network that diverged are not")


def _check_quantiles(*quantiles: float) -> None:
    for quantile in quantiles:
        if not 0 < quantile < 1:
            raise InvalidInputError(f"quantile {quantile:g} must be between 0 and 1")
