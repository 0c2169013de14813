"""Experiments in config: the settings of one task in layers, and the cases they expand to.

The layers are the defaults of the task, the experiment, the case and the sweep; later layers override earlier ones.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from reproduction.config import tasks
from reproduction.config.error_messages import prefixed, validated
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ACTIVATION_PLACEHOLDER, Distinct, Name, Present, Strict, one_of
from reproduction.config.task import Task

TASKS = tasks.models()


class Generated(Strict):
    """Base of generated models, whose docstrings are in no source file."""

    model_config = ConfigDict(use_attribute_docstrings=False)


def _with_optional_settings(model: type[Task]) -> type[BaseModel]:
    """Return a model with every setting optional, for the settings of an experiment or a case."""
    fields = {
        name: (
            Annotated[field.annotation, Field(), *field.metadata] | None,
            Field(None, description=field.description),
        )
        for name, field in model.model_fields.items()
        if name not in ("task", "document")
    }
    name = model.__name__.removesuffix("Settings")
    return create_model(f"{name}Overrides", __base__=Generated, __doc__=model.__doc__, **fields)


def _entry(model: type[Task], overrides: type[BaseModel]) -> type[BaseModel]:
    """Return the model of an experiment: the settings shared by its cases, and the cases."""
    label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.]*$")]
    return create_model(
        f"{model.__name__.removesuffix('Settings')}Experiment",
        __base__=overrides,
        __doc__=model.__doc__,
        task=(Literal[model.model_fields["task"].default], ...),
        document=(Name, ...),
        cases=(dict[label, overrides | None], Field({})),
        sweep=(Annotated[dict[str, Sweep | None] | None, Present], Field({})),
    )


Sweep = Annotated[list[Any], Field(min_length=1), Distinct]
OVERRIDES = {name: _with_optional_settings(model) for name, model in TASKS.items()}
Experiment = one_of([_entry(model, OVERRIDES[name]) for name, model in TASKS.items()], "task")
Defaults = create_model(
    "Defaults", __base__=Generated, **{name: (overrides, overrides()) for name, overrides in OVERRIDES.items()}
)


class Case(NamedTuple):
    """A case of an experiment, by the names in its path."""

    document: str
    experiment: str
    case: str

    @property
    def folder(self) -> str:
        """Its folder, relative to that of the results."""
        return "/".join(self)

    @property
    def name(self) -> str:
        """Its name in config: ``experiment/case``."""
        return f"{self.experiment}/{self.case}"


class Resolved(NamedTuple):
    """The cases of an experiment by label.

    Attributes:
        cases: the full settings of each case.
        refused: settings of the cases that a sweep over ``every`` skips, because the activation does not suit the task.
        reasons: why each of these is skipped.
    """

    cases: dict[str, Task]
    refused: dict[str, Task]
    reasons: dict[str, str]


def expand_cases(
    name: str, entry: BaseModel, defaults: BaseModel, sweep_values: Callable[[str, list[Any]], list[Any]]
) -> Iterator[tuple[str, Task]]:
    """Yield the label and the full settings of every case of an experiment.

    Args:
        name: of the experiment.
        entry: the experiment in config.
        defaults: the defaults of its task.
        sweep_values: maps the key and the values of a sweep to the values to use.

    Raises:
        ConfigError: if two cases have the same label, or a label or a setting is invalid.
    """
    base = given(defaults) | given(entry)
    base = {key: value for key, value in base.items() if key not in ("cases", "sweep")}
    sweep, known = _sweep(entry), {}
    cases = {label: case for label, case in entry.cases.items() if case is not None}
    for case_name, case in (cases if entry.cases else {"": None}).items():
        for values in itertools.product(*(sweep_values(*item) for item in sweep.items())):
            chosen = dict(zip(sweep, values))
            where = f"experiments.{name}" + (f" (case {_label(case_name, chosen)})" if case_name or chosen else "")
            with prefixed(where):
                merged = _with_activation(base | (given(case) if case else {}) | chosen)
            settings = validated(TASKS[entry.task], merged, where)
            label = _label(case_name, {key: getattr(settings, key) for key in chosen})
            _check_label(label, chosen, known, where)
            known[label] = chosen
            yield label, settings


def _sweep(entry: BaseModel) -> dict[str, list[Any]]:
    """Return the sweep of an experiment, its keys in the order of the settings of the model."""
    order = [key for key in TASKS[entry.task].model_fields if key in entry.sweep]
    return {key: entry.sweep[key] for key in dict.fromkeys([*order, *entry.sweep])}


def _label(case_name: str, chosen: dict[str, Any]) -> str:
    """Return the name of a case from its name in ``cases`` and the values of its sweep."""
    return "-".join(filter(None, [case_name, *(_slug(*item) for item in chosen.items())])) or "default"


def _check_label(label: str, chosen: dict[str, Any], known: dict[str, dict[str, Any]], where: str) -> None:
    """Reject a name that two cases have, given the values of the sweep as written, and a name that is no file name."""
    if label in known:
        first, second = (
            ", ".join(f"{key} {value!r}" for key, value in case.items()) for case in (known[label], chosen)
        )
        raise ConfigError(f"{where}: two cases have the name {label!r}: {first} and {second}; keep one")
    if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,119}", label):
        raise ConfigError(f"{where}: sweep yields the invalid name {label!r}; use `cases` for these values")


def given(model: BaseModel) -> dict[str, Any]:
    """Return the settings that config sets explicitly, without ``task``."""
    return {name: getattr(model, name) for name in model.model_fields_set if name != "task"}


def _with_activation(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings with ``{activation}`` in ``start`` and ``of`` replaced by the activation."""
    activation = settings.get("activation")
    templates = {key: settings[key] for key in ("start", "of") if ACTIVATION_PLACEHOLDER in str(settings.get(key))}
    if templates and activation is None:
        raise ConfigError(f"{next(iter(templates))}: {ACTIVATION_PLACEHOLDER} requires the setting activation")

    def filled(name: str) -> str:
        return name.replace(ACTIVATION_PLACEHOLDER, activation)

    return settings | {key: filled(v) if isinstance(v, str) else list(map(filled, v)) for key, v in templates.items()}


def _slug(key: str, value: Any) -> str:
    """Return the part of a name for a setting: text as it is, otherwise the key and the shortest exact number."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        short = f"{value:g}"
        number = short if float(short) == value else repr(value)
        return f"{key}{number.replace('+', '')}"
    return f"{key}{value}" if isinstance(value, int) and not isinstance(value, bool) else f"{key}{value}".lower()


class LazyMapping(Mapping):
    """A mapping with known keys; each value is computed on first access.

    Args:
        names: the keys, in order.
        make: computes the value of a key; it may access other values.

    Raises:
        ConfigError: on access, if the value of a key depends on itself.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], Any]):
        self._names, self._make = dict.fromkeys(names), make
        self._values: dict[str, Any] = {}
        self._in_progress: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        if name in self._in_progress:
            raise ConfigError(f"references of experiments must be acyclic; {name!r} refers to itself")
        if name not in self._values:
            self._in_progress.add(name)
            try:
                self._values[name] = self._make(name)
            finally:
                self._in_progress.discard(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
