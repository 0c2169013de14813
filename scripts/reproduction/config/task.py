"""Base of all tasks: the settings of a job, the rules that compute it, its cost and its equation.

A task is two modules of one name. ``reproduction.config.tasks.<task>`` defines its subclass of ``Task``, without torch;
``reproduction.jobs.<task>`` computes it.
"""

from typing import Any, ClassVar, NamedTuple

from rectified.formulas.activation import Activation
from reproduction.config.field_types import Name, Strict
from reproduction.config.words import Phrase

ROWAN = "Rowan, arXiv:2512.11184"
KIM_KANG = "Kim and Kang, arXiv:2408.02697"
BISCHOF = 'Bischof, "4 Ideas for Physics-Informed Neural Networks that failed"'
GIB = 2**30

Files = dict[str, list[str]]  # name of an input → files, relative to the folder of results


class Equation(NamedTuple):
    """The quantity that a task computes, in one line.

    Attributes:
        text: the equation.
        source: publication and equation, or "ours".
        modules: modules of ``scripts/rectified`` that compute it, without the suffix.
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
        local: true if it takes seconds and is not submitted to a cluster.
        device: true if it computes on the device of config.
    """

    name: str
    suffix: str = "nc"
    after: str = ""
    environment: str = "compute"
    local: bool = False
    device: bool = False

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.name}.{self.suffix}"


class Task(Strict):
    """Base of the settings of all tasks, and the interface of a task to the workflow.

    Class attributes that describe a task but enter no computation are listed in ``code_digest.DESCRIPTIONS``.

    Attributes:
        registered: task → model, of the tasks imported so far.
        equation: the quantity that the task computes.
        phrases: the settings in words, for captions.
        rules: of the task, besides those of training.
        is_trained: true if the task trains networks.
        is_audited: true if ``reproduction.jobs.auditors`` has a module for the task.
        equations: of the problems that the task solves.
    """

    registered: ClassVar[dict[str, type["Task"]]] = {}
    equation: ClassVar[Equation]
    phrases: ClassVar[tuple[Phrase, ...]] = ()
    rules: ClassVar[tuple[Rule, ...]] = ()
    is_trained: ClassVar[bool] = False
    is_audited: ClassVar[bool] = False
    equations: ClassVar[tuple[str, ...]] = ()

    document: Name
    """Document of the experiment; first folder of its results."""

    @property
    def shards(self) -> int:
        """Number of jobs that share the networks of a case; the rule ``train`` merges their files."""
        return 1

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "task" in cls.model_fields:
            Task.registered[cls.model_fields["task"].default] = cls

    def result_files(self) -> list[str]:
        """Return the files of a case that exhibits and claims read."""
        return ["history.parquet", "fields.nc"] if self.is_trained else [self.rules[-1].file]

    def input_files(self, config: Any) -> Files:
        """Return the files of other cases that a job of the task reads, by name of the input."""
        return {}

    def read_tasks(self, config: Any) -> list[str]:
        """Return the tasks of the cases whose trained networks a job of the task rebuilds."""
        return []

    def memory(self, grid: int) -> float:
        """Return the estimated peak memory of a job in bytes; 0 if it is negligible.

        Args:
            grid: grid points of the target.
        """
        return 0.0

    @property
    def memory_keys(self) -> str:
        """Settings to lower if a job needs too much memory."""
        return ""

    def work(self, config: Any) -> float:
        """Return the operations of a job to leading order, up to a factor common to all jobs of the task."""
        return 1.0

    @property
    def needs_kinks(self) -> bool:
        """True if the case requires an activation with kinks."""
        return False

    def check_activation(self, activation: Activation) -> None:
        """Raise ConfigError for an activation that does not suit the task."""

    def check_problem(self, name: str, problem: Any) -> None:
        """Raise ConfigError for a problem that does not suit these settings."""

    def check_start(self, origin: "Task") -> None:
        """Raise ConfigError if the case to start from does not match these settings."""


def start_files(settings: Any, config: Any, *names: str) -> Files:
    """Return the files of the case that a job starts from, by name; empty lists if it starts from no case.

    Args:
        names: of the files: ``weights``, ``fields``.
    """
    start = config.start_of(settings)
    files = {"weights": "weights.safetensors", "fields": "fields.nc"}
    return {name: [f"{start.folder}/{files[name]}"] if start else [] for name in names}
