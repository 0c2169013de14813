"""The models of config.yaml: what every entry may say, and what a job is told.

An experiment is a set of settings of one task. Its cases and its sweep say in what the jobs of the
experiment differ; ``Config.job`` merges the layers (defaults of the task, experiment, case, sweep) and
puts names of problems and activations into full, so that a job knows everything that it depends on and
nothing else.
"""

import fnmatch
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)

from rectified import activations, expressions
from rectified.activations import Activation
from rectified.errors import ConfigError, nearest
from rectified.problems.elliptic import EllipticProblem, elliptic_problem


def _whole_number(value: Any) -> Any:
    """YAML reads 1e4 as text; take it for the whole number that it is."""
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            return value
        return int(number) if number.is_integer() else number
    return value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
# In the schema a number may also be text such as 1e-3, which is what YAML makes of it.
NUMERIC_TEXT = {"type": "string", "pattern": r"^[0-9.]+(e[+-]?[0-9]+)?$"}
Count = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Positive = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, NUMERIC_TEXT]}),
]
Formula = Annotated[str, BeforeValidator(_text)]
Folder = Annotated[str, StringConstraints(pattern=r"^results(/[a-z0-9_]+)?$")]
CaseRef = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z0-9_.-]+$")]
CasePattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*/[a-z0-9_.*?\[\]-]+$")]

GradientName = Literal["autodiff", "discrete_delta", "finite_difference", "kink_aware"]
OptimizerName = Literal["adam", "sgd", "lbfgs", "saddle_free_newton"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Strict):
    """A one-dimensional elliptic problem, by its exact solution and its coefficient."""

    solution: Formula
    coefficient: Formula = "1"
    domain: tuple[float, float] = (0.0, 1.0)

    def build(self) -> EllipticProblem:
        return elliptic_problem(self.solution, self.coefficient, self.domain)


# --- tasks: one model per kind of job ------------------------------------------------------------------


class Task(Strict):
    document: Name


class RitzTask(Task):
    """What all jobs on a Ritz network share: the problem, the network, and how integrals are computed."""

    problem: Name
    activation: Name
    width: Count = 50
    hidden_layers: Count = 1
    distance: Formula = "x*(1 - x)"
    points: Annotated[Count, Field(ge=2)] = 100
    step: Positive = 1e-2
    order: Annotated[Count, Field(le=64)] = 5
    panels: Count = 10
    seeds: Count = 6
    initialization: Literal["random", "spread"] = "random"
    start: CaseRef | None = None


class RitzTraining(RitzTask):
    """Training of a Ritz network, on the energy or on the exact solution."""

    task: Literal["ritz"] = "ritz"
    objective: Literal["energy", "regression"] = "energy"
    gradient: GradientName = "autodiff"
    optimizer: OptimizerName = "adam"
    learning_rate: Positive = 5e-3
    final_learning_rate: Positive | None = None
    epochs: Count = 10_000
    record_every: Count = 100
    solve_output_weights: bool = False

    @model_validator(mode="after")
    def _combinations(self):
        if self.objective == "regression" and self.gradient not in ("autodiff", "kink_aware"):
            raise ValueError(f"gradient {self.gradient!r} is for the energy; regression takes autodiff or kink_aware")
        if self.optimizer == "saddle_free_newton":
            if self.gradient not in ("autodiff", "kink_aware"):
                raise ValueError("saddle_free_newton differentiates twice; its gradient is autodiff or kink_aware")
            if self.hidden_layers > 1:
                raise ValueError("saddle_free_newton uses a dense Hessian; hidden_layers must be 1")
        if self.gradient == "discrete_delta" and self.hidden_layers > 1:
            raise ValueError("gradient discrete_delta is written for one hidden layer; hidden_layers must be 1")
        return self


class GradientErrors(RitzTask):
    """Gradients by several rules at the same parameters, against the gradient of the exact energy."""

    task: Literal["gradient_errors"] = "gradient_errors"
    grids: list[Annotated[Count, Field(ge=2)]] = [100, 1000, 100_000]
    steps: list[Positive] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5]


