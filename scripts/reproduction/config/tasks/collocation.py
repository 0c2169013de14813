"""Training of physics-informed networks of many architectures."""

from math import isqrt
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import phrases
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ActivationName, Count, Distinct, Name, NonNegative, Positive
from reproduction.config.task import BISCHOF, GIB, Equation, Task
from reproduction.config.words import Phrase, setting, used_setting

REFERENCE_POINTS = 256  # largest reference set of batch normalization and of encoded codes
LINE_PANELS = 4  # equal panels of each axis, for lines cut at kinks
RECEPTIVE = 2  # nodes that a 3×3 layer adds to the receptive field
SPREAD = ("dense", "towers", "mixed")  # architectures whose first layer acts on the inputs alone
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
            *(f"networks/{name}" for name in ("pinn_architectures", "normalization", "convolution")),
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
        Phrase("derivatives: {}", setting("derivatives"), usual="reverse"),
        Phrase("gate with β = {}", lambda job: _sharpness(job.settings), "of experts"),
        Phrase("initial weights: {}", setting("initialization"), usual="glorot"),
        Phrase("residual integrated along {}", lambda job: _lines(job.settings), usual=None),
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
    quadrature: Literal["points", "lines", "lines_at_rest"] = "points"
    """Mean of the squared residual: over the collocation points, or along lines that are cut at the kinks (towers with
    one hidden layer); at rest leaves out the motion of the kinks from the gradient."""
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
        if self.quadrature != "points":
            points = 2 * self.lines * (self.width * len(self.powers) + LINE_PANELS)
        weights = self.width * (2 + (self.hidden_layers - 1) * self.width)
        return self.epochs * self.seeds * points * weights

    def check_problem(self, name: str, problem: Any) -> None:
        if self.sampling == "nodes" and problem.equation != "poisson":
            raise ConfigError(
                f"sampling 'nodes' requires equation 'poisson'; problem {name!r} has equation {problem.equation!r}"
            )
        if self.quadrature != "points" and problem.equation != "poisson":
            raise ConfigError(
                f"quadrature {self.quadrature!r} requires equation 'poisson'; problem {name!r} has equation "
                f"{problem.equation!r}"
            )
        if self.mass_weight and problem.equation != "buckley_leverett":
            raise ConfigError(
                f"mass_weight requires equation 'buckley_leverett'; problem {name!r} has equation {problem.equation!r}"
            )

    @model_validator(mode="after")
    def _grids(self):
        if self.sampling in ("cells", "nodes") and self.side**2 != self.collocation_points:
            raise ValueError(
                f"collocation_points must be a square number with sampling {self.sampling!r}; "
                f"got {self.collocation_points}"
            )
        if self.architecture == "convolution":
            if self.sampling != "nodes":
                raise ValueError(f"sampling of a convolution must be 'nodes'; got {self.sampling!r}")
            field = 1 + RECEPTIVE * self.hidden_layers * (self.kernel // 2)
            if self.side < max(field, 3):
                raise ValueError(
                    f"the grid must be at least {field}×{field}, the receptive field of {self.hidden_layers} layers of "
                    f"{self.kernel}×{self.kernel} kernels; got {self.side}×{self.side} nodes"
                )
        if self.quadrature != "points" and self.lines % LINE_PANELS:
            raise ValueError(f"lines must be a multiple of {LINE_PANELS}; got {self.lines}")
        if self.sampling == "nodes" and self.side < 3:
            raise ValueError(
                f"collocation_points must be at least 9 with sampling 'nodes'; got {self.collocation_points}"
            )
        if self.derivatives == "stencil" and self.sampling != "nodes":
            raise ValueError(f"derivatives 'stencil' require sampling 'nodes'; got {self.sampling!r}")
        return self

    @model_validator(mode="after")
    def _combinations(self):
        if self.quadrature != "points":
            if self.architecture != "towers" or self.hidden_layers != 1 or min(self.powers) < 2:
                raise ValueError(
                    f"quadrature {self.quadrature!r} requires architecture 'towers', hidden_layers 1 and powers of at "
                    f"least 2; got {self.architecture!r}, {self.hidden_layers} and {self.powers}"
                )
            if self.sampling == "nodes":
                raise ValueError(f"quadrature {self.quadrature!r} requires another sampling than 'nodes'")
        if self.initialization == "spread" and not (self.input_scaling and self.architecture in SPREAD):
            raise ValueError(
                f"initialization 'spread' requires input_scaling and an architecture among {', '.join(SPREAD)}; got "
                f"{self.architecture!r}"
            )
        if self.passes == "joint" and self.normalization != "batch":
            raise ValueError(f"passes 'joint' requires normalization 'batch'; got {self.normalization!r}")
        if self.passes == "joint" and self.sampling == "nodes":
            raise ValueError("passes 'joint' requires another sampling than 'nodes', whose grid includes the boundary")
        if self.mass_weight and self.normalization == "batch":
            raise ValueError(f"mass_weight must be 0 with normalization 'batch'; got {self.mass_weight:g}")
        most = min(self.collocation_points, REFERENCE_POINTS)
        if self.codebook == "encoded" and self.codes > most:
            raise ValueError(f"codes must be at most {most} with codebook 'encoded'; got {self.codes}")
        if self.normalization != "none" and self.architecture != "dense":
            raise ValueError(f"normalization requires architecture 'dense'; got {self.architecture!r}")
        if self.first_normalized > self.hidden_layers:
            raise ValueError(
                f"first_normalized must be at most hidden_layers, {self.hidden_layers}; got {self.first_normalized}"
            )
        fewest = min(self.collocation_points, self.boundary_points)
        if self.normalization == "batch" and fewest < 2:
            raise ValueError(
                f"collocation_points and boundary_points must be at least 2 with normalization 'batch'; got {fewest}"
            )
        if self.derivatives == "forward" and (self.normalization == "learnable" or self.architecture == "quantized"):
            raise ValueError(
                "derivatives 'forward' cannot be used with normalization 'learnable' or architecture 'quantized', "
                "which add terms to the loss"
            )
        if self.architecture == "experts" and self.experts < 2:
            raise ValueError(f"experts must be at least 2; got {self.experts}")
        if self.architecture == "mixed" and len(self.powers) > self.width:
            raise ValueError(f"width must be at least {len(self.powers)}, the number of powers; got {self.width}")
        return self


def _has_powers(s: CollocationSettings) -> bool:
    return s.architecture in ("towers", "mixed")


def _normalization(s: CollocationSettings) -> str:
    words = s.normalization.replace("_", " ")
    return f"{words} in one batch" if s.passes == "joint" else words


def _estimator(s: CollocationSettings) -> str | None:
    return {True: "yes", False: "no"}[s.straight_through] if s.architecture == "quantized" else None


def _lines(s: CollocationSettings) -> str | None:
    """Return the lines of the quadrature in words."""
    rest = {"lines": "", "lines_at_rest": ", whose motion is left out"}
    return f"{2 * s.lines} lines cut at kinks{rest[s.quadrature]}" if s.quadrature in rest else None


def _sharpness(s: CollocationSettings) -> str | None:
    """Return β of the gate as text; the gate may also be hard."""
    return str(s.sharpness).removesuffix(".0") if s.architecture == "experts" else None
