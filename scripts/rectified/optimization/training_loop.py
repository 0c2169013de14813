"""One training loop for ensembles: history, divergence, checkpoints, resumption to the same bits."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from rectified.array_types import Bool, Float, Int

log = logging.getLogger(__name__)

LOG_SECONDS = 10.0


@dataclass(frozen=True)
class Schedule:
    """Length, learning rates and record times of a training run.

    Attributes:
        epochs: number of optimizer steps.
        learning_rate: at the first epoch.
        final_learning_rate: at the last epoch, reached exponentially; None keeps the rate constant.
        record_every: epochs between two records of the history; the end is always recorded.
        redraw_every: epochs between two drawings of training points; checkpoints wait for the next drawing.
    """

    epochs: int
    learning_rate: float
    final_learning_rate: float | None = None
    record_every: int = 100
    redraw_every: int = 1

    def rate(self, epoch: int) -> float:
        """Return the learning rate of an epoch."""
        if self.final_learning_rate is None:
            return self.learning_rate
        return self.learning_rate * (self.final_learning_rate / self.learning_rate) ** (epoch / self.epochs)


@dataclass(frozen=True)
class History:
    """The records of a training run, and the final parameters. Tensors lie on the device of the training.

    Attributes:
        epochs: the epochs of the records.
        records: name → values by record, network, and further axes; NaN after divergence.
        diverged_at: the first epoch with an objective or a gradient that is not finite; −1 for the other networks.
        theta: the final parameters; of a diverged network the last finite ones.
    """

    epochs: Int[np.ndarray, " records"]
    records: dict[str, Float[np.ndarray, "records networks ..."]]
    diverged_at: Int[Tensor, " networks"]
    theta: Float[Tensor, "networks parameters"]


@runtime_checkable
class Checkpoint(Protocol):
    """Keeps the state of a run: nested dicts, lists and tuples of NumPy arrays and plain values.

    Attributes:
        seconds: time between two saves.
    """

    seconds: float

    def save(self, state: Any) -> None:
        """Keep a state in place of the last one."""

    def load(self) -> Any:
        """Return the last state, or None."""


Observe = Callable[[Tensor], Mapping[str, Tensor]]
Redraw = Callable[[int, Tensor], None]


@contextmanager
def without_denormals() -> Iterator[None]:
    """Round denormal numbers to zero: arithmetic on them takes up to a hundred times as long."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


@without_denormals()
def train(
    optimizer: Any,
    gradient: Callable[[Tensor], tuple[Tensor, Tensor]],
    observe: Observe,
    schedule: Schedule,
    checkpoint: Checkpoint | None = None,
    progress: Callable[[int], object] | None = None,
    redraw: Redraw | None = None,
) -> History:
    """Run an optimizer for all epochs of a schedule.

    A network whose objective or gradient is not finite is frozen and its epoch recorded; the other networks continue.
    When all networks have diverged, the rest of the history is NaN.

    Args:
        optimizer: one of ``rectified.optimization.optimizers``, holding the initial parameters; changed in place.
        gradient: maps parameters to the objective and its gradient.
        observe: maps parameters to quantities to record besides the objective, by name.
        checkpoint: keeps the state from time to time, and may hold one to start from.
        progress: called with the number of finished epochs.
        redraw: draws the points that ``gradient`` uses, from the epoch and the parameters alone.
    """
    run = _Run(optimizer)
    if checkpoint:
        run.resume(checkpoint)
    saved = logged = time.monotonic()
    while run.epoch < schedule.epochs and run.alive.any():
        if redraw and run.epoch % schedule.redraw_every == 0:
            redraw(run.epoch, optimizer.theta)
        if run.epoch % schedule.record_every == 0:
            run.record(gradient(optimizer.theta)[0], observe(optimizer.theta))
        value = optimizer.step(gradient, run.alive, schedule.rate(run.epoch))
        run.note_divergence(value)
        run.epoch += 1
        if progress:
            progress(run.epoch)
        now = time.monotonic()
        if checkpoint and now - saved >= checkpoint.seconds and run.epoch % schedule.redraw_every == 0:
            checkpoint.save(run.state())
            saved = time.monotonic()
        if now - logged >= LOG_SECONDS:
            log.info("epoch %d of %d, median objective %.6g", run.epoch, schedule.epochs, value.nanmedian())
            logged = now
    return run.finish(gradient, observe, schedule, redraw)


