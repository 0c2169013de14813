"""The energy on planes of Hessian eigenvectors (fig7, fig8, ext2).

Source: Rowan, arXiv:2512.11184, sec. 2, figs. 7 and 8.
"""

import numpy as np
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.panels import panel_grid
from reproduction.storage.results import Result

COLUMNS = 3


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """One map with contours per plane of the first seed, each on its own scale, with its roughness."""
    (result,) = results
    arrays = result.arrays("landscape")
    surfaces = arrays.energy[0] - float(arrays.minimum_energy)
    figure, panels = panel_grid(len(surfaces), COLUMNS, style.PAGE, 2.2, 0.4)
    end = float(arrays.alpha.max())
    for axis, surface, rough in zip(panels, surfaces, arrays.roughness[0]):
        first, second = int(surface.first), int(surface.second)
        image = axis.pcolormesh(arrays.beta, arrays.alpha, surface, cmap="viridis", rasterized=True, shading="gouraud")
        axis.contour(arrays.beta, arrays.alpha, surface, levels=14, colors="white", linewidths=0.35)
        figure.colorbar(image, ax=axis, pad=0.02).ax.tick_params(labelsize=6)
        axis.set_title(f"roughness {float(rough):.1e}", loc="right", fontsize=7)
        axis.set_xlabel(rf"$\beta$ along $v_{{{second}}}$")
        axis.set_ylabel(rf"$\alpha$ along $v_{{{first}}}$")
        axis.set_xticks([-end, 0, end])
        alpha, beta = np.meshgrid(arrays.alpha, arrays.beta, indexing="ij")
        data.add(f"v{first} v{second}", result.series, alpha=alpha, beta=beta, gap=surface)
    style.letters(panels)
    s = result.job.settings
    quadrature = "kink-aware quadrature" if s.quadrature == "kink_aware" else f"uniform grid, {s.points} points"
    figure.suptitle(
        rf"Energy gap $\Pi-\Pi^*$ around the fitted solution: {result.job.activation.label}, $N={s.width}$, "
        f"{quadrature}; first seed"
    )
    return figure
