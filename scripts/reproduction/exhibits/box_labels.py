"""Labels of trained Ritz networks on boxes, and of finite elements."""

from rectified.formulas.activation import label
from reproduction.config.job import Job

RULES = {
    "grid": "autodiff, grid",
    "monte_carlo": "autodiff, random points",
    "lines": "kink-aware",
    "random_lines": "kink-aware, random lines",
    "cells": "kink-aware, cells",
}


def box_label(job: Job) -> str:
    """Return the label of a case: its activation and its rule, or the elements."""
    s = job.settings
    if s.task == "finite_elements":
        return "P1 elements"
    if s.smoothing is not None:
        return f"ReLU smoothed, ε = {s.smoothing:g}"
    deep = f", {s.hidden_layers} hidden" if s.hidden_layers > 1 else ""
    return f"{label(s.activation)}{deep}, {RULES[s.quadrature]}"


def smoothing_widths(jobs: list[Job]) -> list[float]:
    """Return the widths over which the ReLUs of cases are smoothed, in descending order."""
    found = {getattr(job.settings, "smoothing", None) for job in jobs} - {None}
    return sorted(found, reverse=True)
