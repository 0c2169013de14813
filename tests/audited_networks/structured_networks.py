"""Networks with structure: normalizing flows, Lipschitz and lattice networks, atomistic potentials, sparse maps."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points, residual_loss


def flow(kind: str, **options) -> Case:
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow
    from nflows.transforms import (
        CompositeTransform,
        MaskedAffineAutoregressiveTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
        ReversePermutation,
    )

    if kind == "affine":
        make = partial(MaskedAffineAutoregressiveTransform, features=2, hidden_features=16, activation=torch.tanh)
    else:
        make = partial(
            MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
            features=2,
            hidden_features=16,
            num_bins=5,
            tails="linear",
            tail_bound=3.0,
            activation=torch.tanh,
        )
    network = Flow(CompositeTransform([make(), ReversePermutation(2), make()]), StandardNormal([2]))
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.4)
    return Case(network=Wrapped(network, lambda module, x: module.log_prob(x)), points=points(), options=options)


def lipschitz() -> Case:
    from monotonicnetworks import GroupSort, LipschitzLinear, MonotonicWrapper

    network = nn.Sequential(
        LipschitzLinear(2, 16, kind="one-inf"),
        GroupSort(8),
        LipschitzLinear(16, 16, kind="inf"),
        GroupSort(8),
        LipschitzLinear(16, 1, kind="inf"),
    )
    return Case(network=MonotonicWrapper(network, monotonic_constraints=[1, 0]), points=points())


def lattice(interpolation: str) -> Case:
    from pytorch_lattice.enums import Interpolation
    from pytorch_lattice.layers import Lattice

    network = Lattice([5, 5], interpolation=Interpolation[interpolation])
    nn.init.normal_(network.kernel)
    return Case(network=network, points=points(200, 2, 0.0, 4.0))


def calibrator() -> Case:
    import numpy as np
    from pytorch_lattice.layers import NumericalCalibrator

    network = NumericalCalibrator(np.linspace(-1.0, 1.0, 6))
    nn.init.normal_(network.kernel)
    return Case(network=network, points=points(200, 1))


def atomic(activation: str, **options) -> Case:
    from torchani.nn import AtomicNetwork

    return Case(network=AtomicNetwork([2, 16, 16, 1], activation, bias=True), points=points(), options=options)


def radial() -> Case:
    from e3nn.math import soft_one_hot_linspace
    from e3nn.nn import FullyConnectedNet

    network = FullyConnectedNet([10, 24, 1], torch.nn.functional.silu)

    def call(module, x):
        basis = soft_one_hot_linspace(x[:, 0], 0.0, 3.0, 10, basis="smooth_finite", cutoff=True)
        return module(basis * 10**0.5)

    return Case(network=Wrapped(network, call), points=points(200, 1, 0.2, 2.8), options={"loss": residual_loss})


def sparse(name: str, order: int = 2) -> Case:
    import entmax

    mapping = Wrapped(nn.Identity(), lambda module, h: getattr(entmax, name)(h, dim=1))
    network = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 12), mapping, nn.Linear(12, 1))
    with torch.no_grad():
        network[2].weight *= 6
    return Case(network=network, points=points(), options={"order": order})


ENTRIES = [
    Entry(
        name="MaskedAffineAutoregressiveTransform, log density",
        package="nflows",
        what="normalizing flow",
        make=partial(flow, "affine"),
        verdict="consistent",
        because="Affine maps with smooth coefficients are smooth.",
    ),
    Entry(
        name="Rational-quadratic spline flow, log density",
        package="nflows",
        what="normalizing flow",
        make=partial(flow, "spline"),
        verdict="consistent",
        because="The splines are once differentiable, so the slope of the log density jumps at the knots.",
        hides=("kinks",),
    ),
    Entry(
        name="MonotonicWrapper, GroupSort",
        package="monotonicnetworks",
        what="Lipschitz and monotonic network",
        make=lipschitz,
        verdict="consistent",
        because="The network is piecewise linear.",
        hides=("kinks",),
    ),
    Entry(
        name="Lattice, hypercube",
        package="pytorch-lattice",
        what="multilinear interpolation",
        make=partial(lattice, "HYPERCUBE"),
        verdict="consistent",
        because="The interpolation is multilinear in every cell.",
        hides=("kinks",),
    ),
    Entry(
        name="Lattice, simplex",
        package="pytorch-lattice",
        what="interpolation on simplices",
        make=partial(lattice, "SIMPLEX"),
        verdict="consistent",
        because="The interpolation is linear in every simplex.",
        hides=("kinks",),
    ),
    Entry(
        name="NumericalCalibrator",
        package="pytorch-lattice",
        what="piecewise linear function",
        make=calibrator,
        verdict="consistent",
        because="The function is linear between the nodes.",
        hides=("kinks",),
    ),
    Entry(
        name="AtomicNetwork, GELU",
        package="torchani",
        what="network of one atom of a potential",
        make=partial(atomic, "gelu", loss=residual_loss),
        verdict="consistent",
        because="The activation is smooth.",
    ),
    Entry(
        name="AtomicNetwork, CELU",
        package="torchani",
        what="network of one atom of a potential, CELU with α = 0.1",
        make=partial(atomic, "celu", loss=residual_loss),
        verdict="inconsistent",
        because="u″ jumps where a neuron changes sign, and the gradient of the residual misses the motion of the jump.",
    ),
    Entry(
        name="soft_one_hot_linspace and FullyConnectedNet",
        package="e3nn",
        what="radial network on a smooth finite basis",
        make=radial,
        verdict="consistent",
        because="The basis exp(−1/(1 − s²)) is smooth, also at the ends of its support.",
    ),
    Entry(
        name="sparsemax",
        package="entmax",
        what="projection on the simplex between two layers",
        make=partial(sparse, "sparsemax"),
        verdict="consistent",
        because="The projection is piecewise linear, and derivatives within a piece are right.",
        hides=("kinks",),
    ),
    Entry(
        name="entmax15",
        package="entmax",
        what="1.5-entmax between two layers",
        make=partial(sparse, "entmax15"),
        verdict="inconsistent",
        because="Its backward has √y, whose derivative is infinite where an entry y is 0: second derivatives are NaN.",
    ),
    Entry(
        name="entmax15, first derivatives",
        package="entmax",
        what="1.5-entmax between two layers",
        make=partial(sparse, "entmax15", 1),
        verdict="consistent",
        because="The map is once differentiable.",
    ),
]
