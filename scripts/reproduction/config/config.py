"""The whole of config.yaml: problems, experiments, figures, tables and claims.

``Config.cases`` contains the full settings of every case. ``Config.job`` adds the problem, the target and the formula
of the activation, so that a job contains everything that it depends on and nothing else.
"""

import fnmatch
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from rectified.errors import InvalidInputError, nearest
from rectified.formulas import activations
from rectified.formulas.activation import Activation
from rectified.statistics.looks import LOOKS
from reproduction.config import problems
from reproduction.config.checks import consistency
from reproduction.config.errors import ConfigError
from reproduction.config.exhibits.claims import Claim, Looks
from reproduction.config.exhibits.figures import Figure
from reproduction.config.exhibits.tables import Table
from reproduction.config.experiments import Case, Defaults, Experiment, LazyMapping, Resolved, expand_cases
from reproduction.config.field_types import (
    ActivationName,
    Count,
    DistinctList,
    Folder,
    Formula,
    Name,
    Positive,
    Strict,
    any_of,
    section,
)
from reproduction.config.job import Job
from reproduction.config.target import Target
from reproduction.config.task import Task

CUSTOM, EVERY = "custom", "every"  # in a sweep of activations: those of config; these and the registry
SCORECARDS = "scorecards"  # document of the experiments behind the scorecards

Problem = Annotated[
    any_of([Annotated[problems.model(name), Tag(name)] for name in problems.names()]),
    Discriminator(problems.equation_of),
]


class Scorecards(Strict):
    """One page per activation, made from the experiments of document `scorecards`."""

    activations: DistinctList[ActivationName] = [EVERY]
    """Activations that get a page; `custom` stands for all of `custom_activations`, `every` for these and the
    registry."""
    references: DistinctList[ActivationName] = []
    """Activations whose errors are shown for comparison and ranking."""


