"""Errors of a user's network, loss or derivatives, put in one sentence with the remedy."""

from collections.abc import Iterator
from contextlib import contextmanager

from rectified.errors import InvalidInputError

EAGER = "the audit is of the module before torch.compile; rectified.audit.compare compares both"
CHECKPOINT = "use torch.utils.checkpoint with use_reentrant=False"
IN_PLACE = "an operation changes a tensor in place: write h = h + 1 for h += 1"
DEVICE = "the audit runs on the CPU: move tensors inside the network to the device of its input, x.device"
PRECISION = (
    "the audit computes in float64: give the network as a torch.nn.Module, which is converted, and convert other "
    "tensors with .to(x)"
)
MISSING = "PyTorch lacks a derivative: write the operation by others, or lower the order"
REMEDIES = {  # by fragments of PyTorch's messages, most specific first
    "aot_autograd does not currently support double backward": EAGER,
    "torch.compile": EAGER,
    "use_reentrant": CHECKPOINT,
    "heckpointing is not compatible": CHECKPOINT,
    "inplace operation": IN_PLACE,
    "in-place operation": IN_PLACE,
    "CUDA": DEVICE,
    "NVIDIA": DEVICE,
    "on the same device": DEVICE,
    "same dtype": PRECISION,
    "Float and Double": PRECISION,
    "Double and Float": PRECISION,
    "scalar type": PRECISION,
    "forward AD": "PyTorch has no forward derivative of an operation: use derivatives='reverse'",
    "is not implemented": MISSING,
    "not implemented for": "an operation has no version in double precision on the CPU",
    "does not require grad": "an operation detaches its result: check for detach, no_grad and NumPy",
    "numpy()": "compute with PyTorch alone; NumPy has no derivatives",
    "to be copied": "pass a function instead, lambda x: network(x), with the network in float64",
    "Inference tensors": "create the tensors of the network outside torch.inference_mode",
}


@contextmanager
def in_words(name: str, context: str = "") -> Iterator[None]:
    """Turn every exception into an InvalidInputError of one sentence, with a remedy if one is known.

    Args:
        name: argument to which the failing code belongs, such as ``network``.
        context: further words after "failed".

    Raises:
        InvalidInputError: for every exception; those of the library pass unchanged.
    """
    try:
        yield
    except InvalidInputError:
        raise
    except Exception as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        text = " ".join(lines)
        reason = text.split(". ")[0].removesuffix(".") if lines else type(error).__name__
        sentence = f"{name} failed{' ' + context if context else ''}: {reason}"
        remedy = next((words for fragment, words in REMEDIES.items() if fragment in f"{sentence} {text}"), "")
        raise InvalidInputError(f"{sentence} ({remedy})" if remedy else sentence) from error
