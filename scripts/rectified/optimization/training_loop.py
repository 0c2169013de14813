"""One training loop for ensembles: history, divergence, checkpoints, resumption to the same bits."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from rectified.array_types import Bool, Float, Int
from reproduction.storage import store
from reproduction.storage.checkpoints import Checkpoint, digest

log = logging.getLogger(__name__)

LOG_SECONDS = 10.0


@dataclass(frozen=True)
class Schedule:
    """How long to train and how fast.

    Attributes:
        epochs: number of optimizer steps.
        learning_rate: at the first epoch.
        final_learning_rate: at the last, reached exponentially; None keeps the rate constant.
        record_every: epochs between two records of the history; the end is always recorded.
        redraw_every: epochs between two drawings of training points; checkpoints wait for the next.
    """

    epochs: int
    learning_rate: float
    final_learning_rate: float | None = None
    record_every: int = 100
    redraw_every: int = 1

    def rate(self, epoch: int) -> float:
        if self.final_learning_rate is None:
            return self.learning_rate
        return self.learning_rate * (self.final_learning_rate / self.learning_rate) ** (epoch / self.epochs)


@dataclass(frozen=True)
class History:
    """What was recorded while training, and where it ended.

    Attributes:
        epochs: at which epochs.
        records: name → values, by record, network, and what else there is; NaN after divergence.
        diverged_at: the first epoch whose objective or gradient was not finite; −1 for a healthy network.
        theta: the final parameters; those of a diverged network are its last finite ones.

    Tensors lie on the device of the training.
    """

    epochs: Int[np.ndarray, " records"]
    records: dict[str, Float[np.ndarray, "records networks ..."]]
    diverged_at: Int[Tensor, " networks"]
    theta: Float[Tensor, "networks parameters"]

    def table(self) -> pd.DataFrame:
        """What was recorded of each network as one number, as a tidy table: epoch, seed, and a column for each name."""
        single = {name: values for name, values in self.records.items() if values.ndim == 2}
        records, seeds = single["objective"].shape
        index = {"epoch": np.repeat(self.epochs, seeds), "seed": np.tile(np.arange(seeds), records)}
        return pd.DataFrame(index | {name: values.ravel() for name, values in single.items()})


Observe = Callable[[Tensor], Mapping[str, Tensor]]
Redraw = Callable[[int, Tensor], None]


@contextmanager
def without_denormals() -> Iterator[None]:
    """Count numbers below the smallest normal one as zero: arithmetic on them takes up to a hundred times as long."""
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
    progress: bool = False,
    redraw: Redraw | None = None,
) -> History:
    """Run an optimizer for all epochs of a schedule.

    A network whose objective or gradient stops being finite is frozen, its epoch noted; the others go on. When none is
    left the rest of the history is NaN.

    Args:
        optimizer: one of ``rectified.optimization.optimizers``, holding the initial parameters; changed in place.
        gradient: maps parameters to the objective and its gradient.
        observe: what to record besides the objective, by name, from the parameters.
        checkpoint: where to save the state now and then and look for it at the start.
        progress: draw a progress bar.
        redraw: draws the points that ``gradient`` uses, from the epoch and the parameters alone.
    """
    run = _Run(optimizer)
    if checkpoint:
        run.resume(checkpoint)
    saved = logged = time.monotonic()
    bar = tqdm(total=schedule.epochs, initial=run.epoch, unit="epoch", disable=not progress)
    while run.epoch < schedule.epochs and run.alive.any():
        if redraw and run.epoch % schedule.redraw_every == 0:
            redraw(run.epoch, optimizer.theta)
        if run.epoch % schedule.record_every == 0:
            run.record(gradient(optimizer.theta)[0], observe(optimizer.theta))
        value = optimizer.step(gradient, run.alive, schedule.rate(run.epoch))
        run.note_divergence(value)
        run.epoch += 1
        bar.update()
        now = time.monotonic()
        if checkpoint and now - saved >= checkpoint.seconds and run.epoch % schedule.redraw_every == 0:
            run.save(checkpoint)
            saved = time.monotonic()
        if now - logged >= LOG_SECONDS:
            log.info("epoch %d of %d, median objective %.6g", run.epoch, schedule.epochs, value.nanmedian())
            logged = now
    bar.close()
    if not run.alive.any():
        run.record_nothing_more(schedule)
        return run.history()
    if redraw:
        redraw(run.epoch, optimizer.theta)
    objective = gradient(optimizer.theta)[0]
    run.note_divergence(objective)
    run.record(objective, observe(optimizer.theta))
    return run.history()


class _Run:
    """The state of a training run: everything a checkpoint must hold."""

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

    def record_nothing_more(self, schedule: Schedule) -> None:
        """Fill up the records that are left when every network has diverged."""
        left = [*range(self.epochs[-1] + 1, schedule.epochs)]
        for epoch in [epoch for epoch in left if epoch % schedule.record_every == 0] + [schedule.epochs]:
            self.epochs.append(epoch)
            for rows in self.records.values():
                rows.append(np.full_like(rows[-1], np.nan))

    def history(self) -> History:
        records = {name: np.stack(rows) for name, rows in self.records.items()}
        return History(np.array(self.epochs), records, self.diverged_at, self.optimizer.theta.detach())

    def save(self, checkpoint: Checkpoint) -> None:
        tensors: dict[str, np.ndarray] = {}
        state = {
            "epoch": self.epoch,
            "epochs": self.epochs,
            "theta": self.optimizer.theta,
            "diverged_at": self.diverged_at,
            "records": {name: torch.from_numpy(np.stack(rows)) for name, rows in self.records.items()},
            "optimizer": self.optimizer.state_dict(),
        }
        structure = json.dumps(_pack(state, tensors))
        attributes = {"identity": checkpoint.identity, "structure": structure, "digest": digest(structure, tensors)}
        store.write_tensors(checkpoint.path, tensors, attributes)

    def resume(self, checkpoint: Checkpoint) -> None:
        if not checkpoint.path.exists():
            return
        try:
            tensors, attributes = store.read_tensors(checkpoint.path)
            if attributes.get("identity") != checkpoint.identity:
                log.info("checkpoint %s belongs to other work: starting anew", checkpoint.path)
                return
            if attributes["digest"] != digest(attributes["structure"], tensors):
                raise ValueError("its content is not what was saved")
            state = _unpack(json.loads(attributes["structure"]), tensors)
        except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
            log.warning("checkpoint %s cannot be used (%s): starting anew", checkpoint.path, error)
            return
        self.epoch, self.epochs = state["epoch"], state["epochs"]
        self.diverged_at.copy_(state["diverged_at"])
        self.records = {name: list(rows.numpy()) for name, rows in state["records"].items()}
        self.optimizer.theta.copy_(state["theta"])
        self.optimizer.load_state_dict(state["optimizer"])
        log.info("resuming at epoch %d from %s", self.epoch, checkpoint.path)


def _pack(value: Any, tensors: dict[str, np.ndarray]) -> Any:
    """Replace the tensors in a nested state by references; what remains is JSON with its types kept."""
    if isinstance(value, Tensor):
        name = str(len(tensors))
        tensors[name] = value.detach().numpy(force=True).copy()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[key, _pack(item, tensors)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [_pack(item, tensors) for item in value]}
    return {"value": value}


def _unpack(packed: dict, tensors: Mapping[str, np.ndarray]) -> Any:
    ((kind, content),) = packed.items()
    match kind:
        case "tensor":
            return torch.from_numpy(tensors[content].copy())
        case "dict":
            return {key: _unpack(item, tensors) for key, item in content}
        case "list":
            return [_unpack(item, tensors) for item in content]
        case "tuple":
            return tuple(_unpack(item, tensors) for item in content)
    return content