class Config(Strict):
    """The whole of config.yaml, with the overlay of a tier merged in; null in an overlay removes an entry."""

    tier: Name
    """Name of the tier, stamped on figures and tables."""
    results: Folder = "results"
    """Folder of the results: `results` or a subfolder of it."""
    threads: Count = 1
    """Threads of torch in every job. They affect rounding and are therefore not taken from --cores."""
    checkpoint_seconds: Positive = 60.0
    """Seconds between two checkpoints of a long job."""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """Device of training and sampling; auto uses a GPU if there is one. A change does not invalidate results."""
    memory: Positive = 16.0
    """Memory limit of a job in GiB; jobs that need more are rejected."""
    looks: Looks = LOOKS
    """Sign tests of claims: by number of seeds, how many on one side of a threshold decide; fixed in advance."""
    undecidable_claims: Literal["rejected", "allowed"] = "rejected"
    """Claims that no outcome of the replicates can decide are rejected, or allowed where verdicts are not the aim."""
    problems: section(Problem) = {}
    """Problems by name."""
    targets: section(Target) = {}
    """Target functions of regressions, by name."""
    custom_activations: section(Formula) = {}
    """Activations by name, as formulas in x."""
    defaults: Defaults = Defaults()
    """Settings shared by all experiments of a task."""
    experiments: section(Experiment)
    """Experiments by name."""
    figures: section(section(Figure)) = {}
    """Document → figure."""
    tables: section(section(Table)) = {}
    """Document → table."""
    scorecards: Scorecards = Scorecards()
    """Activations with a scorecard, and those they are compared with."""
    claims: section(section(Claim)) = {}
    """Document → published claim."""

    @cached_property
    def cases(self) -> LazyMapping:
        """Experiment → case → full settings; each experiment is resolved on first access.

        Raises:
            ConfigError: on access, if the settings of a case are invalid.
        """
        return LazyMapping(self.experiments, lambda name: self.resolved[name].cases)

    @cached_property
    def resolved(self) -> LazyMapping:
        """Experiment → its cases, and the cases that its sweep skips."""
        return LazyMapping(self.experiments, lambda name: self._resolve(name, self.experiments[name]))

    def _resolve(self, name: str, entry: Any) -> Resolved:
        """Return the cases of an experiment; a sweep over ``every`` refuses those with an unsuitable activation."""
        found, every = Resolved({}, {}, {}), EVERY in entry.sweep.get("activation", [])
        for label, settings in expand_cases(name, entry, getattr(self.defaults, entry.task), self._sweep_values):
            reason = self._rejection_reason(settings) if every else ""
            (found.refused if reason else found.cases)[label] = settings
            if reason:
                found.reasons[label] = reason
        return found

    def _rejection_reason(self, settings: Task) -> str:
        """Return why the activation of a case does not suit it or a case that it reads; empty if it suits them."""
        reason = consistency.rejection_reason(settings, self.activation(settings.activation))
        for name in [getattr(settings, "start", None), *getattr(settings, "of", [])]:
            experiment, _, case = (name or "").partition("/")
            if not reason and experiment in self.experiments:
                reason = self.resolved[experiment].reasons.get(case, "")
        return reason

    def activation(self, name: str) -> Activation:
        """Return the activation of a name.

        Raises:
            ConfigError: if the name is unknown.
        """
        try:
            return activations.get(name, self.custom_activations)
        except InvalidInputError as error:
            raise ConfigError(str(error)) from None

    def _sweep_values(self, key: str, values: list[Any]) -> list[Any]:
        """Return the values of a sweep; those of activations may contain ``custom`` and ``every``."""
        return self.expand_activations(values) if key == "activation" else values

    def expand_activations(self, names: list[Any]) -> list[Any]:
        """Return names of activations, without duplicates, with ``custom`` and ``every`` replaced by their members."""
        custom = list(self.custom_activations)
        groups = {CUSTOM: custom, EVERY: [*activations.REGISTRY, *custom]}
        expanded = [one for name in names for one in (groups.get(name, [name]) if isinstance(name, str) else [name])]
        return [one for index, one in enumerate(expanded) if one not in expanded[:index]]

    def job(self, experiment: str, case: str) -> Job:
        """Return the job of one case."""
        settings = self.cases[experiment][case]
        problem, target, activation = (getattr(settings, key, None) for key in ("problem", "target", "activation"))
        return Job(
            tier=self.tier,
            threads=self.threads,
            experiment=experiment,
            case=case,
            settings=settings,
            problem=self.problems[problem] if problem else None,
            target=self.targets[target] if target else None,
            formula=self.activation(activation).formula if activation else None,
        )

    def settings_of(self, case: Case) -> Task:
        """Return the full settings of a case."""
        return self.cases[case.experiment][case.case]

    def grid_of(self, settings: Task) -> int:
        """Return the number of grid points of the target of a case; 0 if it has no target."""
        target = getattr(settings, "target", None)
        return self.targets[target].size if target else 0

    def select(self, patterns: list[str]) -> list[Case]:
        """Return the cases that match ``experiment/case`` patterns, in the order of the patterns.

        Raises:
            ConfigError: if a pattern matches no case.
        """
        selected: dict[Case, None] = {}
        for pattern in patterns:
            found = list(self._matching(*pattern.split("/")))
            if not found:
                names = [case.name for case in self.all_cases]
                raise ConfigError(f"{pattern!r} matches no case; {nearest(pattern, names)}")
            selected |= dict.fromkeys(found)
        return list(selected)

    def _matching(self, experiments: str, cases: str) -> Iterator[Case]:
        for experiment in fnmatch.filter(self.experiments, experiments):
            for case in fnmatch.filter(self.cases[experiment], cases):
                yield Case(self.experiments[experiment].document, experiment, case)

    @cached_property
    def all_cases(self) -> list[Case]:
        """All cases of all experiments."""
        return [
            Case(task.document, experiment, case)
            for experiment, tasks in self.cases.items()
            for case, task in tasks.items()
        ]

    def start_of(self, settings: Task) -> Case | None:
        """Return the case whose trained parameters a job starts from, if any."""
        start = getattr(settings, "start", None)
        return self.select([start])[0] if start else None

    def read_cases(self, settings: Task) -> list[Case]:
        """Return the cases whose results a job reads: the case that it starts from, and the cases that it audits."""
        start = self.start_of(settings)
        return ([start] if start else []) + (self.select(settings.of) if hasattr(settings, "of") else [])
