"""Networks of the audit's tests, in double precision unless they say otherwise."""

import torch
from torch import nn

DOUBLE = torch.float64


def points(count: int = 100, inputs: int = 2, seed: int = 0) -> torch.Tensor:
    """Return random points in [−1, 1]."""
    return 2 * torch.rand(count, inputs, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE) - 1


def mlp(activation=nn.Tanh, inputs: int = 2, width: int = 12, normalize=lambda width: nn.Identity(), outputs=1):
    """Return a perceptron with two hidden layers in single precision."""
    torch.manual_seed(0)
    layers = [nn.Linear(inputs, width), normalize(width), activation(), nn.Linear(width, width), normalize(width)]
    return nn.Sequential(*layers, activation(), nn.Linear(width, outputs))


class Power(nn.Module):
    """relu(z)^k."""

    def __init__(self, power: int):
        super().__init__()
        self.power = power

    def forward(self, z):
        return torch.relu(z) ** self.power


class Rounded(nn.Module):
    """Rounding to quarters with the derivative of the identity: a straight-through estimator."""

    def forward(self, z):
        return z + (torch.round(4 * z) / 4 - z).detach()


class Cube(torch.autograd.Function):
    """x³ with the right first and a missing second derivative."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * 3 * x.detach() ** 2


class Cubed(nn.Module):
    """The cube above as a module."""

    def forward(self, z):
        return Cube.apply(z)


class RoundedPhase(nn.Module):
    """Complex features whose imaginary part is rounded straight through, in single precision."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.w = nn.Parameter(torch.randn(2, 8, dtype=torch.complex64))
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        z = x.to(self.w.dtype) @ self.w
        rounded = z.imag + (torch.round(3 * z.imag) / 3 - z.imag).detach()
        return self.last(torch.tanh(z.real + rounded))


class Spectral(nn.Module):
    """A spectral layer over the features, as of Fourier neural operators, in single precision."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.up, self.down = nn.Linear(2, 16), nn.Linear(16, 1)
        self.kernel = nn.Parameter(torch.randn(9, dtype=torch.cfloat))

    def forward(self, x):
        return self.down(torch.tanh(torch.fft.irfft(torch.fft.rfft(self.up(x)) * self.kernel, n=16)))


class RunningMean(nn.Module):
    """A network less half the mean over the points up to this one: causal coupling."""

    def __init__(self):
        super().__init__()
        self.network = mlp()

    def forward(self, x):
        u = self.network(x)
        return u - 0.5 * u.cumsum(0) / torch.arange(1, len(u) + 1, dtype=u.dtype)[:, None]


class Recurrent(nn.Module):
    """An LSTM along the batch."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.last = nn.LSTM(2, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.last(self.cell(x)[0])
