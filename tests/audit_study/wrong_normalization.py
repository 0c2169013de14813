"""Wrong cases of PyTorch itself: derivatives of fused normalization that are silently wrong.

PyTorch treats the saved mean and spread as constants from the third derivative on, which is that of a strong-form
residual in the parameters, and in nested forward mode from the second on (pytorch/pytorch issues 175754, 186256 and
196700). Compared with the same normalization in elementary operations, or with differences. In a version that is
repaired these cases are right; their true mismatch is then zero and they are left out.
"""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor, nn

from audit_study.case import Case, cloud, doubled, draws, translated, worst
from audit_study.exact import worst_tensor
from audit_study.losses import Loss, StrongForm


class Elementary(nn.Module):
    """Layer normalization without parameters in elementary operations."""

    def forward(self, h: Tensor) -> Tensor:
        centred = h - h.mean(1, keepdim=True)
        return centred / torch.sqrt(centred.square().mean(1, keepdim=True) + 1e-5)


def networks(inputs: int, width: int) -> tuple[nn.Sequential, nn.Sequential]:
    """A network with fused layer normalization and its twin with the elementary one; parameters are shared."""
    first, last = nn.Linear(inputs, width), nn.Linear(width, 1)
    fused, plain = nn.LayerNorm(width, elementwise_affine=False), Elementary()
    return tuple(nn.Sequential(first, nn.Tanh(), part, nn.Tanh(), last) for part in (fused, plain))


def of_gradients(network: nn.Module, twin: nn.Module, loss: Loss, points: Tensor) -> float:
    """Mismatch of the worst tensor between the gradients of a loss for a network and for its twin."""
    used, true = (
        [g.numpy() for g in torch.autograd.grad(loss(part, points), list(part.parameters())[:-1])]
        for part in (doubled(network), doubled(twin))
    )
    return worst_tensor(list(zip(used, true)))


def of_forward_mode(network: nn.Module, points: Tensor) -> float:
    """Mismatch of second derivatives by nested forward mode and by differences."""
    function, used = doubled(network), []
    for axis in range(points.shape[1]):
        tangent = torch.zeros_like(points)
        tangent[:, axis] = 1

        def slope(x: Tensor, tangent: Tensor = tangent) -> Tensor:
            return torch.func.jvp(function, (x,), (tangent,))[1]

        used.append(torch.func.jvp(slope, (points,), (tangent,))[1][:, 0].detach())
    return worst([torch.stack(used, 1)], translated(function, points, 2)[1:], points)


def strong_form() -> Iterator[Case]:
    """Strong-form residuals of networks with layer normalization."""
    for index in range(4):
        random = draws("fused layer norm", index)
        inputs = 1 + index % 2
        network, twin = networks(inputs, [8, 16][index // 2])
        points, loss = cloud(random, 100, inputs, 0.0, 1.0), StrongForm(1.0)
        options = {"order": 2, "loss": loss, "box": [(0.0, 1.0)] * inputs}
        truth = partial(of_gradients, network, twin, loss, points)
        yield Case(f"fused layer norm {index}", "fused layer norm", False, network, points, options, truth)


def forward_mode() -> Iterator[Case]:
    """Second derivatives in forward mode of networks with layer or batch normalization."""
    for index, (name, build) in enumerate({"layer": nn.LayerNorm, "batch": nn.BatchNorm1d}.items()):
        for number in (0, 1):
            kind = f"forward {name} norm"
            random = draws(kind, number)
            normalization = build(16) if name == "layer" else build(16, track_running_stats=False)
            network = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), normalization, nn.Tanh(), nn.Linear(16, 1))
            points = cloud(random, 60 + index, 2)
            options = {"order": 2, "derivatives": "forward"}
            truth = partial(of_forward_mode, network, points)
            yield Case(f"{kind} {number}", kind, False, network, points, options, truth)


def cases() -> Iterator[Case]:
    """All cases of this module."""
    yield from strong_form()
    yield from forward_mode()
