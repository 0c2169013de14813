"""Kolmogorov-Arnold networks and rational activations: pykan, inKAN, fKAN, rKAN, PINA, rational-activations."""

import tempfile
from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, points, residual_loss


def pykan(k: int = 3, low: float = -0.95, high: float = 0.95, **options) -> Case:
    from kan import KAN

    network = KAN(width=[2, 4, 1], grid=4, k=k, seed=0, auto_save=False, ckpt_path=tempfile.mkdtemp())
    return Case(network=network, points=points(100, 2, low, high), options=options)


def inkan(low: float = -1.0, high: float = 1.0, **options) -> Case:
    from inkan import KANNetwork

    network = KANNetwork([2, 6, 1], grid_size=5, compile_basis=False)
    return Case(network=network, points=points(200, 2, low, high), options=options)


def jacobi(kind: str) -> Case:
    if kind == "fkan":
        from fkan.torch import FractionalJacobiNeuralBlock as Block

        blocks = [Block(3), Block(2)]
    else:
        from rkan.torch import PadeRKAN as Block

        blocks = [Block(3, 2), Block(2, 3)]
    network = nn.Sequential(nn.Linear(2, 16), blocks[0], nn.Linear(16, 8), blocks[1], nn.Linear(8, 1))
    return Case(network=network, points=points(), options={"loss": residual_loss})


def pina_kan() -> Case:
    from pina.model import KolmogorovArnoldNetwork

    network = KolmogorovArnoldNetwork([2, 5, 1])
    return Case(network=network, points=points(200, 2, -0.95, 0.95))


def rational(version: str, function: str = "tanh", **options) -> Case:
    from rational.torch import Rational

    torch.manual_seed(0)
    activation = [Rational(approx_func=function, version=version, cuda=False) for _ in range(2)]
    network = nn.Sequential(nn.Linear(2, 16), activation[0], nn.Linear(16, 16), activation[1], nn.Linear(16, 1))
    return Case(network=network, points=points(), options=options)


ENTRIES = [
    Entry(
        name="KAN, cubic splines",
        package="pykan",
        what="Kolmogorov-Arnold network",
        make=pykan,
        verdict="consistent",
        because="Cubic splines have continuous second derivatives.",
    ),
    Entry(
        name="KAN, cubic splines, residual loss",
        package="pykan",
        what="Kolmogorov-Arnold network",
        make=partial(pykan, loss=residual_loss),
        verdict="consistent",
        because="The integrand is continuous.",
    ),
    Entry(
        name="KAN, linear splines",
        package="pykan",
        what="Kolmogorov-Arnold network, k = 1",
        make=partial(pykan, k=1),
        verdict="consistent",
        because="Within the cells of the spline all derivatives are right; the slope jumps at its knots.",
        hides=("kinks",),
    ),
    Entry(
        name="KANNetwork",
        package="inkan",
        what="Kolmogorov-Arnold network, cubic splines as local polynomials",
        make=partial(inkan, loss=residual_loss),
        verdict="consistent",
        because="Cubic splines have continuous second derivatives.",
    ),
    Entry(
        name="fJNB blocks",
        package="fkan",
        what="fractional Jacobi polynomials of a sigmoid",
        make=partial(jacobi, "fkan"),
        verdict="consistent",
        because="Powers of a sigmoid, which is positive, are smooth.",
    ),
    Entry(
        name="PadeRKAN blocks",
        package="rkan",
        what="ratio of Jacobi polynomials of a sigmoid",
        make=partial(jacobi, "rkan"),
        verdict="consistent",
        because="The denominator has no zero at the initial parameters.",
    ),
    Entry(
        name="KolmogorovArnoldNetwork",
        package="pina-mathlab",
        what="Kolmogorov-Arnold network, cubic splines",
        make=pina_kan,
        verdict="consistent",
        because="The splines are 0 beyond their last knot and not at it: u jumps where a hidden value leaves the grid.",
        hides=("jumps",),
    ),
    Entry(
        name="Rational, version A, of tanh",
        package="rational-activations",
        what="P(x)/(1 + Σ|b_i x^i|)",
        make=partial(rational, "A"),
        verdict="consistent",
        because="The kink of |b₁x| at 0 has the size P(0)·b₁, about 1e-11 for these coefficients.",
    ),
    Entry(
        name="Rational, version A, of leaky ReLU",
        package="rational-activations",
        what="P(x)/(1 + Σ|b_i x^i|)",
        make=partial(rational, "A", "leaky_relu"),
        verdict="consistent",
        because="|b₁x| has a kink at 0, where P does not vanish; elsewhere all derivatives are right.",
        hides=("kinks",),
    ),
    Entry(
        name="Rational, version D, in training",
        package="rational-activations",
        what="coefficients with noise",
        make=partial(rational, "D"),
        verdict="InvalidInputError",
        because="The values are random in training.",
    ),
]
