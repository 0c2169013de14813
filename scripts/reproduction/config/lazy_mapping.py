"""A mapping that computes its values on first access."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reproduction.config.errors import ConfigError


class LazyMapping(Mapping):
    """A mapping with known keys; each value is computed on first access.

    Args:
        names: the keys, in order.
        make: computes the value of a key; it may access other values.

    Raises:
        ConfigError: on access, if the value of a key depends on itself.
    """

    def __init__(self, names: Iterable[str], make: Callable[[str], Any]):
        self._names, self._make = dict.fromkeys(names), make
        self._values: dict[str, Any] = {}
        self._in_progress: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        if name in self._in_progress:
            raise ConfigError(f"references of experiments must be acyclic; {name!r} refers to itself")
        if name not in self._values:
            self._in_progress.add(name)
            try:
                self._values[name] = self._make(name)
            finally:
                self._in_progress.discard(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
