"""Coordinate networks and encodings: SIREN, Fourier features, hash grids, spherical harmonics, planes."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points, residual_loss, ritz_loss, with_head


def siren() -> Case:
    from siren_pytorch import SirenNet

    network = SirenNet(dim_in=2, dim_hidden=32, dim_out=1, num_layers=3, w0_initial=30.0)
    return Case(network=network, points=points(), options={"loss": residual_loss})


def film_siren() -> Case:
    from INR_collection.modules import SIREN

    return Case(network=SIREN(2, 1, num_layers=3, num_hidden=32), points=points(), options={"loss": residual_loss})


def nerfstudio(kind: str, *, inputs: int = 3, head: bool = True, options: dict | None = None, **arguments) -> Case:
    from nerfstudio.field_components import encodings

    encoding = getattr(encodings, kind)(**arguments)
    features = encoding.get_out_dim()
    call = Wrapped(encoding, lambda module, x: module(x.contiguous()))
    network = with_head(call, features) if head else nn.Sequential(call, nn.Linear(features, 1))
    return Case(network=network, points=points(200, inputs, 0.02, 0.98), options=options or {})


def hash_grid(order: int) -> Case:
    case = nerfstudio(
        "HashEncoding",
        num_levels=4,
        min_res=4,
        max_res=16,
        log2_hashmap_size=8,
        hash_init_scale=1.0,
        implementation="torch",
        options={"order": order},
    )
    return case


def inner_product_of_table(order: int, **options) -> Case:
    """u = w·encoding: between the cells of the grid a polynomial of first degree in each input."""
    return nerfstudio(
        "HashEncoding",
        head=False,
        num_levels=3,
        min_res=4,
        max_res=8,
        log2_hashmap_size=10,
        hash_init_scale=1.0,
        implementation="torch",
        options={"order": order, **options},
    )


class Beside(nn.Module):
    """The points beside their encoding."""

    def __init__(self, encoding: nn.Module):
        super().__init__()
        self.encoding = encoding

    def forward(self, x):
        return torch.cat([x, self.encoding(x.contiguous()).to(x)], 1)


def harmonics() -> Case:
    from nerfstudio.field_components.encodings import SHEncoding

    return Case(network=with_head(Beside(SHEncoding(levels=2)), 7), points=points(200, 3))


def planes(kind: str, order: int, *, beside: bool = False) -> Case:
    from nerfstudio.field_components import encodings

    arguments = {"resolution": 8, "init_scale": 1.0} if kind == "TriplaneEncoding" else {"resolution": [8, 8, 8]}
    encoding = getattr(encodings, kind)(num_components=4, **arguments)
    network = with_head(Beside(encoding), 7) if beside else with_head(encoding, 4)
    return Case(network=network, points=points(200, 3, -0.9, 0.9), options={"order": order})


class Polynomials(nn.Module):
    """Real spherical harmonics up to first degree, written with differentiable operations."""

    def forward(self, x):
        return torch.cat([torch.full_like(x[:, :1], 0.28209479177387814), 0.4886025119029199 * x[:, [1, 2, 0]]], 1)


def harmonics_mended() -> Case:
    return Case(network=with_head(Beside(Polynomials()), 7), points=points(200, 3))


ENTRIES = [
    Entry(
        name="SirenNet",
        package="siren-pytorch",
        what="sine activations, ω₀ = 30",
        make=siren,
        verdict="consistent",
        because="Sines are smooth, however steep.",
    ),
    Entry(
        name="SIREN",
        package="INR-collection",
        what="sine activations, ω₀ = 30 in every layer",
        make=film_siren,
        verdict="consistent",
        because="Sines are smooth, however steep.",
    ),
    Entry(
        name="NeRFEncoding and a tanh layer",
        package="nerfstudio",
        what="sines and cosines of powers of two",
        make=partial(nerfstudio, "NeRFEncoding", in_dim=3, num_frequencies=4, min_freq_exp=0.0, max_freq_exp=3.0),
        verdict="consistent",
        because="Sines and cosines are smooth.",
    ),
    Entry(
        name="RFFEncoding and a tanh layer",
        package="nerfstudio",
        what="random Fourier features",
        make=partial(nerfstudio, "RFFEncoding", in_dim=3, num_frequencies=16, scale=2.0),
        verdict="consistent",
        because="Sines and cosines are smooth.",
    ),
    Entry(
        name="HashEncoding and a tanh layer, first derivatives",
        package="nerfstudio",
        what="multiresolution hash grid in PyTorch, linear interpolation",
        make=partial(hash_grid, 1),
        verdict="consistent",
        because="Linear interpolation is continuous, and its slope is right within every cell.",
    ),
    Entry(
        name="HashEncoding and a tanh layer, second derivatives",
        package="nerfstudio",
        what="multiresolution hash grid in PyTorch, linear interpolation",
        make=partial(hash_grid, 2),
        verdict="consistent",
        because="Within cells second derivatives are right; the slope jumps at every face of a cell.",
        hides=("kinks",),
    ),
    Entry(
        name="HashEncoding and a linear layer",
        package="nerfstudio",
        what="multiresolution hash grid in PyTorch",
        make=partial(inner_product_of_table, 2),
        verdict="consistent",
        because="Second derivatives along the axes are 0 within every cell; all curvature is in the kinks.",
        hides=("kinks",),
    ),
    Entry(
        name="HashEncoding and a linear layer, Ritz energy",
        package="nerfstudio",
        what="multiresolution hash grid in PyTorch",
        make=partial(inner_product_of_table, 1, loss=ritz_loss, box=[[0.0, 1.0]] * 3),
        verdict="consistent",
        because="The kinks are at the faces of the cells for all parameters, so that no motion of them is missed.",
    ),
    Entry(
        name="SHEncoding beside the points",
        package="nerfstudio",
        what="direction and its spherical harmonics into a tanh layer",
        make=harmonics,
        verdict="inconsistent",
        because="The encoding is evaluated under torch.no_grad: its part of the derivative is missing.",
    ),
    Entry(
        name="the same polynomials with derivatives",
        package="nerfstudio",
        what="mended: harmonics without torch.no_grad",
        make=harmonics_mended,
        verdict="consistent",
        because="Polynomials are smooth.",
    ),
    Entry(
        name="TriplaneEncoding and a tanh layer",
        package="nerfstudio",
        what="three planes with bilinear interpolation",
        make=partial(planes, "TriplaneEncoding", 1),
        verdict="InvalidInputError",
        because="The encoding detaches the points, so that the network has no input derivatives.",
    ),
    Entry(
        name="TriplaneEncoding beside the points",
        package="nerfstudio",
        what="points and planes into a tanh layer",
        make=partial(planes, "TriplaneEncoding", 1, beside=True),
        verdict="inconsistent",
        because="The encoding detaches the points: only the part of the derivative that passes beside it is there.",
    ),
    Entry(
        name="KPlanesEncoding, first derivatives",
        package="nerfstudio",
        what="product of three planes with bilinear interpolation (grid_sample)",
        make=partial(planes, "KPlanesEncoding", 1),
        verdict="consistent",
        because="Bilinear interpolation is continuous, and its slope is right within every cell.",
    ),
    Entry(
        name="KPlanesEncoding, second derivatives",
        package="nerfstudio",
        what="product of three planes with bilinear interpolation (grid_sample)",
        make=partial(planes, "KPlanesEncoding", 2),
        verdict="consistent",
        because="Second derivatives are right within every cell; the slope jumps at its faces.",
        hides=("kinks",),
    ),
]