class Feature(Task):
    """Derivatives of one feature σ(ax + b), by hand with the discrete delta and by automatic differentiation."""

    task: Literal["feature"] = "feature"
    activation: Name
    slope: float = 1.0
    bias: float = -0.5
    points: Annotated[Count, Field(ge=2)] = 101
    domain: tuple[float, float] = (0.0, 1.0)


class Landscape(RitzTask):
    """The energy on planes of Hessian eigenvectors through trained parameters."""

    task: Literal["landscape"] = "landscape"
    start: CaseRef
    quadrature: Literal["grid", "kink_aware"] = "grid"
    planes: list[tuple[Count, Count]]
    extent: Positive = 0.5
    resolution: Annotated[Count, Field(ge=5)] = 81


TASKS: dict[str, type[Task]] = {
    model.model_fields["task"].default: model for model in (RitzTraining, GradientErrors, Feature, Landscape)
}


def _partial(model: type[Task]) -> type[BaseModel]:
    """The model with every setting optional: what an experiment or a case may say."""
    fields = {
        name: (Annotated[field.annotation, Field(), *field.metadata] | None, None)
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

# --- figures and tables --------------------------------------------------------------------------------


class TrainingFigure(Strict):
    """Energy histories and learned fields of trained networks."""

    family: Literal["training"]
    data: list[CasePattern]
    panels: list[Literal["history", "fields", "errors", "work"]] = ["history", "fields"]


class FeatureFigure(Strict):
    """The derivatives of one feature."""

    family: Literal["feature"]
    data: list[CasePattern]


class LandscapeFigure(Strict):
    """The energy on planes through a trained network."""

    family: Literal["landscape"]
    data: list[CasePattern]


class ConvergenceFigure(Strict):
    """Errors of several methods against the width of the network and against work."""

    family: Literal["convergence"]
    data: list[CasePattern]


class EnergyTable(Strict):
    """Energies and errors of trained networks."""

    family: Literal["energies"]
    data: list[CasePattern]


class GradientTable(Strict):
    """Errors of gradients, by block of parameters and by rule."""

    family: Literal["gradients"]
    data: list[CasePattern]


Figure = Annotated[TrainingFigure | FeatureFigure | LandscapeFigure | ConvergenceFigure, Field(discriminator="family")]
Table = Annotated[EnergyTable | GradientTable, Field(discriminator="family")]

# --- jobs ------------------------------------------------------------------------------------------------


class Job(Strict):
    """Everything one job depends on."""

    tier: Name
    threads: Count
    experiment: Name
    case: str
    settings: Annotated[RitzTraining | GradientErrors | Feature | Landscape, Field(discriminator="task")]
    problem: Problem | None = None
    formula: str | None = None

    @property
    def activation(self) -> Activation:
        return activations.get(self.settings.activation, {self.settings.activation: self.formula})


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
    results: Folder = "results"
    threads: Count = 1
    checkpoint_seconds: Positive = 60.0
    problems: dict[Name, Problem]
    custom_activations: dict[Name, Formula] = {}
    defaults: Defaults = Defaults()
    experiments: dict[Name, Entry]
    figures: dict[Name, dict[Name, Figure]] = {}
    tables: dict[Name, dict[Name, Table]] = {}

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
                seen.add(label)
                overrides = _given(case) if case else {}
                yield label, _validate(TASKS[task], base | overrides | swept, where)

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
        for name, formula in self.custom_activations.items():
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
                        self.select(entry.data)
        return self

    def _check_case(self, settings: Task) -> None:
        activation = activations.get(settings.activation, self.custom_activations)
        if not isinstance(settings, RitzTask):
            return
        if settings.problem not in self.problems:
            raise ConfigError(f"unknown problem {settings.problem!r}; {nearest(settings.problem, self.problems)}")
        check_distance(settings.distance, self.problems[settings.problem].domain)
        moving = "kink_aware" in (getattr(settings, "gradient", ""), getattr(settings, "quadrature", ""))
        if moving and settings.hidden_layers > 1 and activation.kinks and not activation.is_piecewise_linear:
            raise ConfigError(
                f"kink_aware with hidden_layers {settings.hidden_layers} needs a piecewise linear or a smooth "
                f"activation; {settings.activation!r} is neither"
            )
        if activation.kinks and activation.kinks[0].order == 0:
            raise ConfigError(f"activation {settings.activation!r} jumps: û would have no finite energy")
        start = self.start_of(settings)
        if start:
            self._check_start(settings, start)

    def _check_start(self, settings: RitzTask, start: Case) -> None:
        origin = self.cases[start.experiment][start.case]
        if not isinstance(origin, RitzTraining):
            raise ConfigError(f"start {settings.start!r} is not a trained network")
        for key in ("width", "hidden_layers", "seeds", "activation"):
            mine, theirs = getattr(settings, key), getattr(origin, key)
            if mine != theirs:
                raise ConfigError(f"{key} is {mine!r}, but the start {settings.start!r} has {theirs!r}")
        if isinstance(settings, Landscape):
            parameters = settings.width * 3
            for plane in settings.planes:
                if max(plane) > parameters or plane[0] == plane[1]:
                    raise ConfigError(f"plane {list(plane)} must be two different numbers from 1 to {parameters}")


def check_distance(formula: str, domain: tuple[float, float]) -> None:
    """Refuse a distance function that is not zero at both ends of the domain."""
    ends = expressions.sample(expressions.parse(formula), [float(end) for end in domain])
    if not max(abs(ends)) < 1e-12:
        raise ConfigError(f"distance {formula!r} must be zero at both ends of {list(domain)}")


def load(raw: dict) -> Config:
    """Validate a whole config.

    Raises:
        ConfigError: in one sentence: which key, what was given, what is allowed.
    """
    return _validate(Config, raw, "").check()


def schema() -> str:
    """The JSON schema of config.yaml, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _given(model: BaseModel) -> dict[str, Any]:
    """The settings that were written down, with ``task`` left out."""
    return {name: getattr(model, name) for name in model.model_fields_set if name != "task"}


def _slug(key: str, value: Any) -> str:
    return (
        value if isinstance(value, str) else f"{key}{value:g}" if isinstance(value, (int, float)) else f"{key}{value}"
    )


@contextmanager
def _located(where: str) -> Iterator[None]:
    """Put the key that an error is about in front of it."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def _validate(model: type[BaseModel], data: dict, where: str):
    try:
        return model.model_validate(data)
    except ValidationError as errors:
        raise ConfigError(_sentence(errors.errors()[0], where)) from None


def _sentence(error: dict, where: str) -> str:
    """One pydantic error in one sentence."""
    path = _keys(error["loc"])
    key = ".".join(filter(None, [where, *path]))
    given = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"{key}: unknown key {path[-1]!r}; {nearest(path[-1], _known_keys())}"
        case "missing":
            return f"{key}: this key is missing"
        case "value_error":
            return f"{key}: {error['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{key}: {given!r} is not a name that can be used here (pattern {error['ctx']['pattern']})"
        case "union_tag_invalid":
            tag = error["ctx"]["tag"]
            allowed = error["ctx"]["expected_tags"].replace("'", "").split(", ")
            return f"{key}: unknown {error['ctx']['discriminator']} {tag!r}; {nearest(tag, allowed)}"
        case "literal_error":
            allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            return f"{key}: {given!r} is not known; {nearest(str(given), allowed)}"
    return f"{key}: {given!r} given; {error['msg'][0].lower()}{error['msg'][1:]}"


def _keys(location: tuple) -> list[str]:
    """The keys that lead to an error: pydantic's location without the tag that tells kinds of entries apart."""
    path = [str(part) for part in location]
    depth = {"experiments": 2, "figures": 3, "tables": 3}.get(path[0]) if path else None
    return path if depth is None else path[:depth] + path[depth + 1 :]


def _known_keys() -> set[str]:
    families = [*get_args(get_args(Figure)[0]), *get_args(get_args(Table)[0])]
    models = [Config, Problem, *ENTRIES.values(), *families]
    return {name for model in models for name in model.model_fields}
