"""A limit on how long a thought may take, for what the user writes and sympy might brood over for ever."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reproduction.config.errors import ConfigError


class _TimeUp(BaseException):
    """Not to be caught by a library that tries one way after another."""


@contextmanager
def at_most(seconds: float, what: str) -> Iterator[None]:
    """Stop what takes more time of this process, so that a busy machine changes nothing; for the main thread alone.

    Raises:
        ConfigError: when the time is up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1.0)
    try:
        yield
    except _TimeUp:
        raise ConfigError(f"{what} takes more than {seconds:g} s; write it more simply") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number, frame):
    raise _TimeUp
