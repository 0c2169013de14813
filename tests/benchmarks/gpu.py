"""Benchmarks of the hot paths on a GPU against two CPU threads."""

from collections.abc import Callable

import torch
from torch.types import Device

from benchmarks import hot_paths
from benchmarks.measure import Comparison, Sides
from reproduction.jobs.setup import devices

STEPS = 5


def sides(build: Callable[[Device], Callable]) -> Sides:
    """Return both sides, timed per step; the GPU side waits for the device to finish."""
    on_gpu, on_cpu = build(devices.select("cuda")), build("cpu")

    def ours() -> None:
        for _ in range(STEPS):
            on_gpu()
        torch.cuda.synchronize()

    def cpu() -> None:
        for _ in range(STEPS):
            on_cpu()

    return Sides(ours, cpu, STEPS, STEPS)


def _beside_cpu(key: str, work: str, precision: torch.dtype, build: Callable[[Device], Callable]) -> Comparison:
    return Comparison(key, work, "two CPU threads", None, precision, lambda: sides(build))


COMPARISONS = (
    _beside_cpu(
        "Ritz step",
        "Deep Ritz step, kink-aware, 20 seeds",
        torch.float64,
        lambda device: hot_paths.ritz_step(rule="kink_aware", device=device),
    ),
    _beside_cpu(
        "Burgers step",
        "Burgers step, 10,000 points, 7×64, tanh",
        torch.float32,
        lambda device: hot_paths.burgers_step(device=device),
    ),
    _beside_cpu(
        "kernels",
        "kernel ensemble, width 512, 10 layers, 50 networks; normals drawn on the CPU",
        torch.float64,
        lambda device: hot_paths.kernels(networks=50, device=device),
    ),
)
