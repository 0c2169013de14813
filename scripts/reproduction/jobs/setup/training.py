"""The interface of everything that is trained, and the files that a training job writes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from torch import Tensor
from tqdm import tqdm

from rectified.array_types import Float
from rectified.optimization import optimizers
from rectified.optimization.training_loop import Checkpoint, History, Redraw, Schedule, train
from reproduction.storage import store


class Training(ABC):
    """Networks to be trained together, as the settings of a job describe them.

    The module of a trained task, ``reproduction.jobs.<task>``, has a function ``training`` that returns one.

    Attributes:
        settings: of the job.
        network: names the blocks of a row of parameters.
        objective: called with parameters [networks, parameters], returns the objective [networks] and its gradient;
            ``objective.objective`` is the objective alone.
        work: nominal work of an epoch in evaluations of the field at a point, where it is counted.
    """

    settings: Any
    network: Any
    objective: Any
    work: int | None = None

    @abstractmethod
    def initial(self) -> Float[Tensor, "networks parameters"]:
        """The initial parameters."""

    @abstractmethod
    def measures(self, theta: Float[Tensor, "networks parameters"]) -> Mapping[str, Tensor]:
        """Quantities to record besides the objective, by name."""

    @abstractmethod
    def fields(self, history: History) -> xr.Dataset:
        """The trained fields and their errors, NaN where a network diverged."""

    def optimizer(self, theta: Float[Tensor, "networks parameters"]) -> Any:
        """The optimizer of the settings, holding the parameters."""
        return optimizers.build(self.settings.optimizer, theta, self.objective.objective)

    @property
    def redraw(self) -> Redraw | None:
        """Draws the training points of an epoch; None if they are fixed."""
        return getattr(self.objective, "redraw", None)

    @property
    def schedule(self) -> Schedule:
        """The schedule of the settings."""
        s = self.settings
        return Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)

    def run(self, checkpoint: Checkpoint | None = None, progress: bool = False) -> History:
        """Train all networks.

        Args:
            progress: draw a progress bar.
        """
        optimizer, schedule = self.optimizer(self.initial()), self.schedule
        with tqdm(total=schedule.epochs, unit="epoch", disable=not progress) as bar:
            return train(
                optimizer,
                self.objective,
                self.measures,
                schedule,
                checkpoint,
                lambda epoch: bar.update(epoch - bar.n),
                self.redraw,
            )


def history_table(history: History, work: int | None = None) -> pd.DataFrame:
    """Return the records of one number per network as a tidy table: epoch, seed, and a column for each name.

    Args:
        work: of an epoch; adds a column with the work up to each epoch.
    """
    single = {name: values for name, values in history.records.items() if values.ndim == 2}
    records, seeds = single["objective"].shape
    index = {"epoch": np.repeat(history.epochs, seeds), "seed": np.tile(np.arange(seeds), records)}
    table = pd.DataFrame(index | {name: values.ravel() for name, values in single.items()})
    return table if work is None else table.assign(work=table.epoch * work)


def write(output: Any, training: Training, history: History, attributes: Mapping[str, str]) -> None:
    """Write the outputs that a training rule declares: ``fields``, and of cases that are no shards the others.

    Args:
        output: of the rule: ``weights``, ``history`` and ``fields``, or ``fields`` alone.
    """
    if hasattr(output, "weights"):
        blocks = training.network.blocks(history.theta)
        store.write_tensors(output.weights, {name: b.numpy(force=True) for name, b in blocks.items()}, attributes)
        store.write_table(output.history, history_table(history, training.work), attributes)
    store.write_arrays(output.fields, training.fields(history), attributes)
