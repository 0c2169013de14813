"""t-SNE of the hidden layers of networks trained in different ways on the same points.

Source: R. Bischof, "4 Ideas for Physics-Informed Neural Networks that failed", introduction.
"""

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure

from rectified.statistics.representation_names import CLASSES, NETWORKS, PERPLEXITY
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.storage.results import Result

SOLVERS = ("pinn", "regressor")  # their outputs are meant to be the solution
TITLES = {"layer": "hidden layer", "x": "coordinate $x$", "y": "coordinate $y$", "output": "output"}

Look = tuple[Colormap, Normalize]


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per network, the same embedding in each column: by layer, by coordinates, by the network's own output."""
    (result,) = results
    arrays = result.arrays("latents")
    figure, axes = plt.subplots(len(NETWORKS), len(TITLES), figsize=(style.PAGE, 7.4))
    looks = _looks(arrays)
    for row, network in zip(axes, NETWORKS):
        values = _values(arrays.sel(network=network))
        for axis, (name, look) in zip(row, looks.items()):
            _embedding(axis, values, name, _classes(look) if (network, name) == ("classifier", "output") else look)
        row[0].set_ylabel(_label(arrays, network))
        data.add(NETWORKS[network], result.series, **values)
    for axis, title in zip(axes[0], TITLES.values()):
        axis.set_title(title)
    _bars(figure, axes, looks)
    style.letters(list(axes.flat), inside=True)
    data.notes += _notes(arrays)
    return figure


def _values(arrays: xr.Dataset) -> dict[str, np.ndarray]:
    """What is drawn of one network, [layers · points]: places in the embedding, and what the points are coloured by."""
    layer, x, y, output = xr.broadcast(arrays.layer, arrays.x, arrays.y, arrays.output)
    first, second = (arrays.embedding.isel(axis=axis) for axis in (0, 1))
    columns = {"embedding_1": first, "embedding_2": second, "layer": layer, "x": x, "y": y, "output": output}
    return {name: column.transpose("layer", "point").to_numpy().ravel() for name, column in columns.items()}


def _embedding(axis: Axes, values: dict[str, np.ndarray], name: str, look: Look) -> None:
    colours, norm = look
    drawn = {"s": 3.0, "linewidths": 0, "rasterized": True, "cmap": colours, "norm": norm}
    axis.scatter(values["embedding_1"], values["embedding_2"], c=values[name], **drawn)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_box_aspect(1)
    axis.margins(0.06)
    axis.set_xticks([])
    axis.set_yticks([])


def _looks(arrays: xr.Dataset) -> dict[str, Look]:
    """Colours and their limits by column; outputs go by the range of the networks that fit the solution."""
    layers = arrays.sizes["layer"]
    colours = ListedColormap(style.shades(layers))
    fitted = arrays.output.sel(network=list(SOLVERS))
    ranges = {"x": arrays.x, "y": arrays.y, "output": fitted.where(np.isfinite(fitted), 0.0)}
    limits = {name: Normalize(float(values.min()), float(values.max())) for name, values in ranges.items()}
    maps = {"x": "viridis", "y": "viridis", "output": "plasma"}
    return {"layer": (colours, BoundaryNorm(np.arange(layers + 1) + 0.5, layers))} | {
        name: (plt.get_cmap(maps[name]), limits[name]) for name in limits
    }


def _classes(look: Look) -> Look:
    """The colours of the output in as many steps as there are classes."""
    return look[0].resampled(CLASSES), Normalize(-0.5, CLASSES - 0.5)


def _bars(figure: Figure, axes: np.ndarray, looks: dict[str, Look]) -> None:
    """One bar per column, below the panels."""
    for column, (name, (colours, norm)) in zip(axes.T, looks.items()):
        extend = "both" if name == "output" else "neither"  # an untrained network may go beyond
        place = {"ax": list(column), "location": "bottom", "pad": 0.015, "aspect": 14, "shrink": 0.9}
        bar = figure.colorbar(ScalarMappable(norm, colours), extend=extend, **place)
        bar.ax.tick_params(labelsize=6)
        bar.outline.set_linewidth(0.6)
        bar.set_label({"layer": "layer", "output": "$u$"}.get(name, f"${name}$"), fontsize=7)
        if name == "layer":
            bar.set_ticks(np.arange(colours.N) + 1)
            bar.minorticks_off()


def _label(arrays: xr.Dataset, network: str) -> str:
    """The name of a network, and how well the one drawn fits the solution."""
    if network not in SOLVERS:
        return NETWORKS[network]
    error = float(arrays.relative_l2.sel(network=network, seed=arrays.embedded_seed))
    return f"{NETWORKS[network]}\nrel. $L^2$ {error:.2g}"


def _notes(arrays: xr.Dataset) -> list[str]:
    return [
        f"t-SNE of all hidden layers together, {arrays.sizes['point']} points per layer, perplexity {PERPLEXITY:g}",
        f"one of {arrays.sizes['seed']} seeds (seed {int(arrays.embedded_seed)})",
        f"classifier: its {CLASSES} classes from low to high $u$",
    ]
