"""Times of two sides of a comparison, taken in turns, and the rates that this machine reaches at most."""

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
    """The same work in two ways, and how many pieces of it a call of each does."""

    ours: Callable[[], Any]
    peer: Callable[[], Any]
    our_count: int
    peer_count: int


class Comparison(NamedTuple):
    """Work that we and a peer do.

    Attributes:
        key: short, for the figure.
        work: what is done, and for how many pieces a time is given.
        peer: who else does it.
        target: the ratio aimed for, or None.
        precision: of the tensors made without saying which.
        build: makes both sides ready; raises ImportError where the peer cannot be had.
    """

    key: str
    work: str
    peer: str
    target: float | None
    precision: torch.dtype
    build: Callable[[], Sides]


def compare(comparison: Comparison, rounds: int) -> dict:
    """One row: median seconds of each side per piece, and the median ratio with its interval; or why there is none."""
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
    """Let tensors made without saying which be of a precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(precision)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def ratios(pairs: list[tuple[float, float]]) -> dict:
    """Medians of the pairs' sides, and of their ratios with an interval by the sign test."""
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
    """How long a call takes, no garbage collected meanwhile."""
    gc.disable()
    start = time.perf_counter()
    action()
    taken = time.perf_counter() - start
    gc.enable()
    return taken


def median_seconds(action: Callable[[], Any], at_least: float = 0.02) -> float:
    """Median time of a call, from repetitions of as many calls as take a while."""
    action()
    count = max(1, round(at_least / max(seconds(action), 1e-7)))

    def repeated() -> None:
        for _ in range(count):
            action()

    return statistics.median(seconds(repeated) for _ in range(REPETITIONS)) / count


class Floor(NamedTuple):
    """What a computation cannot do without, as what this machine does at its best.

    Attributes:
        products: (how many, batch, rows, inner, columns) of matrix products.
        passes: (how many, numbers) of element-wise passes: two arrays read, one written.
        normals: standard normal numbers drawn.
    """

    products: tuple[tuple[int, int, int, int, int], ...] = ()
    passes: tuple[tuple[int, int], ...] = ()
    normals: int = 0

    def seconds(self, precision: torch.dtype) -> dict[str, float]:
        """The time that each kind takes on this machine now, in arrays that lie in cache if they can."""
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
    """What calling one operator costs, its work aside."""
    one = torch.ones(1)
    return median_seconds(lambda: one.mul_(1.0))


def rates() -> dict[str, float]:
    """GFLOP/s of a matrix product of 1024 × 1024, float32 and float64, and GB/s of a pass over 256 MiB."""
    found = {}
    for name, precision in (("float32", torch.float32), ("float64", torch.float64)):
        found[f"GFLOP/s {name}"] = 2 * 1024**3 / median_seconds(_product((1, 1024, 1024, 1024), precision)) / 1e9
    numbers = (256 << 20) // 4
    found["GB/s"] = 12 * numbers / median_seconds(_pass(numbers, torch.float32)) / 1e9
    return found
