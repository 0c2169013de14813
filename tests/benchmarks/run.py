"""Our speed beside that of the peers: `make bench`.

Each comparison runs both sides alternately in this process on one thread, and prints the median time of
each and the median and range of the ratio. With --gpu it compares our own speed on a GPU with that on two CPU threads.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]
os.environ.setdefault("DDE_BACKEND", "pytorch")

import torch  # noqa: E402

ROUNDS = 9


def timed(action: Callable, count: int) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) / count


def compare(name: str, target: float, build: Callable, rounds: int = ROUNDS) -> None:
    """Print one row: both medians, the ratio, and the target."""
    ours, peer, our_count, peer_count = build()
    ours()
    peer()
    pairs = [(timed(ours, our_count), timed(peer, peer_count)) for _ in range(rounds)]
    ratios = sorted(theirs / mine for mine, theirs in pairs)
    mine, theirs = (_time(statistics.median(column)) for column in zip(*pairs))
    spread = f"{statistics.median(ratios):.1f}× [{ratios[0]:.1f}, {ratios[-1]:.1f}]"
    print(f"| {name} | {mine} | {theirs} | {spread} | ≥ {target:g}× |", flush=True)


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def figure_rebuilt() -> None:
    """Seconds to rebuild one figure of a finished draft run, and to find that nothing is to be done."""
    figure = ROOT / "results/figures/deep_ritz/fig1.pdf"
    if not figure.exists():
        print("\nOne figure rebuilt: no draft run in results/, not measured.")
        return
    snakemake = [str(ROOT / ".venv/bin/snakemake"), "--cores", "2", "--quiet"]
    environment = {**os.environ, "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"}
    for what, target in (("no-op of `all`", ["all"]), ("fig1 rebuilt", ["--forcerun", "figure", "--", str(figure)])):
        target = [part.replace(f"{ROOT}/", "") for part in target]
        start = time.perf_counter()
        subprocess.run([*snakemake, *target], cwd=ROOT, check=True, capture_output=True, env=environment)
        print(f"{what}: {time.perf_counter() - start:.1f} s (target ≤ 10 s)")


def peers() -> None:
    """Our speed beside that of the peers, all on one thread."""
    from benchmarks import effective_theory, ritz

    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread, median of {ROUNDS} alternating rounds\n")
    print("| work | ours | peer | ratio [range] | target |\n|---|---|---|---|---|")
    torch.set_default_dtype(torch.float64)
    compare("Deep Ritz step, per seed, 20 seeds", 15, ritz.ritz_step)
    compare("kink-aware gradient, N = 50", 100, ritz.kink_aware_gradient)
    compare("landscape point, N = 20", 100, ritz.landscape_point)
    compare("kernel ensemble, width 512, 10 layers, one input, per network", 300, effective_theory.kernel_ensemble)
    torch.set_default_dtype(torch.float32)
    compare("ensemble training step, 20 networks, 5×32", 10, effective_theory.ensemble_step)
    compare("Burgers step, 10,000 points, 7×64, tanh", 1.6, effective_theory.burgers_step)
    print()
    figure_rebuilt()


def gpu() -> None:
    """Our speed on a GPU beside that on two CPU threads; says so where there is no GPU."""
    if not torch.cuda.is_available():
        print("GPU beside CPU: torch finds no GPU here, not measured.")
        return
    from benchmarks import gpu as paths

    torch.set_num_threads(2)
    name = torch.cuda.get_device_name()
    print(f"torch {torch.__version__}, {name}, two CPU threads, median of {ROUNDS} alternating rounds\n")
    print("| work | GPU | CPU | ratio [range] | target |\n|---|---|---|---|---|")
    compare("Deep Ritz step, kink-aware, 20 seeds", 1, lambda: paths.sides(paths.ritz_step))
    compare("Burgers step, 10,000 points, 7×64, tanh", 1, lambda: paths.sides(paths.burgers_step))
    compare("kernel ensemble, width 512, 10 layers, 50 networks", 1, lambda: paths.sides(paths.kernel_ensemble))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--gpu", action="store_true", help="a GPU beside two CPU threads, instead of us beside the peers"
    )
    gpu() if parser.parse_args().gpu else peers()
