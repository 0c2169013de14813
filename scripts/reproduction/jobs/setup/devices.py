"""The device of a job: the CPU or one GPU.

Random numbers are always drawn on the CPU, by generators of the derived seeds, and then moved. Both devices therefore
see the same draws, start from the same parameters and agree within rounding, which training may amplify. A GPU repeats
its results to the bit as far as torch has deterministic algorithms. Points and parameters are moved once; numerics work
where their arguments lie. Checkpoints are stored from the CPU, so that either device goes on from those of the other.
"""

import os

import torch

from rectified.errors import nearest
from reproduction.config.errors import ConfigError

NAMES = ("cpu", "cuda", "auto")


def chosen(name: str) -> torch.device:
    """The device of that name, made ready to compute: ``cpu``, ``cuda``, or ``auto`` for a GPU where there is one.

    Raises:
        ConfigError: if there is no device of that name, or no GPU where one is asked for.
    """
    if name not in NAMES:
        raise ConfigError(f"device: {name!r} is not known; {nearest(name, NAMES)}")
    gpu = torch.cuda.is_available()
    if name == "cuda" and not gpu:
        raise ConfigError(
            "device: 'cuda' given, but torch finds no GPU here; allowed: cpu, auto (a GPU if there is one)"
        )
    if name == "cpu" or not gpu:
        return torch.device("cpu")
    _compute_repeatably()
    return torch.device("cuda")


def _compute_repeatably() -> None:
    """Let GPUs round as float32 and float64 do, and to the same bits each time, where torch knows how."""
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False


def label(device: torch.device) -> str:
    """What results say of the device: ``cpu``, the same on every machine, or the name of the GPU."""
    return "cpu" if device.type == "cpu" else torch.cuda.get_device_name(device)
