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

import numpy as np
from pydantic import BaseModel, Field, StringConstraints, create_model

from rectified import activations, expressions
from rectified.activations import Activation
from rectified.errors import ConfigError, nearest
from rectified.exhibits import Exhibit, Figure, Table
from rectified.messages import validated
from rectified.spec import (
    TASKS,
    Count,
    Folder,
    Formula,
    GradientErrors,
    Job,
    Landscape,
    Name,
    Positive,
    Problem,
    RitzTask,
    RitzTraining,
    Strict,
    Task,
)


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
    return create_model(f"{model.__name__}Settings", __base__=Strict, __doc__=model.__doc__, **fields)


def _entry(model: type[Task]) -> type[BaseModel]:
    settings = _partial(model)
    return create_model(
        f"{model.__name__}Experiment",
        __base__=settings,
        __doc__=model.__doc__,
        task=(Literal[model.model_fields["task"].default], ...),
        document=(Name, ...),
        cases=(dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.]*$")], settings], Field({})),
        sweep=(dict[str, list[Any]], Field({})),
    )


SETTINGS = {name: _partial(model) for name, model in TASKS.items()}
ENTRIES = {name: _entry(model) for name, model in TASKS.items()}
Entry = Annotated[
    ENTRIES["ritz"] | ENTRIES["gradient_errors"] | ENTRIES["feature"] | ENTRIES["landscape"],
    Field(discriminator="task"),
]
Defaults = create_model(
    "Defaults", __base__=Strict, **{name: (settings, settings()) for name, settings in SETTINGS.items()}
)