class _Run:
    """The state of a training run: everything that a checkpoint must hold."""

    def __init__(self, optimizer: Any):
        self.optimizer = optimizer
        self.epoch = 0
        self.diverged_at = torch.full((len(optimizer.theta),), -1, device=optimizer.theta.device)
        self.epochs: list[int] = []
        self.records: dict[str, list[np.ndarray]] = {}

    @property
    def alive(self) -> Bool[Tensor, " networks"]:
        return self.diverged_at < 0

    def note_divergence(self, value: Tensor) -> None:
        finite = torch.isfinite(value)
        if finite.all():
            return
        new = self.alive & ~finite
        if new.any():
            self.diverged_at[new] = self.epoch
            log.warning("networks %s diverged at epoch %d", new.nonzero().flatten().tolist(), self.epoch)

    def record(self, objective: Tensor, observed: Mapping[str, Tensor]) -> None:
        self.epochs.append(self.epoch)
        for name, value in {"objective": objective, **observed}.items():
            alive = self.alive.view(-1, *[1] * (value.dim() - 1))
            self.records.setdefault(name, []).append(torch.where(alive, value, torch.nan).numpy(force=True))

    def finish(self, gradient: Callable, observe: Observe, schedule: Schedule, redraw: Redraw | None) -> History:
        """Record the end, or NaN up to the end if all networks have diverged."""
        if not self.alive.any():
            self._record_nan(schedule)
            return self.history()
        if redraw:
            redraw(self.epoch, self.optimizer.theta)
        objective = gradient(self.optimizer.theta)[0]
        self.note_divergence(objective)
        self.record(objective, observe(self.optimizer.theta))
        return self.history()

    def _record_nan(self, schedule: Schedule) -> None:
        left = [*range(self.epochs[-1] + 1, schedule.epochs)]
        for epoch in [epoch for epoch in left if epoch % schedule.record_every == 0] + [schedule.epochs]:
            self.epochs.append(epoch)
            for rows in self.records.values():
                rows.append(np.full_like(rows[-1], np.nan))

    def history(self) -> History:
        records = {name: np.stack(rows) for name, rows in self.records.items()}
        return History(np.array(self.epochs), records, self.diverged_at, self.optimizer.theta.detach())

    def state(self) -> dict:
        """Everything that ``resume`` needs."""
        return {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "theta": _as_arrays(self.optimizer.theta),
            "diverged_at": _as_arrays(self.diverged_at),
            "records": {name: np.stack(rows) for name, rows in self.records.items()},
            "optimizer": _as_arrays(self.optimizer.state_dict()),
        }

    def resume(self, checkpoint: Checkpoint) -> None:
        state = checkpoint.load()
        if state is None:
            return
        self.epoch, self.epochs = state["epoch"], state["epochs"]
        self.diverged_at.copy_(torch.from_numpy(state["diverged_at"].copy()))
        self.records = {name: list(rows) for name, rows in state["records"].items()}
        self.optimizer.theta.copy_(torch.from_numpy(state["theta"].copy()))
        self.optimizer.load_state_dict(_as_tensors(state["optimizer"]))
        log.info("resuming at epoch %d", self.epoch)


def _as_arrays(value: Any) -> Any:
    """A nested state with its tensors copied to NumPy arrays."""
    return _mapped(value, Tensor, lambda tensor: tensor.detach().numpy(force=True).copy())


def _as_tensors(value: Any) -> Any:
    """A nested state with its NumPy arrays copied to tensors."""
    return _mapped(value, np.ndarray, lambda array: torch.from_numpy(array.copy()))


def _mapped(value: Any, kind: type, function: Callable[[Any], Any]) -> Any:
    """A nested state with a function applied to all values of one type."""
    if isinstance(value, kind):
        return function(value)
    if isinstance(value, dict):
        return {key: _mapped(item, kind, function) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(item, kind, function) for item in value)
    return value
