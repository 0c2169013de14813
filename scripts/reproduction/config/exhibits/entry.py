"""Base of the entries of figures and tables in config."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from reproduction.config.field_types import CasePattern, Distinct, Strict, one_of


class Exhibit(Strict):
    """An entry of ``figures`` or ``tables``: an exhibit made from cases.

    Attributes:
        shows: tasks of its cases.
        one_case, one_problem, one_target: true if all cases must share it.
        axes: allowed numbers of axes of the domains of its targets.
        critical_units: true if C_W must be in units of the critical value.
        equations, architectures: allowed for its cases; empty allows all.
        fixed_point_at_zero: true if kernel 0 must be a fixed point of the activation at some C_W.
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

    data: Annotated[list[CasePattern], Field(min_length=1), Distinct]
    """Cases, as `experiment/case`; * matches any text."""


class FigureEntry(Exhibit):
    """An entry of ``figures``."""

    kind: ClassVar[str] = "figure"


def families(base: type[Exhibit]) -> Any:
    """Return the union of the models derived from ``base``, discriminated by family."""
    return one_of(base.__subclasses__(), "family")
