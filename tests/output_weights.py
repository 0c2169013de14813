"""Best output weights of a shallow network by one Newton step in them, with derivatives by automatic differentiation.

Energy and regression loss are quadratic in the output weights. This shares nothing with the closed form in
``rectified.ritz.kink_blocks``.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from rectified.optimization.hessian import hessian
from rectified.ritz.network import Network


@torch.no_grad()
def solve_output_weights(objective: Callable[[Tensor], Tensor], network: Network, theta: Tensor) -> Tensor:
    """Parameters [networks, parameters] with the output weights that minimize the objective, all others unchanged.

    Neurons without a kink in the domain make the linear system singular; it is solved in the least-squares sense.
    """
    return torch.stack([_solve_row(objective, network, row) for row in theta])


def _solve_row(objective: Callable[[Tensor], Tensor], network: Network, row: Tensor) -> Tensor:
    inner, weights = row.split([len(row) - network.width, network.width])

    def of_weights(c: Tensor) -> Tensor:
        return objective(torch.cat([inner.expand(len(c), -1), c], -1))

    with torch.enable_grad():
        matrix = hessian(of_weights, weights)
        slope = torch.func.grad(lambda w: of_weights(w[None])[0])(weights)
    step = torch.linalg.lstsq(matrix, slope[:, None], driver="gelsd").solution[:, 0]
    return torch.cat([inner, weights - step])
