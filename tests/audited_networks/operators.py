"""Operators on grids: the Fourier neural operator and its spectral convolution (neuraloperator), the FNO of PINA."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, grid, points, regression_loss

GRID = 32


def fno_1d(channels: int = 2) -> nn.Module:
    from neuralop.models import FNO

    return FNO(
        n_modes=(8,), in_channels=channels, out_channels=1, hidden_channels=12, n_layers=2, positional_embedding=None
    )


class OnGrid(nn.Module):
    """An operator applied to the channels x and f(x) on a grid of points, one function in a batch."""

    def __init__(self, operator: nn.Module):
        super().__init__()
        self.operator = operator

    def forward(self, x):
        channels = torch.stack([x[:, 0], torch.sin(2 * torch.pi * x[:, 0])])
        return self.operator(channels[None])[0, 0]


class OfAmplitudes(nn.Module):
    """The output of an operator at one node for the input functions Σ a_k sin(2πkx), as a function of a."""

    def __init__(self, operator: nn.Module, dimensions: int = 1):
        super().__init__()
        self.operator, self.dimensions = operator, dimensions

    def forward(self, a):
        x = grid(GRID)[:, 0].to(a)
        modes = torch.stack([torch.sin(2 * torch.pi * (k + 1) * x) for k in range(a.shape[1])])
        function = a @ modes
        if self.dimensions == 2:
            function = function[:, :, None] * torch.cos(2 * torch.pi * x)
        u = self.operator(function[:, None])
        return u.flatten(1)[:, GRID // 3]


def on_grid(**options) -> Case:
    return Case(network=OnGrid(fno_1d()), points=grid(64), options=options)


def of_amplitudes(dimensions: int, **options) -> Case:
    from neuralop.models import FNO

    operator = FNO(n_modes=(8,) * dimensions, in_channels=1, out_channels=1, hidden_channels=8, n_layers=2)
    return Case(network=OfAmplitudes(operator, dimensions), points=points(60), options=options)


def spectral_convolution(**options) -> Case:
    from neuralop.layers.spectral_convolution import SpectralConv

    return Case(network=OfAmplitudes(SpectralConv(1, 1, (8,))), points=points(60), options=options)


def pina_fno() -> Case:
    from pina.model import FNO

    operator = FNO(
        lifting_net=nn.Linear(1, 8),
        projecting_net=nn.Linear(8, 1),
        n_modes=8,
        dimensions=1,
        inner_size=8,
        n_layers=2,
    )

    class Transposed(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, u):
            return self.module(u.movedim(1, -1))

    return Case(network=OfAmplitudes(Transposed(operator)), points=points(60))


SMOOTH = "The output at a node is a smooth function of the input function, and every input function is one point."

ENTRIES = [
    Entry(
        name="FNO 1-D, points are the grid, reverse mode",
        package="neuraloperator",
        what="Fourier neural operator on one grid",
        make=on_grid,
        verdict="inconsistent",
        because="Every output depends on all nodes, so the gradient of the sum is not ∂u/∂x.",
    ),
    Entry(
        name="FNO 1-D, points are the grid, forward mode",
        package="neuraloperator",
        what="mended: derivative under translation of the grid",
        make=partial(on_grid, derivatives="forward"),
        verdict="consistent",
        because="Forward mode is the derivative under translation of all nodes, for which the output is smooth.",
    ),
    Entry(
        name="FNO 1-D, points are input functions",
        package="neuraloperator",
        what="Fourier neural operator, one output node, two amplitudes of the input",
        make=partial(of_amplitudes, 1),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="FNO 2-D, points are input functions",
        package="neuraloperator",
        what="Fourier neural operator on 32 × 32 nodes, one output node",
        make=partial(of_amplitudes, 2),
        verdict="consistent",
        because=SMOOTH,
    ),
    Entry(
        name="SpectralConv",
        package="neuraloperator",
        what="spectral convolution with complex weights",
        make=partial(spectral_convolution, order=1),
        verdict="consistent",
        because="The convolution is linear in the input function.",
    ),
    Entry(
        name="SpectralConv, regression",
        package="neuraloperator",
        what="the same with a loss",
        make=partial(spectral_convolution, order=1, loss=regression_loss),
        verdict="undetermined",
        because="It allocates complex64 inside: the rounding hides whether the integrand jumps.",
    ),
    Entry(
        name="FNO 1-D, points are input functions",
        package="pina-mathlab",
        what="Fourier neural operator, one output node",
        make=pina_fno,
        verdict="consistent",
        because=SMOOTH,
    ),
]
