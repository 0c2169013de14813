"""The entries of figures and tables in config.yaml: one model per family."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from rectified.settings import CasePattern, Strict, one_of


class Exhibit(Strict):
    """What is made from cases: a figure or a table.

    Attributes:
        shows: the task of its cases.
        one_case, one_problem, one_target: whether all must be of one.
        axes: how many axes the domains of its targets may have.
        critical_units: whether C_W must be given in units of the critical one.
        fixed_point_at_zero: whether kernel 0 must be a fixed point of the activation at some C_W.
    """

    shows: ClassVar[str] = "ritz"
    one_case: ClassVar[bool] = False
    one_problem: ClassVar[bool] = False
    one_target: ClassVar[bool] = False
    axes: ClassVar[tuple[int, ...]] = (1, 2, 3)
    critical_units: ClassVar[bool] = False
    fixed_point_at_zero: ClassVar[bool] = False

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


class SusceptibilityFigure(Exhibit):
    """χ∥, χ⊥ and their ratio against the kernel, one curve per activation."""

    shows: ClassVar[str] = "theory"

    family: Literal["susceptibility"]


class KernelFigure(Exhibit):
    """Kernels at initialization by layer, one panel per case, with the theory."""

    shows: ClassVar[str] = "kernel_ensemble"

    family: Literal["kernels"]


class VertexFigure(Exhibit):
    """Four-point vertex and mean kernel at initialization by layer, one column per case, with the theory."""

    shows: ClassVar[str] = "kernel_ensemble"

    family: Literal["vertex"]


class ExplosionFigure(Exhibit):
    """The share of networks whose kernel explodes, against C_W, with the law it follows."""

    shows: ClassVar[str] = "kernel_ensemble"
    critical_units: ClassVar[bool] = True

    family: Literal["explosion"]


class PhaseFigure(Exhibit):
    """Where kernels vanish and explode over C_W and input scale, with the unstable fixed point."""

    shows: ClassVar[str] = "kernel_ensemble"
    one_case: ClassVar[bool] = True
    fixed_point_at_zero: ClassVar[bool] = True

    family: Literal["phases"]


class DynamicsFigure(Exhibit):
    """Statistics of the layers of an ensemble while it is trained."""

    shows: ClassVar[str] = "ensemble_training"
    one_case: ClassVar[bool] = True

    family: Literal["dynamics"]
    panels: list[Literal["kernel", "susceptibility", "vertex"]] = ["kernel", "susceptibility", "vertex"]


class OutputFigure(Exhibit):
    """Mean output of an ensemble against the target, one panel per case."""

    shows: ClassVar[str] = "ensemble_training"

    family: Literal["outputs"]


class OptimizerFigure(Exhibit):
    """Test error of trained ensembles against C_W, by optimizer and depth."""

    shows: ClassVar[str] = "ensemble_training"

    family: Literal["optimizers"]


class PolynomialFigure(Exhibit):
    """Errors of polynomials built from one layer of MRePU."""

    shows: ClassVar[str] = "lemma"
    one_case: ClassVar[bool] = True

    family: Literal["polynomials"]


class RegressionHistoryFigure(Exhibit):
    """Training error against epoch, one panel per target."""

    shows: ClassVar[str] = "regression"

    family: Literal["regression_history"]


class RegressionFieldFigure(Exhibit):
    """Trained functions and their derivatives, one column per target of one variable."""

    shows: ClassVar[str] = "regression"
    axes: ClassVar[tuple[int, ...]] = (1,)

    family: Literal["regression_fields"]


class ContourFigure(Exhibit):
    """Contours of trained functions of two variables, and of their derivatives, one column per case."""

    shows: ClassVar[str] = "regression"
    axes: ClassVar[tuple[int, ...]] = (2, 3)
    one_target: ClassVar[bool] = True

    family: Literal["contours"]


class PinnHistoryFigure(Exhibit):
    """Loss and error of physics-informed networks against epoch."""

    shows: ClassVar[str] = "pinn"
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_history"]


class PinnFieldFigure(Exhibit):
    """Solutions by physics-informed networks, or their errors, one panel per case."""

    shows: ClassVar[str] = "pinn"
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_fields"]
    quantity: Literal["solution", "error"] = "solution"


class EnergyTable(Exhibit):
    """Energies and errors of trained networks."""

    family: Literal["energies"]


class GradientTable(Exhibit):
    """Errors of gradients, by block of parameters and by rule."""

    shows: ClassVar[str] = "gradient_errors"

    family: Literal["gradients"]


class ActivationTable(Exhibit):
    """Activations with their formulas, kinks and universality classes."""

    shows: ClassVar[str] = "theory"

    family: Literal["activations"]


class KernelTable(Exhibit):
    """Mean and variance of kernels over an ensemble, by layer and epoch."""

    shows: ClassVar[str] = "ensemble_training"

    family: Literal["kernels"]


class RegressionTable(Exhibit):
    """Final and smallest training errors and errors off the grid, by target and activation."""

    shows: ClassVar[str] = "regression"

    family: Literal["regressions"]


class PinnTable(Exhibit):
    """Errors of physics-informed networks, by optimizer and activation."""

    shows: ClassVar[str] = "pinn"

    family: Literal["pinns"]


Figure = one_of(
    (
        TrainingFigure,
        FeatureFigure,
        LandscapeFigure,
        ConvergenceFigure,
        SusceptibilityFigure,
        KernelFigure,
        VertexFigure,
        ExplosionFigure,
        PhaseFigure,
        DynamicsFigure,
        OutputFigure,
        OptimizerFigure,
        PolynomialFigure,
        RegressionHistoryFigure,
        RegressionFieldFigure,
        ContourFigure,
        PinnHistoryFigure,
        PinnFieldFigure,
    ),
    "family",
)
Table = one_of((EnergyTable, GradientTable, ActivationTable, KernelTable, RegressionTable, PinnTable), "family")
