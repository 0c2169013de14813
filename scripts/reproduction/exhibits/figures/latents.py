"""t-SNE of the hidden layers of differently trained networks on the same points.

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

SOLVERS = ("pinn", "regressor")  # networks whose output approximates the solution
TITLES = {"layer": "hidden layer", "x": "coordinate $x$", "y": "coordinate $y$", "output": "output"}

Scale = tuple[Colormap, Normalize]


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per network, with its embedding coloured by layer, by coordinates, and by its output."""
    (result,) = results
    arrays = result.arrays("latents")
    figure, axes = plt.subplots(len(NETWORKS), len(TITLES), figsize=(style.PAGE, 7.4))
    scales = _scales(arrays)
    for row, network in zip(axes, NETWORKS):
        values = _values(arrays.sel(network=network))
        for axis, (name, scale) in zip(row, scales.items()):
            _embedding(axis, values, name, _classes(scale) if (network, name) == ("classifier", "output") else scale)
        row[0].set_ylabel(_label(arrays, network))
        data.add(NETWORKS[network], result.series, **values)
    for axis, title in zip(axes[0], TITLES.values()):
        axis.set_title(title)
    _bars(figure, axes, scales)
    style.letters(list(axes.flat), inside=True)
    data.notes += _notes(arrays)
    return figure


def _values(arrays: xr.Dataset) -> dict[str, np.ndarray]:
    """Positions in the embedding of one network and the values that colour them, [layers · points]."""
    layer, x, y, output = xr.broadcast(arrays.layer, arrays.x, arrays.y, arrays.output)
    first, second = (arrays.embedding.isel(axis=axis) for axis in (0, 1))
    columns = {"embedding_1": first, "embedding_2": second, "layer": layer, "x": x, "y": y, "output": output}
    return {name: column.transpose("layer", "point").to_numpy().ravel() for name, column in columns.items()}


def _embedding(axis: Axes, values: dict[str, np.ndarray], name: str, scale: Scale) -> None:
    colours, norm = scale
    look = {"s": 3.0, "linewidths": 0, "rasterized": True, "cmap": colours, "norm": norm}
    axis.scatter(values["embedding_1"], values["embedding_2"], c=values[name], **look)
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_box_aspect(1)
    axis.margins(0.06)
    axis.set_xticks([])
    axis.set_yticks([])


def _scales(arrays: xr.Dataset) -> dict[str, Scale]:
    """Colours and their limits by column; the scale of outputs is the range of the networks that fit the solution."""
    layers = arrays.sizes["layer"]
    colours = ListedColormap(style.shades(layers))
    fitted = arrays.output.sel(network=list(SOLVERS))
    ranges = {"x": arrays.x, "y": arrays.y, "output": fitted.where(np.isfinite(fitted), 0.0)}
    limits = {name: Normalize(float(values.min()), float(values.max())) for name, values in ranges.items()}
    maps = {"x": "viridis", "y": "viridis", "output": "plasma"}
    return {"layer": (colours, BoundaryNorm(np.arange(layers + 1) + 0.5, layers))} | {
        name: (plt.get_cmap(maps[name]), limits[name]) for name in limits
    }


def _classes(scale: Scale) -> Scale:
    """The colours of the output in one step per class."""
    return scale[0].resampled(CLASSES), Normalize(-0.5, CLASSES - 0.5)


def _bars(figure: Figure, axes: np.ndarray, scales: dict[str, Scale]) -> None:
    """One colour bar per column, below the panels."""
    for column, (name, (colours, norm)) in zip(axes.T, scales.items()):
        extend = "both" if name == "output" else "neither"  # outputs of untrained networks may exceed the limits
        place = {"ax": list(column), "location": "bottom", "pad": 0.015, "aspect": 14, "shrink": 0.9}
        bar = figure.colorbar(ScalarMappable(norm, colours), extend=extend, **place)
        bar.ax.tick_params(labelsize=6)
        bar.outline.set_linewidth(0.6)
        bar.set_label({"layer": "layer", "output": "$u$"}.get(name, f"${name}$"), fontsize=7)
        if name == "layer":
            bar.set_ticks(np.arange(colours.N) + 1)
            bar.minorticks_off()


def _label(arrays: xr.Dataset, network: str) -> str:
    """The name of a network, and the error of the seed shown."""
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
