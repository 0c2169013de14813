"""The base of the entries of ``problems`` in config: one subclass per equation."""

from typing import Any, ClassVar

from reproduction.config.field_types import Strict


class ProblemEntry(Strict):
    """An entry of ``problems``: an equation with its numbers and formulas."""

    registered: ClassVar[dict[str, type["ProblemEntry"]]] = {}
    remedies: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "equation" in cls.model_fields:
            (name,) = cls.model_fields["equation"].annotation.__args__
            ProblemEntry.registered[name] = cls

    def build(self) -> Any:
        """Return the problem of ``rectified.problems`` that the entry describes.

        Raises:
            InvalidInputError: if there is none.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Raise InvalidInputError if the entry describes no problem."""
        self.build()

    def check_task(self, settings: Any) -> None:
        """Raise ConfigError for settings of a task that cannot be used with this equation."""

    def words(self, name: str) -> str:
        """The entry in words, for captions."""
        return name

    @property
    def label(self) -> str:
        """The equation with its numbers, for titles of panels."""
        return ""

    @property
    def applied_remedies(self) -> list[str]:
        """Names of the remedies that the entry applies to the equation, for labels."""
        return []

    @property
    def solution_key(self) -> str:
        """A text that is the same for entries with the same exact solution: without the settings in ``remedies``."""
        return self.model_dump_json(exclude=set(self.remedies) or None)
