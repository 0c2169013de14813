"""Replicates that would decide the undecided parts of claims, and their cost, from the results of a tier.

The effect is the one that the replicates show, so the answer is itself an estimate: with six of them, a share of 5/6 on
one side is compatible with any from 0.36 to 0.996.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rectified.statistics import power
from rectified.statistics.intervals import distance_interval
from reproduction.claims.decide import by_name, decide
from reproduction.claims.samples import SampleValues, values_of
from reproduction.config.checks import decidability
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Part
from reproduction.config.experiments import Case
from reproduction.runtime.cost_model import START, Costs
from reproduction.storage.results import KeptResult, results_of


class Need(NamedTuple):
    """Replicates with which a part would be decided with 80 % probability.

    Attributes:
        size: of each sample; None if no affordable number is sufficient.
        outcome: that it would have, ``holds`` or ``fails``.
        effect: size of the effect that the replicates show, in units of ``power_report.EFFECTS``.
    """

    size: int | None
    outcome: str
    effect: float


class Undecided(NamedTuple):
    """An undecided part.

    Attributes:
        claim, part: its name and its entry.
        sizes: replicates of each sample in the results.
        need: None if the results have no values to estimate an effect from.
        raised: case → replicates that it would have, for cases with fewer now.
        seconds: of one core that these cases would take.
    """

    claim: str
    part: Part
    sizes: tuple[int, ...]
    need: Need | None
    raised: dict[Case, int]
    seconds: float


def need(part: Part, found: SampleValues, looks: Mapping[int, int]) -> Need | None:
    """Return the replicates that would decide a part, given the effect that its values show.

    If the effect is within all bounds, each bound must be excluded; otherwise the one that is missed by most.
    """
    measured = _effects(part, found)
    if measured is None:
        return None
    most = max(power.MOST, 10 * len(found.values))
    bounds = [(bound, sign) for bound, sign in zip(part.bounds, (1, -1)) if math.isfinite(bound)]
    effects = [measured(bound, sign) for bound, sign in bounds]
    centre = 0.5 if part.statistic in ("median", "shift") else 0.0
    if min(effects) > centre:
        each = 1 - (1 - power.POWER) / len(bounds)
        sizes = [_size(part, effect, bound, each, looks, most) for effect, bound in zip(effects, bounds)]
        return Need(None if None in sizes else max(sizes), "holds", min(effects))
    missed = [measured(bound, -sign) for bound, sign in bounds]
    effect, (bound, sign) = max(zip(missed, bounds))
    size = _size(part, effect, (bound, -sign), power.POWER, looks, most) if effect > centre else None
    return Need(size, "fails", effect)


def _effects(part: Part, found: SampleValues) -> Callable[[float, int], float] | None:
    """Return the function of a bound and a side, 1 above and −1 below, that gives the effect on this side."""
    values = found.values
    if part.statistic == "distance":
        value = distance_interval(found.values, found.others).value
        return lambda bound, sign: sign * (value - bound)
    known = values[np.isfinite(values)] if part.statistic == "share" else values
    if known.size == 0 or (part.statistic == "mean" and (len(known) < 2 or not np.isfinite(known).all())):
        return None
    if part.statistic in ("median", "shift"):
        return lambda bound, sign: float(np.mean(sign * (values - bound) > 0))
    scale = 1.0 if part.statistic == "share" else float(known.std(ddof=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return lambda bound, sign: float(np.divide(sign * (known.mean() - bound), scale))


def _size(
    part: Part, effect: float, side: tuple[float, int], each: float, looks: Mapping[int, int], most: int
) -> int | None:
    bound, sign = side
    if part.statistic == "median":
        return power.sign_test_size(effect, each, looks, most)
    if part.statistic == "share":
        return power.share_size(bound + sign * effect, bound, each, most)
    if part.statistic == "distance":
        return power.distance_size(effect, each)
    return {"mean": power.mean_size, "shift": power.shift_size}[part.statistic](effect, each, most)


def undecided(config: Config, results: str | Path, costs: Costs) -> tuple[list[Undecided], dict[str, list[str]]]:
    """Return the undecided parts of all claims, and why others cannot be estimated, with the names of their claims.

    Args:
        config: with the claims.
        results: folder of the results.
        costs: of jobs.
    """
    found: list[Undecided] = []
    missing: dict[str, list[str]] = {}
    kept: dict[str, KeptResult] = {}
    for claims in config.claims.values():
        for name, claim in claims.items():
            for part in claim.parts:
                try:
                    kept |= _read(config, Path(results), [case for case in part.cases if case not in kept])
                    found += _undecided_part(config, name, part, kept, costs)
                except ConfigError as error:
                    missing.setdefault(str(error), []).append(name)
    return found, missing


def _read(config: Config, results: Path, names: Iterable[str]) -> dict[str, KeptResult]:
    cases = config.select(list(dict.fromkeys(names)))
    files = [results / case.folder / file for case in cases for file in config.settings_of(case).result_files()]
    absent = [str(file) for file in files if not file.exists()]
    if absent:
        raise ConfigError(f"{absent[0]} is missing")
    return by_name(results_of(list(map(str, files))))


def _undecided_part(config: Config, name: str, part: Part, kept: Mapping, costs: Costs) -> list[Undecided]:
    decision = decide(part, kept, config.looks)
    if decision.outcome != "undecided":
        return []
    answer = need(part, values_of(part, kept), config.looks)
    raised = raised_cases(config, part, answer.size) if answer and answer.size else {}
    sizes = (decision.n, *([decision.n_other] if decision.n_other else []))
    return [Undecided(name, part, sizes, answer, raised, seconds(config, raised, costs))]


def raised_cases(config: Config, part: Part, size: int) -> dict[Case, int]:
    """Return the cases with too few replicates for a part, each with the number that it needs.

    These are the cases of the part, those that they start from, and those that an audit reads.
    """
    raised: dict[Case, int] = {}
    for name, at in decidability.sides(part):
        pooled = {key: len(value) for key, value in at.items() if isinstance(value, list)}
        number = -(-size // math.prod(pooled.values()))
        (case,) = config.select([name])
        for read in _read_by(config, case, at):
            counted = decidability.replicates(config.settings_of(read))
            if counted and counted[1] < number:
                raised[read] = number
    return raised


def _read_by(config: Config, case: Case, at: Mapping) -> list[Case]:
    settings = config.settings_of(case)
    audited = at.get("case", [])
    names = [str(one).split(",")[0] for one in (audited if isinstance(audited, list) else [audited])]
    read = config.select(names) if settings.task == "audit" and names else config.read_cases(settings)
    return list(dict.fromkeys([case, *(deeper for each in read for deeper in _read_by(config, each, {}))]))


def seconds(config: Config, raised: Mapping[Case, int], costs: Costs) -> float:
    """Return the predicted seconds of one core for cases with a number of replicates; it grows in proportion."""
    return sum(_case_seconds(config, case, number, costs) for case, number in raised.items())


def _case_seconds(config: Config, case: Case, number: int, costs: Costs) -> float:
    settings = config.settings_of(case)
    _, now = decidability.replicates(settings) or ("", 1)
    shard = "shard" if "shard0.nc" in settings.result_files() else "seeds"
    names = [shard] * settings.shards if settings.is_trained else []
    names += [rule.name for rule in settings.rules]
    each = (costs.of(f"{case.folder}/{name}", config).seconds for name in names)
    return sum(START + max(0.0, one - START) * number / now for one in each)
