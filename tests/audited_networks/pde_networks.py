"""Networks of packages for differential equations: DeepXDE, neurodiffeq and TorchPhysics."""

import os
from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points, residual_loss, ritz_loss

os.environ.setdefault("DDE_BACKEND", "pytorch")


def deepxde(
    kind: str = "FNN", *, sizes=(2, 20, 20, 1), activation: str = "tanh", transform: str = "", **options
) -> Case:
    import deepxde

    network = getattr(deepxde.nn, kind)(list(sizes), activation, "Glorot normal")
    if transform == "output":
        network.apply_output_transform(lambda x, u: (1 - x[:, :1] ** 2) * (1 - x[:, 1:] ** 2) * u)
    if transform == "distance":
        network.apply_output_transform(lambda x, u: x.abs().amin(1, keepdim=True) * u)
    if transform == "features":
        network.apply_feature_transform(lambda x: torch.cat([torch.sin(x), torch.cos(x)], 1))
    return Case(network=network, points=points(), options=options)


def parallel_networks() -> Case:
    import deepxde

    return Case(network=deepxde.nn.PFNN([2, [20, 20], [20, 20], 2], "tanh", "Glorot normal"), points=points())


def deeponet() -> Case:
    import deepxde

    network = deepxde.nn.DeepONetCartesianProd([16, 20, 20], [2, 20, 20], "tanh", "Glorot normal")
    sensors = torch.sin(torch.linspace(0, 3, 16, dtype=torch.float64))[None]
    return Case(
        network=Wrapped(network, lambda module, x: module((sensors.to(x.dtype), x))[0]),
        points=points(),
        options={"loss": residual_loss},
    )


def neurodiffeq(kind: str, **arguments) -> Case:
    from neurodiffeq import networks

    network = getattr(networks, kind)(**arguments)
    return Case(network=network, points=points(), options={"loss": residual_loss})


def sine_activation() -> Case:
    from neurodiffeq.networks import FCNN, SinActv

    return Case(
        network=FCNN(2, 1, hidden_units=(20, 20), actv=SinActv), points=points(), options={"loss": residual_loss}
    )


def monomials() -> Case:
    from neurodiffeq.networks import MonomialNN

    network = nn.Sequential(MonomialNN(degrees=[1, 2, 3]), nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 1))
    return Case(network=network, points=points(), options={"loss": residual_loss})


def torchphysics(kind: str, *, function: bool = False, **arguments) -> Case:
    import torchphysics
    from torchphysics.problem.spaces import Points

    space = torchphysics.spaces.R2("x")
    network = getattr(torchphysics.models, kind)(space, torchphysics.spaces.R1("u"), **arguments)
    if function:
        network = network.double()
        return Case(network=lambda x: network(Points(x, space)).as_tensor, points=points())
    return Case(
        network=Wrapped(network, lambda module, x: module(Points(x, space)).as_tensor),
        points=points(),
        options={"loss": residual_loss},
    )


SMOOTH = "The network is a composition of smooth functions of single points."

ENTRIES = [
    Entry(
        name="FNN, tanh",
        package="deepxde",
        what="fully connected",
        make=partial(deepxde, loss=residual_loss),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="FNN, ReLU, second derivatives",
        package="deepxde",
        what="fully connected",
        make=partial(deepxde, activation="relu"),
        verdict="consistent",
        because="Between the kinks second derivatives are 0, as returned; the kinks carry all of u″.",
        hides=("kinks",),
    ),
    Entry(
        name="FNN, ReLU, Ritz energy",
        package="deepxde",
        what="fully connected",
        make=partial(deepxde, activation="relu", sizes=(2, 20, 1), order=1, loss=ritz_loss),
        verdict="inconsistent",
        because="The kinks move with the hidden weights, and the gradient of the energy on points misses it.",
    ),
    Entry(
        name="FNN, hard boundary conditions",
        package="deepxde",
        what="apply_output_transform with a product that vanishes on the boundary",
        make=partial(deepxde, transform="output", loss=residual_loss),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="FNN, hard conditions by distance",
        package="deepxde",
        what="apply_output_transform with min |x_i|",
        make=partial(deepxde, transform="distance"),
        verdict="consistent",
        because="The distance has kinks, between which all derivatives are right.",
        hides=("kinks",),
    ),
    Entry(
        name="FNN, feature transform",
        package="deepxde",
        what="apply_feature_transform with sine and cosine",
        make=partial(deepxde, transform="features", sizes=(4, 20, 20, 1), loss=residual_loss),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="PFNN, two outputs",
        package="deepxde",
        what="parallel fully connected networks",
        make=parallel_networks,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="DeepONetCartesianProd, one input function",
        package="deepxde",
        what="operator network; the points are those of the trunk",
        make=deeponet,
        verdict="consistent",
        because="For a fixed input function the output is a smooth function of single points.",
    ),
    Entry(
        name="FCNN",
        package="neurodiffeq",
        what="fully connected, tanh",
        make=partial(neurodiffeq, "FCNN", n_input_units=2, hidden_units=(20, 20)),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="Resnet",
        package="neurodiffeq",
        what="fully connected with a linear skip connection",
        make=partial(neurodiffeq, "Resnet", n_input_units=2, hidden_units=(20, 20)),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="FCNN, SinActv",
        package="neurodiffeq",
        what="fully connected, sine",
        make=sine_activation,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="MonomialNN and a tanh layer",
        package="neurodiffeq",
        what="features x, x², x³",
        make=monomials,
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="QRES",
        package="torchphysics",
        what="quadratic residual network, tanh",
        make=partial(torchphysics, "QRES"),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="QRES, as a function in double precision",
        package="torchphysics",
        what="quadratic residual network, tanh",
        make=partial(torchphysics, "QRES", function=True),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="DeepRitzNet",
        package="torchphysics",
        what="residual blocks with cubed ReLU",
        make=partial(torchphysics, "DeepRitzNet", width=12, depth=2),
        verdict="consistent",
        because="The second derivatives of relu(s)³ are continuous.",
    ),
]
