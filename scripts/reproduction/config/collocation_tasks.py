"""The tasks of failed ideas: physics-informed networks in many variants, their latents, and the derivative audit."""

from math import isqrt
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from reproduction.config.field_types import (
    ActivationName,
    CasePattern,
    CaseRef,
    Count,
    Name,
    NonNegative,
    Positive,
    Task,
)

GIB = 2**30
REFERENCE_POINTS = 256  # at most, in the set of reference batch normalization and of encoded codes
RECEPTIVE = 2  # nodes that a 3×3 layer adds to the receptive field
Power = Annotated[Count, Field(le=11)]


class Collocation(Task):
    """A physics-informed network of two inputs, in a variant, trained on the squared residual at collocation points."""

    equations: ClassVar = ("poisson", "burgers", "buckley_leverett")

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


class Latents(Task):
    """Latents of a trained physics-informed network beside those of networks with other objectives."""

    task: Literal["latents"] = "latents"
    start: CaseRef
    """The trained case, `experiment/case`, of task collocation."""
    points: Annotated[Count, Field(ge=50, le=2000)] = 250
    """Collocation points whose latents are compared."""
    learning_rate: Positive = 5e-3
    """Rate of Adam for regressor and classifier at the first epoch."""
    final_learning_rate: Positive | None = 1e-4
    """Rate at the last epoch, reached exponentially; none keeps the rate constant."""
    epochs: Count = 4000
    """Steps of the classifier, and at most of the regressor, which is taken at the error of the trained network."""


class Audit(Task):
    """The derivative audit of trained cases, of any task."""

    task: Literal["audit"] = "audit"
    of: Annotated[list[CasePattern], Field(min_length=1)]
    """Cases to audit, as `experiment/case`; * stands for any text, {activation} for the `activation` of the audit."""
    activation: ActivationName | None = None
    """An activation whose cases are audited, where `of` speaks of it."""
    seeds: Count = 2
    """Networks of each case that are audited, the first ones."""
    points: Annotated[Count, Field(ge=2)] = 256
    """Points at which derivatives are compared, where the case does not say."""
    threshold: Positive = 0.05
    """Largest mismatch that counts as consistent."""
