"""Colours, line styles and markers of trained Ritz networks on boxes, and of finite elements."""

from typing import Any

from reproduction.config.job import Job
from reproduction.exhibits import style

SHADES = {
    "grid": "autodiff",
    "monte_carlo": "finite_difference",
    "lines": "kink_aware",
    "random_lines": "discrete_delta",
    "cells": "kink_aware",
}
DASHES = {
    "grid": "-",
    "monte_carlo": (0, (5, 1.5)),
    "lines": "-",
    "random_lines": (0, (1, 1)),
    "cells": (0, (4, 1, 1, 1)),
}
MARKERS = {"lines": "D", "random_lines": "D", "cells": "h"}
SMOOTHED = ("#8c8c8c", "#6e6e6e", "#505050", "#323232")  # by width, the widest first
ELEMENTS = {"color": "black", "linestyle": "-.", "marker": "s"}


def box_line(job: Job, widths: list[float]) -> dict[str, Any]:
    """Return colour, line style and marker of a case.

    Args:
        job: of the case.
        widths: over which the smoothed ReLUs of the figure are smoothed, in descending order.
    """
    s = job.settings
    if s.task == "finite_elements":
        return ELEMENTS
    if s.smoothing is not None:
        place = widths.index(s.smoothing)
        return {"color": SMOOTHED[place % len(SMOOTHED)], "linestyle": (0, (2 + 2 * place, 1)), "marker": "v"}
    colour = style.colour(s.activation, SHADES[s.quadrature])
    return {"color": colour, "linestyle": DASHES[s.quadrature], "marker": MARKERS.get(s.quadrature, "o")}
