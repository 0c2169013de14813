"""Checks of the settings of task collocation: combinations that cannot be trained."""

from typing import Any

from reproduction.config.errors import ConfigError

REFERENCE_POINTS = 256  # largest reference set of batch normalization and of encoded codes
LINE_PANELS = 4  # equal panels of each axis, for lines cut at kinks
RECEPTIVE = 2  # nodes that a 3×3 layer adds to the receptive field
SPREAD = ("dense", "towers", "mixed")  # architectures whose first layer acts on the inputs alone
SIMILARITY = ("dense", "quantized")  # architectures that can take a similarity variable instead of the coordinates


def check_problem(s: Any, name: str, problem: Any) -> None:
    """Reject settings that do not fit the equation of the problem of that name."""
    if s.sampling == "nodes" and problem.equation != "poisson":
        raise ConfigError(
            f"sampling 'nodes' requires equation 'poisson'; problem {name!r} has equation {problem.equation!r}"
        )
    if s.along_lines and problem.equation != "poisson":
        raise ConfigError(
            f"quadrature {s.quadrature!r} requires equation 'poisson'; problem {name!r} has equation "
            f"{problem.equation!r}"
        )
    if s.quadrature == "cells" and (problem.equation != "buckley_leverett" or problem.viscosity):
        raise ConfigError(
            f"quadrature 'cells' requires equation 'buckley_leverett' without viscosity; problem {name!r} has "
            f"equation {problem.equation!r}{' with viscosity' * (problem.equation == 'buckley_leverett')}"
        )
    if s.mass_weight and problem.equation != "buckley_leverett":
        raise ConfigError(
            f"mass_weight requires equation 'buckley_leverett'; problem {name!r} has equation {problem.equation!r}"
        )


def check_points(s: Any) -> None:
    """Reject numbers of points that do not form the grid required."""
    if s.sampling in ("cells", "nodes") and s.side**2 != s.collocation_points:
        raise ValueError(
            f"collocation_points must be a square number with sampling {s.sampling!r}; got {s.collocation_points}"
        )
    if s.architecture == "convolution":
        if s.sampling != "nodes":
            raise ValueError(f"sampling of a convolution must be 'nodes'; got {s.sampling!r}")
        field = 1 + RECEPTIVE * s.hidden_layers * (s.kernel // 2)
        if s.side < max(field, 3):
            raise ValueError(
                f"the grid must be at least {field}×{field}, the receptive field of {s.hidden_layers} layers of "
                f"{s.kernel}×{s.kernel} kernels; got {s.side}×{s.side} nodes"
            )
    if s.sampling == "nodes" and s.side < 3:
        raise ValueError(f"collocation_points must be at least 9 with sampling 'nodes'; got {s.collocation_points}")
    if s.derivatives == "stencil" and s.sampling != "nodes":
        raise ValueError(f"derivatives 'stencil' require sampling 'nodes'; got {s.sampling!r}")


def check_quadrature(s: Any) -> None:
    """Reject rules for the mean of the squared residual that do not fit points and architecture."""
    if s.quadrature == "cells" and s.side**2 != s.collocation_points:
        raise ValueError(
            f"collocation_points must be a square number with quadrature 'cells'; got {s.collocation_points}"
        )
    if s.along_lines and s.lines % LINE_PANELS:
        raise ValueError(f"lines must be a multiple of {LINE_PANELS}; got {s.lines}")
    if s.along_lines:
        if s.architecture != "towers" or s.hidden_layers != 1 or min(s.powers) < 2:
            raise ValueError(
                f"quadrature {s.quadrature!r} requires architecture 'towers', hidden_layers 1 and powers of at "
                f"least 2; got {s.architecture!r}, {s.hidden_layers} and {s.powers}"
            )
        if s.sampling == "nodes":
            raise ValueError(f"quadrature {s.quadrature!r} requires another sampling than 'nodes'")


def check_first_layer(s: Any) -> None:
    """Reject initial weights, inputs and codes that the architecture does not have."""
    if s.initialization == "spread" and not (s.input_scaling and s.architecture in SPREAD):
        raise ValueError(
            f"initialization 'spread' requires input_scaling and an architecture among {', '.join(SPREAD)}; got "
            f"{s.architecture!r}"
        )
    if s.inputs == "similarity" and (s.architecture not in SIMILARITY or s.initialization == "spread"):
        raise ValueError(
            f"inputs 'similarity' requires an architecture among {', '.join(SIMILARITY)} and initialization "
            f"'glorot'; got {s.architecture!r} and {s.initialization!r}"
        )
    if s.assignment == "annealed" and s.architecture != "quantized":
        raise ValueError(f"assignment 'annealed' requires architecture 'quantized'; got {s.architecture!r}")


def check_passes(s: Any) -> None:
    """Reject passes, terms of the loss and codebooks that cannot be combined."""
    if s.passes == "joint" and s.normalization != "batch":
        raise ValueError(f"passes 'joint' requires normalization 'batch'; got {s.normalization!r}")
    if s.passes == "joint" and s.sampling == "nodes":
        raise ValueError("passes 'joint' requires another sampling than 'nodes', whose grid includes the boundary")
    if s.mass_weight and s.normalization == "batch":
        raise ValueError(f"mass_weight must be 0 with normalization 'batch'; got {s.mass_weight:g}")
    most = min(s.collocation_points, REFERENCE_POINTS)
    if s.codebook == "encoded" and s.codes > most:
        raise ValueError(f"codes must be at most {most} with codebook 'encoded'; got {s.codes}")


def check_architecture(s: Any) -> None:
    """Reject options that the architecture does not have."""
    if s.normalization != "none" and s.architecture != "dense":
        raise ValueError(f"normalization requires architecture 'dense'; got {s.architecture!r}")
    if s.first_normalized > s.hidden_layers:
        raise ValueError(f"first_normalized must be at most hidden_layers, {s.hidden_layers}; got {s.first_normalized}")
    fewest = min(s.collocation_points, s.boundary_points)
    if s.normalization == "batch" and fewest < 2:
        raise ValueError(
            f"collocation_points and boundary_points must be at least 2 with normalization 'batch'; got {fewest}"
        )
    if s.derivatives == "forward" and (s.normalization == "learnable" or s.architecture == "quantized"):
        raise ValueError(
            "derivatives 'forward' cannot be used with normalization 'learnable' or architecture 'quantized', "
            "which add terms to the loss"
        )
    if s.architecture == "experts" and s.experts < 2:
        raise ValueError(f"experts must be at least 2; got {s.experts}")
    if s.architecture == "mixed" and len(s.powers) > s.width:
        raise ValueError(f"width must be at least {len(s.powers)}, the number of powers; got {s.width}")


CHECKS = (check_points, check_quadrature, check_first_layer, check_passes, check_architecture)
