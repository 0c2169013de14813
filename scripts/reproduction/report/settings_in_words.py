"""The settings of cases in one sentence: what all of them share, and what varies among them.

Each task has terms, in the order in which they are said. A term knows the words for a setting and for which cases
it matters; settings that do not enter a computation, as the grid of a case without one, are not said of it.
"""

import re
from collections.abc import Sequence
from typing import Any

from reproduction.config import tasks
from reproduction.config.job import Job
from reproduction.config.words import Term, written

LISTED = 4  # numbers; of more, the smallest and the largest are said


def sentence(jobs: Sequence[Job]) -> str:
    """The settings of jobs, one sentence for each task among them."""
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.settings.task, []).append(job)
    return " ".join(_of_one_task(tasks.model(task).terms, group) for task, group in groups.items())


def _of_one_task(terms: Sequence[Term], jobs: Sequence[Job]) -> str:
    shared, varied = [], []
    for term in terms:
        values = [term.value(job) for job in jobs]
        known = list(dict.fromkeys(value for value in map(_hashable, values) if value is not None))
        if not known or known == [_hashable(term.usual)]:
            continue
        text = _said(term, known, partly=None in values)
        (shared if len(known) == 1 else varied).append(text)
    text = "; ".join(filter(None, [", ".join(shared), f"varied: {'; '.join(varied)}" if varied else ""]))
    begins_with_a_word = re.match("[a-z]{2,}[ :]", text)  # not with a symbol or a name
    return f"{text[0].upper() if begins_with_a_word else text[0]}{text[1:]}." if text else ""


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _said(term: Term, known: list, partly: bool) -> str:
    """The words of a term with its values; the last word of a count of one loses its plural."""
    values = [one for value in known for one in (value if isinstance(value, tuple) else [value])]
    words = term.words.removesuffix("s") if values == [1] and term.words.startswith("{} ") else term.words
    return words.format(listed(values)) + (f" {term.where}" if partly and term.where else "")


def listed(values: Sequence[Any]) -> str:
    """Values in words: numbers in ascending order or by their ends, anything else in order of appearance."""
    different = list(dict.fromkeys(values))
    if any(isinstance(value, str) for value in different):
        return _and(list(map(written, different)))
    different.sort()
    if len(different) > LISTED:
        return f"{written(different[0])} to {written(different[-1])}"
    return _and(list(map(written, different)))


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
