"""Hessian of an objective by automatic differentiation, and its eigenpairs."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rectified.array_types import Float


def hessian(
    objective: Callable[[Tensor], Tensor], theta: Float[Tensor, " parameters"], chunk: int = 32
) -> Float[Tensor, "parameters parameters"]:
    """Return the symmetrized Hessian of an objective at one point of parameter space.

    It is computed in forward mode over reverse mode. For an objective on a fixed grid it lacks the contributions of
    moving kinks; with kink-aware quadrature it is the Hessian of the integral.

    Args:
        objective: maps parameters [networks, parameters] to [networks].
        theta: the point.
        chunk: number of columns computed at a time, which keeps the work in cache.
    """

    def gradient(row: Tensor) -> Tensor:
        return torch.func.grad(lambda r: objective(r[None])[0])(row)

    def column(direction: Tensor) -> Tensor:
        return torch.func.jvp(gradient, (theta,), (direction,))[1]

    identity = torch.eye(len(theta), dtype=theta.dtype, device=theta.device)
    matrix = torch.func.vmap(column, chunk_size=chunk)(identity)
    return (matrix + matrix.T) / 2


class Eigenpairs(NamedTuple):
    """Eigenpairs of a symmetric matrix.

    Attributes:
        values: eigenvalues in descending order.
        vectors: unit eigenvectors as columns.
        residuals: ‖Hv − λv‖ of each pair.
    """

    values: Float[Tensor, " parameters"]
    vectors: Float[Tensor, "parameters parameters"]
    residuals: Float[Tensor, " parameters"]


def eigenpairs(matrix: Float[Tensor, "parameters parameters"]) -> Eigenpairs:
    """Return all eigenpairs of a symmetric matrix; the largest component of each vector is positive."""
    values, vectors = torch.linalg.eigh(matrix)
    values, vectors = values.flip(0), vectors.flip(1)
    largest = vectors.abs().argmax(0, keepdim=True)
    vectors = vectors * vectors.gather(0, largest).sign()
    residuals = (matrix @ vectors - vectors * values).norm(dim=0)
    return Eigenpairs(values, vectors, residuals)
