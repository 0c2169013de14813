"""Entries of ``tables`` in config: one model per family.

The module ``reproduction.exhibits.tables.<family>`` computes the rows of a table of a family.
"""

from typing import ClassVar, Literal

from reproduction.config.exhibits.entry import Exhibit, families


class TableEntry(Exhibit):
    """An entry of ``tables``."""

    kind: ClassVar[str] = "table"


class EnergyTable(TableEntry):
    """Energies and errors of trained networks."""

    family: Literal["energies"]


class GradientTable(TableEntry):
    """Errors of gradients, by block of parameters and by rule."""

    shows: ClassVar[tuple[str, ...]] = ("gradient_errors",)

    family: Literal["gradients"]


class ActivationTable(TableEntry):
    """Activations with their formulas, kinks and universality classes."""

    shows: ClassVar[tuple[str, ...]] = ("theory",)

    family: Literal["activations"]


class KernelTable(TableEntry):
    """Mean and variance of kernels over an ensemble, by layer and epoch."""

    shows: ClassVar[tuple[str, ...]] = ("ensemble_training",)

    family: Literal["kernels"]


class RegressionTable(TableEntry):
    """Final and smallest training errors and errors off the grid, by target and activation."""

    shows: ClassVar[tuple[str, ...]] = ("regression",)

    family: Literal["regressions"]


class PinnTable(TableEntry):
    """Errors of physics-informed networks, by optimizer and activation."""

    shows: ClassVar[tuple[str, ...]] = ("pinn",)

    family: Literal["pinns"]


class AuditTable(TableEntry):
    """The derivative audit of cases, with verdicts and their reasons."""

    shows: ClassVar[tuple[str, ...]] = ("audit",)

    family: Literal["audit"]


class LatentsTable(TableEntry):
    """Statistics of the latents of networks with different objectives."""

    shows: ClassVar[tuple[str, ...]] = ("latents",)

    family: Literal["latents"]


class VariantTable(TableEntry):
    """Errors and losses of the variants of physics-informed networks."""

    shows: ClassVar[tuple[str, ...]] = ("collocation",)

    family: Literal["variants"]


class BoxTable(TableEntry):
    """Energies and errors of Ritz networks on boxes, and of finite elements."""

    shows: ClassVar[tuple[str, ...]] = ("ritz_box", "finite_elements")

    family: Literal["boxes"]


Table = families(TableEntry)
