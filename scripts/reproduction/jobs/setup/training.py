"""The interface of trainings, and the files that a training job writes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
    """Training of several networks together, as the settings of a job define it.

    The module of a trained task, ``reproduction.jobs.<task>``, has a function ``training`` that returns one.

    Attributes:
        settings: of the job.
        network: defines the blocks of a row of parameters.
        objective: maps parameters [networks, parameters] to the objective [networks] and its gradient;
            ``objective.objective`` is the objective alone.
        work: nominal work of an epoch in evaluations of the field at a point, if it is counted.
        seeds: of the networks; None counts from 0.
    """

    settings: Any
    network: Any
    objective: Any
    work: int | None = None
    seeds: Sequence[int] | None = None

    @abstractmethod
    def initial(self) -> Float[Tensor, "networks parameters"]:
        """Return the initial parameters."""

    @abstractmethod
    def measures(self, theta: Float[Tensor, "networks parameters"]) -> Mapping[str, Tensor]:
        """Return the quantities to record besides the objective, by name."""

    @abstractmethod
    def fields(self, history: History) -> xr.Dataset:
        """Return the trained fields and their errors; NaN where a network diverged."""

    def optimizer(self, theta: Float[Tensor, "networks parameters"]) -> Any:
        """Return the optimizer of the settings for the given initial parameters."""
        return optimizers.build(self.settings.optimizer, theta)

    @property
    def redraw(self) -> Redraw | None:
        """Function that draws the training points of an epoch; None if they are fixed."""
        return getattr(self.objective, "redraw", None)

    @property
    def schedule(self) -> Schedule:
        """Epochs, learning rates and recording interval of the settings."""
        s = self.settings
        return Schedule(s.epochs, s.learning_rate, s.final_learning_rate, s.record_every)

    def run(self, checkpoint: Checkpoint | None = None, progress: bool = False) -> History:
        """Train all networks and return their history.

        Args:
            checkpoint: stores and restores interrupted training.
            progress: show a progress bar.
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


def history_table(history: History, work: int | None = None, seeds: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the scalar records of a history as a tidy table with columns epoch, seed, and one per record.

    Args:
        history: of a training.
        work: of an epoch; adds a column with the work up to each epoch.
        seeds: of the networks; None counts from 0.
    """
    single = {name: values for name, values in history.records.items() if values.ndim == 2}
    records, networks = single["objective"].shape
    seeds = range(networks) if seeds is None else seeds
    index = {"epoch": np.repeat(history.epochs, networks), "seed": np.tile(seeds, records)}
    table = pd.DataFrame(index | {name: values.ravel() for name, values in single.items()})
    return table if work is None else table.assign(work=table.epoch * work)


def write(output: Any, training: Training, history: History, attributes: Mapping[str, str]) -> None:
    """Write the outputs of a training rule.

    Args:
        output: files of the rule: ``weights``, ``history`` and ``fields``, or ``fields`` alone for a shard.
        training: that was run.
        history: of the training.
        attributes: of every file.
    """
    if hasattr(output, "weights"):
        blocks = training.network.blocks(history.theta)
        store.write_tensors(output.weights, {name: b.numpy(force=True) for name, b in blocks.items()}, attributes)
        store.write_table(output.history, history_table(history, training.work, training.seeds), attributes)
    store.write_arrays(output.fields, training.fields(history), attributes)
