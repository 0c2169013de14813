"""All of config.yaml: experiments in layers, figures and tables, and the checks that go beyond single entries.

An experiment is a set of settings of one task. Its cases and its sweep say in what its jobs differ;
``Config.job`` merges the layers (defaults of the task, experiment, case, sweep) and puts problems and
activations in full, so that a job knows everything that it depends on and nothing else.
"""

import fnmatch
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from rectified.errors import InvalidInputError, nearest
from rectified.formulas import activations
from rectified.formulas.activations import Activation
from reproduction.config import consistency_checks
from reproduction.config.claims import Claim, Part
from reproduction.config.collocation_tasks import Audit
from reproduction.config.error_messages import validated
from reproduction.config.errors import ConfigError, one_line
from reproduction.config.exhibits import Exhibit, Figure, Table
from reproduction.config.field_types import (
    ITS_ACTIVATION,
    ActivationName,
    Count,
    Folder,
    Formula,
    Name,
    Positive,
    Strict,
    Task,
    one_of,
)
from reproduction.config.job import TASKS, Job
from reproduction.config.lazy_mapping import OnDemand
from reproduction.config.problems import Problem, Target
from reproduction.config.time_limit import at_most

CUSTOM, EVERY = "custom", "every"  # in a sweep of activations: those of config, and those of the registry with them
SCORECARDS = "scorecards"  # the document of the experiments that scorecards are made from
SECONDS_PER_ENTRY = 20.0


