"""Cells of an arrangement of lines in a rectangle, as convex polygons whose corners are intersections of two lines."""

from typing import NamedTuple

import numpy as np

from rectified.array_types import Float, Int

TOUCHES = 1e-13  # a corner this close to a line lies on it, relative to the size of the rectangle


class Triangles(NamedTuple):
    """Triangles of a fan over every cell.

    Attributes:
        corners: indices of the two lines that meet at each corner, [triangles, 3, 2].
        cells: index of the cell of each triangle, [triangles].
    """

    corners: Int[np.ndarray, "triangles 3 2"]
    cells: Int[np.ndarray, " triangles"]


def triangulated_cells(lines: Float[np.ndarray, "lines 3"], box: Float[np.ndarray, "2 2"]) -> Triangles:
    """Cut a rectangle along lines, one after the other, and divide the cells into triangles.

    Lines that miss the rectangle, touch it or repeat another cut nothing. Only cells with corners on both sides of a
    line are visited, so that N lines take about N² steps.

    Args:
        lines: coefficients (a, b, c) of ax + by + c = 0.
        box: lower and upper end of both coordinates.

    Returns:
        Corners as pairs of lines. The indices count the lines given, then the sides of the rectangle as ``box_sides``
        lists them.
    """
    sides = box_sides(box)
    scale = np.linalg.norm(lines[:, :2], axis=1) * np.abs(box).max()
    every = np.concatenate([lines / np.where(scale > 0, scale, 1)[:, None], sides])
    left, right, bottom, top = range(len(lines), len(every))
    # An edge is the line on which it lies; the corner with the same index is where it starts.
    polygons = [[left, bottom, right, top]]
    points = [_corners([left, bottom, right, top], every)]
    for index in range(len(lines)):
        lengths = [len(polygon) for polygon in polygons]
        values = np.concatenate(points) @ every[index, :2] + every[index, 2]
        values[np.abs(values) <= TOUCHES] = 0
        starts = np.cumsum([0, *lengths[:-1]])
        cut = (np.minimum.reduceat(values, starts) < 0) & (np.maximum.reduceat(values, starts) > 0)
        for cell in np.flatnonzero(cut).tolist():
            signs = values[starts[cell] : starts[cell] + lengths[cell]]
            polygons[cell], other = (_part(polygons[cell], side * signs, index) for side in (1, -1))
            points[cell] = _corners(polygons[cell], every)
            polygons.append(other)
            points.append(_corners(other, every))
    return _fans(polygons)


def box_sides(box: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "4 3"]:
    """Return the lines through the left, right, lower and upper side of a rectangle."""
    (left, right), (bottom, top) = box
    return np.array([[1, 0, -left], [1, 0, -right], [0, 1, -bottom], [0, 1, -top]])


def _corners(polygon: list[int], lines: np.ndarray) -> np.ndarray:
    """Intersections of each edge with the one before."""
    a, b = lines[polygon], lines[[polygon[-1], *polygon[:-1]]]
    cross = np.cross(a, b)
    return cross[:, :2] / cross[:, 2:]


def _part(polygon: list[int], signs: np.ndarray, line: int) -> list[int]:
    """Edges of the part of a polygon at whose corners the sign is positive or zero, closed by the line."""
    count, part = len(polygon), []
    for here in range(count):
        there = (here + 1) % count
        if signs[here] > 0 or (signs[here] == 0 and signs[there] > 0):
            part.append(polygon[here])
            if signs[there] < 0 or (signs[there] == 0 and signs[(there + 1) % count] <= 0):
                part.append(line)
        elif signs[here] < 0 < signs[there]:
            part.append(polygon[here])
    return part


def _fans(polygons: list[list[int]]) -> Triangles:
    corners, cells = [], []
    for cell, polygon in enumerate(polygons):
        pairs = list(zip(polygon, [polygon[-1], *polygon[:-1]]))
        corners += [(pairs[0], pairs[k], pairs[k + 1]) for k in range(1, len(pairs) - 1)]
        cells += [cell] * (len(pairs) - 2)
    return Triangles(np.array(corners), np.array(cells))
