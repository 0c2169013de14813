"""Newton's method in the kinks of shallow Ritz networks, with the output weights solved for exactly.

The energy is quadratic in the output weights c. An iteration makes one damped Newton step in the kinks t and solves the
linear system for c. In the block Newton method (Cai, Doktorova, Falgout and Herrera, arXiv:2404.17750) the step in t
uses ∂²Π/∂t² at fixed c. In the projected method it uses the Hessian of the reduced energy min_c Π(t, c), the Schur
complement ∂²Π/∂t² − ∂²Π/∂t∂c (∂²Π/∂c²)⁻¹ ∂²Π/∂c∂t (variable projection, Golub and Pereyra, 1973), and converges
quadratically.
"""

import torch
from torch import Tensor

from rectified.array_types import Float
from rectified.optimization.optimizers import PerNetwork
from rectified.optimization.value_and_gradient import GradientRule
from rectified.ritz.energy import RitzEnergy
from rectified.ritz.kink_blocks import KinkBlocks

FIRST_DAMPING = 1e-3  # relative to the largest eigenvalue
TRIALS = 12  # of an iteration
APPROACH = 0.9  # largest share of the distance of two neighbouring kinks that one step closes


class BlockNewton(PerNetwork):
    """Damped Newton steps in the kinks, alternating with exact solves for the output weights.

    The slopes a stay as they are: with kinks and output weights they are redundant. A step is −(|H| + μ)⁻¹g, with |H|
    the Hessian with the absolute values of its eigenvalues and μ relative to the largest. It is shortened so that kinks
    keep their order. A trial is accepted if it lowers the energy; μ is divided by 3 after an accepted trial and
    multiplied by 4 after a rejected one. A row stops after 12 rejected trials in one iteration.

    Args:
        theta: initial parameters; updated in place.
        energy: with kink-aware quadrature, of a network with one hidden layer and one kink per neuron.
        projected: True for the Hessian of the reduced energy, False for that at fixed output weights.

    Raises:
        InvalidInputError: for another energy.
    """

    def __init__(self, theta: Tensor, energy: RitzEnergy, projected: bool = True):
        super().__init__(theta)
        self.energy, self.projected, self.blocks = energy, projected, KinkBlocks(energy)
        self.damping = torch.full_like(theta[:, 0], FIRST_DAMPING)
        self.stopped = torch.zeros_like(self.damping, dtype=torch.bool)
        self.solved = torch.zeros_like(self.stopped)

    @torch.no_grad()
    def _iterate(self, row: int, gradient: GradientRule, learning_rate: float) -> Tensor:
        value = gradient(self.theta[row : row + 1])[0][0]
        if self.stopped[row] or not torch.isfinite(value):
            return value
        here = self.theta[row] if self.solved[row] else self._with_best_weights(self.theta[row])
        lowest = self.energy(here[None])[0]
        self.theta[row], self.solved[row] = here, True
        slope, eigenvalues, vectors = self._model(here)
        components, size = vectors.T @ slope, eigenvalues.abs()
        if not torch.isfinite(lowest + components.sum() + size.sum()):
            return value * torch.nan
        if size.max() == 0:  # no kink affects the energy
            self.stopped[row] = True
            return value
        for _ in range(TRIALS):
            step = -vectors @ (components / (size + self.damping[row] * size.max()))
            trial = self._with_best_weights(self._moved(here, step))
            accepted = self.energy(trial[None])[0] < lowest
            self.damping[row] = self.damping[row] / 3 if accepted else self.damping[row] * 4
            if accepted:
                self.theta[row] = trial
                return value
        self.stopped[row] = True
        return value

    def _model(self, row: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gradient in the kinks, and eigenvalues and vectors of the Hessian of the step."""
        derivatives = self.blocks(row)
        matrix = derivatives.kinks
        if self.projected:
            roots = derivatives.mixed @ _inverse_root(self.blocks.weight_system(row).stiffness)
            matrix = matrix - roots @ roots.T
        return derivatives.gradient, *torch.linalg.eigh(matrix)

    def _with_best_weights(self, row: Tensor) -> Tensor:
        """The row with the output weights that minimize the energy; those of least norm where it is singular."""
        stiffness, load = self.blocks.weight_system(row)
        root = _inverse_root(stiffness)
        return torch.cat([row[: -len(load)], root @ (root.T @ load)])

    def _moved(self, row: Tensor, step: Tensor) -> Tensor:
        """The row with its kinks moved by a step, shortened so that no two meet or move beyond the domain."""
        kinks, order = self.blocks.kinks(row).sort()
        closing = -step[order].diff()
        gaps = kinks.diff().nan_to_num(nan=torch.inf)
        shares = torch.where(closing > 0, APPROACH * gaps / torch.where(closing > 0, closing, 1.0), torch.inf)
        left, right = self.blocks.network.domain
        shares = torch.cat([shares, (right - left) / step.abs().amax().clamp(min=right - left)[None]])
        step = step * shares.amin()
        p = self.blocks.network.blocks(row[None])
        return self.blocks.network.row(p | {"b": p["b"] - p["a"] * step})[0]

    def state_dict(self) -> dict:
        return {"damping": self.damping, "stopped": self.stopped, "solved": self.solved}

    def load_state_dict(self, state: dict) -> None:
        for name, value in self.state_dict().items():
            value.copy_(state[name])


def work(energy: RitzEnergy) -> int:
    """Return the cost of an iteration with one trial step in evaluations of the field at a point.

    Four products of matrices [neurons, points] count as as many evaluations as there are neurons, each.
    """
    network = energy.network
    points = len(energy.rule.nodes) * (len(energy.rule.cuts) - 1 + network.width)
    return 4 * network.width * points


def _inverse_root(matrix: Float[Tensor, "n n"]) -> Float[Tensor, "n rank"]:
    """R with RRᵀ the pseudoinverse of a positive semidefinite matrix, which is first scaled to a unit diagonal."""
    scale = matrix.diagonal().sqrt()
    scale = torch.where(scale > 0, 1 / torch.where(scale > 0, scale, 1.0), 0.0)
    values, vectors = torch.linalg.eigh(scale[:, None] * matrix * scale)
    kept = values > len(matrix) * torch.finfo(matrix.dtype).eps * values.amax()
    factors = torch.where(kept, 1 / torch.where(kept, values, 1.0).sqrt(), 0.0)
    return scale[:, None] * vectors * factors
