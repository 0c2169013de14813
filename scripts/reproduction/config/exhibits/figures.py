"""Entries of ``figures`` in config: one model per family.

The module ``reproduction.exhibits.figures.<family>`` draws the figures of a family.
"""

from typing import ClassVar, Literal

from reproduction.config.exhibits import box_figures, failed_ideas_figures
from reproduction.config.exhibits.entry import FigureEntry, families
from reproduction.config.field_types import DistinctList


class TrainingFigure(FigureEntry):
    """Energy histories and learned fields of trained networks."""

    one_problem: ClassVar[bool] = True

    family: Literal["training"]
    panels: DistinctList[Literal["history", "fields", "errors", "work"]] = ["history", "fields"]


class SingleNeuronFigure(FigureEntry):
    """The derivatives of one neuron."""

    shows: ClassVar[tuple[str, ...]] = ("single_neuron",)
    one_case: ClassVar[bool] = True

    family: Literal["single_neuron"]


class LandscapeFigure(FigureEntry):
    """The energy on planes through a trained network."""

    shows: ClassVar[tuple[str, ...]] = ("landscape",)
    one_case: ClassVar[bool] = True

    family: Literal["landscape"]


class ConvergenceFigure(FigureEntry):
    """Errors of several methods against the width of the network and against work."""

    one_problem: ClassVar[bool] = True

    family: Literal["convergence"]


class SusceptibilityFigure(FigureEntry):
    """χ∥, χ⊥ and their ratio against the kernel, one curve per activation."""

    shows: ClassVar[tuple[str, ...]] = ("theory",)

    family: Literal["susceptibility"]


class KernelFigure(FigureEntry):
    """Kernels at initialization by layer, one panel per case, with the theory."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)

    family: Literal["kernels"]


class VertexFigure(FigureEntry):
    """Four-point vertex and mean kernel at initialization by layer, one column per case, with the theory."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)

    family: Literal["vertex"]


class ExplosionFigure(FigureEntry):
    """The share of networks whose kernel explodes, against C_W, with its theoretical law."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)
    critical_units: ClassVar[bool] = True

    family: Literal["explosion"]


class PhaseFigure(FigureEntry):
    """Regions of C_W and input scale where kernels vanish or explode, one row per case, with the fixed point."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)
    fixed_point_at_zero: ClassVar[bool] = True

    family: Literal["phases"]


class DynamicsFigure(FigureEntry):
    """Statistics of the layers of an ensemble while it is trained."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)
    one_case: ClassVar[bool] = True

    family: Literal["dynamics"]
    panels: DistinctList[Literal["kernel", "susceptibility", "vertex"]] = ["kernel", "susceptibility", "vertex"]


class OutputFigure(FigureEntry):
    """Mean output of an ensemble against the target, one panel per case."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["outputs"]


class OptimizerFigure(FigureEntry):
    """Test error of trained ensembles against C_W, by optimizer and depth."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["optimizers"]


class PolynomialFigure(FigureEntry):
    """Errors of polynomials built from one layer of MRePU."""

    shows: ClassVar[tuple[str, ...]] = ("polynomial_representation",)
    one_case: ClassVar[bool] = True

    family: Literal["polynomials"]


class RegressionHistoryFigure(FigureEntry):
    """Training error against epoch, one panel per target."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)

    family: Literal["regression_history"]


class RegressionFieldFigure(FigureEntry):
    """Trained functions and their derivatives, one column per target of one variable."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)
    axes: ClassVar[tuple[int, ...]] = (1,)

    family: Literal["regression_fields"]


class ContourFigure(FigureEntry):
    """Contours of trained functions of two variables, and of their derivatives, one column per case."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)
    axes: ClassVar[tuple[int, ...]] = (2, 3)
    one_target: ClassVar[bool] = True

    family: Literal["contours"]


class PinnHistoryFigure(FigureEntry):
    """Loss and error of physics-informed networks against epoch."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_history"]


class PinnFieldFigure(FigureEntry):
    """Solutions by physics-informed networks, or their errors, one panel per case."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_fields"]
    quantity: Literal["solution", "error"] = "solution"


class AuditFigure(FigureEntry):
    """Mismatches measured by the derivative audit, one row per experiment, with verdicts."""

    shows: ClassVar[tuple[str, ...]] = ("audit",)

    family: Literal["audit"]


MORE = (box_figures, failed_ideas_figures)  # modules with further families
Figure = families(FigureEntry)
