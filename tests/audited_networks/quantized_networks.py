"""Straight-through estimators and surrogate gradients: vector quantization, quantized and spiking networks."""

from functools import partial

import torch
from torch import nn

from audited_networks.entry import Case, Entry, Wrapped, points, regression_loss


def around(middle: nn.Module, features: int = 6, width: int | None = None) -> nn.Module:
    """Return a network with the given module between a tanh layer and a linear layer."""
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, features), middle, nn.Linear(width or features, 1))


def vector_quantize(frozen: bool = True, evaluated: bool = False) -> Case:
    from vector_quantize_pytorch import VectorQuantize

    layer = VectorQuantize(dim=6, codebook_size=32, freeze_codebook=frozen, codebook_dim=6)
    network = around(Wrapped(layer, lambda module, h: module(h)[0]))
    return Case(network=network.train(not evaluated), points=points(), options={"order": 1})


def finite_scalar(quantized: bool = True, **options) -> Case:
    from vector_quantize_pytorch import FSQ

    layer = FSQ(levels=[8, 5, 5], dim=6)

    def call(module, h):
        return module(h[None])[0][0] if quantized else module.project_out(torch.tanh(module.project_in(h)))

    return Case(network=around(Wrapped(layer, call)), points=points(), options={"order": 1, **options})


def lookup_free() -> Case:
    from vector_quantize_pytorch import LFQ

    layer = LFQ(codebook_size=64, dim=6)
    network = around(Wrapped(layer, lambda module, h: module(h[None])[0][0])).eval()
    return Case(network=network, points=points(), options={"order": 1})


def fake_quantize() -> Case:
    def rounded(h):
        return torch.fake_quantize_per_tensor_affine(h, 0.1, 0, -128, 127)

    class Layer(nn.Module):
        def forward(self, h):
            return rounded(h)

    return Case(network=around(Layer()), points=points(), options={"order": 1})


def brevitas(activations: bool, **options) -> Case:
    from brevitas import nn as quantized

    middle = quantized.QuantTanh(bit_width=4) if activations else nn.Tanh()
    linear = nn.Linear if activations else partial(quantized.QuantLinear, weight_bit_width=4)
    network = nn.Sequential(linear(2, 16), middle, linear(16, 1)).eval()
    return Case(network=network, points=points(), options=options)


def binary() -> Case:
    from bitorch.layers import QActivation

    return Case(network=around(QActivation("sign")), points=points(), options={"order": 1})


class Spiking(nn.Module):
    """Number of spikes of a layer of neurons in eight steps, with a linear readout."""

    def __init__(self, neuron: nn.Module, step, steps: int = 8):
        super().__init__()
        self.current, self.neuron, self.readout = nn.Linear(2, 16), neuron, nn.Linear(16, 1)
        self.step, self.steps = step, steps

    def forward(self, x):
        return self.readout(self.step(self.neuron, 2 * self.current(x), self.steps))


def snntorch() -> Case:
    import snntorch as snn

    def count(neuron, current, steps):
        membrane, total = torch.zeros_like(current), 0.0
        for _ in range(steps):
            spike, membrane = neuron(current, membrane)  # spikes are in single precision
            total = total + spike.to(current)
        return total

    return Case(network=Spiking(snn.Leaky(beta=0.9), count), points=points(), options={"order": 1})


def spikingjelly(spiking: bool, reset: bool = True) -> Case:
    from spikingjelly.activation_based import functional, neuron, surrogate

    def count(cell, current, steps):
        if reset:
            functional.reset_net(cell)
        return sum(cell(current) for _ in range(steps))

    cell = neuron.IFNode(surrogate_function=surrogate.ATan(spiking=spiking))
    return Case(network=Spiking(cell, count), points=points(), options={"order": 1})


STRAIGHT = "The values are piecewise constant in the quantized part, its derivatives are those of the identity."
JUMPS = ("jumps",)

