"""Benchmarks against peer packages: `make bench`.

Both sides of a comparison run alternately in this process on one thread. results/benchmarks.{md,csv,pdf,png} list the
ratios with their intervals, the shares of the machine's limits that the hot paths reach, and the growth of their cost.
With --gpu, the hot paths on a GPU are compared with two CPU threads and the ratios are printed.
"""

import argparse
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
os.environ.setdefault("DDE_BACKEND", "pytorch")

import pandas as pd  # noqa: E402
import torch  # noqa: E402

from benchmarks import effective_theory, kink_aware, limits, measure, page, race, ritz  # noqa: E402
from reproduction.runtime import malloc  # noqa: E402

ROUNDS = 9
RACES = 7
RACE_TARGET = 8.0
PACKAGES = ("torch", "numpy", "scipy", "deepxde", "loss-landscapes", "curvlinops-for-pytorch")


def races(count: int) -> dict:
    """Return the row of the time to accuracy, one seed per round."""
    row = {
        "key": "Burgers, to 1.2 %",
        "work": f"Burgers example, 3×20 tanh, 2540 + 80 + 160 points, until the relative L² error is {race.GOAL:g}",
        "peer": "DeepXDE 1.15.0, its recipe",
        "target": RACE_TARGET,
    }
    try:
        with measure.default_precision(torch.float32):
            pairs = [(race.ours(seed), race.deepxde_recipe(seed)) for seed in range(count)]
    except ImportError as error:
        return row | {"note": f"DeepXDE cannot be imported: {error}"}
    late = [f"seed {seed}: {error:.2g}" for seed, (_, (_, error)) in enumerate(pairs) if error > race.GOAL]
    own = [f"seed {seed}: {error:.2g}" for seed, ((_, error), _) in enumerate(pairs) if error > race.GOAL]
    notes = [
        f"{who} ended above the goal with {', '.join(seeds)}"
        for who, seeds in (("DeepXDE", late), ("ours", own))
        if seeds
    ]
    return row | measure.ratios([(mine, theirs) for (mine, _), (theirs, _) in pairs]) | {"note": "; ".join(notes)}


def versions() -> dict[str, str]:
    """Return the versions of the packages compared."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def peers(rounds: int, race_count: int) -> None:
    """Run all comparisons with peers on one thread."""
    malloc.keep_freed_memory()
    torch.set_num_threads(1)
    rows = []
    for comparison in (*ritz.COMPARISONS, *kink_aware.COMPARISONS, *effective_theory.COMPARISONS):
        rows.append(measure.compare(comparison, rounds))
        show(rows[-1])
    if race_count:
        rows.append(races(race_count))
        show(rows[-1])
    near = pd.DataFrame(limits.shares())
    page.write(ROOT / "results", pd.DataFrame(rows), near, measure.rates(), versions())
    print((ROOT / "results/benchmarks.md").read_text())


def gpu(rounds: int) -> None:
    """Compare a GPU with two CPU threads; print a message if there is no GPU."""
    if not torch.cuda.is_available():
        print("GPU against CPU: not measured; torch finds no GPU.")
        return
    from benchmarks import gpu as on_gpu

    torch.set_num_threads(2)
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}, two CPU threads\n")
    for comparison in on_gpu.COMPARISONS:
        show(measure.compare(comparison, rounds))


def show(row: dict) -> None:
    print(page.comparison_table(pd.DataFrame([{"ratio": None, "note": ""} | row])).splitlines()[-1], flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", action="store_true", help="compare a GPU with two CPU threads")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each comparison; {ROUNDS} by default")
    parser.add_argument("--races", type=int, default=RACES, help=f"races to the goal, minutes each; {RACES} by default")
    chosen = parser.parse_args()
    gpu(chosen.rounds) if chosen.gpu else peers(chosen.rounds, chosen.races)
