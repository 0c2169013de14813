"""Audit of a single module at the inputs that it has in a network."""

import torch
from torch import Tensor, nn

from rectified.array_types import Float
from rectified.audit.derivatives.derivative_measures import FLOOR
from rectified.audit.derivatives.differences import differences, resolved
from rectified.audit.derivatives.input_derivatives import reverse_mode
from rectified.audit.derivatives.rounding import value_rounding
from rectified.audit.fault.remedies import NOT_FINITE, WRONG_FIRST, WRONG_SECOND
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

WRONG = 0.01  # relative mismatch of the derivative of a module that is at fault
KEPT = 0.5  # least share of the points at which the derivative of a module is resolved


class Probe:
    """A random combination of the outputs of a module, as a function of a displacement of its inputs at each point.

    Args:
        module: in double precision.
        z: its inputs, [points, ...].
        change: of the inputs under a displacement of 1.
    """

    def __init__(self, module: nn.Module, z: Tensor, change: Tensor):
        self.module, self.z, self.change = module, z, change
        self.random = generator("probe")
        self.weights: Tensor | None = None

    def values(self, s: Float[Tensor, "points 1"]) -> Float[Tensor, " points"]:
        """Values at displacements s."""
        try:
            out = self.module(self.z + s.reshape(-1, *[1] * (self.z.ndim - 1)) * self.change)
        except Exception as error:
            raise InvalidInputError(str(error)) from error
        if not isinstance(out, Tensor) or out.ndim == 0 or len(out) != len(s) or not out.is_floating_point():
            raise InvalidInputError("module has no single output with a row per point")
        out = out.double().reshape(len(s), -1)
        if self.weights is None:
            self.weights = torch.randn(out.shape[1], generator=self.random, dtype=torch.float64)
        return out @ self.weights

    def fault(self) -> str:
        """Return the fault in the derivatives of the module; empty if there is none."""
        s, one = torch.zeros(len(self.z), 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
        scale = float((self.values(s) - self.values(s).mean()).detach().abs().max()) or 1.0
        wanted = [(0,), (0, 0)]
        used = reverse_mode(self.values, s, wanted)
        rounding = value_rounding(lambda x: self.values(x).detach(), s, one)
        for derivative, estimate, fault in zip(
            used, differences(self.values, s, one, wanted, rounding), (WRONG_FIRST, WRONG_SECOND)
        ):
            if not torch.isfinite(derivative).all():
                return NOT_FINITE
            fine = resolved([estimate], WRONG, FLOOR * scale)
            if fine.double().mean() < KEPT:
                return ""
            off = (derivative - estimate.value)[fine].norm()
            largest = max(float(derivative[fine].norm()), float(estimate.value[fine].norm()), FLOOR * scale)
            if off > WRONG * largest and off > 3 * estimate.error[fine].norm():
                return fault
        return ""
