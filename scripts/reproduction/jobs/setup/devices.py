"""The device of a job: the CPU or one GPU.

Random numbers are always drawn on the CPU, by generators with derived seeds, and then moved. Both devices therefore use
the same draws and initial parameters and agree within rounding, which training may amplify. A GPU repeats its results
bit for bit as far as torch has deterministic algorithms. Points and parameters are moved once; numerics run on the
device of their arguments. Checkpoints are stored from the CPU, so that training can resume on either device.
"""

import os

import torch

from rectified.errors import nearest
from reproduction.config.errors import ConfigError

NAMES = ("cpu", "cuda", "auto")


def select(name: str) -> torch.device:
    """Return a device, configured for repeatable computations.

    Args:
        name: ``cpu``, ``cuda``, or ``auto`` for a GPU if there is one.

    Raises:
        ConfigError: if the name is unknown, or ``cuda`` is requested without a GPU.
    """
    if name not in NAMES:
        raise ConfigError(f"device: unknown value {name!r}; {nearest(name, NAMES)}")
    gpu = torch.cuda.is_available()
    if name == "cuda" and not gpu:
        raise ConfigError("device must be 'cpu' or 'auto' on a machine without a GPU for torch; got 'cuda'")
    if name == "cpu" or not gpu:
        return torch.device("cpu")
    _compute_repeatably()
    return torch.device("cuda")


def _compute_repeatably() -> None:
    """Make GPUs use full float32 and float64 precision, and deterministic algorithms where torch has them."""
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False


def label(device: torch.device) -> str:
    """Return the name of a device for results: ``cpu`` on every machine, or the model of the GPU."""
    return "cpu" if device.type == "cpu" else torch.cuda.get_device_name(device)
