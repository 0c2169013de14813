"""All of config.yaml: problems, experiments, figures, tables and claims.

``Config.cases`` has the full settings of every case; ``Config.job`` adds problem, target and activation in full, so
that a job knows everything that it depends on and nothing else.
"""

import fnmatch
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from rectified.errors import InvalidInputError, nearest
from rectified.formulas import activations
from rectified.formulas.activation import Activation
from reproduction.config import consistency_checks, problems
from reproduction.config.claims import Claim
from reproduction.config.errors import ConfigError
from reproduction.config.experiments import Case, Defaults, Experiment, Resolved, expanded
from reproduction.config.field_types import ActivationName, Count, Folder, Formula, Name, Positive, Strict, any_of
from reproduction.config.figures import Figure
from reproduction.config.job import Job
from reproduction.config.lazy_mapping import LazyMapping
from reproduction.config.tables import Table
from reproduction.config.target import Target
from reproduction.config.task import Task

CUSTOM, EVERY = "custom", "every"  # in a sweep of activations: those of config, and those of the registry with them
SCORECARDS = "scorecards"  # the document of the experiments that scorecards are made from

Problem = Annotated[
    any_of([Annotated[problems.model(name), Tag(name)] for name in problems.names()]),
    Discriminator(problems.equation_of),
]


class Scorecards(Strict):
    """One page for each activation, made from the experiments of document `scorecards`."""

    activations: list[ActivationName] = [EVERY]
    """Activations that target `scorecards` makes a page of; `custom` stands for all of `custom_activations`, `every`
    for these and the registry."""
    references: list[ActivationName] = []
    """Activations that errors are compared with and ranked among."""


class Config(Strict):
    """All of config.yaml, a tier's overlay merged in."""

    tier: Name
    """Name of the tier, stamped on figures and tables."""
    results: Folder = "results"
    """Folder of the results: `results`, or a folder in it."""
    threads: Count = 1
    """Threads of torch in every job; part of the numbers, so not taken from --cores."""
    checkpoint_seconds: Positive = 60.0
    """Seconds between two checkpoints of a long job."""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """Device of training and sampling; auto uses a GPU if there is one. Not part of a job: results stay valid."""
    memory: Positive = 16.0
    """Memory limit of a job in GiB; a job that would need more is rejected."""
    problems: dict[Name, Problem] = {}
    """Problems by name."""
    targets: dict[Name, Target] = {}
    """Functions to be learned by regression, by name."""
    custom_activations: dict[Name, Formula] | None = None
    """Activations by name, as formulas in x."""
    defaults: Defaults = Defaults()
    """Settings of all experiments of a task."""
    experiments: dict[Name, Experiment]
    """Experiments by name."""
    figures: dict[Name, dict[Name, Figure]] = {}
    """Document → figure."""
    tables: dict[Name, dict[Name, Table]] = {}
    """Document → table."""
    scorecards: Scorecards = Scorecards()
    """Activations that get a scorecard, and those they are compared with."""
    claims: dict[Name, dict[Name, Claim | None]] = {}
    """Document → published claim; none leaves a claim out of a tier."""

    @cached_property
    def cases(self) -> LazyMapping:
        """Experiment → case → its full settings; an experiment is resolved on first access.

        Raises:
            ConfigError: on access, if the settings of a case are not valid.
        """
        return LazyMapping(self.experiments, lambda name: self.resolved[name].cases)

    @cached_property
    def resolved(self) -> LazyMapping:
        """Experiment → its cases, and those that its sweep leaves out."""
        return LazyMapping(self.experiments, lambda name: self._resolve(name, self.experiments[name]))

    def _resolve(self, name: str, entry: Any) -> Resolved:
        """Split the cases of an experiment into those that can be and those of ``every`` that cannot."""
        found, every = Resolved({}, {}, {}), EVERY in entry.sweep.get("activation", [])
        for label, settings in expanded(name, entry, getattr(self.defaults, entry.task), self._swept):
            reason = self._why_not(settings) if every else ""
            (found.refused if reason else found.cases)[label] = settings
            if reason:
                found.reasons[label] = reason
        return found

    def _why_not(self, settings: Task) -> str:
        """The reason why a case is left out: it or a case that it reads cannot use its activation."""
        reason = consistency_checks.why_not(settings, self.activation(settings.activation))
        for name in [getattr(settings, "start", None), *getattr(settings, "of", [])]:
            experiment, _, case = (name or "").partition("/")
            if not reason and experiment in self.experiments:
                reason = self.resolved[experiment].reasons.get(case, "")
        return reason

    def activation(self, name: str) -> Activation:
        """Return the activation of that name.

        Raises:
            ConfigError: if there is none.
        """
        try:
            return activations.get(name, self.custom_activations)
        except InvalidInputError as error:
            raise ConfigError(str(error)) from None

    def _swept(self, key: str, values: list[Any]) -> list[Any]:
        """The values of a sweep; among activations ``custom`` and ``every`` stand for several."""
        return self.listed(values) if key == "activation" else values

    def listed(self, names: list[Any]) -> list[Any]:
        """Names of activations, each once, with ``custom`` and ``every`` replaced by the names they stand for."""
        custom = list(self.custom_activations or {})
        groups = {CUSTOM: custom, EVERY: [*activations.REGISTRY, *custom]}
        whole = [one for name in names for one in (groups.get(name, [name]) if isinstance(name, str) else [name])]
        return [one for index, one in enumerate(whole) if one not in whole[:index]]

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
        """The full settings of a case."""
        return self.cases[case.experiment][case.case]

    def grid_of(self, settings: Task) -> int:
        """Grid points of the target of a case; 0 if it has none."""
        target = getattr(settings, "target", None)
        return self.targets[target].size if target else 0

    def select(self, patterns: list[str]) -> list[Case]:
        """Return the cases that match ``experiment/case`` patterns, in the order of the patterns.

        Raises:
            ConfigError: if a pattern matches none.
        """
        selected: dict[Case, None] = {}
        for pattern in patterns:
            found = list(self._matching(*pattern.split("/")))
            if not found:
                names = [case.name for case in self.all_cases]
                raise ConfigError(f"{pattern!r} names no case of an experiment; {nearest(pattern, names)}")
            selected |= dict.fromkeys(found)
        return list(selected)

    def _matching(self, experiments: str, cases: str) -> Iterator[Case]:
        for experiment in fnmatch.filter(self.experiments, experiments):
            for case in fnmatch.filter(self.cases[experiment], cases):
                yield Case(self.experiments[experiment].document, experiment, case)

    @cached_property
    def all_cases(self) -> list[Case]:
        """Every case of every experiment."""
        return [
            Case(task.document, experiment, case)
            for experiment, tasks in self.cases.items()
            for case, task in tasks.items()
        ]

    @cached_property
    def decided_claims(self) -> dict[str, dict[str, Claim]]:
        """Document → claim → entry, without those left out of the tier."""
        kept = {document: {k: c for k, c in claims.items() if c} for document, claims in self.claims.items()}
        return {document: claims for document, claims in kept.items() if claims}

    def start_of(self, settings: Task) -> Case | None:
        """The case whose trained parameters a job starts from."""
        start = getattr(settings, "start", None)
        return self.select([start])[0] if start else None

    def read_cases(self, settings: Task) -> list[Case]:
        """The cases whose results a job reads: the one it starts from, and those it audits."""
        start = self.start_of(settings)
        return ([start] if start else []) + (self.select(settings.of) if hasattr(settings, "of") else [])
