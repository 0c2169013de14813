"""Share of the machine's limits that each hot path reaches, and the growth of its cost with its sizes."""

from collections.abc import Iterator

import numpy as np

from benchmarks.hot_paths import HOT_PATHS, HotPath
from benchmarks.measure import call_seconds, median_seconds
from counting import work

GROWTH = (1, 2, 4)


def shares() -> Iterator[dict]:
    """Yield a row per hot path at its default sizes: seconds, shares explained by the machine's limits, exponents."""
    call = call_seconds()
    for path in HOT_PATHS:
        action = path.build(**path.sizes)
        taken = median_seconds(action)
        counted = work(action)
        floor = path.floor(**path.sizes).seconds(path.precision) if path.floor else {}
        yield {
            "name": path.name,
            "sizes": ", ".join(f"{value} {name}" for name, value in path.sizes.items()),
            "seconds": taken,
            **{name: value / taken for name, value in floor.items()},
            "limit": sum(floor.values()) / taken if floor else np.nan,
            "calls": counted.calls,
            "calling": counted.calls * call / taken,
            "megabytes": counted.allocated / 1e6,
            "slopes": slopes(path),
        }


def slopes(path: HotPath) -> dict[str, float]:
    """Exponents of the cost in each size, d log time / d log size, between one and four times the default size."""
    return {name: _slope(path, name) for name in path.grown}


def _slope(path: HotPath, name: str) -> float:
    sizes = [path.sizes[name] * factor for factor in GROWTH]
    times = [median_seconds(path.build(**{**path.sizes, name: size})) for size in sizes]
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])
