"""Checks of a config beyond single entries: formulas, references and combinations."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.errors import InvalidInputError, nearest
from rectified.formulas import activations
from rectified.formulas.activation import Activation, check_power
from reproduction.config import error_messages
from reproduction.config.checks import decidability
from reproduction.config.checks.formulas import check_activation, limit_cpu_time
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Claim, Part
from reproduction.config.exhibits.entry import Exhibit
from reproduction.config.experiments import Case
from reproduction.config.task import Task

SECONDS_PER_ENTRY = 20.0  # CPU time


def check(config: Any) -> None:
    """Check the entries of a ``Config`` against each other.

    Raises:
        ConfigError: for the first invalid entry; the message begins with its key.
    """
    for entries in (_problems, _targets, _custom_activations, _cases, _scorecards, _exhibits, _claims):
        for where, check_entry in entries(config):
            with _checking(where):
                check_entry()


@contextmanager
def _checking(where: str) -> Iterator[None]:
    """Prefix errors with a key, and limit the time of the check."""
    with error_messages.prefixed(where), limit_cpu_time(SECONDS_PER_ENTRY, "checking the formula"):
        yield


Checks = Iterator[tuple[str, Callable[[], Any]]]


def _problems(config: Any) -> Checks:
    for name, entry in config.problems.items():
        yield f"problems.{name}", entry.check


def _targets(config: Any) -> Checks:
    for name, target in config.targets.items():
        yield f"targets.{name}", target.check


def _custom_activations(config: Any) -> Checks:
    reserved = (*activations.REGISTRY, "custom", "every", "scorecards")
    for name, formula in config.custom_activations.items():
        if name in reserved or check_power(name):
            raise ConfigError(f"custom_activations.{name}: this name is reserved; choose another")
        yield (
            f"custom_activations.{name}",
            lambda name=name, formula=formula: check_activation(Activation(name, formula)),
        )


def _cases(config: Any) -> Checks:
    for experiment, tasks in config.cases.items():
        for case, settings in tasks.items():
            where = f"experiments.{experiment} (case {case})"
            yield where, lambda settings=settings: _check_case(config, settings)


def _scorecards(config: Any) -> Checks:
    for key in ("activations", "references"):
        names = config.expand_activations(getattr(config.scorecards, key))
        yield f"scorecards.{key}", lambda names=names: [config.activation(name) for name in names]


def _exhibits(config: Any) -> Checks:
    for kind, groups in (("figures", config.figures), ("tables", config.tables)):
        for document, entries in groups.items():
            for name, entry in entries.items():
                yield f"{kind}.{document}.{name}", lambda entry=entry: _check_exhibit(config, entry)


def _claims(config: Any) -> Checks:
    for document, claims in config.claims.items():
        for name, claim in claims.items():
            yield f"claims.{document}.{name}", lambda claim=claim: _check_claim(config, claim)


def _check_case(config: Any, settings: Task) -> None:
    _check_problem(settings, config.problems)
    _check_target(settings, config.targets)
    if getattr(settings, "activation", None):
        settings.check_activation(config.activation(settings.activation))
    if start := config.start_of(settings):
        if _leads_back(config, start):
            raise ConfigError(f"start must not lead back to the case itself; got {settings.start!r}")
        settings.check_start(config.settings_of(start))
    for case in config.select(getattr(settings, "of", [])):
        _check_audited(config.settings_of(case), case.name)


def _leads_back(config: Any, start: Case) -> bool:
    chain = [start]
    while (before := config.start_of(config.settings_of(chain[-1]))) is not None:
        if before in chain:
            return True
        chain.append(before)
    return False


def rejection_reason(settings: Task, activation: Activation) -> str:
    """Return why a sweep over all activations skips one; empty if it does not."""
    try:
        settings.check_activation(activation)
    except (ConfigError, InvalidInputError) as error:
        return str(error)
    if settings.needs_kinks and not activation.kinks:
        return f"activation {settings.activation!r} is smooth: there are no kinks to follow"
    return ""


def _check_problem(settings: Task, problems: Any) -> None:
    """Reject an unknown problem, and a problem that the task cannot solve."""
    name = getattr(settings, "problem", None)
    if name is None:
        return
    usable = [known for known, problem in problems.items() if problem.equation in settings.equations]
    if name not in problems:
        raise ConfigError(f"unknown problem {name!r}; {nearest(name, usable)}")
    if name not in usable:
        raise ConfigError(
            f"problem {name!r} has equation {problems[name].equation!r}; task {settings.task!r} solves "
            f"{' or '.join(map(repr, settings.equations))}"
        )
    problems[name].check_task(settings)
    settings.check_problem(name, problems[name])


def _check_target(settings: Task, targets: Any) -> None:
    """Reject an unknown target, and a batch larger than its grid."""
    name = getattr(settings, "target", None)
    if name is None:
        return
    if name not in targets:
        raise ConfigError(f"unknown target {name!r}; {nearest(name, targets)}")
    if (getattr(settings, "batch", None) or 0) > targets[name].size:
        raise ConfigError(
            f"batch must be at most {targets[name].size}, the points of target {name!r}; got {settings.batch}"
        )


def _check_audited(settings: Task, name: str) -> None:
    """Reject an audit of a case whose task has no auditor."""
    if not settings.is_audited:
        allowed = sorted(task for task, model in Task.registered.items() if model.is_audited)
        raise ConfigError(
            f"case {name!r} has task {settings.task!r}, which cannot be audited; allowed: {', '.join(allowed)}"
        )


def _check_exhibit(config: Any, entry: Exhibit) -> None:
    """Reject cases that a family cannot show, alone or in combination."""
    cases = config.select(entry.data)
    family = f"family {entry.family!r}"
    for case in cases:
        if config.settings_of(case).task not in entry.shows:
            raise ConfigError(
                f"{family} shows cases of task {' or '.join(map(repr, entry.shows))}; "
                f"'{case.name}' has task {config.settings_of(case).task!r}"
            )
    if entry.one_case and len(cases) != 1:
        raise ConfigError(f"{family} shows one case; got {len(cases)}")
    shown = [config.settings_of(case) for case in cases]
    _check_common(entry, shown)
    for settings in shown:
        _check_shown(config, entry, settings)


def _check_common(entry: Exhibit, shown: Sequence[Task]) -> None:
    for key, must_agree in (("problem", entry.one_problem), ("target", entry.one_target)):
        values = sorted({getattr(settings, key) for settings in shown if getattr(settings, key, None)})
        if must_agree and len(values) > 1:
            raise ConfigError(f"family {entry.family!r} shows one {key}; got {', '.join(map(repr, values))}")


def _check_shown(config: Any, entry: Exhibit, settings: Task) -> None:
    family = f"family {entry.family!r}"
    target = getattr(settings, "target", None)
    axes = len(config.targets[target].domain) if target else entry.axes[0]
    if axes not in entry.axes:
        allowed = " or ".join(map(str, entry.axes))
        raise ConfigError(f"{family} shows targets of {allowed} variables; {target!r} has {axes}")
    if entry.equations and (equation := config.problems[settings.problem].equation) not in entry.equations:
        allowed = " or ".join(map(repr, entry.equations))
        raise ConfigError(f"{family} shows problems of equation {allowed}; {settings.problem!r} has {equation!r}")
    if entry.architectures and settings.architecture not in entry.architectures:
        allowed = " or ".join(map(repr, entry.architectures))
        raise ConfigError(f"{family} shows architecture {allowed}; got {settings.architecture!r}")
    if entry.critical_units and not settings.in_critical_units:
        raise ConfigError(f"{family} shows cases with in_critical_units: true; got false")
    if entry.fixed_point_at_zero and not EffectiveTheory(config.activation(settings.activation)).slope_at_zero:
        raise ConfigError(
            f"{family} requires an activation with σ(0) = 0 and a nonzero slope at 0; got {settings.activation!r}"
        )


def _check_claim(config: Any, claim: Claim) -> None:
    for part in claim.parts:
        for case in config.select(part.cases):
            _check_selection(config, part, config.settings_of(case))
    shown = [
        f"{document}/{name}"
        for group in (config.figures, config.tables)
        for document in group
        for name in group[document]
    ]
    if claim.figure and claim.figure not in shown:
        raise ConfigError(f"unknown figure {claim.figure!r}; {nearest(claim.figure, shown)}")
    if config.undecidable_claims == "rejected":
        decidability.check(config, claim)


def _check_selection(config: Any, part: Part, settings: Task) -> None:
    """Reject coordinates of a case that an audit does not contain."""
    if settings.task != "audit":
        return
    audited = [case.name for case in config.select(settings.of)]
    places = [place["case"] for place in part.places if "case" in place]
    for name in (name for place in places for name in (place if isinstance(place, list) else [place])):
        if str(name).split(",")[0] not in audited:
            raise ConfigError(f"case {name!r} is not audited by {part.of!r}; {nearest(str(name), audited)}")
