"""Networks that couple the points of a batch: attention over points, batch normalization."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points


def attention(*, one_sequence: bool) -> Case:
    """Attention over all points as one sequence, or over single points as sequences of length one."""
    from x_transformers import ContinuousTransformerWrapper, Encoder

    network = ContinuousTransformerWrapper(
        dim_in=2, dim_out=1, max_seq_len=0, attn_layers=Encoder(dim=16, depth=2, heads=2, attn_dim_head=8)
    )
    call = (lambda module, x: module(x[None])[0]) if one_sequence else (lambda module, x: module(x[:, None])[:, 0])
    return Case(network=Wrapped(network.eval(), call), points=points(60))


def performer() -> Case:
    from performer_pytorch import SelfAttention

    network = nn.Sequential(
        nn.Linear(2, 16),
        Wrapped(SelfAttention(dim=16, heads=2, dim_head=8, causal=False), lambda module, h: module(h[None])[0]),
        nn.Linear(16, 1),
    )
    return Case(network=network.eval(), points=points(60))


def equivariant_norm(*, training: bool) -> Case:
    from e3nn.nn import BatchNorm

    network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), BatchNorm("16x0e"), nn.Linear(16, 1))
    network(points(500).float())  # statistics
    return Case(network=network.train(training), points=points())


def tabnet(*, training: bool) -> Case:
    from pytorch_tabnet.tab_network import TabNet

    network = TabNet(2, 1, n_d=8, n_a=8, n_steps=2, group_attention_matrix=torch.eye(2, dtype=torch.float64)).double()
    network(points(500))
    return Case(network=Wrapped(network, lambda module, x: module(x)[0]).train(training), points=points(128))


ENTRIES = [
    Entry(
        name="ContinuousTransformerWrapper, points are a sequence",
        package="x-transformers",
        what="attention over all points",
        make=partial(attention, one_sequence=True),
        verdict="inconsistent",
        because="Every output depends on all points, so the gradient of the sum is not ∂u/∂x.",
    ),
    Entry(
        name="ContinuousTransformerWrapper, single points",
        package="x-transformers",
        what="mended: every point is a sequence of length one",
        make=partial(attention, one_sequence=False),
        verdict="consistent",
        because="The network then maps single points, smoothly.",
    ),
    Entry(
        name="SelfAttention, points are a sequence",
        package="performer-pytorch",
        what="linear attention over all points",
        make=performer,
        verdict="inconsistent",
        because="Every output depends on all points, so the gradient of the sum is not ∂u/∂x.",
    ),
    Entry(
        name="BatchNorm, in training",
        package="e3nn",
        what="equivariant batch normalization of 16 scalars",
        make=partial(equivariant_norm, training=True),
        verdict="inconsistent",
        because="Mean and variance depend on all points.",
    ),
    Entry(
        name="BatchNorm, evaluated",
        package="e3nn",
        what="mended: eval() freezes the statistics",
        make=partial(equivariant_norm, training=False),
        verdict="consistent",
        because="With frozen statistics the layer is affine.",
    ),
    Entry(
        name="TabNet, in training",
        package="pytorch-tabnet",
        what="attentive features with ghost batch normalization",
        make=partial(tabnet, training=True),
        verdict="inconsistent",
        because="Mean and variance depend on all points.",
    ),
    Entry(
        name="TabNet, evaluated",
        package="pytorch-tabnet",
        what="mended: eval() freezes the statistics; sparsemax has kinks",
        make=partial(tabnet, training=False),
        verdict="consistent",
        because="Between the kinks of sparsemax and ReLU the network is smooth.",
        hides=("kinks",),
    ),
]
