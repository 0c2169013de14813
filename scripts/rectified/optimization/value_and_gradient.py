"""The value of an objective of many networks and its gradient by automatic differentiation."""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float

Objective = Callable[[Tensor], Tensor]
ValueAndGradient = tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]
GradientRule = Callable[[Tensor], ValueAndGradient]


def value_and_gradient(objective: Objective, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
    """An objective [networks] of parameters [networks, parameters], and its gradient."""
    theta = theta.detach().requires_grad_(True)
    value = objective(theta)
    (gradient,) = torch.autograd.grad(value.sum(), theta)
    return value.detach(), gradient
