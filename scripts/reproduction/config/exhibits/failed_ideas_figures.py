"""Entries of figures of the third document: latents, variants and their remedies, fields, profiles, cells.

``figures`` collects the entries of all modules.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reproduction.config.exhibits.entry import FigureEntry
from reproduction.config.field_types import CasePattern, Distinct, Strict


class LatentsFigure(FigureEntry):
    """t-SNE of the hidden layers of networks with different objectives."""

    shows: ClassVar[tuple[str, ...]] = ("latents",)
    one_case: ClassVar[bool] = True

    family: Literal["latents"]


class VariantFigure(FigureEntry):
    """Errors of the variants of a network over seeds, beside the verdicts of the audit."""

    shows: ClassVar[tuple[str, ...]] = ("collocation", "audit")

    family: Literal["variants"]


class Idea(Strict):
    """Cases of an idea: as it failed, with remedies, and plain networks to compare with."""

    title: str
    failed: Annotated[list[CasePattern], Field(min_length=1), Distinct]
    remedies: Annotated[list[CasePattern], Distinct] = []
    plain: Annotated[list[CasePattern], Distinct] = []


class RemedyFigure(FigureEntry):
    """Errors before and after a remedy, by idea, beside plain networks."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)

    family: Literal["remedies"]
    ideas: Annotated[list[Idea], Field(min_length=1)]
    """The ideas, in order; each has a title and lists of cases: failed, remedies, plain. Cases must be in `data`."""


class CollocationFieldFigure(FigureEntry):
    """The trained fields of variants beside the exact solution, and their errors."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    one_problem: ClassVar[bool] = True

    family: Literal["collocation_fields"]


class ProfileFigure(FigureEntry):
    """Profiles of a front at three times, one panel per variant and time."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    equations: ClassVar[tuple[str, ...]] = ("buckley_leverett",)

    family: Literal["profiles"]


class CellFigure(FigureEntry):
    """Cells of a vector quantization, those that no condition reaches, and the errors there."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("quantized",)

    family: Literal["cells"]


class BranchFigure(FigureEntry):
    """Errors of parallel powers of ReLU, and the share of each in the gradient of the residual."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("towers",)

    family: Literal["branches"]


class SharpnessFigure(FigureEntry):
    """Errors of gated experts against the sharpness of their gate."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("experts",)
    one_problem: ClassVar[bool] = True

    family: Literal["sharpness"]
