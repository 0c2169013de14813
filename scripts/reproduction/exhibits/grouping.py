"""Results grouped by a setting."""

from collections.abc import Iterable
from typing import Any

from reproduction.storage.results import Result


def group_by(results: Iterable[Result], *settings: str) -> dict[Any, list[Result]]:
    """Return the results by the value of a setting, or by a tuple of the values of several, in order of appearance."""
    groups: dict[Any, list[Result]] = {}
    for result in results:
        values = tuple(getattr(result.job.settings, name) for name in settings)
        groups.setdefault(values if len(values) > 1 else values[0], []).append(result)
    return groups


def sorted_by(results: Iterable[Result], setting: str) -> list[Result]:
    """Return the results in the order of the values of a setting."""
    return sorted(results, key=lambda result: getattr(result.job.settings, setting))
