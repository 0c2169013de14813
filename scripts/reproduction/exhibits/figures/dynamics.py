"""Kernel, perpendicular susceptibility and vertex of every layer while an ensemble is trained (fig2, fig7).

Source: Kim and Kang, arXiv:2408.02697, figs. 2 and 7.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.statistics.summaries import Estimate, mean_estimate, vertex_estimate
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.labels import OPTIMIZERS
from reproduction.storage.results import Result

LABELS = {"kernel": "mean kernel", "susceptibility": r"$\chi_\perp$", "vertex": "four-point vertex $V$"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One panel per statistic, one line per recorded epoch; dotted: the theory of the untrained ensemble."""
    (result,) = results
    panels = entry["panels"]
    width = style.PAGE if len(panels) > 1 else style.COLUMN
    figure, axes = plt.subplots(1, len(panels), figsize=(width, 2.8), squeeze=False)
    records = result.ensemble.record.to_numpy()
    colours = style.shades(len(records))
    theory = _theory(result)
    for axis, panel in zip(axes[0], panels):
        for index, (epoch, colour) in enumerate(zip(records, colours)):
            _line(axis, result, panel, index, epoch, colour, data)
        layers = result.ensemble.layer.to_numpy()
        axis.plot(layers, theory[panel], ":", color="black", label="theory, epoch 0")
        data.add(panel, "theory", layer=layers, value=theory[panel])
        axis.set_xlabel("layer")
        axis.set_ylabel(LABELS[panel])
        axis.set_xticks(layers)
        _scale(axis, panel, theory[panel])
    style.letters(list(axes[0]))
    lines, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside upper center", ncols=6 if len(panels) > 1 else 3)
    s = result.job.settings
    data.notes += [
        f"{result.job.activation.label}, width {s.width}, $C_W$ = {s.weight_variance:g}, {OPTIMIZERS[s.optimizer]}",
        f"means with standard errors over {s.networks} networks, {s.probes} inputs",
        *([f"{result.diverged} diverged networks left out"] if result.diverged else []),
    ]
    return figure


def _statistic(result: Result, panel: str, record: int) -> Estimate:
    """A statistic by layer at one record, averaged over the inputs, with its standard error over networks."""
    arrays, healthy = result.ensemble, result.healthy
    if panel == "susceptibility":
        return mean_estimate(arrays.susceptibility[record].to_numpy()[healthy])
    kernels = arrays.kernel[record].to_numpy()[healthy]
    if panel == "kernel":
        return mean_estimate(kernels.mean(-1))
    pairs = arrays.pairs[record].to_numpy()[healthy]
    return vertex_estimate(kernels, pairs, result.job.settings.width)


def _line(axis: Axes, result: Result, panel: str, record: int, epoch: int, colour: str, data: PlottedData) -> None:
    if result.healthy.sum() < 2:
        return
    value, error = _statistic(result, panel, record)
    layers = result.ensemble.layer.to_numpy()
    look = {"fmt": "o-", "markersize": 2.5, "elinewidth": 0.7, "linewidth": 0.9}
    axis.errorbar(layers, value, error, color=colour, label=f"epoch {epoch}", **look)
    data.add(panel, f"epoch {epoch}", layer=layers, value=value, error=error)


def _scale(axis: Axes, panel: str, theory: np.ndarray) -> None:
    """Logarithmic for kernels, symmetric logarithmic for V, linear with a line at 1 for χ⊥."""
    if panel == "kernel":
        axis.set_yscale("log")
    elif panel == "vertex":
        linear = max(theory[theory > 0].min(initial=1.0), 1e-30)
        axis.set_yscale("symlog", linthresh=linear)
        axis.set_ylim(bottom=-5 * linear)
    else:
        axis.axhline(1, color="0.5", linewidth=0.6)


def _theory(result: Result) -> dict[str, np.ndarray]:
    """The statistics of the untrained ensemble at infinite width (V to leading order), averaged over the inputs."""
    s, theory = result.job.settings, EffectiveTheory(result.job.activation)
    x = result.ensemble.x.to_numpy()[:, : s.probes]
    first = s.bias_variance + s.layer_variances()[0] * (x**2).mean(0)
    expected = theory.finite_width(first, s.weight_variance, s.bias_variance, s.hidden_layers)
    perpendicular = theory.susceptibility_perpendicular(expected.kernel, s.weight_variance)
    return {
        "kernel": expected.kernel.mean(-1),
        "susceptibility": perpendicular.mean(-1),
        "vertex": expected.vertex.mean(-1),
    }
