"""Trained fields of variants of physics-informed networks beside the exact solution, and their errors."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from reproduction.exhibits.figures.figure_page import PlottedData, seeds_note
from reproduction.exhibits.map_page import (
    draw_bar,
    draw_map,
    error_title,
    label_maps,
    map_columns,
    map_page,
    median_seed,
)
from reproduction.exhibits.variant_labels import variant_labels
from reproduction.storage.results import Result

DECADES = 4  # largest range of errors shown
BELOW = 0.02  # share of the errors that may lie below the scale
COLOURS = {"field": "RdBu_r", "error": "magma"}
LABELS = {"field": "$u$", "error": "|error|"}


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """The exact solution, then one column per case: the field of a median seed above its absolute error."""
    fields = [median_seed(result) for result in results]
    finest = max(fields, key=lambda arrays: arrays.exact.size)
    norms = {"field": _field_norm(fields), "error": _error_norm(fields)}
    labels = variant_labels([result.job for result in results])
    page = map_page([f"{label}\n{error_title(arrays)}" for label, arrays in zip(labels, fields)], exact=True)
    _map(page.exact[0], finest.exact, "field", norms)
    page.exact[0].set_title("exact", fontsize=7)
    data.add("field", "exact", **map_columns(finest.exact))
    for column, result, arrays in zip(page.columns, results, fields):
        for axis, (quantity, values) in zip(column, _quantities(arrays).items()):
            _map(axis, values, quantity, norms)
            data.add(quantity, result.series, **map_columns(values))
    label_maps(page, results[0])
    for bar, quantity, extend in zip(page.bars, LABELS, ("both", "min")):
        draw_bar(bar, ScalarMappable(norms[quantity], COLOURS[quantity]), LABELS[quantity], extend)
    data.notes += seeds_note(results, "maps: a median seed")
    return page.figure


def _quantities(arrays: xr.Dataset) -> dict[str, xr.DataArray]:
    return {"field": arrays.field, "error": abs(arrays.field - arrays.exact)}


def _field_norm(fields: list[xr.Dataset]) -> Normalize:
    """Limits symmetric about 0 that hold the exact solution."""
    largest = max(float(abs(arrays.exact).max()) for arrays in fields)
    return Normalize(-largest, largest)


def _error_norm(fields: list[xr.Dataset]) -> LogNorm:
    """Whole decades up to the largest error, at most ``DECADES`` of them."""
    errors = np.concatenate([np.ravel(_quantities(arrays)["error"]) for arrays in fields])
    errors = errors[np.isfinite(errors) & (errors > 0)]
    if not len(errors):
        return LogNorm(10.0**-DECADES, 1.0)
    top = int(np.ceil(np.log10(errors.max())))
    bottom = int(np.floor(np.log10(np.quantile(errors, BELOW))))
    return LogNorm(10.0 ** min(max(bottom, top - DECADES), top - 1), 10.0**top)


def _map(axis: Axes, values: xr.DataArray, quantity: str, norms: dict[str, Normalize]) -> None:
    """Draw a map; errors below the scale take its lowest colour."""
    shown = np.maximum(values, norms[quantity].vmin) if quantity == "error" else values
    draw_map(axis, shown, COLOURS[quantity], norms[quantity])
