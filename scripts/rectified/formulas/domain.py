"""Points where an expression is not defined: poles, removable singularities, roots and logarithms of negative numbers.

Every divisor, logarithm and root in an expression gives a condition, such as u ≠ 0 or u > 0. A condition is decided by
SymPy's assumptions, else by interval arithmetic on boxes that are halved until it holds or fails on each of them, and
on the smallest boxes by values to many digits.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import sympy

from rectified.formulas import high_precision, intervals
from rectified.formulas.high_precision import UndefinedValueError

MOST_BOXES = 64
RESOLUTION = 1e-12  # size of the smallest boxes, relative to 1 and to their coordinates
WIDTH_AT_ZERO = 1e-8  # the same for boxes that contain zeros; at multiple zeros rounding decides no smaller ones
MOST_AT_ZEROS = 32768
LARGEST = 1e300
POSITIVE_CUTS = [0.0, *np.geomspace(1e-3, 1e6, 28), 1e20, 1e100, LARGEST]


class Condition(NamedTuple):
    """A condition under which a part of an expression is defined.

    Attributes:
        argument: u.
        relation: "nonzero", "positive" or "nonnegative".
        part: the part of the expression.
    """

    argument: sympy.Expr
    relation: str
    part: sympy.Expr


@dataclass(frozen=True)
class Violation:
    """A point where a part of an expression is not defined.

    Attributes:
        point: value of each variable.
        condition: the condition that fails.
    """

    point: tuple[float, ...]
    condition: Condition

    def __str__(self) -> str:
        place = ", ".join(f"{x:.6g}" for x in self.point)
        return f"{self.condition.part} is not defined at {place}"


@cache
def conditions(expression: sympy.Expr) -> tuple[Condition, ...]:
    """Return the conditions under which an expression has a finite real value, without those that always hold."""
    found = []
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Pow) and node.base != sympy.E:
            found += _of_power(node)
        elif isinstance(node, sympy.log):
            found.append(Condition(node.args[0], "positive", node))
        elif isinstance(node, sympy.tan):
            found.append(Condition(sympy.cos(node.args[0]), "nonzero", node))
    return tuple(dict.fromkeys(one for one in found if not getattr(one.argument, f"is_{one.relation}")))


def _of_power(node: sympy.Pow) -> list[Condition]:
    base, exponent = node.args
    if exponent.is_Integer:
        return [Condition(base, "nonzero", node)] if exponent < 0 else []
    relation = "nonnegative" if exponent.is_number and exponent > 0 else "positive"
    return [Condition(base, relation, node)]


def violations(
    expression: sympy.Expr, variables: tuple[sympy.Symbol, ...], domain: tuple[tuple[float, float], ...]
) -> list[Violation]:
    """Return points of a box where an expression is not defined, at least one if there are any.

    Args:
        variables: the symbols of the expression.
        domain: ends of each variable; they may be infinite.
    """
    found = []
    for condition in conditions(expression):
        present = [index for index, symbol in enumerate(variables) if symbol in condition.argument.free_symbols]
        if not present:
            continue
        symbols, axes = [variables[i] for i in present], [domain[i] for i in present]
        for point in _failing(condition, symbols, axes):
            full = [np.clip(0.0, *ends) for ends in domain]
            for index, x in zip(present, point):
                full[index] = x
            found.append(Violation(tuple(map(float, full)), condition))
    return found


def enclosures_of_zeros(expression: sympy.Expr, variable: sympy.Symbol) -> list[tuple[float, float]] | None:
    """Return short disjoint intervals that contain all zeros of an expression; None if they are too many.

    An interval need not contain a zero: the expression may come so close to 0 that rounding does not decide.
    """
    boxes = _initial_boxes([(-np.inf, np.inf)])
    while _divisible(boxes, WIDTH_AT_ZERO).any():
        low, high = intervals.mean_value_bounds(expression, variable, boxes[:, 0].T)
        boxes = _halved(boxes[(low <= 0) & (high >= 0)], WIDTH_AT_ZERO)
        if len(boxes) > MOST_AT_ZEROS:
            return None
    merged: list[tuple[float, float]] = []
    for left, right in sorted(map(tuple, boxes[:, 0].tolist())):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], right)
        else:
            merged.append((left, right))
    return merged


def _failing(condition: Condition, symbols: list[sympy.Symbol], axes: list[tuple[float, float]]) -> list[tuple]:
    """Points where a condition fails, one for each group of adjacent smallest boxes in which it is not decided."""
    boxes = _initial_boxes(axes)  # [boxes, variables, 2]
    while _divisible(boxes, RESOLUTION).any():
        low, high = intervals.bounds(condition.argument, {s: tuple(boxes[:, i].T) for i, s in enumerate(symbols)})
        certain = (low > 0) | (high < 0 if condition.relation == "nonzero" else low >= _least(condition))
        impossible = (high < 0) & (condition.relation != "nonzero")
        if impossible.any():
            centres = _centres(boxes[impossible])
            return [tuple(centres[np.argmin(abs(np.log(abs(centres) + 1e-300)).sum(1))])]  # that of order one
        boxes = _halved(_nearest_to_origin(boxes[~certain]), RESOLUTION)
    points = (tuple(simplest(*ends) for ends in box) for box in boxes)
    failing = [point for point in dict.fromkeys(points) if _fails(condition, symbols, point)]
    return sorted(failing, key=lambda point: max(map(abs, point)))


def _nearest_to_origin(boxes: np.ndarray) -> np.ndarray:
    """At most ``MOST_BOXES`` boxes; infinitely many zeros, as of cos x, are not all located."""
    if len(boxes) <= MOST_BOXES:
        return boxes
    return boxes[np.argsort(abs(_centres(boxes)).max(1), kind="stable")[:MOST_BOXES]]


def _least(condition: Condition) -> float:
    return 0.0 if condition.relation == "nonnegative" else np.inf


def _initial_boxes(axes: list[tuple[float, float]]) -> np.ndarray:
    cuts = []
    for left, right in axes:
        if np.isfinite(right - left):
            cuts.append(np.linspace(left, right, 9))
        else:
            inner = np.array([*(-np.array(POSITIVE_CUTS)), *POSITIVE_CUTS])
            ends = np.clip([left, right], -LARGEST, LARGEST)
            cuts.append(np.unique([*ends, *inner[(inner > left) & (inner < right)]]))
    segments = [np.stack([cut[:-1], cut[1:]], 1) for cut in cuts]
    index = np.meshgrid(*(np.arange(len(segment)) for segment in segments), indexing="ij")
    return np.stack([segment[i.ravel()] for segment, i in zip(segments, index)], 1)


def _centres(boxes: np.ndarray) -> np.ndarray:
    return boxes[..., 0] / 2 + boxes[..., 1] / 2


def _divisible(boxes: np.ndarray, resolution: float) -> np.ndarray:
    return (boxes[..., 1] - boxes[..., 0] > resolution * np.maximum(1, abs(boxes).max(-1))).any(1)


def _halved(boxes: np.ndarray, resolution: float) -> np.ndarray:
    """Halves of the boxes that are larger than the resolution, along their longest side; the others as they are."""
    large = _divisible(boxes, resolution)
    small, boxes = boxes[~large], boxes[large]
    widest = np.argmax(boxes[..., 1] - boxes[..., 0], 1)
    rows = np.arange(len(boxes))
    middle = _centres(boxes)[rows, widest]
    lower, upper = boxes.copy(), boxes.copy()
    lower[rows, widest, 1] = upper[rows, widest, 0] = middle
    return np.concatenate([small, lower, upper])


def simplest(left: float, right: float) -> float:
    """Return the shortest decimal number within the resolution of an interval."""
    slack = RESOLUTION * max(1.0, abs(left), abs(right))
    middle = left / 2 + right / 2
    return next(rounded for digits in range(20) if abs((rounded := round(middle, digits)) - middle) <= 2 * slack)


def _fails(condition: Condition, symbols: list[sympy.Symbol], point: tuple) -> bool:
    """True if a condition fails at a point or within the resolution of it."""
    step = 8 * RESOLUTION * max(1.0, *map(abs, point))
    try:
        around = [
            high_precision.value(condition.argument, dict(zip(symbols, np.array(point) + step * shift)))
            for shift in (np.zeros(len(point)), *np.eye(len(point)), *-np.eye(len(point)))
        ]
    except UndefinedValueError:
        return True
    middle, *others = around
    variation = max(abs(value - middle) for value in others)
    if condition.relation == "nonnegative":
        return middle < -variation
    return abs(middle) <= variation or (condition.relation == "positive" and middle < 0)
