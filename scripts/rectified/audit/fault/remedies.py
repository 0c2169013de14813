"""Faults of modules, and what to do about them."""

from torch import nn

NORMALIZATIONS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm, nn.modules.instancenorm._InstanceNorm)
CONVOLUTIONS = (nn.modules.conv._ConvNd,)

COUPLED, WRONG_FIRST, WRONG_SECOND = "couples the points", "first derivative", "second derivative"
KINKED, LOSS, NOT_FINITE = "kinks", "loss", "not finite"

FAULTS = {
    COUPLED: "the output at a point depends on the other points of the batch",
    WRONG_FIRST: "automatic differentiation does not return the derivative of what is computed",
    WRONG_SECOND: "automatic differentiation does not return the second derivative of what is computed",
    NOT_FINITE: "the derivatives of automatic differentiation are not finite, though those of what is computed are",
    KINKED: "its derivative jumps at places that move with the parameters",
    LOSS: "automatic differentiation does not return the parameter gradient of the loss",
}
DIRECTIONAL = "differentiate along a translation of all points, derivatives='forward', instead of the gradient of a sum"
STRAIGHT_THROUGH = (
    "remove the straight-through estimator, detach or custom backward from what the loss differentiates, or evaluate "
    "the smooth function that it stands for"
)
LOSS_REMEDY = "check the loss, and how weights are computed, for detach, no_grad, rounding and changes in place"
SAFE = "keep the argument of the singular operation away from its singularity, also in the branch that is not taken"
KINK_AWARE = "integrate up to the kinks (rectified.ritz.quadrature), or use an activation with a continuous derivative"


def remedy(module: nn.Module, fault: str) -> str:
    """Return what to do about a module at fault, in one sentence."""
    if fault == KINKED:
        return KINK_AWARE
    if fault == NOT_FINITE:
        return SAFE
    if fault in (WRONG_FIRST, WRONG_SECOND):
        return STRAIGHT_THROUGH
    if isinstance(module, NORMALIZATIONS):
        return "use statistics that do not depend on the points: those of a reference set, or eval()"
    if isinstance(module, CONVOLUTIONS):
        return f"{DIRECTIONAL}, as convolutions over points need"
    return f"let the network treat each point by itself, or {DIRECTIONAL}"
