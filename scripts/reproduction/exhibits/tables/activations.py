"""Formulas, kinks and universality classes of activations (table1).

Source: Kim and Kang, arXiv:2408.02697, table 1 and sec. 3.1; the class is computed, not quoted.
"""

import pandas as pd

from reproduction.storage.results import Result

HEADINGS = {
    "name": "name",
    "formula": r"$\sigma(x)$",
    "smoothness": "smoothness",
    "universality_class": "class",
    "stability": "fixed point",
    "critical_weight_variance": "$C_W$",
    "critical_bias_variance": "$C_b$",
    "critical_kernel": "$K^*$",
    "largest_safe_weight_variance": r"$C_W^{\max}$",
}
FORMULAS = ("formula",)
NOTE = "C0: continuous, C1: continuously differentiable, …; largest C_W for inputs with |x|²/n₀ = 1"


def rows(results: list[Result]) -> pd.DataFrame:
    """Return one row per activation: formula, kinks, class with critical C_W, C_b and K*, and the largest safe C_W."""
    return pd.DataFrame([_row(result) for result in results])


def _row(result: Result) -> dict:
    activation, arrays = result.job.activation, result.arrays("theory")
    numbers = [name for name in HEADINGS if name in arrays.data_vars]
    return {
        "activation": activation.name,
        "name": activation.label,
        "formula": activation.formula,
        "kinks": len(activation.kinks),
        "smoothness": activation.smoothness,
        **{name: arrays.attrs[name] for name in ("universality_class", "stability", "reason")},
        **{name: float(arrays[name]) for name in [*numbers, "largest_first_kernel"]},
    }
