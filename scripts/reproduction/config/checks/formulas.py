"""Checks of formulas in config, with a limit on CPU time: SymPy could work on one for an unbounded time."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rectified.effective_theory.homogeneous_activations import homogeneous
from rectified.effective_theory.kernel_recursion import EffectiveTheory
from rectified.formulas.activation import Activation
from reproduction.config.errors import ConfigError


class _TimeLimitExceeded(BaseException):
    """Derived from BaseException, so that no library catches it and continues."""


@contextmanager
def limit_cpu_time(seconds: float, action: str) -> Iterator[None]:
    """Stop a block of code that uses more CPU time than allowed; effective in the main thread only.

    CPU time is that of this process, so the load of the machine does not matter.

    Args:
        seconds: allowed CPU time.
        action: description of the block, for the error message.

    Raises:
        ConfigError: when the time is exceeded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1.0)
    try:
        yield
    except _TimeLimitExceeded:
        raise ConfigError(f"{action} takes more than {seconds:g} s; simplify it") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def _stop(number, frame):
    raise _TimeLimitExceeded


def check_activation(activation: Activation) -> None:
    """Do all symbolic work on an activation, so that a formula that is wrong or takes too long fails here.

    Raises:
        InvalidInputError: if the formula is not defined everywhere, or cannot be evaluated or analysed.
    """
    activation.forms  # noqa: B018
    activation.is_piecewise_linear  # noqa: B018
    homogeneous(activation)
    EffectiveTheory(activation).slope_is_square_integrable  # noqa: B018
