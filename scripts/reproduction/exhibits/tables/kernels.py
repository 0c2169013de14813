"""Mean and variance of kernels over an ensemble, by depth, epoch and layer (table2, table3).

Source: Kim and Kang, arXiv:2408.02697, tables 2 and 3, which exclude overflowed networks.
"""

import pandas as pd

from rectified.formulas.activation import label
from rectified.statistics.summaries import mean_estimate, variance_estimate
from reproduction.storage.results import Result

HEADINGS = {
    "name": r"$\sigma$",
    "weight_variance": "$C_W$",
    "hidden_layers": "hidden",
    "layer": "layer",
    "epoch": "epoch",
    "networks": "networks",
    "diverged": "diverged",
    "mean": "mean kernel",
    "variance": "variance",
}
NOTE = "mean and variance over networks without overflow, of kernels averaged over the test inputs"
SETTINGS = ("name", "weight_variance", "hidden_layers", "layer", "networks", "diverged")


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per case, layer and epoch: mean and variance over the networks without overflow at that epoch."""
    return pd.DataFrame([row for result in results for row in _rows(result)])


def printed(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the layout of the source, with epochs as columns: a row per layer for the mean and one for the variance.

    The column of diverged networks counts those of the last epoch.
    """
    epochs = sorted(set(table.epoch))
    rows = []
    for _, layer in table.groupby(["case", "layer"], sort=False):
        last = layer.sort_values("epoch").iloc[-1]
        for quantity in ("mean", "variance"):
            values = dict(zip(layer.epoch, layer[quantity]))
            numbers = {f"epoch {epoch}": values.get(epoch, float("nan")) for epoch in epochs}
            rows.append({name: last[name] for name in SETTINGS} | {"quantity": quantity} | numbers)
    headings = {name: HEADINGS[name] for name in SETTINGS} | {"quantity": "kernel"}
    return pd.DataFrame(rows), headings | {f"epoch {epoch}": f"epoch {epoch}" for epoch in epochs}


def _rows(result: Result) -> list[dict]:
    s, arrays = result.job.settings, result.ensemble
    kernels = arrays.kernel.mean("probe").to_numpy()
    rows = []
    for layer in range(kernels.shape[2]):
        for epoch, values in zip(arrays.record.to_numpy(), kernels[:, :, layer]):
            finite = values[pd.notna(values) & (abs(values) < float("inf"))]
            mean, variance = mean_estimate(finite), variance_estimate(finite)
            rows.append(
                {
                    "case": result.series,
                    "name": label(s.activation),
                    "optimizer": s.optimizer,
                    "weight_variance": s.weight_variance,
                    "hidden_layers": s.hidden_layers,
                    "width": s.width,
                    "layer": layer + 1,
                    "epoch": int(epoch),
                    "networks": s.networks,
                    "diverged": len(values) - len(finite),
                    "mean": float(mean.value),
                    "mean_error": float(mean.error),
                    "variance": float(variance.value),
                    "variance_error": float(variance.error),
                }
            )
    return rows
