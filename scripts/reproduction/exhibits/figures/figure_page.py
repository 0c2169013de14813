"""Parts shared by all figures: from the input files of a figure rule to a drawn page."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reproduction.exhibits import style
from reproduction.runtime.session import start
from reproduction.storage import store
from reproduction.storage.results import Result, results_of


class PlottedData:
    """Collects the plotted data of a figure as one tidy table, and its notes.

    Attributes:
        notes: meaning of lines and bands, printed at the foot of the figure after the tier.
    """

    def __init__(self):
        self._parts: list[pd.DataFrame] = []
        self.notes: list[str] = []

    def add(self, panel: str, series: str, **columns: Any) -> None:
        """Add arrays of equal length, plotted as one series in one panel."""
        frame = pd.DataFrame({name: np.ravel(values) for name, values in columns.items()})
        self._parts.append(frame.assign(panel=panel, series=series))

    def table(self) -> pd.DataFrame:
        """Return all plotted data, with columns panel and series first."""
        if not self._parts:
            return pd.DataFrame({"panel": [], "series": []})
        table = pd.concat(self._parts, ignore_index=True)
        return table[["panel", "series", *table.columns.drop(["panel", "series"])]]


Draw = Callable[[list[Result], dict, PlottedData], Figure]


def family(name: str) -> Draw:
    """Return the function that draws the figures of a family."""
    return import_module(f"reproduction.exhibits.figures.{name}").draw


def make(snakemake: Any) -> None:
    """Draw the figure of a rule, stamp it, and write it and its plotted data."""
    start(snakemake)
    style.use()
    results = results_of(list(snakemake.input))
    entry = json.loads(snakemake.params.entry)
    data = PlottedData()
    figure = family(entry["family"])(results, entry, data)
    style.stamp(figure, f"{snakemake.params.tier} tier", *data.notes)
    style.save(figure, snakemake.output.pdf, snakemake.output.png)
    attributes = store.provenance(snakemake.params.code, entry=snakemake.params.entry)
    store.write_table(snakemake.output.data, data.table(), attributes)


def seeds_note(results: list[Result], what: str = "lines: median, bands: range") -> list[str]:
    """Return notes on the number of seeds of a figure and on diverged runs."""
    seeds = {result.job.settings.seeds for result in results}
    diverged = sum(result.diverged for result in results)
    notes = [f"{what}, of {'–'.join(str(n) for n in sorted({min(seeds), max(seeds)}))} seeds"]
    return [*notes, f"{diverged} diverged runs left out"] if diverged else notes
