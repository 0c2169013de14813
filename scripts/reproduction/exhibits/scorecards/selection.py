"""Which cases of config the scorecard of an activation is made from, and which it has to do without."""

from collections.abc import Iterator

from reproduction.config.config import SCORECARDS, Config
from reproduction.config.experiments import Case
from reproduction.config.task import Task

COMPARED = ("ritz", "regression", "collocation")  # tasks in which an activation is ranked among others


def scored(config: Config, activation: str) -> list[Case]:
    """The cases that a scorecard is made from, in the order of config.

    Those of the activation, and those of the references in which errors are compared; cases that only others start
    from are left out.
    """
    return [
        Case(SCORECARDS, experiment, case)
        for experiment in _experiments(config)
        for case, settings in config.cases[experiment].items()
        if not _is_start(settings) and (settings.activation == activation or _is_compared(config, settings))
    ]


def refused(config: Config, activation: str) -> dict[str, str]:
    """``experiment/case`` → why the scorecard of an activation has to do without it."""
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
