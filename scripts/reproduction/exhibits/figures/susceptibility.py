"""Susceptibilities and their ratio against the kernel (fig4, ext5).

Source: Kim and Kang, arXiv:2408.02697, eqs. 5–7 and fig. 4.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rectified.formulas.activation import label
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.storage.results import Result

PANELS = {
    "parallel": r"$\chi_\parallel$",
    "perpendicular": r"$\chi_\perp$",
    "ratio": r"$\chi_\parallel/\chi_\perp$",
}
SMALLEST = 1e-6  # lower end of the axes
DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)))


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """χ∥, χ⊥ and their ratio, one line per activation, with gaps where χ⊥ is infinite."""
    figure, axes = plt.subplots(1, 3, figsize=(style.PAGE, 2.5 + 0.09 * len(results)))
    lines: dict[str, Line2D] = {}
    for index, result in enumerate(results):
        arrays, activation = result.arrays("theory"), result.job.settings.activation
        look = {"color": style.colour(activation), "linestyle": DASHES[index % len(DASHES)]}
        finite = np.isfinite(arrays.perpendicular)
        curves = {"parallel": arrays.parallel, "perpendicular": arrays.perpendicular.where(finite)}
        curves["ratio"] = (arrays.parallel / arrays.perpendicular).where(finite)
        for axis, name in zip(axes, PANELS):
            (lines[label(activation)],) = axis.plot(arrays.kernel, curves[name], **look)
            data.add(name, result.series, kernel=arrays.kernel, value=curves[name])
    for axis, text in zip(axes, PANELS.values()):
        axis.set_xscale("log")
        axis.set_xlabel("kernel $K$")
        axis.set_ylabel(text)
        axis.axhline(1, color="0.5", linewidth=0.6, linestyle=":", zorder=0)
    for axis in axes[:2]:
        axis.set_yscale("log")
        low, high = axis.get_ylim()
        axis.set_ylim(max(low, SMALLEST), high)
    axes[2].set_ylim(0, 2.2)
    style.letters(list(axes))
    figure.legend(lines.values(), lines.keys(), loc="outside upper center", ncols=min(5, len(lines)))
    variances = sorted({result.job.settings.weight_variance for result in results})
    data.notes.append(f"$C_W$ = {', '.join(f'{value:g}' for value in variances)}; theory, no sampling")
    return figure
