"""The entries of figures and tables in config.yaml: one model per family."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rectified.spec import CasePattern, Strict


class Exhibit(Strict):
    """What is made from cases: a figure or a table."""

    shows: ClassVar[str] = "ritz"
    one_case: ClassVar[bool] = False
    one_problem: ClassVar[bool] = False

    data: Annotated[list[CasePattern], Field(min_length=1)]
    """Cases, as `experiment/case`; * stands for any text."""


class TrainingFigure(Exhibit):
    """Energy histories and learned fields of trained networks."""

    one_problem: ClassVar[bool] = True

    family: Literal["training"]
    panels: list[Literal["history", "fields", "errors", "work"]] = ["history", "fields"]


class FeatureFigure(Exhibit):
    """The derivatives of one feature."""

    shows: ClassVar[str] = "feature"
    one_case: ClassVar[bool] = True

    family: Literal["feature"]


class LandscapeFigure(Exhibit):
    """The energy on planes through a trained network."""

    shows: ClassVar[str] = "landscape"
    one_case: ClassVar[bool] = True

    family: Literal["landscape"]


class ConvergenceFigure(Exhibit):
    """Errors of several methods against the width of the network and against work."""

    one_problem: ClassVar[bool] = True

    family: Literal["convergence"]


class EnergyTable(Exhibit):
    """Energies and errors of trained networks."""

    family: Literal["energies"]


class GradientTable(Exhibit):
    """Errors of gradients, by block of parameters and by rule."""

    shows: ClassVar[str] = "gradient_errors"

    family: Literal["gradients"]


Figure = Annotated[TrainingFigure | FeatureFigure | LandscapeFigure | ConvergenceFigure, Field(discriminator="family")]
Table = Annotated[EnergyTable | GradientTable, Field(discriminator="family")]
