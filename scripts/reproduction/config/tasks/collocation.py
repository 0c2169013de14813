"""Training of physics-informed networks of many architectures."""

from math import isqrt
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import phrases
from reproduction.config.collocation_checks import CHECKS, LINE_PANELS, check_problem
from reproduction.config.field_types import ActivationName, Count, Distinct, Name, NonNegative, Positive
from reproduction.config.task import BISCHOF, GIB, Equation, Task
from reproduction.config.words import Phrase, setting, used_setting

SAMPLING = {
    "cells": "at the centres of equal cells",
    "uniform": "uniform",
    "resampled": "drawn anew at every step",
    "nodes": "the nodes of a grid",
}
Power = Annotated[Count, Field(le=11)]


class CollocationSettings(Task):
    """Training of a physics-informed network of two inputs on the squared residual at collocation points."""

    is_trained: ClassVar[bool] = True
    is_audited: ClassVar[bool] = True
    equations: ClassVar = ("poisson", "burgers", "buckley_leverett")
    equation: ClassVar[Equation] = Equation(
        "mean squared residual at the collocation points and squared errors at the conditions, minimized",
        f"{BISCHOF}, secs. 1–4",
        (
            "pinn/collocation_loss",
            *(f"networks/{name}" for name in ("pinn_architectures", "quantized", "normalization", "convolution")),
        ),
    )
    phrases: ClassVar[tuple[Phrase, ...]] = (
        phrases.PROBLEM,
        Phrase("architecture: {}", setting("architecture")),
        phrases.HIDDEN,
        phrases.WIDTH,
        Phrase("{}", lambda job: None if _has_powers(job.settings) else phrases.activation(job)),
        Phrase("powers {}", used_setting("powers", lambda s: _has_powers(s)), "of ReLU in towers and mixed layers"),
        Phrase(
            "kernels of side {}", used_setting("kernel", lambda s: s.architecture == "convolution"), "in convolutions"
        ),
        Phrase("normalization: {}", lambda job: _normalization(job.settings), usual="none"),
        Phrase(
            "normalized from layer {} on",
            used_setting("first_normalized", lambda s: s.normalization != "none"),
            usual=1,
        ),
        Phrase("inputs: {}", lambda job: "scaled" if job.settings.input_scaling else "unscaled", usual="scaled"),
        Phrase(
            "padding: {}",
            used_setting("padding", lambda s: s.architecture == "convolution" and s.kernel > 1),
            "in some cases",
        ),
        Phrase(
            "codebook: {}", used_setting("codebook", lambda s: s.architecture == "quantized"), "of quantized networks"
        ),
        Phrase("straight-through estimator: {}", lambda job: _estimator(job.settings), "in quantized networks"),
        Phrase(
            "codes: {}", used_setting("assignment", lambda s: s.architecture == "quantized"), "in some cases", "hard"
        ),
        Phrase("network of the {}", setting("inputs"), usual="coordinates"),
        Phrase("derivatives: {}", setting("derivatives"), usual="reverse"),
        Phrase("gate with β = {}", lambda job: _sharpness(job.settings), "of experts"),
        Phrase("initial weights: {}", setting("initialization"), usual="glorot"),
        Phrase("residual: {}", lambda job: _quadrature(job.settings), "in some cases"),
        Phrase("weight {} on the conserved mass", setting("mass_weight"), usual=0.0),
        Phrase("{} collocation points", setting("collocation_points")),
        Phrase("sampled: {}", lambda job: SAMPLING[job.settings.sampling]),
        *phrases.TRAINING,
        phrases.EPOCHS,
        phrases.SEEDS,
    )

    task: Literal["collocation"] = "collocation"
    problem: Name
    """An entry of `problems`, of equation poisson, burgers or buckley_leverett."""
    activation: ActivationName = "tanh"
    """An activation of the registry or of `custom_activations`; towers and mixed take `powers` instead."""
    architecture: Literal["dense", "towers", "mixed", "convolution", "quantized", "experts"] = "dense"
    """Dense layers with skip connections, or an architecture built from them."""
    width: Count = 24
    """Neurons (channels) per hidden layer."""
    hidden_layers: Count = 3
    """Number of hidden layers."""
    input_scaling: bool = True
    """Scale inputs to [−1, 1] by the extents of the domain."""
    normalization: Literal["none", "batch", "reference_batch", "layer", "learnable"] = "none"
    """Normalization of the preactivations (dense only)."""
    first_normalized: Count = 1
    """First normalized layer."""
    passes: Literal["separate", "joint"] = "separate"
    """Evaluate collocation and boundary points separately, or jointly as one batch."""
    powers: Annotated[list[Power], Field(min_length=1), Distinct] = [1, 2, 3]
    """Powers k of ReLU^k: one tower each, or one part of each layer."""
    kernel: Literal[1, 3] = 3
    """Kernel size of a convolution."""
    padding: Literal["valid", "zero"] = "valid"
    """Padding of 3×3 kernels: `valid` extends the grid, `zero` pads with zeros."""
    codes: Count = 8
    """Number of codes of vector quantization."""
    code_dimension: Count = 8
    """Components of a code."""
    straight_through: bool = True
    """Straight-through estimator: derivatives ignore the quantization."""
    assignment: Literal["hard", "annealed"] = "hard"
    """Code of a point: the most similar one, or an average over a softmax whose sharpness grows from 1 to 100."""
    inputs: Literal["coordinates", "similarity"] = "coordinates"
    """Inputs of dense and quantized networks: the coordinates, or a ratio of two learned functions of them."""
    codebook: Literal["random", "encoded"] = "random"
    """Initial codes: random, or encodings of collocation points."""
    experts: Count = 3
    """Number of networks mixed by a gate."""
    sharpness: Positive | Literal["hard"] = 1.0
    """β of the gate's softmax; hard takes the largest logit."""
    derivatives: Literal["reverse", "forward", "stencil"] = "reverse"
    """Input derivatives: gradient of the summed output, forward mode along all points, or finite differences."""
    sampling: Literal["cells", "uniform", "resampled", "nodes"] = "cells"
    """Collocation points: centres of equal cells, uniform, uniform and redrawn at every step, or nodes of a grid."""
    initialization: Literal["glorot", "spread"] = "glorot"
    """Weights by Glorot's rule; spread starts the first layer with kinks all over the domain (dense, towers, mixed)."""
    quadrature: Literal["points", "lines", "lines_at_rest", "cells"] = "points"
    """Mean of the squared residual: over the collocation points; along lines that are cut at the kinks (towers with one
    hidden layer), at rest without the motion of the kinks in the gradient; or that of the balance of cells of a grid
    (buckley_leverett)."""
    lines: Count = 20
    """Lines parallel to each axis, a multiple of 4, with quadrature along lines."""
    collocation_points: Count = 256
    """Number of points of the residual; with sampling nodes, all nodes including those on the boundary."""
    initial_points: Count = 100
    """Number of points of the initial condition, if there is one."""
    boundary_points: Count = 96
    """Number of points of the boundary condition."""
    initial_weight: Positive = 10.0
    """Weight of the initial condition in the loss."""
    boundary_weight: Positive = 100.0
    """Weight of the boundary condition in the loss."""
    mass_weight: NonNegative = 0.0
    """Weight of (∫u dx − mass)², averaged over 16 times, in the loss (buckley_leverett only)."""
    learning_rate: Positive = 5e-3
    """Learning rate of Adam at the first epoch."""
    final_learning_rate: Positive | None = 1e-4
    """Learning rate at the last epoch, reached exponentially; null keeps the rate constant."""
    epochs: Count = 1500
    """Optimizer steps."""
    record_every: Count = 50
    """Epochs between two records of the history."""
    seeds: Count = 6
    """Number of networks; more seeds add networks and leave the start of the first ones unchanged."""
    precision: Literal["float32", "float64"] = "float32"
    """Floating-point precision of training."""

    @property
    def along_lines(self) -> bool:
        """Whether the residual is integrated along lines."""
        return self.quadrature in ("lines", "lines_at_rest")

    @property
    def side(self) -> int:
        """Number of nodes along each axis of a square grid of collocation points."""
        return isqrt(self.collocation_points)

    def memory(self, grid: int) -> float:
        points = self.collocation_points + self.initial_points + self.boundary_points
        parts = {"towers": len(self.powers), "experts": self.experts}.get(self.architecture, 1)
        patch = self.kernel**2 if self.architecture == "convolution" else 1
        extra = 1 if self.normalization == "none" else 3
        return 8 * 60 * self.seeds * points * self.width * patch * self.hidden_layers * parts * extra + GIB

    @property
    def memory_keys(self) -> str:
        return "seeds, width or collocation_points"

    def work(self, config: Any) -> float:
        points = self.collocation_points + self.boundary_points
        if self.along_lines:
            points = 2 * self.lines * (self.width * len(self.powers) + LINE_PANELS)
        weights = self.width * (2 + (self.hidden_layers - 1) * self.width)
        return self.epochs * self.seeds * points * weights

    def check_problem(self, name: str, problem: Any) -> None:
        check_problem(self, name, problem)

    @model_validator(mode="after")
    def _check(self):
        for check in CHECKS:
            check(self)
        return self


def _has_powers(s: CollocationSettings) -> bool:
    return s.architecture in ("towers", "mixed")


def _normalization(s: CollocationSettings) -> str:
    words = s.normalization.replace("_", " ")
    return f"{words} in one batch" if s.passes == "joint" else words


def _estimator(s: CollocationSettings) -> str | None:
    return {True: "yes", False: "no"}[s.straight_through] if s.architecture == "quantized" else None


def _quadrature(s: CollocationSettings) -> str | None:
    """Return the quadrature of the residual in words; None for the collocation points."""
    lines = f"integrated along {2 * s.lines} lines cut at kinks"
    return {"lines": lines, "lines_at_rest": f"{lines}, whose motion is left out", "cells": "balance of cells"}.get(
        s.quadrature
    )


def _sharpness(s: CollocationSettings) -> str | None:
    """Return β of the gate as text; the gate may also be hard."""
    return str(s.sharpness).removesuffix(".0") if s.architecture == "experts" else None
