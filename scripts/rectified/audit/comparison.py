"""Comparison of two versions of a network, order by order, each in its own precision.

Versions are, for example, a network and the same network after ``torch.compile``, in float32 and in float64, or with a
custom ``torch.autograd.Function`` and in plain PyTorch.

    from rectified.audit import compare
    print(compare(network, torch.compile(network), points))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isnan, nan

import torch
from torch import Tensor

from rectified.audit.arguments import require_choices, usable_mixed, usable_points
from rectified.audit.derivative_measures import FLOOR
from rectified.audit.differences import Axes, Points
from rectified.audit.measures import RESOLVED, UNDETERMINED
from rectified.audit.surroundings import plain_surroundings
from rectified.audit.versions import PARAMETERS, VALUES, Quantity, Version
from rectified.errors import InvalidInputError
from rectified.networks.seeding import generator

DIFFERENT, MISSING, EQUAL = "different", "missing", "equal"
SEVERITY = (DIFFERENT, MISSING, UNDETERMINED, EQUAL)
THRESHOLD = 1e-9  # relative difference up to which versions are not called different
ROUNDINGS = 3  # random changes of points and parameters by which the effect of rounding is measured
COARSEST = 0.1  # largest resolution at which versions are called equal
MARGIN = 10.0  # resolution over the largest effect of these changes
REPEATED = 64  # largest difference of repeated evaluations, in units of rounding of the largest value


@dataclass(frozen=True)
class Difference:
    """A quantity of two versions.

    Attributes:
        size: norm of the difference over the larger norm of both versions; of several outputs or parameters, the one
            that decides. NaN if a version lacks the quantity.
        resolution: largest difference that rounding errors can explain.
        remark: output or parameter that decides, or why the quantity is missing.
    """

    size: float = nan
    resolution: float = inf
    remark: str = ""

    def verdict(self, threshold: float) -> str:
        """``equal`` if there is no difference, or it does not exceed the resolution, and that not 0.1; ``different`` if
        it exceeds the threshold and three times the resolution; ``missing`` if a version lacks the quantity; otherwise
        ``undetermined``.
        """
        if isnan(self.size):
            return MISSING
        if self.size == 0 or self.size <= self.resolution <= COARSEST:
            return EQUAL
        return DIFFERENT if self.size > max(threshold, RESOLVED * self.resolution) else UNDETERMINED

    def __str__(self) -> str:
        if isnan(self.size):
            return self.remark
        words = f"{self.size:.1e}, resolution {self.resolution:.1e}"
        return f"{words}, {self.remark}" if self.remark else words


@dataclass(frozen=True)
class Comparison:
    """Differences between two versions of a network.

    Attributes:
        versions: class and precision of each version.
        points: number of points.
        threshold: relative difference up to which nothing is called different.
        differences: by name: ``values``, ``first derivatives`` to ``fourth derivatives``, ``mixed derivatives`` and
            ``parameter gradient``.
    """

    versions: tuple[str, str]
    points: int
    threshold: float
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @property
    def verdicts(self) -> dict[str, str]:
        """Verdict on every quantity."""
        return {name: one.verdict(self.threshold) for name, one in self.differences.items()}

    @property
    def verdict(self) -> str:
        """The most severe verdict: ``different``, ``missing``, ``undetermined``, or ``equal`` if all are."""
        return next(verdict for verdict in SEVERITY if verdict in self.verdicts.values())

    def __str__(self) -> str:
        verdicts = self.verdicts
        named = [name for name, verdict in verdicts.items() if verdict == self.verdict]
        head = self.verdict if self.verdict == EQUAL else f"{self.verdict} ({', '.join(named)})"
        rows = [f"  {name:24}{verdicts[name]:14}{one}" for name, one in self.differences.items()]
        return "\n".join([head, f"  a: {self.versions[0]}; b: {self.versions[1]}", *rows])


def compare(
    a: Callable,
    b: Callable,
    points: Tensor | Sequence[Tensor] | dict[str, Tensor],
    *,
    order: int = 2,
    mixed: Sequence[Sequence[int]] = (),
    threshold: float = THRESHOLD,
) -> Comparison:
    """Compare values, input derivatives and parameter gradient of two versions of a network.

    Each version computes in its own precision, that of its parameters; a function that is not a module computes in the
    precision of the points. The points are rounded to the lower precision of both, so that both get the same points.
    Derivatives are gradients of the sum of an output over the points. The parameter gradient is that of the mean square
    of the outputs; it is compared if both versions have parameters of the same names and shapes.

    The resolution of a difference is ten times the change of the quantity, in the version where it is larger, when
    points and parameters change at random by their rounding errors, plus ten roundings of the lower precision. Such
    changes also draw the rounding errors of the network anew.

    Args:
        a, b: the versions, arguments and outputs as for ``audit``. They are not changed.
        points: as for ``audit``.
        order: highest pure input derivative, 0 to 4.
        mixed: inputs of mixed derivatives, such as (0, 1) for u_xy.
        threshold: relative difference up to which no quantity is called different.

    Returns:
        A difference with resolution and verdict for every quantity. A quantity that a version cannot compute is
        ``missing``, with the reason.

    Raises:
        InvalidInputError: if an argument is invalid, a version fails or is not deterministic, or the versions have
            different numbers of outputs.
    """
    require_choices(order, "reverse", threshold)
    for name, one in (("a", a), ("b", b)):
        if not callable(one):
            raise InvalidInputError(f"{name} must be a torch.nn.Module or a function; got {type(one).__name__}")
    with plain_surroundings():
        x, inputs = usable_points(points)
        axes = usable_mixed(mixed, x.shape[1])
        given = _dtype(points)
        versions = [Version(one, name, inputs, given) for one, name in ((a, "a"), (b, "b"))]
        coarse = max((version.dtype for version in versions), key=lambda dtype: torch.finfo(dtype).eps)
        x = x.to(coarse).double()
        with versions[0].unchanged(), versions[1].unchanged():
            _require_same_outputs(versions, x)
            found = [_Measured(version, x, order, axes) for version in versions]
        kinds = [name for name in found[0].quantities if name in found[1].quantities]
        same = _same_parameters(versions)
        differences = {name: _difference(name, *found, threshold) for name in kinds if same or name != PARAMETERS}
    return Comparison(tuple(version.kind for version in versions), len(x), threshold, differences)


def _dtype(points: object) -> torch.dtype:
    """Common dtype of the points as given; float64 for integers."""
    parts = (
        list(points.values()) if isinstance(points, Mapping) else points if isinstance(points, Sequence) else [points]
    )
    dtype = parts[0].dtype
    for part in parts[1:]:
        dtype = torch.promote_types(dtype, part.dtype)
    return dtype if dtype.is_floating_point else torch.float64


def _same_parameters(versions: Sequence[Version]) -> bool:
    shapes = [{name: one.shape for name, one in version.parameters.items()} for version in versions]
    return shapes[0] == shapes[1]


def _require_same_outputs(versions: Sequence[Version], x: Points) -> None:
    """Raise InvalidInputError unless both versions are deterministic and have finite values of the same shape."""
    for version in versions:
        once, again = version(x).detach(), version(x).detach()
        if not torch.isfinite(once).all():
            raise InvalidInputError(f"version {version.name} must return finite values; some are not finite")
        if (once - again).abs().max() > REPEATED * version.epsilon * once.abs().max():
            raise InvalidInputError(
                f"version {version.name} must be deterministic; it returns different values for the same points "
                "(disable dropout and noise)"
            )
    names = [version.outputs.names for version in versions]
    if len(names[0]) != len(names[1]):
        raise InvalidInputError(f"both versions must have as many outputs; a has {len(names[0])}, b {len(names[1])}")


class _Measured:
    """Quantities of a version, and the same quantities after changes by rounding errors."""

    def __init__(self, version: Version, x: Points, order: int, mixed: list[Axes]):
        self.name, self.epsilon = version.name, version.epsilon
        self.quantities = version.quantities(x, order, mixed)
        random = generator("roundings")
        self.changed = [version.rounded(x, order, mixed, random) for _ in range(ROUNDINGS)]

    def reason(self, name: str) -> str:
        """Why a quantity is missing; empty if it is not."""
        found = self.quantities[name]
        return f"{self.name}: {found}" if isinstance(found, str) else ""

    def parts(self, name: str, like: Sequence[str]) -> list[tuple[Tensor, list[Tensor]]]:
        """Parts of a quantity, outputs in turn and parameters in a given order, and the changed parts."""
        every = [self.quantities[name], *(one[name] for one in self.changed)]
        ordered = [[one[key] for key in like] if name == PARAMETERS else list(one.values()) for one in every]
        return [(first, list(others)) for first, *others in zip(*ordered)]


def _difference(name: str, a: _Measured, b: _Measured, threshold: float) -> Difference:
    """Difference of a quantity: that of the output or parameter that decides the verdict."""
    if reasons := [one.reason(name) for one in (a, b) if one.reason(name)]:
        return Difference(remark="; ".join(reasons))
    labels = list(a.quantities[name])
    pairs = zip(labels, _floors(name, a.quantities), a.parts(name, labels), b.parts(name, labels))
    epsilon = max(a.epsilon, b.epsilon)
    found = [_part(first, second, floor, epsilon, label) for label, floor, first, second in pairs]
    return min(found, key=lambda one: (SEVERITY.index(one.verdict(threshold)), -one.size / one.resolution))


def _floors(name: str, quantities: Mapping[str, Quantity]) -> list[float]:
    """Norms below which the parts of a quantity count as vanishing."""
    parts = list(quantities[name].values())
    if name == VALUES:
        return [0.0] * len(parts)
    if name == PARAMETERS:
        return [FLOOR * float(torch.cat([part.flatten() for part in parts]).norm())] * len(parts)
    spreads = [(u - u.mean()).square().mean().sqrt() for u in quantities[VALUES].values()]
    return [FLOOR * float(spread) * part.numel() ** 0.5 for spread, part in zip(spreads, parts)]


def _part(
    first: tuple[Tensor, list[Tensor]], second: tuple[Tensor, list[Tensor]], floor: float, epsilon: float, label: str
) -> Difference:
    """Difference of one output or parameter, from those of both versions and their changes by rounding errors."""
    (a, changed_a), (b, changed_b) = first, second
    place = f"in {label}" if label else ""
    fine = torch.isfinite(a)
    if not torch.equal(fine, torch.isfinite(b)):
        return Difference(inf, MARGIN * epsilon, f"not finite in one version {place}".strip())
    effect = max(
        float((other[fine] - one[fine]).norm()) for one, others in ((a, changed_a), (b, changed_b)) for other in others
    )
    scale = max(float(a[fine].norm()), float(b[fine].norm()), floor, torch.finfo(torch.float64).tiny)
    silent = [name for name, one, other in (("a", a, b), ("b", b, a)) if bool(other.any()) and not bool(one.any())]
    remark = f"zero in version {silent[0]}, by a detach or a custom backward {place}".strip() if silent else place
    return Difference(float((a - b)[fine].norm()) / scale, MARGIN * (effect / scale + epsilon), remark)
