"""The energy on planes of Hessian eigenvectors in several dimensions, on a grid above and along lines below."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.number_text import short_number
from reproduction.storage.results import Result

NAMES = {"grid": "grid of {}² points", "lines": "{0} + {0} lines cut at kinks"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One column per plane of the first seed; both rows of a column share their scale."""
    (result,) = results
    s, arrays = result.job.settings, result.arrays("box_landscape")
    gaps = arrays.energy.isel(seed=0) - arrays.minimum_energy
    planes = gaps.sizes["plane"]
    figure, axes = plt.subplots(2, planes, figsize=(style.PAGE, 4.4), squeeze=False, sharex=True, sharey=True)
    for plane, column in enumerate(axes.T):
        levels = np.linspace(float(gaps[:, plane].min()), float(gaps[:, plane].max()), 15)
        for axis, name in zip(column, NAMES):
            surface = gaps.sel(quadrature=name).isel(plane=plane)
            image = axis.contourf(surface.beta, surface.alpha, surface, levels=levels, cmap="viridis")
            axis.contour(surface.beta, surface.alpha, surface, levels=levels, colors="white", linewidths=0.4)
            axis.set_aspect("equal")
            rough = float(arrays.roughness.sel(quadrature=name).isel(seed=0, plane=plane))
            axis.set_title(f"roughness {short_number(rough, 1)}", loc="right", fontsize=7)
            alpha, beta = np.meshgrid(surface.alpha, surface.beta, indexing="ij")
            data.add(f"plane {plane + 1}", name, alpha=alpha, beta=beta, gap=surface)
        bar = figure.colorbar(image, ax=list(column), location="bottom", pad=0.02, aspect=25)
        bar.set_ticks(levels[::7], labels=[short_number(level, 1) for level in levels[::7]], fontsize=6)
        first, second = int(gaps["first"][plane]), int(gaps["second"][plane])
        column[-1].set_xlabel(rf"$\beta$ along $v_{{{second}}}$")
        column[-1].text(-0.02, 1.02, rf"$\alpha$ along $v_{{{first}}}$", transform=column[-1].transAxes, fontsize=6.5)
    for axis, name in zip(axes[:, 0], NAMES):
        axis.set_ylabel(NAMES[name].format(s.cells if name == "grid" else s.lines))
    style.letters(list(axes.flat), inside=True)
    data.notes.append(r"energy gap $\Pi-\Pi^*$, first seed")
    return figure
