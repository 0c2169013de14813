"""Cases of config that the scorecard of an activation needs, and those that are refused for it."""

from collections.abc import Iterator

from reproduction.config.config import SCORECARDS, Config
from reproduction.config.experiments import Case
from reproduction.config.task import Task

COMPARED = ("ritz", "ritz_box", "regression", "collocation")  # tasks whose errors are ranked among the references


def scorecard_cases(config: Config, activation: str) -> list[Case]:
    """Return the cases of a scorecard, in the order of config.

    These are the cases of the activation, and those of the references in tasks whose errors are compared. Cases that
    only serve as starts of others are left out.
    """
    return [
        Case(SCORECARDS, experiment, case)
        for experiment in _experiments(config)
        for case, settings in config.cases[experiment].items()
        if not _is_start(settings) and (settings.activation == activation or _is_compared(config, settings))
    ]


def refused_cases(config: Config, activation: str) -> dict[str, str]:
    """Return the reasons of refused cases of an activation by ``experiment/case``."""
    return {
        f"{experiment}/{case}": config.resolved[experiment].reasons[case]
        for experiment in _experiments(config)
        for case, settings in config.resolved[experiment].refused.items()
        if settings.activation == activation
    }


def _experiments(config: Config) -> Iterator[str]:
    return (name for name, entry in config.experiments.items() if entry.document == SCORECARDS)


def _is_start(settings: Task) -> bool:
    return settings.task == "ritz" and settings.objective == "regression"


def _is_compared(config: Config, settings: Task) -> bool:
    return settings.task in COMPARED and settings.activation in config.scorecards.references
