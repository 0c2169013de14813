"""The base of all tasks: the settings of a job, the rules that compute it, its cost, and its equation.

A task is two modules of one name. ``reproduction.config.tasks.<task>`` defines its subclass of ``Task``, without torch;
``reproduction.jobs.<task>`` computes it.
"""

from typing import Any, ClassVar, NamedTuple

from rectified.formulas.activation import Activation
from reproduction.config.field_types import Name, Strict
from reproduction.config.words import Term

ROWAN = "Rowan, arXiv:2512.11184"
KIM_KANG = "Kim and Kang, arXiv:2408.02697"
BISCHOF = 'Bischof, "4 Ideas for Physics-Informed Neural Networks that failed"'
GIB = 2**30

Files = dict[str, list[str]]  # name of an input → files, relative to the folder of results


class Equation(NamedTuple):
    """What a task computes, in one line.

    Attributes:
        text: the equation.
        source: publication and equation, or "ours".
        modules: modules of ``scripts/rectified`` that compute it, without their ending.
    """

    text: str
    source: str
    modules: tuple[str, ...]


class Rule(NamedTuple):
    """One Snakemake rule of a task, which writes one file per case.

    Attributes:
        name: of the rule, of the function in ``reproduction.jobs.<task>``, and of the file.
        suffix: ``nc`` or ``parquet``.
        after: the rule whose file it reads, if any.
        environment: the file in ``envs`` that lists its packages.
        local: whether it takes seconds, so that it is not submitted to a cluster.
        device: whether it computes on the device of config.
    """

    name: str
    suffix: str = "nc"
    after: str = ""
    environment: str = "compute"
    local: bool = False
    device: bool = False

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.{self.suffix}"


class Task(Strict):
    """The settings that all tasks share, and what the workflow must know of a task.

    Class attributes that describe a task and enter no computation are listed in ``code_digest.DESCRIPTIONS``.
    """

    registered: ClassVar[dict[str, type["Task"]]] = {}
    equation: ClassVar[Equation]
    terms: ClassVar[tuple[Term, ...]] = ()
    rules: ClassVar[tuple[Rule, ...]] = ()
    is_trained: ClassVar[bool] = False
    is_audited: ClassVar[bool] = False
    equations: ClassVar[tuple[str, ...]] = ()

    document: Name
    """The document the experiment belongs to; first folder of its results."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "task" in cls.model_fields:
            Task.registered[cls.model_fields["task"].default] = cls

    def result_files(self) -> list[str]:
        """The files of a case that exhibits and claims read."""
        return ["history.parquet", "fields.nc"] if self.is_trained else [self.rules[-1].file]

    def input_files(self, config: Any) -> Files:
        """Files of other cases that a job of the task reads, by the name of the input."""
        return {}

    def read_tasks(self, config: Any) -> list[str]:
        """Tasks of the cases whose trained networks a job of the task rebuilds."""
        return []

    def memory(self, grid: int) -> float:
        """Estimated peak memory of a job in bytes; 0 if it is negligible.

        Args:
            grid: grid points of the target.
        """
        return 0.0

    @property
    def memory_keys(self) -> str:
        """The settings to lower where a job needs too much memory."""
        return ""

    def work(self, config: Any) -> float:
        """Operations of a job to leading order, up to a factor that jobs of the task share."""
        return 1.0

    @property
    def needs_kinks(self) -> bool:
        """Whether the case makes sense only for an activation with kinks."""
        return False

    def check_activation(self, activation: Activation) -> None:
        """Raise ConfigError for an activation that the task cannot use."""

    def check_problem(self, name: str, problem: Any) -> None:
        """Raise ConfigError for a problem that these settings cannot be used with."""

    def check_start(self, origin: "Task") -> None:
        """Raise ConfigError if the case to start from does not fit."""


def start_files(settings: Any, config: Any, *names: str) -> Files:
    """The files of the case that a job starts from: ``weights``, ``fields``; none if it starts from no case."""
    start = config.start_of(settings)
    files = {"weights": "weights.safetensors", "fields": "fields.nc"}
    return {name: [f"{start.folder}/{files[name]}"] if start else [] for name in names}
