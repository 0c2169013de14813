"""Results of an activation, and those of the reference activations in the same experiment and variant."""

import numpy as np

from reproduction.storage.results import Result

PREFIX = "scorecard_"  # of the experiments of scorecards
# Compared errors by task, with their names on the page.
ERRORS = {
    "ritz": {"relative_l2": "relative L²", "gap": "energy gap"},
    "ritz_box": {"relative_l2": "relative L²", "gap": "energy gap"},
    "regression": {"value_error": "off the grid", "gradient_error": "its gradient"},
    "collocation": {"relative_l2": "relative L²"},
}


def own_results(results: list[Result], activation: str) -> list[Result]:
    """The results of the activation itself."""
    return [result for result in results if result.job.settings.activation == activation]


def peers(result: Result, results: list[Result]) -> dict[str, Result]:
    """The results in the experiment and variant of a result, its own included, by activation."""
    place = result.job.experiment, variant(result)
    return {
        other.job.settings.activation: other for other in results if (other.job.experiment, variant(other)) == place
    }


def errors_by_seed(result: Result, quantity: str) -> np.ndarray:
    """An error of each seed, [seeds]; NaN where it diverged."""
    fields = result.arrays("fields")
    values = fields.energy - fields.minimum_energy if quantity == "gap" else fields[quantity]
    return np.where(result.healthy, values, np.nan)


def variant(result: Result) -> str:
    """The name of a case without its activation."""
    return without_activation(result.job.case, result.job.settings.activation)


def without_activation(case: str, activation: str) -> str:
    """Remove the activation from the name of a case."""
    return "-".join(part for part in case.split("-") if part != activation)


def short_name(experiment: str) -> str:
    """The name of an experiment on the page."""
    return experiment.removeprefix(PREFIX)
