"""Parts of networks whose derivatives are right: activations, encodings, and layers that act on single points."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

Activation = Callable[[], nn.Module]


class Sine(nn.Module):
    """sin(frequency·z)."""

    def __init__(self, frequency: float = 1.0):
        super().__init__()
        self.frequency = frequency

    def forward(self, z: Tensor) -> Tensor:
        return torch.sin(self.frequency * z)


class Power(nn.Module):
    """relu(z)^k."""

    def __init__(self, power: int):
        super().__init__()
        self.power = power

    def forward(self, z: Tensor) -> Tensor:
        return torch.relu(z) ** self.power


class Absolute(nn.Module):
    """|z|."""

    def forward(self, z: Tensor) -> Tensor:
        return z.abs()


SMOOTH: dict[str, Activation] = {
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "sin": Sine,
    "softplus": nn.Softplus,
    "mish": nn.Mish,
    "sigmoid": nn.Sigmoid,
    "relu3": lambda: Power(3),
}
KINKED: dict[str, Activation] = {
    "relu": nn.ReLU,
    "leaky": lambda: nn.LeakyReLU(0.1),
    "abs": Absolute,
    "relu6": nn.ReLU6,
}


def mlp(inputs: int, width: int, depth: int, activation: Activation, weights: float = 1.0) -> nn.Sequential:
    """Return a fully connected network; hidden weights are multiplied by a factor, as after long training."""
    sizes = [inputs] + [width] * depth
    layers = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), activation())]
    network = nn.Sequential(*layers, nn.Linear(width, 1))
    with torch.no_grad():
        for layer in layers[::2]:
            layer.weight *= weights
    return network


class Scaled(nn.Module):
    """factor·(network((x − low)/(high − low)·2 − 1) + offset)."""

    def __init__(self, network: nn.Module, factor: float = 1.0, offset: float = 0.0, box: Sequence[float] = (-1, 1)):
        super().__init__()
        self.network, self.factor, self.offset, self.box = network, factor, offset, tuple(box)

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.box
        return self.factor * (self.network((x - low) / (high - low) * 2 - 1) + self.offset)


class Constrained(nn.Module):
    """N·Π x(1 − x): zero on the boundary of the unit cube."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return (x * (1 - x)).prod(1, keepdim=True) * self.network(x)


class Residual(nn.Module):
    """h + network(h)."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, h: Tensor) -> Tensor:
        return h + self.network(h)


class Fourier(nn.Module):
    """sin and cos of x·B with random normal frequencies."""

    def __init__(self, inputs: int, count: int, frequency: float):
        super().__init__()
        self.register_buffer("matrix", frequency * torch.randn(inputs, count))

    def forward(self, x: Tensor) -> Tensor:
        phase = x @ self.matrix
        return torch.cat([torch.sin(phase), torch.cos(phase)], 1)


class SoftAttention(nn.Module):
    """Attention along the second last axis, as products, because the fused kernel has no second derivative."""

    def __init__(self, width: int):
        super().__init__()
        self.parts = nn.Linear(width, 3 * width)

    def forward(self, h: Tensor) -> Tensor:
        query, key, value = self.parts(h).chunk(3, -1)
        return torch.softmax(query @ key.transpose(-1, -2) / h.shape[-1] ** 0.5, -1) @ value


class OverFeatures(nn.Module):
    """A recurrent layer or attention along the features of each point, each feature being one element of a sequence."""

    def __init__(self, width: int, kind: str):
        super().__init__()
        self.lift, self.kind = nn.Linear(1, 8), kind
        self.layer = nn.GRU(8, 8, batch_first=True) if kind == "gru" else SoftAttention(8)
        self.last = nn.Linear(8 * width, 1)

    def forward(self, h: Tensor) -> Tensor:
        h = self.lift(h[:, :, None])
        h = self.layer(h)[0] if self.kind == "gru" else self.layer(h)
        return self.last(h.flatten(1))


class Spectral(nn.Module):
    """Real part of the inverse Fourier transform of complex weights times the Fourier transform of the features."""

    def __init__(self, width: int):
        super().__init__()
        self.weights = nn.Parameter(torch.randn(width // 2 + 1, dtype=torch.complex64))

    def forward(self, h: Tensor) -> Tensor:
        return torch.fft.irfft(torch.fft.rfft(h) * self.weights, n=h.shape[1])


class ComplexWaves(nn.Module):
    """Re Σ c exp(i k·x) with complex amplitudes."""

    def __init__(self, inputs: int, count: int):
        super().__init__()
        self.vectors = nn.Parameter(3 * torch.randn(inputs, count))
        self.amplitudes = nn.Parameter(torch.randn(count, dtype=torch.complex64))

    def forward(self, x: Tensor) -> Tensor:
        return (torch.exp(1j * (x @ self.vectors)) * self.amplitudes).real.sum(1)


class Gaussians(nn.Module):
    """Σ c exp(−|x − p|²/2w²)."""

    def __init__(self, inputs: int, count: int, width: float):
        super().__init__()
        self.places, self.heights = nn.Parameter(torch.randn(count, inputs)), nn.Parameter(torch.randn(count))
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        distance = (x[:, None] - self.places).square().sum(2)
        return torch.exp(-distance / (2 * self.width**2)) @ self.heights


class Chebyshev(nn.Module):
    """Σ c T_k(tanh x), summed over inputs."""

    def __init__(self, inputs: int, degree: int):
        super().__init__()
        self.coefficients = nn.Parameter(torch.randn(degree, inputs) / degree)

    def forward(self, x: Tensor) -> Tensor:
        s = torch.tanh(x)
        terms = [torch.ones_like(s), s]
        for _ in range(len(self.coefficients) - 2):
            terms.append(2 * s * terms[-1] - terms[-2])
        return (torch.stack(terms) * self.coefficients[:, None]).sum((0, 2))


class Gated(nn.Module):
    """g·U + (1 − g)·V with a gate g, as in the modified MLP of Wang, Teng and Perdikaris."""

    def __init__(self, inputs: int, width: int):
        super().__init__()
        self.one, self.other, self.gate = (nn.Linear(inputs, width) for _ in range(3))
        self.last = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.tanh(self.gate(x))
        return self.last(gate * torch.tanh(self.one(x)) + (1 - gate) * torch.tanh(self.other(x)))