class Case(NamedTuple):
    """One job of an experiment, by the names in its path."""

    document: str
    experiment: str
    case: str

    @property
    def folder(self) -> str:
        return "/".join(self)


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
    problems: dict[Name, Problem]
    """Problems by name."""
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

    @cached_property
    def cases(self) -> dict[str, dict[str, Task]]:
        """Experiment → case → its full settings.

        Raises:
            ConfigError: if the settings of a case are not usable.
        """
        return {name: dict(self._resolve(name, entry)) for name, entry in self.experiments.items()}

    def _resolve(self, name: str, entry: BaseModel) -> Iterator[tuple[str, Task]]:
        task = entry.task
        base = _given(getattr(self.defaults, task)) | _given(entry)
        base = {key: value for key, value in base.items() if key not in ("cases", "sweep")}
        seen = set()
        for case_name, case in (entry.cases or {"": None}).items():
            for values in itertools.product(*entry.sweep.values()):
                swept = dict(zip(entry.sweep, values))
                label = "-".join(filter(None, [case_name, *(_slug(*item) for item in swept.items())])) or "default"
                where = f"experiments.{name}" + ("" if label == "default" else f" (case {label})")
                if label in seen:
                    raise ConfigError(f"{where}: two cases have this name")
                if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]*", label):
                    raise ConfigError(f"{where}: this sweep gives no usable name; name its values with `cases` instead")
                seen.add(label)
                overrides = _given(case) if case else {}
                yield label, validated(TASKS[task], base | overrides | swept, where)

    def job(self, experiment: str, case: str) -> Job:
        """What the job of one case is told."""
        settings = self.cases[experiment][case]
        problem = getattr(settings, "problem", None)
        activation = activations.get(settings.activation, self.custom_activations)
        return Job(
            tier=self.tier,
            threads=self.threads,
            experiment=experiment,
            case=case,
            settings=settings,
            problem=self.problems[problem] if problem else None,
            formula=activation.formula,
        )

    def select(self, patterns: list[str]) -> list[Case]:
        """The cases that match ``experiment/case`` patterns, in the order of the patterns.

        Raises:
            ConfigError: if a pattern matches none.
        """
        selected: dict[Case, None] = {}
        for pattern in patterns:
            found = [case for case in self.all_cases if fnmatch.fnmatchcase(f"{case.experiment}/{case.case}", pattern)]
            if not found:
                names = [f"{case.experiment}/{case.case}" for case in self.all_cases]
                raise ConfigError(f"{pattern!r} names no case of an experiment; {nearest(pattern, names)}")
            selected |= dict.fromkeys(found)
        return list(selected)

    @cached_property
    def all_cases(self) -> list[Case]:
        return [
            Case(task.document, experiment, case)
            for experiment, tasks in self.cases.items()
            for case, task in tasks.items()
        ]

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
                problem.build()
        for name, formula in (self.custom_activations or {}).items():
            if name in activations.REGISTRY:
                raise ConfigError(f"custom_activations.{name}: this name is taken by the registry; choose another")
            with _located(f"custom_activations.{name}"):
                _ = Activation(name, formula).kinks
        for experiment, tasks in self.cases.items():
            for case, settings in tasks.items():
                with _located(f"experiments.{experiment} (case {case})"):
                    self._check_case(settings)
        for kind, groups in (("figures", self.figures), ("tables", self.tables)):
            for document, entries in groups.items():
                for name, entry in entries.items():
                    with _located(f"{kind}.{document}.{name}"):
                        self._check_exhibit(entry)
        return self

    def _check_exhibit(self, entry: Exhibit) -> None:
        cases = self.select(entry.data)
        for case in cases:
            task = self.cases[case.experiment][case.case]
            if not isinstance(task, TASKS[entry.shows]):
                raise ConfigError(
                    f"family {entry.family!r} shows cases of task {entry.shows!r}; "
                    f"'{case.experiment}/{case.case}' is of another task"
                )
        problems = {getattr(self.cases[case.experiment][case.case], "problem", None) for case in cases}
        if entry.one_problem and len(problems) > 1:
            raise ConfigError(f"family {entry.family!r} shows one problem; {sorted(problems)} are given")
        if entry.one_case and len(cases) != 1:
            raise ConfigError(f"family {entry.family!r} shows one case; {len(cases)} are given")

    def _check_case(self, settings: Task) -> None:
        activation = activations.get(settings.activation, self.custom_activations)
        if not isinstance(settings, RitzTask):
            return
        if settings.problem not in self.problems:
            raise ConfigError(f"unknown problem {settings.problem!r}; {nearest(settings.problem, self.problems)}")
        check_distance(settings.distance, self.problems[settings.problem].domain)
        moving = getattr(settings, "gradient", None) == "kink_aware" or isinstance(
            settings, (GradientErrors, Landscape)
        )
        if moving and settings.hidden_layers > 1 and activation.kinks and not activation.is_piecewise_linear:
            raise ConfigError(
                f"kinks of a network with hidden_layers {settings.hidden_layers} can be located for piecewise linear "
                f"or smooth activations; {settings.activation!r} is neither"
            )
        if activation.kinks and activation.kinks[0].order == 0:
            raise ConfigError(f"activation {settings.activation!r} jumps: û would have no finite energy")
        start = self.start_of(settings)
        if start:
            self._check_start(settings, start)

    def _check_start(self, settings: RitzTask, start: Case) -> None:
        origin = self.cases[start.experiment][start.case]
        chain = [start]
        while (before := self.start_of(self.cases[chain[-1].experiment][chain[-1].case])) is not None:
            if before in chain:
                raise ConfigError(f"start {settings.start!r} leads back to itself")
            chain.append(before)
        if not isinstance(origin, RitzTraining):
            raise ConfigError(f"start {settings.start!r} is not a trained network")
        for key in ("width", "hidden_layers", "seeds", "activation"):
            mine, theirs = getattr(settings, key), getattr(origin, key)
            if mine != theirs:
                raise ConfigError(f"{key} is {mine!r}, but the start {settings.start!r} has {theirs!r}")
        if isinstance(settings, Landscape):
            parameters = settings.parameters
            for plane in settings.planes:
                if max(plane) > parameters or plane[0] == plane[1]:
                    raise ConfigError(f"plane {list(plane)} must be two different numbers from 1 to {parameters}")


def check_distance(formula: str, domain: tuple[float, float]) -> None:
    """Refuse a distance function that is not zero at both ends of the domain."""
    left, right = domain
    values = abs(expressions.sample(expressions.parse(formula), np.linspace(left, right, 101)))
    if not max(values[0], values[-1]) <= 1e-12 * values.max():
        raise ConfigError(f"distance {formula!r} must be zero at both ends of {list(domain)}")


def load(raw: dict) -> Config:
    """Validate a whole config.

    Raises:
        ConfigError: in one sentence: which key, what was given, what is allowed.
    """
    return validated(Config, raw, "").check()


def schema() -> str:
    """The JSON schema of config.yaml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _given(model: BaseModel) -> dict[str, Any]:
    """The settings that were written down, with ``task`` left out."""
    return {name: getattr(model, name) for name in model.model_fields_set if name != "task"}


def _slug(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{key}{value:g}" if isinstance(value, float) else f"{key}{value}"


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Put the key that an error is about in front of it."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
