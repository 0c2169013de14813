"""Networks of PINA: feed-forward networks, with periodic and Fourier features, adaptive activations, PirateNet."""

from functools import partial
from importlib import import_module

import torch
from torch import nn

from audited_networks.entry import Case, Entry, points, residual_loss


def feed_forward(kind: str = "FeedForward", **arguments) -> Case:
    model = import_module("pina.model")
    network = getattr(model, kind)(input_dimensions=2, output_dimensions=1, **arguments)
    return Case(network=network, points=points(), options={"loss": residual_loss})


def periodic() -> Case:
    from pina.model import FeedForward
    from pina.model.block import PeriodicBoundaryEmbedding

    embedding = PeriodicBoundaryEmbedding(input_dimension=2, periods=2.0)
    features = embedding(torch.rand(2, 2)).shape[1]
    return Case(
        network=nn.Sequential(embedding, FeedForward(features, 1)), points=points(), options={"loss": residual_loss}
    )


def fourier() -> Case:
    from pina.model import FeedForward
    from pina.model.block import FourierFeatureEmbedding

    network = nn.Sequential(FourierFeatureEmbedding(2, 24, sigma=2), FeedForward(24, 1))
    return Case(network=network, points=points(), options={"loss": residual_loss})


def adaptive(kind: str, **options) -> Case:
    adaptive_function = import_module("pina.adaptive_function")
    network = nn.Sequential(
        nn.Linear(2, 16), getattr(adaptive_function, kind)(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)
    )
    return Case(network=network, points=points(), options=options)


def pirate() -> Case:
    from pina.model import PirateNet

    network = PirateNet(input_dimension=2, inner_size=16, output_dimension=1)
    return Case(network=network, points=points(), options={"loss": residual_loss})


SMOOTH = "The network is a composition of smooth functions of single points."

ENTRIES = [
    Entry(
        name="FeedForward",
        package="pina-mathlab",
        what="fully connected, tanh",
        make=feed_forward,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="ResidualFeedForward",
        package="pina-mathlab",
        what="fully connected with residual gates",
        make=partial(feed_forward, "ResidualFeedForward"),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="PeriodicBoundaryEmbedding and FeedForward",
        package="pina-mathlab",
        what="sines and cosines of one period",
        make=periodic,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="FourierFeatureEmbedding and FeedForward",
        package="pina-mathlab",
        what="random Fourier features",
        make=fourier,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="PirateNet",
        package="pina-mathlab",
        what="adaptive residual blocks over Fourier features",
        make=pirate,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="AdaptiveSIREN",
        package="pina-mathlab",
        what="activation α sin(βx + γ)",
        make=partial(adaptive, "AdaptiveSIREN", loss=residual_loss),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="AdaptiveCELU",
        package="pina-mathlab",
        what="activation CELU, whose second derivative jumps",
        make=partial(adaptive, "AdaptiveCELU", loss=residual_loss),
        verdict="inconsistent",
        because="u″ jumps where a neuron changes sign, and the gradient of the residual misses the motion of the jump.",
    ),
]
