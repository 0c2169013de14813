"""Our speed beside that of the peers: `make bench`.

Each comparison runs both sides alternately in this process on one thread, and prints the median time of
each and the median and range of the ratio.
"""

import copy
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests")]

import loss_landscapes  # noqa: E402
import loss_landscapes.metrics  # noqa: E402
import torch  # noqa: E402

from builders import network, parameters, problem  # noqa: E402
from rectified import landscape, optimizers  # noqa: E402
from rectified.gradients import ritz_gradient  # noqa: E402
from rectified.hessian import eigenpairs, hessian  # noqa: E402
from rectified.moments import MomentEnergy  # noqa: E402
from rectified.quadrature import KinkAware, UniformGrid  # noqa: E402
from rectified.ritz import RitzEnergy  # noqa: E402

ROUNDS = 9
SEEDS = 20
STEPS = 200


class PlainNetwork(torch.nn.Module):
    """The network as a user of torch writes it."""

    def __init__(self, width: int = 50):
        super().__init__()
        self.hidden = torch.nn.Linear(1, width)
        self.output = torch.nn.Linear(width, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1 - x) * self.output(torch.relu(self.hidden(x)))


def plain_energy(net: Callable, x: torch.Tensor, weights: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    u = net(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    return (weights * (0.5 * du**2 - source * u)).sum()


def grid() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rule = UniformGrid(100)
    x = rule.points[0][:, None].clone().requires_grad_(True)
    return x, rule.weights[0][:, None], (4 * torch.pi**2 * torch.sin(2 * torch.pi * x)).detach()


def ritz_step() -> tuple[Callable, Callable, int, int]:
    """One Adam step: 20 seeds in a batch against one seed with nn.Module and autograd.grad, per seed."""
    net = network("relu")
    gradient = ritz_gradient("autodiff", problem(), net, points=100, step=1e-2, order=5, panels=10)
    ours = optimizers.build("adam", parameters(net, SEEDS), 5e-3, gradient.objective)
    alive = torch.ones(SEEDS, dtype=torch.bool)
    plain = PlainNetwork()
    adam = torch.optim.Adam(plain.parameters(), lr=5e-3)
    x, weights, source = grid()

    def step() -> None:
        for _ in range(STEPS):
            ours.step(gradient, alive, 5e-3)

    def peer() -> None:
        for _ in range(STEPS):
            adam.zero_grad()
            plain_energy(plain, x, weights, source).backward()
            adam.step()

    return step, peer, STEPS * SEEDS, STEPS


def kink_aware_gradient() -> tuple[Callable, Callable, int, int]:
    """The kink-aware gradient against central differences of the same energy in a loop over parameters."""
    net = network("relu")
    theta = parameters(net, 1)
    gradient = ritz_gradient("kink_aware", problem(), net, points=100, step=1e-2, order=5, panels=10)
    energy = RitzEnergy(problem(), net, KinkAware(net))

    def ours() -> None:
        for _ in range(100):
            gradient(theta)

    @torch.no_grad()
    def peer() -> None:
        for index in range(net.parameters):
            for sign in (1, -1):
                moved = theta.clone()
                moved[0, index] += sign * 1e-5
                energy(moved)

    return ours, peer, 100, 1


def landscape_point() -> tuple[Callable, Callable, int, int]:
    """One point of nine planes through parameter space against loss-landscapes, N = 20, 100 points."""
    net = network("relu", width=20)
    theta = parameters(net, 1)[0]
    energy = RitzEnergy(problem(), net, UniformGrid(100))
    quick = MomentEnergy(energy)
    vectors = eigenpairs(hessian(energy, theta)).vectors
    offsets = torch.linspace(-0.5, 0.5, 81, dtype=torch.float64)
    pairs = [(1, j) for j in range(2, 11)]
    x, weights, source = grid()
    plain = PlainNetwork(20)

    class Energy(loss_landscapes.metrics.Metric):
        def __call__(self, model) -> float:
            return plain_energy(model.forward, x, weights, source).item()

    def ours() -> None:
        landscape.planes(quick, theta, vectors, pairs, offsets, 300)

    def peer() -> None:
        loss_landscapes.random_plane(copy.deepcopy(plain), Energy(), distance=1, steps=15, normalization=None)

    return ours, peer, 9 * 81 * 81, 15 * 15


def timed(action: Callable, count: int) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) / count


def compare(name: str, target: float, build: Callable) -> None:
    """Print one row: both medians, the ratio, and the target."""
    ours, peer, our_count, peer_count = build()
    ours()
    peer()
    pairs = [(timed(ours, our_count), timed(peer, peer_count)) for _ in range(ROUNDS)]
    ratios = sorted(theirs / mine for mine, theirs in pairs)
    mine, theirs = (statistics.median(column) * 1e6 for column in zip(*pairs))
    spread = f"{statistics.median(ratios):.1f}× [{ratios[0]:.1f}, {ratios[-1]:.1f}]"
    print(f"| {name} | {mine:.1f} µs | {theirs:.1f} µs | {spread} | ≥ {target:g}× |", flush=True)


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


def main() -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    print(f"torch {torch.__version__}, one thread, median of {ROUNDS} alternating rounds\n")
    print("| work | ours | peer | ratio [range] | target |\n|---|---|---|---|---|")
    compare("Deep Ritz step, per seed, 20 seeds", 15, ritz_step)
    compare("kink-aware gradient, N = 50", 100, kink_aware_gradient)
    compare("landscape point, N = 20", 100, landscape_point)
    print()
    figure_rebuilt()


if __name__ == "__main__":
    main()
