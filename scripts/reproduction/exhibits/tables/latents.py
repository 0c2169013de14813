"""Measures of the latents of differently trained networks, by layer.

Source: R. Bischof, "4 Ideas for Physics-Informed Neural Networks that failed", introduction, which gives no numbers.
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
    f"{NEIGHBOURS} nearest neighbours; purity: share in the same layer; overlap: share that are also neighbours in the "
    "plane; shift and correlation: with similarity of outputs, at equal distance in the plane; "
    "median [smallest, largest] over seeds"
)
MEASURES = ("purity", "overlap", "far_similar", "partial_correlation")


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case, network and hidden layer."""
    return pd.DataFrame([row for result in results for row in _rows(result)])


def _rows(result: Result) -> list[dict]:
    arrays = result.arrays("latents")
    return [
        {
            "case": result.series,
            "network": network,
            "name": name,
            "layer": int(layer),
            **_measures(arrays, network, layer),
        }
        for network, name in NETWORKS.items()
        for layer in arrays.layer.values
    ]


def _measures(arrays: xr.Dataset, network: str, layer: int) -> dict:
    selected = arrays.sel(network=network, layer=layer)
    measures = {name: selected[name] for name in MEASURES}
    measures |= {"cka_with_pinn": selected.cka.sel(other="pinn"), "relative_l2": selected.relative_l2}
    columns = {"seeds": arrays.sizes["seed"]}
    for name, values in measures.items():
        columns |= columns_of(name, summarize(values))
    return columns