class Made(Strict):
    """The base of models made here, whose docstrings are not in any source that could be searched for them."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _partial(model: type[Task]) -> type[BaseModel]:
    """The model with every setting optional: what an experiment or a case may say."""
    fields = {
        name: (
            Annotated[field.annotation, Field(), *field.metadata] | None,
            Field(None, description=field.description),
        )
        for name, field in model.model_fields.items()
        if name not in ("task", "document")
    }
    return create_model(f"{model.__name__}Settings", __base__=Made, __doc__=model.__doc__, **fields)


def _entry(model: type[Task], settings: type[BaseModel]) -> type[BaseModel]:
    """The model of an experiment: settings that all its jobs share, and its cases."""
    return create_model(
        f"{model.__name__}Experiment",
        __base__=settings,
        __doc__=model.__doc__,
        task=(Literal[model.model_fields["task"].default], ...),
        document=(Name, ...),
        cases=(dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.]*$")], settings | None], Field({})),
        sweep=(dict[str, list[Any]], Field({})),
    )


SETTINGS = {name: _partial(model) for name, model in TASKS.items()}
ENTRIES = {name: _entry(model, SETTINGS[name]) for name, model in TASKS.items()}
Entry = one_of(ENTRIES.values(), "task")
Defaults = create_model(
    "Defaults", __base__=Made, **{name: (settings, settings()) for name, settings in SETTINGS.items()}
)


class Case(NamedTuple):
    """One job of an experiment, by the names in its path."""

    document: str
    experiment: str
    case: str

    @property
    def folder(self) -> str:
        return "/".join(self)


class Resolved(NamedTuple):
    """The jobs of an experiment, by the name of the case.

    Attributes:
        cases: the full settings of each.
        refused: settings of those that a sweep over ``every`` leaves out, as the task cannot take their activation.
        reasons: why, of each of those.
    """

    cases: dict[str, Task]
    refused: dict[str, Task]
    reasons: dict[str, str]


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
    """Where results go: `results`, or a folder in it."""
    threads: Count = 1
    """Threads of torch in every job; part of the numbers, so not taken from --cores."""
    checkpoint_seconds: Positive = 60.0
    """Seconds between two checkpoints of a long job."""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """Where training and sampling compute; auto takes a GPU where there is one. Not part of a job: results stay."""
    memory: Positive = 16.0
    """Memory that one job may take, in GiB; a job that would need more is refused."""
    problems: dict[Name, Problem] = {}
    """Problems by name."""
    targets: dict[Name, Target] = {}
    """Functions to be learned by regression, by name."""
    custom_activations: dict[Name, Formula] | None = None
    """Activations by name, as formulas in x."""
    defaults: Defaults = Defaults()
    """Settings of all experiments of a task."""
    experiments: dict[Name, Entry]
    """Experiments by name."""
    figures: dict[Name, dict[Name, Figure]] = {}
    """Document → figure."""
    tables: dict[Name, dict[Name, Table]] = {}
    """Document → table."""
    scorecards: Scorecards = Scorecards()
    """What scorecards are made of, and what they compare with."""
    claims: dict[Name, dict[Name, Claim | None]] = {}
    """Document → published claim; none leaves a claim out of a tier."""

    @cached_property
    def cases(self) -> OnDemand:
        """Experiment → case → its full settings, each experiment when it is first asked for.

        Raises:
            ConfigError: on access, if the settings of a case are not usable.
        """
        return OnDemand(self.experiments, lambda name: self.resolved[name].cases)

    @cached_property
    def resolved(self) -> OnDemand:
        """Experiment → its cases, and those that it cannot have."""
        return OnDemand(self.experiments, lambda name: self._resolve(name, self.experiments[name]))

    def _resolve(self, name: str, entry: BaseModel) -> Resolved:
        """All cases of an experiment; those of ``every`` that cannot be apart."""
        found, whole = Resolved({}, {}, {}), EVERY in entry.sweep.get("activation", [])
        for label, settings in self._labelled(name, entry):
            reason = self._why_not(settings) if whole else ""
            (found.refused if reason else found.cases)[label] = settings
            if reason:
                found.reasons[label] = reason
        return found

    def _why_not(self, settings: Task) -> str:
        """Why a case cannot be with its activation: the task cannot take it, or the case that it looks at cannot be."""
        reason = consistency_checks.why_not(settings, self.activation(settings.activation))
        for name in [getattr(settings, "start", None), *getattr(settings, "of", [])]:
            experiment, _, case = (name or "").partition("/")
            if not reason and experiment in self.experiments:
                reason = self.resolved[experiment].reasons.get(case, "")
        return reason

    def activation(self, name: str) -> Activation:
        """The activation of that name.

        Raises:
            ConfigError: if there is none.
        """
        return activations.get(name, self.custom_activations)

    def _labelled(self, name: str, entry: BaseModel) -> Iterator[tuple[str, Task]]:
        task = entry.task
        base = _given(getattr(self.defaults, task)) | _given(entry)
        base = {key: value for key, value in base.items() if key not in ("cases", "sweep")}
        order = [key for key in TASKS[task].model_fields if key in entry.sweep]  # whichever layer names a key first
        sweep = {key: entry.sweep[key] for key in dict.fromkeys([*order, *entry.sweep])}
        seen = set()
        cases = {case_name: case for case_name, case in entry.cases.items() if case is not None}
        for case_name, case in (cases if entry.cases else {"": None}).items():
            for values in itertools.product(*(self._swept(*item) for item in sweep.items())):
                swept = dict(zip(sweep, values))
                label = "-".join(filter(None, [case_name, *(_slug(*item) for item in swept.items())])) or "default"
                where = f"experiments.{name}" + ("" if label == "default" else f" (case {label})")
                if label in seen:
                    raise ConfigError(f"{where}: two cases have this name")
                if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,119}", label):
                    raise ConfigError(f"{where}: this sweep gives no usable name; name its values with `cases` instead")
                seen.add(label)
                overrides = _given(case) if case else {}
                with _named(where):
                    merged = _referring(base | overrides | swept)
                yield label, validated(TASKS[task], merged, where)

    def _swept(self, key: str, values: list[Any]) -> list[Any]:
        """The values of a sweep; among activations ``custom`` and ``every`` stand for those of config, and for all."""
        return self.listed(values) if key == "activation" else values

    def listed(self, names: list[Any]) -> list[Any]:
        """Names of activations, each once, with what ``custom`` and ``every`` among them stand for."""
        custom = list(self.custom_activations or {})
        groups = {CUSTOM: custom, EVERY: [*activations.REGISTRY, *custom]}
        whole = [one for name in names for one in (groups.get(name, [name]) if isinstance(name, str) else [name])]
        return [one for index, one in enumerate(whole) if one not in whole[:index]]

    def job(self, experiment: str, case: str) -> Job:
        """What the job of one case is told."""
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

    def grid_of(self, settings: Task) -> int:
        """Grid points of the target that a case learns; 0 if it learns none."""
        target = getattr(settings, "target", None)
        return self.targets[target].size if target else 0

    def select(self, patterns: list[str]) -> list[Case]:
        """The cases that match ``experiment/case`` patterns, in the order of the patterns.

        Raises:
            ConfigError: if a pattern matches none.
        """
        selected: dict[Case, None] = {}
        for pattern in patterns:
            found = list(self._matching(*pattern.split("/")))
            if not found:
                names = [f"{case.experiment}/{case.case}" for case in self.all_cases]
                raise ConfigError(f"{pattern!r} names no case of an experiment; {nearest(pattern, names)}")
            selected |= dict.fromkeys(found)
        return list(selected)

    def _matching(self, experiments: str, cases: str) -> Iterator[Case]:
        for experiment in fnmatch.filter(self.experiments, experiments):
            for case in fnmatch.filter(self.cases[experiment], cases):
                yield Case(self.experiments[experiment].document, experiment, case)

    @cached_property
    def all_cases(self) -> list[Case]:
        return [
            Case(task.document, experiment, case)
            for experiment, tasks in self.cases.items()
            for case, task in tasks.items()
        ]

    @cached_property
    def decided_claims(self) -> dict[str, dict[str, Claim]]:
        """Document → claim → entry, without those left out."""
        kept = {document: {k: c for k, c in claims.items() if c} for document, claims in self.claims.items()}
        return {document: claims for document, claims in kept.items() if claims}

    def start_of(self, settings: Task) -> Case | None:
        """The case whose trained parameters a job starts from."""
        start = getattr(settings, "start", None)
        return self.select([start])[0] if start else None

    def check(self) -> "Config":
        """Check what goes beyond single entries: formulas, references, combinations.

        Raises:
            ConfigError: for the first thing found, with the key that it is about.
        """
        for name, problem in self.problems.items():
            with _located(f"problems.{name}"):
                consistency_checks.check_problem_entry(problem)
        for name, target in self.targets.items():
            with _located(f"targets.{name}"):
                target.check()
        for name, formula in (self.custom_activations or {}).items():
            taken = (*activations.REGISTRY, CUSTOM, EVERY, SCORECARDS)
            if name in taken or activations.check_power(name):
                raise ConfigError(f"custom_activations.{name}: this name is taken by the registry; choose another")
            with _located(f"custom_activations.{name}"):
                _ = Activation(name, formula).kinks
        for experiment, tasks in self.cases.items():
            for case, settings in tasks.items():
                with _located(f"experiments.{experiment} (case {case})"):
                    self._check_case(settings)
        for key in ("activations", "references"):
            with _located(f"scorecards.{key}"):
                for name in self.listed(getattr(self.scorecards, key)):
                    self.activation(name)
        for kind, groups in (("figures", self.figures), ("tables", self.tables)):
            for document, entries in groups.items():
                for name, entry in entries.items():
                    with _located(f"{kind}.{document}.{name}"):
                        self._check_exhibit(entry)
        for document, claims in self.decided_claims.items():
            for name, claim in claims.items():
                with _located(f"claims.{document}.{name}"):
                    self._check_claim(claim)
        return self

    def _check_exhibit(self, entry: Exhibit) -> None:
        cases = self.select(entry.data)
        for case in cases:
            task = self.cases[case.experiment][case.case]
            if task.task not in entry.shows:
                raise ConfigError(
                    f"family {entry.family!r} shows cases of task {' or '.join(map(repr, entry.shows))}; "
                    f"'{case.experiment}/{case.case}' is of another task"
                )
        if entry.one_case and len(cases) != 1:
            raise ConfigError(f"family {entry.family!r} shows one case; {len(cases)} are given")
        tasks = [self.cases[case.experiment][case.case] for case in cases]
        consistency_checks.check_exhibit(entry, tasks, self.targets, self.problems, self.custom_activations)

    def _check_claim(self, claim: Claim) -> None:
        for part in claim.parts:
            for case in self.select(part.cases):
                self._check_selection(part, self.cases[case.experiment][case.case])
        shown = [
            f"{document}/{name}"
            for group in (self.figures, self.tables)
            for document in group
            for name in group[document]
        ]
        if claim.figure and claim.figure not in shown:
            raise ConfigError(f"unknown figure {claim.figure!r}; {nearest(claim.figure, shown)}")

    def _check_selection(self, part: Part, settings: Task) -> None:
        """Refuse to read of an audit what it does not audit."""
        if isinstance(settings, Audit):
            audited = [f"{case.experiment}/{case.case}" for case in self.select(settings.of)]
            places = [place["case"] for place in part.places if "case" in place]
            for name in (name for place in places for name in (place if isinstance(place, list) else [place])):
                if str(name).split(",")[0] not in audited:
                    raise ConfigError(f"case {name!r} is not audited by {part.of!r}; {nearest(str(name), audited)}")

    def _check_case(self, settings: Task) -> None:
        consistency_checks.check_problem(settings, self.problems)
        consistency_checks.check_target(settings, self.targets)
        consistency_checks.check_memory(settings, self.grid_of(settings), self.memory)
        if getattr(settings, "activation", None):
            consistency_checks.check_activation(settings, self.activation(settings.activation))
        start = self.start_of(settings)
        if start:
            origin = self.cases[start.experiment][start.case]
            consistency_checks.check_start(settings, origin, lambda: self._leads_back(start))
        if isinstance(settings, Audit):
            for case in self.select(settings.of):
                consistency_checks.check_audited(
                    self.cases[case.experiment][case.case], f"{case.experiment}/{case.case}"
                )

    def _leads_back(self, start: Case) -> bool:
        chain = [start]
        while (before := self.start_of(self.cases[chain[-1].experiment][chain[-1].case])) is not None:
            if before in chain:
                return True
            chain.append(before)
        return False


def load(raw: dict, checked: bool = False) -> Config:
    """Validate a whole config.

    Args:
        checked: whether formulas, references and combinations are known to be right, as in the jobs of a run.

    Raises:
        ConfigError: in one sentence: which key, what was given, what is allowed.
    """
    try:
        config = validated(Config, raw, "")
        return config if checked else config.check()
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(one_line(str(error))) from None


def schema() -> str:
    """The JSON schema of config.yaml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _given(model: BaseModel) -> dict[str, Any]:
    """The settings that were written down, with ``task`` left out."""
    return {name: getattr(model, name) for name in model.model_fields_set if name != "task"}


def _referring(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings in which ``start`` and ``of`` name the cases of the activation that they speak of."""
    activation = settings.get("activation")
    named = {key: settings[key] for key in ("start", "of") if ITS_ACTIVATION in str(settings.get(key))}
    if named and activation is None:
        raise ConfigError(f"{next(iter(named))}: {ITS_ACTIVATION} stands for the setting activation; there is none")

    def filled(name: str) -> str:
        return name.replace(ITS_ACTIVATION, activation)

    return settings | {key: filled(v) if isinstance(v, str) else list(map(filled, v)) for key, v in named.items()}


def _slug(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{key}{value:g}" if isinstance(value, float) else f"{key}{value}"


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Put the key that an error is about in front of it; refuse an entry that cannot be checked in reasonable time."""
    with _named(where), at_most(SECONDS_PER_ENTRY, "to find its kinks and check it"):
        yield


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Put the key that an error is about in front of it."""
    try:
        yield
    except (ConfigError, InvalidInputError) as error:
        raise ConfigError(f"{where}: {error}") from None
