"""Labels, colours and line styles of trained Ritz networks on boxes, and of finite elements."""

from typing import Any

from rectified.formulas.activation import label
from reproduction.config.job import Job
from reproduction.exhibits import style

RULES = {
    "grid": "autodiff, grid",
    "monte_carlo": "autodiff, random points",
    "lines": "kink-aware",
    "random_lines": "kink-aware, random lines",
}
SHADES = {
    "grid": "autodiff",
    "monte_carlo": "finite_difference",
    "lines": "kink_aware",
    "random_lines": "discrete_delta",
}
DASHES = {"grid": "-", "monte_carlo": (0, (5, 1.5)), "lines": "-", "random_lines": (0, (1, 1))}
SMOOTHED = ("#8c8c8c", "#6e6e6e", "#505050", "#323232")  # by width, the widest first
ELEMENTS = {"color": "black", "linestyle": "-.", "marker": "s"}


def box_label(job: Job) -> str:
    """Return the label of a case: its activation and its rule, or the elements."""
    s = job.settings
    if s.task == "finite_elements":
        return "P1 elements"
    if s.smoothing is not None:
        return f"ReLU smoothed, ε = {s.smoothing:g}"
    deep = f", {s.hidden_layers} hidden" if s.hidden_layers > 1 else ""
    return f"{label(s.activation)}{deep}, {RULES[s.quadrature]}"


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
    return {"color": colour, "linestyle": DASHES[s.quadrature], "marker": "D" if s.along_lines else "o"}


def smoothing_widths(jobs: list[Job]) -> list[float]:
    """Return the widths over which the ReLUs of cases are smoothed, in descending order."""
    found = {getattr(job.settings, "smoothing", None) for job in jobs} - {None}
    return sorted(found, reverse=True)
