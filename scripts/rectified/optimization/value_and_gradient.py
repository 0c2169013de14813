"""Value and gradient of an objective of many networks, by automatic differentiation.

``Objective`` maps parameters [networks, parameters] to values [networks]. ``ValueAndGradient`` is the pair of the
values [networks] and the gradients [networks, parameters]. A ``GradientRule`` maps parameters to such a pair.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.array_types import Float

Objective = Callable[[Tensor], Tensor]
ValueAndGradient = tuple[Float[Tensor, " networks"], Float[Tensor, "networks parameters"]]
GradientRule = Callable[[Tensor], ValueAndGradient]


def value_and_gradient(objective: Objective, theta: Float[Tensor, "networks parameters"]) -> ValueAndGradient:
    """Return the values of an objective and its gradients, both detached from the graph."""
    theta = theta.detach().requires_grad_(True)
    value = objective(theta)
    (gradient,) = torch.autograd.grad(value.sum(), theta)
    return value.detach(), gradient
