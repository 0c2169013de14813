"""Entries of ``figures`` in config that show Ritz networks with several inputs."""

from typing import ClassVar, Literal

from reproduction.config.exhibits.entry import FigureEntry


class BoxFieldFigure(FigureEntry):
    """Fields of Ritz networks on a box beside the exact solution, and their errors, one row per problem and depth."""

    shows: ClassVar[tuple[str, ...]] = ("ritz_box",)

    family: Literal["box_fields"]


class BoxConvergenceFigure(FigureEntry):
    """Errors of Ritz networks on a box against parameters and work, beside finite elements."""

    shows: ClassVar[tuple[str, ...]] = ("ritz_box", "finite_elements")
    one_problem: ClassVar[bool] = True

    family: Literal["box_convergence"]


class BoxDimensionFigure(FigureEntry):
    """Errors of Ritz networks on boxes against the number of inputs."""

    shows: ClassVar[tuple[str, ...]] = ("ritz_box",)

    family: Literal["box_dimensions"]


class BoxLandscapeFigure(FigureEntry):
    """The energy on planes through a trained network with several inputs, on a grid and along lines."""

    shows: ClassVar[tuple[str, ...]] = ("box_landscape",)
    one_case: ClassVar[bool] = True

    family: Literal["box_landscape"]
