"""The Hessian of an objective by automatic differentiation, and its eigenpairs."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Float


def hessian(
    objective: Callable[[Tensor], Tensor], theta: Float[Tensor, " parameters"], chunk: int = 32
) -> Float[Tensor, "parameters parameters"]:
    """Second derivatives of an objective at one point of parameter space, symmetrized.

    Forward mode over reverse mode, ``chunk`` columns at a time so that the work stays in cache. For an
    objective on a fixed grid this is the Hessian that automatic differentiation sees; with kink-aware
    quadrature it is the Hessian of the integral.

    Args:
        objective: maps parameters [networks, parameters] to [networks].
    """

    def gradient(row: Tensor) -> Tensor:
        return torch.func.grad(lambda r: objective(r[None])[0])(row)

    def column(direction: Tensor) -> Tensor:
        return torch.func.jvp(gradient, (theta,), (direction,))[1]

    identity = torch.eye(len(theta), dtype=theta.dtype, device=theta.device)
    matrix = torch.func.vmap(column, chunk_size=chunk)(identity)
    return (matrix + matrix.T) / 2


class Eigenpairs(NamedTuple):
    """Eigenvalues in descending order, unit eigenvectors as columns, and ‖Hv − λv‖ of each pair."""

    values: Float[Tensor, " parameters"]
    vectors: Float[Tensor, "parameters parameters"]
    residuals: Float[Tensor, " parameters"]


def eigenpairs(matrix: Float[Tensor, "parameters parameters"]) -> Eigenpairs:
    """All eigenpairs of a symmetric matrix; each vector's largest component is made positive."""
    values, vectors = torch.linalg.eigh(matrix)
    values, vectors = values.flip(0), vectors.flip(1)
    largest = vectors.abs().argmax(0, keepdim=True)
    vectors = vectors * vectors.gather(0, largest).sign()
    residuals = (matrix @ vectors - vectors * values).norm(dim=0)
    return Eigenpairs(values, vectors, residuals)
