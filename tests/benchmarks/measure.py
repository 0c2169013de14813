"""Alternating timings of both sides of a comparison, and the peak rates of this machine."""

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

from rectified.statistics.summaries import median_interval

REPETITIONS = 7


class Sides(NamedTuple):
    """Two implementations of the same work, and the number of work items per call of each."""

    ours: Callable[[], Any]
    peer: Callable[[], Any]
    our_count: int
    peer_count: int


class Comparison(NamedTuple):
    """A benchmark against a peer.

    Attributes:
        key: short label for the figure.
        work: description of the work, including the unit that is timed.
        peer: name of the peer.
        target: target ratio, or None.
        precision: default precision of tensors.
        build: builds both sides; raises ImportError if the peer is not installed.
    """

    key: str
    work: str
    peer: str
    target: float | None
    precision: torch.dtype
    build: Callable[[], Sides]


def compare(comparison: Comparison, rounds: int) -> dict:
    """Return median seconds of each side per work item and the median ratio with its interval, or why there is none."""
    row = {"key": comparison.key, "work": comparison.work, "peer": comparison.peer, "target": comparison.target}
    with default_precision(comparison.precision):
        try:
            sides = comparison.build()
        except ImportError as error:
            return row | {"note": f"{comparison.peer} cannot be imported: {error}"}
        sides.ours()
        sides.peer()
        pairs = [(seconds(sides.ours) / sides.our_count, seconds(sides.peer) / sides.peer_count) for _ in range(rounds)]
    return row | ratios(pairs)


@contextmanager
def default_precision(precision: torch.dtype) -> Iterator[None]:
    """Set torch's default precision within the context."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(precision)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def ratios(pairs: list[tuple[float, float]]) -> dict:
    """Return the medians of both sides, and the median ratio with its interval by the sign test."""
    ours, theirs = (np.array(column) for column in zip(*pairs))
    ratio = median_interval(theirs / ours)
    return {
        "ours": float(np.median(ours)),
        "theirs": float(np.median(theirs)),
        "ratio": ratio.value,
        "low": ratio.low,
        "high": ratio.high,
        "coverage": ratio.coverage,
        "rounds": len(pairs),
    }


def seconds(action: Callable[[], Any]) -> float:
    """Return the wall-clock time of a call with garbage collection disabled."""
    gc.disable()
    start = time.perf_counter()
    action()
    taken = time.perf_counter() - start
    gc.enable()
    return taken


def median_seconds(action: Callable[[], Any], at_least: float = 0.02) -> float:
    """Return the median time of a call; calls are grouped until a group takes at least the given seconds."""
    action()
    count = max(1, round(at_least / max(seconds(action), 1e-7)))

    def repeated() -> None:
        for _ in range(count):
            action()

    return statistics.median(seconds(repeated) for _ in range(REPETITIONS)) / count


class Floor(NamedTuple):
    """Lower bound of the work of a computation, in operations timed at this machine's peak.

    Attributes:
        products: (count, batch, rows, inner, columns) of matrix products.
        passes: (count, numbers) of element-wise passes: two arrays read, one written.
        normals: number of standard normal samples.
    """

    products: tuple[tuple[int, int, int, int, int], ...] = ()
    passes: tuple[tuple[int, int], ...] = ()
    normals: int = 0

    def seconds(self, precision: torch.dtype) -> dict[str, float]:
        """Return the current time of each kind of operation on this machine, with arrays in cache if they fit."""
        return {
            "products": sum(shape[0] * median_seconds(_product(shape[1:], precision)) for shape in self.products),
            "passes": sum(count * median_seconds(_pass(numbers, precision)) for count, numbers in self.passes),
            "normals": median_seconds(lambda: np.random.default_rng(0).standard_normal(self.normals))
            if self.normals
            else 0.0,
        }


def _product(shape: tuple[int, ...], precision: torch.dtype) -> Callable[[], Any]:
    batch, rows, inner, columns = shape
    a, b = torch.randn(batch, rows, inner, dtype=precision), torch.randn(batch, inner, columns, dtype=precision)
    out = torch.empty(batch, rows, columns, dtype=precision)
    return lambda: torch.bmm(a, b, out=out)


def _pass(numbers: int, precision: torch.dtype) -> Callable[[], Any]:
    a, b, out = (torch.ones(numbers, dtype=precision) for _ in range(3))
    return lambda: torch.mul(a, b, out=out)


def call_seconds() -> float:
    """Return the overhead of an operator call."""
    one = torch.ones(1)
    return median_seconds(lambda: one.mul_(1.0))


def rates() -> dict[str, float]:
    """Return GFLOP/s of a 1024 × 1024 matrix product in float32 and float64, and GB/s of a pass over 256 MiB."""
    found = {}
    for name, precision in (("float32", torch.float32), ("float64", torch.float64)):
        found[f"GFLOP/s {name}"] = 2 * 1024**3 / median_seconds(_product((1, 1024, 1024, 1024), precision)) / 1e9
    numbers = (256 << 20) // 4
    found["GB/s"] = 12 * numbers / median_seconds(_pass(numbers, torch.float32)) / 1e9
    return found
