"""Training of physics-informed networks in many variants."""

from math import isqrt
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config import terms
from reproduction.config.errors import ConfigError
from reproduction.config.field_types import ActivationName, Count, Name, NonNegative, Positive
from reproduction.config.task import BISCHOF, GIB, Equation, Task
from reproduction.config.words import Term, setting, used_setting

REFERENCE_POINTS = 256  # at most, in the set of reference batch normalization and of encoded codes
RECEPTIVE = 2  # nodes that a 3×3 layer adds to the receptive field
SAMPLING = {
    "cells": "at the centres of equal cells",
    "uniform": "uniform",
    "resampled": "drawn anew at every step",
    "nodes": "the nodes of a grid",
}
Power = Annotated[Count, Field(le=11)]


class CollocationSettings(Task):
    """A physics-informed network of two inputs, in a variant, trained on the squared residual at collocation points."""

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
    terms: ClassVar[tuple[Term, ...]] = (
        terms.PROBLEM,
        Term("architecture: {}", setting("architecture")),
        terms.HIDDEN,
        terms.WIDTH,
        Term("{}", lambda job: None if _has_powers(job.settings) else terms.activation(job)),
        Term("powers {}", used_setting("powers", lambda s: _has_powers(s)), "of ReLU in towers and mixed layers"),
        Term(
            "kernels of side {}", used_setting("kernel", lambda s: s.architecture == "convolution"), "in convolutions"
        ),
        Term("normalization: {}", lambda job: _normalization(job.settings), usual="none"),
        Term(
            "normalized from layer {} on",
            used_setting("first_normalized", lambda s: s.normalization != "none"),
            usual=1,
        ),
        Term("inputs: {}", lambda job: "scaled" if job.settings.input_scaling else "unscaled", usual="scaled"),
        Term(
            "padding: {}",
            used_setting("padding", lambda s: s.architecture == "convolution" and s.kernel > 1),
            "in some cases",
        ),
        Term(
            "codebook: {}", used_setting("codebook", lambda s: s.architecture == "quantized"), "of quantized networks"
        ),
        Term("straight-through estimator: {}", lambda job: _estimator(job.settings), "in quantized networks"),
        Term("derivatives: {}", setting("derivatives"), usual="reverse"),
        Term("gate with β = {}", lambda job: _sharpness(job.settings), "of experts"),
        Term("weight {} on the conserved mass", setting("mass_weight"), usual=0.0),
        Term("{} collocation points", setting("collocation_points")),
        Term("sampled: {}", lambda job: SAMPLING[job.settings.sampling]),
        *terms.TRAINING,
        terms.EPOCHS,
        terms.SEEDS,
    )

    task: Literal["collocation"] = "collocation"
    problem: Name
    """An entry of `problems`, of equation poisson, burgers or buckley_leverett."""
    activation: ActivationName = "tanh"
    """An activation of the registry or of `custom_activations`; towers and mixed take `powers` instead."""
    architecture: Literal["dense", "towers", "mixed", "convolution", "quantized", "experts"] = "dense"
    """Dense layers with skip connections, or what is built of them."""
    width: Count = 24
    """Neurons (channels) per hidden layer."""
    hidden_layers: Count = 3
    """Number of hidden layers."""
    input_scaling: bool = True
    """Whether inputs are scaled to [−1, 1] by the extents of the domain."""
    normalization: Literal["none", "batch", "reference_batch", "layer", "learnable"] = "none"
    """Normalization of the preactivations (dense only)."""
    first_normalized: Count = 1
    """The first layer that is normalized."""
    passes: Literal["separate", "joint"] = "separate"
    """Whether collocation and boundary points go through the network apart or as one batch."""
    powers: Annotated[list[Power], Field(min_length=1)] = [1, 2, 3]
    """k of ReLU^k: one tower each, or one part of each layer."""
    kernel: Literal[1, 3] = 3
    """Side of the kernels of a convolution."""
    padding: Literal["valid", "zero"] = "valid"
    """What 3×3 kernels see beyond the grid: more of the grid, or zeros."""
    codes: Count = 8
    """K, codes of vector quantization."""
    code_dimension: Count = 8
    """Components of a code."""
    straight_through: bool = True
    """Whether derivatives pass the quantization as if it were not there."""
    codebook: Literal["random", "encoded"] = "random"
    """Whether the first codes are random or encodings of collocation points."""
    experts: Count = 3
    """Networks that a gate mixes."""
    sharpness: Positive | Literal["hard"] = 1.0
    """β of the gate's softmax; hard takes the largest logit."""
    derivatives: Literal["reverse", "forward", "stencil"] = "reverse"
    """How input derivatives are taken: gradient of the summed output, moving all points together, or differences."""
    sampling: Literal["cells", "uniform", "resampled", "nodes"] = "cells"
    """Collocation points: centres of equal cells, uniform once, uniform at every step, or the nodes of a grid."""
    collocation_points: Count = 256
    """Points of the residual (with nodes: all nodes, those on the boundary included)."""
    initial_points: Count = 100
    """Points of the initial condition, where there is one."""
    boundary_points: Count = 96
    """Points of the boundary condition."""
    initial_weight: Positive = 10.0
    """Weight of the initial condition in the loss."""
    boundary_weight: Positive = 100.0
    """Weight of the boundary condition in the loss."""
    mass_weight: NonNegative = 0.0
    """Weight of (∫u dx − mass)², over 16 times, in the loss (buckley_leverett)."""
    learning_rate: Positive = 5e-3
    """Rate of Adam at the first epoch."""
    final_learning_rate: Positive | None = 1e-4
    """Rate at the last epoch, reached exponentially; none keeps the rate constant."""
    epochs: Count = 1500
    """Optimizer steps."""
    record_every: Count = 50
    """Epochs between two points of the history."""
    seeds: Count = 6
    """Number of networks; the first networks of many seeds start as those of few."""
    precision: Literal["float32", "float64"] = "float32"
    """Floating-point numbers used in training."""

    @property
    def side(self) -> int:
        """Nodes along each axis of a square grid of collocation points."""
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
        weights = self.width * (2 + (self.hidden_layers - 1) * self.width)
        return self.epochs * self.seeds * points * weights

    def check_problem(self, name: str, problem: Any) -> None:
        if self.sampling == "nodes" and problem.equation != "poisson":
            raise ConfigError(f"sampling nodes takes u on all edges of a grid from a Poisson problem; {name!r} is none")
        if self.mass_weight and problem.equation != "buckley_leverett":
            raise ConfigError(f"mass_weight is for equation 'buckley_leverett'; problem {name!r} has no known mass")

    @model_validator(mode="after")
    def _grids(self):
        if self.sampling in ("cells", "nodes") and self.side**2 != self.collocation_points:
            raise ValueError(
                f"collocation_points is {self.collocation_points}; sampling {self.sampling!r} wants a square number"
            )
        if self.architecture == "convolution":
            if self.sampling != "nodes":
                raise ValueError(f"a convolution acts on a grid: its sampling is nodes, not {self.sampling!r}")
            field = 1 + RECEPTIVE * self.hidden_layers * (self.kernel // 2)
            if self.side < max(field, 3):
                raise ValueError(
                    f"a grid of {self.side}×{self.side} nodes is smaller than the receptive field of "
                    f"{self.hidden_layers} layers of {self.kernel}×{self.kernel} kernels, {field}×{field}"
                )
        if self.sampling == "nodes" and self.side < 3:
            raise ValueError(f"collocation_points is {self.collocation_points}; a grid of nodes has at least 9")
        if self.derivatives == "stencil" and self.sampling != "nodes":
            raise ValueError(f"derivatives by stencil want a grid: sampling nodes, not {self.sampling!r}")
        return self

    @model_validator(mode="after")
    def _combinations(self):
        if self.passes == "joint" and self.normalization != "batch":
            raise ValueError("passes joint is for batch normalization; without it one batch is as good as two")
        if self.passes == "joint" and self.sampling == "nodes":
            raise ValueError("passes joint is for points beside the grid; with sampling nodes there are none")
        if self.mass_weight and self.normalization == "batch":
            raise ValueError("mass_weight and batch normalization do not go together: a third batch has statistics too")
        most = min(self.collocation_points, REFERENCE_POINTS)
        if self.codebook == "encoded" and self.codes > most:
            raise ValueError(f"codes is {self.codes}; encodings of at most {most} collocation points can be codes")
        if self.normalization != "none" and self.architecture != "dense":
            raise ValueError(f"normalization is for the dense architecture, not for {self.architecture!r}")
        if self.first_normalized > self.hidden_layers:
            raise ValueError(f"first_normalized is {self.first_normalized}; there are {self.hidden_layers} layers")
        if self.normalization == "batch" and min(self.collocation_points, self.boundary_points) < 2:
            raise ValueError("batch normalization of one point gives 0 whatever the point; give at least 2 points")
        if self.derivatives == "forward" and (self.normalization == "learnable" or self.architecture == "quantized"):
            raise ValueError("derivatives forward are for networks that add nothing to the loss")
        if self.architecture == "experts" and self.experts < 2:
            raise ValueError(f"experts is {self.experts}; a gate mixes at least 2")
        if self.architecture == "mixed" and len(self.powers) > self.width:
            raise ValueError(f"width is {self.width}, fewer neurons than powers to split them among")
        if len(set(self.powers)) < len(self.powers):
            raise ValueError(f"powers {self.powers}: each may be given once")
        return self


def _has_powers(s: CollocationSettings) -> bool:
    return s.architecture in ("towers", "mixed")


def _normalization(s: CollocationSettings) -> str:
    words = s.normalization.replace("_", " ")
    return f"{words} in one batch" if s.passes == "joint" else words


def _estimator(s: CollocationSettings) -> str | None:
    return {True: "yes", False: "no"}[s.straight_through] if s.architecture == "quantized" else None


def _sharpness(s: CollocationSettings) -> str | None:
    """β as text, since a gate may also be hard."""
    return str(s.sharpness).removesuffix(".0") if s.architecture == "experts" else None