ENTRIES = [
    Entry(
        name="VectorQuantize, frozen codebook, in training",
        package="vector-quantize-pytorch",
        what="vector quantization with straight-through derivatives",
        make=vector_quantize,
        verdict="inconsistent",
        because=STRAIGHT,
        hides=JUMPS,
    ),
    Entry(
        name="VectorQuantize, moving codebook, in training",
        package="vector-quantize-pytorch",
        what="the codebook follows the batch",
        make=partial(vector_quantize, False),
        verdict="InvalidInputError",
        because="Every evaluation in training changes the codebook.",
    ),
    Entry(
        name="VectorQuantize, evaluated",
        package="vector-quantize-pytorch",
        what="vector quantization without derivatives",
        make=partial(vector_quantize, True, True),
        verdict="InvalidInputError",
        because="In eval() the quantized part has no derivatives at all.",
    ),
    Entry(
        name="FSQ",
        package="vector-quantize-pytorch",
        what="finite scalar quantization",
        make=finite_scalar,
        verdict="inconsistent",
        because=STRAIGHT,
        hides=JUMPS,
    ),
    Entry(
        name="FSQ without rounding",
        package="vector-quantize-pytorch",
        what="mended: tanh of the values, which are not rounded",
        make=partial(finite_scalar, False),
        verdict="consistent",
        because="Without rounding the layer is smooth.",
    ),
    Entry(
        name="LFQ",
        package="vector-quantize-pytorch",
        what="lookup-free quantization: signs",
        make=lookup_free,
        verdict="InvalidInputError",
        because="In eval() the signs have no derivatives at all.",
    ),
    Entry(
        name="fake_quantize_per_tensor_affine",
        package="torch",
        what="quantization-aware training",
        make=fake_quantize,
        verdict="inconsistent",
        because=STRAIGHT,
        hides=JUMPS,
    ),
    Entry(
        name="QuantTanh, 4 bits",
        package="brevitas",
        what="quantized activations",
        make=partial(brevitas, True),
        verdict="inconsistent",
        because=STRAIGHT,
        hides=JUMPS,
    ),
    Entry(
        name="QuantLinear, 4 bits",
        package="brevitas",
        what="quantized weights, tanh",
        make=partial(brevitas, False),
        verdict="consistent",
        because="For given rounded weights the network is a smooth function of the points.",
    ),
    Entry(
        name="QuantLinear, 4 bits, regression",
        package="brevitas",
        what="parameter gradient through rounded weights",
        make=partial(brevitas, False, order=0, loss=regression_loss),
        verdict="inconsistent",
        because="The loss is piecewise constant in the weights; the gradient is that of unrounded weights.",
    ),
    Entry(
        name="FSQ, regression",
        package="vector-quantize-pytorch",
        what="parameter gradient through rounded values, no input derivatives",
        make=partial(finite_scalar, order=0, loss=regression_loss),
        verdict="inconsistent",
        because="The gradient is that of unrounded values.",
    ),
    Entry(
        name="QActivation, sign",
        package="bitorch",
        what="binary network",
        make=binary,
        verdict="inconsistent",
        because=STRAIGHT,
        hides=JUMPS,
    ),
    Entry(
        name="Leaky, 8 steps",
        package="snntorch",
        what="spiking network with surrogate derivatives",
        make=snntorch,
        verdict="inconsistent",
        because="The number of spikes is piecewise constant; the surrogate has a slope.",
        hides=JUMPS,
    ),
    Entry(
        name="IFNode, 8 steps",
        package="spikingjelly",
        what="spiking network with surrogate derivatives",
        make=partial(spikingjelly, True),
        verdict="inconsistent",
        because="The number of spikes is piecewise constant; the surrogate has a slope.",
        hides=JUMPS,
    ),
    Entry(
        name="IFNode, surrogate evaluated",
        package="spikingjelly",
        what="mended: spiking=False evaluates the antiderivative of the surrogate",
        make=partial(spikingjelly, False),
        verdict="consistent",
        because="Values and derivatives are those of the arctangent.",
    ),
    Entry(
        name="IFNode without reset",
        package="spikingjelly",
        what="the membrane potential is kept between calls",
        make=partial(spikingjelly, False, False),
        verdict="InvalidInputError",
        because="The value depends on earlier calls.",
    ),
]
