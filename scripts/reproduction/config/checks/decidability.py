"""Replicates that config provides for the parts of claims, and those that their tests need.

A part whose data can come out only one way, or never beyond a threshold, is no test. It is rejected before any job
starts: with five pairs, for instance, no outcome of a sign test is significant.
"""

import math
from collections.abc import Mapping
from itertools import count
from typing import Any, NamedTuple

from rectified.statistics.intervals import FEWEST, distance_margin, share_interval
from rectified.statistics.summaries import CONFIDENCE
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Claim, Part
from reproduction.config.experiments import Case
from reproduction.config.task import Task

MOST = 1 << 20  # replicates up to which the smallest sufficient number is searched
UNPAIRED = ("shift", "distance")


class Sample(NamedTuple):
    """Replicates of one side of a part.

    Attributes:
        count: number of values; None if the measure has no replicates.
        keys: settings that limit it.
    """

    count: int | None
    keys: tuple[str, ...]


def check(config: Any, claim: Claim) -> None:
    """Reject parts that no data can decide.

    Args:
        config: the ``Config`` with the cases.
        claim: an entry of it.

    Raises:
        ConfigError: for the first such part, with the replicates of each side, those needed, and the settings to raise.
    """
    for part in claim.parts:
        sizes = samples(config, part)
        if part.deterministic or all(sample.count is None for sample in sizes):
            continue
        counts = paired(part, [sample.count for sample in sizes])
        if not is_decidable(part, counts, config.looks):
            raise ConfigError(_rejection(part, sizes, config.looks))


def samples(config: Any, part: Part) -> list[Sample]:
    """Return the replicates of each side of a part, one or two."""
    return [_sample(config, *side) for side in sides(part)]


def sides(part: Part) -> list[tuple[str, dict]]:
    """Return the case and the coordinates of each side of a part."""
    other = part.less if part.over is None else part.over
    if other is None:
        return [(part.of, part.at)]
    return [(part.of, part.at), (part.of, other) if isinstance(other, dict) else (other, part.at)]


def paired(part: Part, counts: list[int | None]) -> list[int]:
    """Return the sizes of the samples that are tested: one of pairs, or two unpaired ones.

    A value without replicates is paired with every replicate of the other side.
    """
    if part.statistic in UNPAIRED:
        return [1 if size is None else size for size in counts]
    return [min(size for size in counts if size is not None)]


def _sample(config: Any, name: str, at: Mapping) -> Sample:
    """Return the replicates of a case: its seeds or networks, times the pooled coordinates."""
    (case,) = config.select([name])
    settings = config.settings_of(case)
    pooled = {key: value for key, value in at.items() if isinstance(value, list)}
    if settings.task == "audit" and "case" in at:
        audited = pooled.pop("case", [at["case"]])
        found = [_limited(config, [case, *config.select([str(one).split(",")[0]])]) for one in audited]
        counts = [sample.count for sample in found if sample.count is not None]
        size, keys = sum(counts) or None, tuple(dict.fromkeys(key for sample in found for key in sample.keys))
    else:
        size, keys = _limited(config, _chain(config, case))
    return Sample(size and size * math.prod(map(len, pooled.values())), keys)


def _chain(config: Any, case: Case) -> list[Case]:
    """Return a case and those that it starts from, which limit its seeds."""
    start = config.start_of(config.settings_of(case))
    return [case, *(_chain(config, start) if start else [])]


def _limited(config: Any, chain: list[Case]) -> Sample:
    """Return the smallest number of replicates of several cases, and the settings with this number."""
    counted = [(case, *found) for case in chain if (found := replicates(config.settings_of(case)))]
    if not counted:
        return Sample(None, ())
    size = min(number for _, _, number in counted)
    return Sample(size, tuple(_key(config, case, name) for case, name, number in counted if number == size))


def replicates(settings: Task) -> tuple[str, int] | None:
    """Return the setting that counts the replicates of a case and its value; None for a case without replicates."""
    names = (name for name in ("seeds", "networks") if getattr(settings, name, None))
    return next(((name, getattr(settings, name)) for name in names), None)


def _key(config: Any, case: Case, name: str) -> str:
    """Return the key in config to set for a setting of a case."""
    entry, label = config.experiments[case.experiment], case.case.split("-")[0]
    if name in entry.sweep:
        return f"experiments.{case.experiment}.sweep.{name}"
    own = entry.cases.get(label)
    cased = own is not None and name in own.model_fields_set
    return f"experiments.{case.experiment}.{f'cases.{label}.' if cased else ''}{name}"


def is_decidable(part: Part, counts: list[int], looks: Mapping[int, int]) -> bool:
    """Return True if some data let a part hold and some let it fail.

    Args:
        counts: sizes of the samples that are tested, see ``paired``.
        looks: of sign tests, by number of values.
    """
    if part.statistic == "median":
        return counts[0] >= min(looks)
    if part.statistic == "mean":
        return counts[0] >= FEWEST
    if part.statistic == "shift":  # the two-sided exact Mann–Whitney test of samples that do not overlap
        return 2 / math.comb(sum(counts), counts[0]) <= 1 - CONFIDENCE
    if part.statistic == "distance":
        margin = distance_margin(*counts)
        reached = [(max(value - margin, 0), min(value + margin, 1)) for value in (0, _middle(part), 1)]
    else:
        size = counts[0]
        ones = {0, size, *(k for k in (math.floor(size * _middle(part)), math.ceil(size * _middle(part))))}
        reached = [share_interval([1.0] * k + [0.0] * (size - k))[1:3] for k in ones]
    lower, upper = part.bounds
    holds = any(low > lower and high < upper for low, high in reached)
    return holds and any(high < lower or low > upper for low, high in reached)


def _middle(part: Part) -> float:
    return sum(part.within) / 2 if part.within else 0.5


def needed(part: Part, looks: Mapping[int, int]) -> int | None:
    """Return the smallest sufficient number of values of each sample; None if no number up to 2²⁰ is sufficient."""
    number = 2 if part.statistic in UNPAIRED else 1
    high = next((1 << k for k in count() if 1 << k > MOST or is_decidable(part, [1 << k] * number, looks)), MOST + 1)
    if high > MOST:
        return None
    low = high // 2  # too few, or zero
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_decidable(part, [middle] * number, looks) else (middle, high)
    return high


def _rejection(part: Part, sizes: list[Sample], looks: Mapping[int, int]) -> str:
    least = needed(part, looks)
    given = " and ".join("none" if sample.count is None else str(sample.count) for sample in sizes)
    if least is None:
        return f"part {part.what!r}: no number of replicates can decide it both ways; change its bound"
    enough = [sample for sample in sizes if sample.count is not None and sample.count < least]
    keys = " and ".join(dict.fromkeys(key for sample in enough for key in sample.keys))
    each = " of each sample" if part.statistic in UNPAIRED else ""
    noun = "replicate" if given == "1" else "replicates"
    return (
        f"part {part.what!r} has {given} {noun}, but a {part.statistic} needs {least}{each} to be decided; "
        f"raise {keys} to {least}"
    )
