"""The entries of figures and tables in config.yaml: one model per family."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reproduction.config.field_types import CasePattern, Strict, one_of


class Exhibit(Strict):
    """What is made from cases: a figure or a table.

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


class TrainingFigure(Exhibit):
    """Energy histories and learned fields of trained networks."""

    one_problem: ClassVar[bool] = True

    family: Literal["training"]
    panels: list[Literal["history", "fields", "errors", "work"]] = ["history", "fields"]


class FeatureFigure(Exhibit):
    """The derivatives of one feature."""

    shows: ClassVar[tuple[str, ...]] = ("feature",)
    one_case: ClassVar[bool] = True

    family: Literal["feature"]


class LandscapeFigure(Exhibit):
    """The energy on planes through a trained network."""

    shows: ClassVar[tuple[str, ...]] = ("landscape",)
    one_case: ClassVar[bool] = True

    family: Literal["landscape"]


class ConvergenceFigure(Exhibit):
    """Errors of several methods against the width of the network and against work."""

    one_problem: ClassVar[bool] = True

    family: Literal["convergence"]


class SusceptibilityFigure(Exhibit):
    """χ∥, χ⊥ and their ratio against the kernel, one curve per activation."""

    shows: ClassVar[tuple[str, ...]] = ("theory",)

    family: Literal["susceptibility"]


class KernelFigure(Exhibit):
    """Kernels at initialization by layer, one panel per case, with the theory."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)

    family: Literal["kernels"]


class VertexFigure(Exhibit):
    """Four-point vertex and mean kernel at initialization by layer, one column per case, with the theory."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)

    family: Literal["vertex"]


class ExplosionFigure(Exhibit):
    """The share of networks whose kernel explodes, against C_W, with the law it follows."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)
    critical_units: ClassVar[bool] = True

    family: Literal["explosion"]


class PhaseFigure(Exhibit):
    """Where kernels vanish and explode over C_W and input scale, with the unstable fixed point."""

    shows: ClassVar[tuple[str, ...]] = ("kernel_ensemble",)
    one_case: ClassVar[bool] = True
    fixed_point_at_zero: ClassVar[bool] = True

    family: Literal["phases"]


class DynamicsFigure(Exhibit):
    """Statistics of the layers of an ensemble while it is trained."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)
    one_case: ClassVar[bool] = True

    family: Literal["dynamics"]
    panels: list[Literal["kernel", "susceptibility", "vertex"]] = ["kernel", "susceptibility", "vertex"]


class OutputFigure(Exhibit):
    """Mean output of an ensemble against the target, one panel per case."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["outputs"]


class OptimizerFigure(Exhibit):
    """Test error of trained ensembles against C_W, by optimizer and depth."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["optimizers"]


class PolynomialFigure(Exhibit):
    """Errors of polynomials built from one layer of MRePU."""

    shows: ClassVar[tuple[str, ...]] = ("lemma",)
    one_case: ClassVar[bool] = True

    family: Literal["polynomials"]


class RegressionHistoryFigure(Exhibit):
    """Training error against epoch, one panel per target."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)

    family: Literal["regression_history"]


class RegressionFieldFigure(Exhibit):
    """Trained functions and their derivatives, one column per target of one variable."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)
    axes: ClassVar[tuple[int, ...]] = (1,)

    family: Literal["regression_fields"]


class ContourFigure(Exhibit):
    """Contours of trained functions of two variables, and of their derivatives, one column per case."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)
    axes: ClassVar[tuple[int, ...]] = (2, 3)
    one_target: ClassVar[bool] = True

    family: Literal["contours"]


class PinnHistoryFigure(Exhibit):
    """Loss and error of physics-informed networks against epoch."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_history"]


class PinnFieldFigure(Exhibit):
    """Solutions by physics-informed networks, or their errors, one panel per case."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)
    one_problem: ClassVar[bool] = True

    family: Literal["pinn_fields"]
    quantity: Literal["solution", "error"] = "solution"


class LatentsFigure(Exhibit):
    """t-SNE of the hidden layers of networks with different objectives."""

    shows: ClassVar[tuple[str, ...]] = ("latents",)
    one_case: ClassVar[bool] = True

    family: Literal["latents"]


class VariantFigure(Exhibit):
    """Errors of the variants of a network over seeds, beside what the audit says of them."""

    shows: ClassVar[tuple[str, ...]] = ("collocation", "audit")

    family: Literal["variants"]


class CollocationFieldFigure(Exhibit):
    """The trained fields of variants beside the exact solution, and their errors."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    one_problem: ClassVar[bool] = True

    family: Literal["collocation_fields"]


class ProfileFigure(Exhibit):
    """Profiles of a front at three times, one panel per variant and time."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    equations: ClassVar[tuple[str, ...]] = ("buckley_leverett",)

    family: Literal["profiles"]


class CellFigure(Exhibit):
    """The cells of a vector quantization, which of them no condition reaches, and the errors there."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("quantized",)

    family: Literal["cells"]


class BranchFigure(Exhibit):
    """Errors of parallel powers of ReLU, and the share of each in the gradient of the residual."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("towers",)

    family: Literal["branches"]


class SharpnessFigure(Exhibit):
    """Errors of gated experts against the sharpness of their gate."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)
    architectures: ClassVar[tuple[str, ...]] = ("experts",)
    one_problem: ClassVar[bool] = True

    family: Literal["sharpness"]


class AuditFigure(Exhibit):
    """The mismatches that the derivative audit measured, one row per experiment, with its verdicts."""

    shows: ClassVar[tuple[str, ...]] = ("audit",)

    family: Literal["audit"]


class EnergyTable(Exhibit):
    """Energies and errors of trained networks."""

    family: Literal["energies"]


class GradientTable(Exhibit):
    """Errors of gradients, by block of parameters and by rule."""

    shows: ClassVar[tuple[str, ...]] = ("gradient_errors",)

    family: Literal["gradients"]


class ActivationTable(Exhibit):
    """Activations with their formulas, kinks and universality classes."""

    shows: ClassVar[tuple[str, ...]] = ("theory",)

    family: Literal["activations"]


class KernelTable(Exhibit):
    """Mean and variance of kernels over an ensemble, by layer and epoch."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["kernels"]


class RegressionTable(Exhibit):
    """Final and smallest training errors and errors off the grid, by target and activation."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)

    family: Literal["regressions"]


class PinnTable(Exhibit):
    """Errors of physics-informed networks, by optimizer and activation."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)

    family: Literal["pinns"]


class AuditTable(Exhibit):
    """The derivative audit of cases, with verdicts and what they rest on."""

    shows: ClassVar[tuple[str, ...]] = ("audit",)

    family: Literal["audit"]


class LatentsTable(Exhibit):
    """Numbers of the latents of networks with different objectives."""

    shows: ClassVar[tuple[str, ...]] = ("latents",)

    family: Literal["latents"]


class VariantTable(Exhibit):
    """Errors and losses of the variants of physics-informed networks."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)

    family: Literal["variants"]


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
        LatentsFigure,
        VariantFigure,
        CollocationFieldFigure,
        ProfileFigure,
        CellFigure,
        BranchFigure,
        SharpnessFigure,
        AuditFigure,
    ),
    "family",
)
Table = one_of(
    (
        EnergyTable,
        GradientTable,
        ActivationTable,
        KernelTable,
        RegressionTable,
        PinnTable,
        AuditTable,
        LatentsTable,
        VariantTable,
    ),
    "family",
)
