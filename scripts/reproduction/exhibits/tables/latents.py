"""Measures of the latents of networks trained in different ways, by layer.

Source: R. Bischof, "4 Ideas for Physics-Informed Neural Networks that failed", introduction; it gives no numbers.
"""

import pandas as pd
import xarray as xr

from rectified.statistics.representation_names import NEIGHBOURS, NETWORKS
from rectified.statistics.summaries import summarize
from reproduction.exhibits.tables.table_page import columns_of
from reproduction.storage.results import Result

HEADINGS = {
    "name": "network",
    "layer": "layer",
    "seeds": "seeds",
    "purity": "purity",
    "overlap": "overlap",
    "far_similar": "far-similar shift",
    "partial_correlation": "partial correlation",
    "cka_with_pinn": "CKA with PINN",
    "relative_l2": r"rel.\ $L^2$",
}
NOTE = (
    f"{NEIGHBOURS} nearest neighbours; purity: share in the same layer; overlap: share also near in the plane; "
    "shift and correlation: by similar outputs, at equal distance in the plane; median [smallest, largest] over seeds"
)
MEASURES = ("purity", "overlap", "far_similar", "partial_correlation")


def rows(results: list[Result]) -> pd.DataFrame:
    """One row per case, network and hidden layer."""
    return pd.DataFrame([row for result in results for row in _rows(result)])


def _rows(result: Result) -> list[dict]:
    arrays = result.arrays("latents")
    return [
        {"case": result.series, "network": network, "name": name, "layer": int(layer), **_row(arrays, network, layer)}
        for network, name in NETWORKS.items()
        for layer in arrays.layer.values
    ]


def _row(arrays: xr.Dataset, network: str, layer: int) -> dict:
    mine = arrays.sel(network=network, layer=layer)
    found = {name: mine[name] for name in MEASURES}
    found["cka_with_pinn"] = mine.cka.sel(other="pinn")
    found["relative_l2"] = mine.relative_l2
    parts = [columns_of(name, summarize(values)) for name, values in found.items()]
    return {"seeds": arrays.sizes["seed"]} | {name: value for part in parts for name, value in part.items()}
