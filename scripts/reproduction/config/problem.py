"""Base of the entries of ``problems`` in config: one subclass per equation."""

from typing import Any, ClassVar

from reproduction.config.field_types import Strict


class ProblemEntry(Strict):
    """An entry of ``problems``: an equation with its coefficients and formulas."""

    registered: ClassVar[dict[str, type["ProblemEntry"]]] = {}
    remedies: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        if "equation" in cls.model_fields:
            (name,) = cls.model_fields["equation"].annotation.__args__
            ProblemEntry.registered[name] = cls

    def build(self) -> Any:
        """Return the problem of ``rectified.problems`` that the entry defines.

        Raises:
            InvalidInputError: if the entry defines no problem.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Raise InvalidInputError if the entry defines no problem."""
        self.build()

    def check_task(self, settings: Any) -> None:
        """Raise ConfigError for settings of a task that do not suit this equation."""

    def words(self, name: str) -> str:
        """Return the entry in words, for captions."""
        return name

    @property
    def label(self) -> str:
        """The equation with its coefficients, for titles of panels."""
        return ""

    @property
    def applied_remedies(self) -> list[str]:
        """Names of the modifications of the equation that the entry applies, for labels."""
        return []

    @property
    def solution_key(self) -> str:
        """Key shared by entries with equal exact solutions: the entry as JSON without the settings in ``remedies``."""
        return self.model_dump_json(exclude=set(self.remedies) or None)
