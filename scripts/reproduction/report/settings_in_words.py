"""The settings of cases in one sentence: those that all cases share, then those that vary.

Each task has phrases, in order. A phrase has the words for a setting and determines which cases use it; a setting that
does not enter a computation, such as the grid of a case without one, is not mentioned.
"""

import re
from collections.abc import Sequence
from typing import Any

from reproduction.config import tasks
from reproduction.config.job import Job
from reproduction.config.words import Phrase, written

LISTED = 4  # numbers; of more, only the smallest and the largest are given


def sentence(jobs: Sequence[Job]) -> str:
    """Return the settings of jobs, one sentence for each task among them."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.settings.task, []).append(job)
    return " ".join(_of_one_task(tasks.model(task).phrases, group) for task, group in groups.items())


def _of_one_task(phrases: Sequence[Phrase], jobs: Sequence[Job]) -> str:
    shared, varied = [], []
    for phrase in phrases:
        values = [phrase.value(job) for job in jobs]
        known = list(dict.fromkeys(value for value in map(_hashable, values) if value is not None))
        if not known or known == [_hashable(phrase.usual)]:
            continue
        text = _filled(phrase, known, partly=None in values)
        (shared if len(known) == 1 else varied).append(text)
    text = "; ".join(filter(None, [", ".join(shared), f"varied: {'; '.join(varied)}" if varied else ""]))
    begins_with_a_word = re.match("[a-z]{2,}[ :]", text)  # not with a symbol or a name
    return f"{text[0].upper() if begins_with_a_word else text[0]}{text[1:]}." if text else ""


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _filled(phrase: Phrase, known: list, partly: bool) -> str:
    """The words of a phrase with its values; a count of one is singular."""
    values = [one for value in known for one in (value if isinstance(value, tuple) else [value])]
    words = phrase.words.removesuffix("s") if values == [1] and phrase.words.startswith("{} ") else phrase.words
    return words.format(listed(values)) + (f" {phrase.where}" if partly and phrase.where else "")


def listed(values: Sequence[Any]) -> str:
    """Return values in words: numbers in ascending order or by their ends, anything else in order of appearance."""
    different = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in different):
        return _and(list(map(written, different)))
    different.sort()
    if len(different) > LISTED:
        return f"{written(different[0])} to {written(different[-1])}"
    return _and(list(map(written, different)))


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
