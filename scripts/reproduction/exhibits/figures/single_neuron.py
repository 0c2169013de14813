"""Derivatives of one neuron, analytic and by automatic differentiation (fig3).

Source: Rowan, arXiv:2512.11184, eqs. 6–10 and fig. 3.
"""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.storage.results import Result

ROWS = [
    ("f_x", r"$\partial_x f$"),
    ("f_a", r"$\partial_a f$"),
    ("f_b", r"$\partial_b f$"),
    ("f_xa", r"$\partial_x\partial_a f$"),
    ("f_xb", r"$\partial_x\partial_b f$"),
]
TITLES = {"analytic": "analytic, with discrete delta", "autodiff": "automatic differentiation"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One row per derivative, both methods side by side on the same scale."""
    (result,) = results
    arrays = result.arrays("single_neuron")
    figure, axes = plt.subplots(len(ROWS), 2, figsize=(style.PAGE, 7.4), sharex=True, sharey="row")
    sigma = result.job.settings.activation
    colours = {"analytic": style.colour(sigma, "discrete_delta"), "autodiff": style.colour(sigma)}
    for row, (name, label) in zip(axes, ROWS):
        for axis, method in zip(row, TITLES):
            values = arrays.derivative.sel({"method": method, "name": name})
            axis.plot(arrays.x, values, color=colours[method], marker=".", markersize=2.5, linewidth=0.9)
            data.add(f"{name} {method}", result.series, x=arrays.x, y=values)
        row[0].set_ylabel(label)
        row[0].margins(y=0.12)
    for axis, title in zip(axes[0], TITLES.values()):
        axis.annotate(title, (0.5, 1.2), xycoords="axes fraction", ha="center", va="bottom", fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("$x$")
    style.letters(list(axes.flat))
    s = result.job.settings
    figure.suptitle(
        rf"$f(x)=\sigma(ax+b)$ at $a={s.slope:g}$, $b={s.bias:g}$, "
        rf"$\sigma$ = {result.job.activation.label}, {s.points} points"
    )
    return figure
