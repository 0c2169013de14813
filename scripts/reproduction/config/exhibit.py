"""The base of the entries of figures and tables in config."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from reproduction.config.field_types import CasePattern, Strict, one_of


class Exhibit(Strict):
    """An entry of ``figures`` or ``tables``: an exhibit made from cases.

    Attributes:
        shows: the tasks of its cases.
        one_case, one_problem, one_target: whether all must be of one.
        axes: how many axes the domains of its targets may have.
        critical_units: whether C_W must be given in units of the critical one.
        equations, architectures: of its cases; none allows all.
        fixed_point_at_zero: whether kernel 0 must be a fixed point of the activation at some C_W.
    """

    shows: ClassVar[tuple[str, ...]] = ("ritz",)
    one_case: ClassVar[bool] = False
    one_problem: ClassVar[bool] = False
    one_target: ClassVar[bool] = False
    axes: ClassVar[tuple[int, ...]] = (1, 2, 3)
    critical_units: ClassVar[bool] = False
    fixed_point_at_zero: ClassVar[bool] = False
    equations: ClassVar[tuple[str, ...]] = ()
    architectures: ClassVar[tuple[str, ...]] = ()

    data: Annotated[list[CasePattern], Field(min_length=1)]
    """Cases, as `experiment/case`; * stands for any text."""


def families(base: type[Exhibit]) -> Any:
    """Return the type of any entry of a kind: one of the models derived from ``base``, by its family."""
    return one_of(base.__subclasses__(), "family")
