"""Cells of an arrangement of lines in a rectangle, as convex polygons whose corners are intersections of two lines."""

from typing import NamedTuple

import numpy as np

from rectified.array_types import Float, Int

TOUCHES = 1e-13  # a corner this close to a line lies on it, relative to the size of the rectangle


class Cell(NamedTuple):
    """A convex polygon.

    Attributes:
        edges: index of the line on which each edge lies.
        corners: where each edge starts, [edges, 2].
    """

    edges: list[int]
    corners: Float[np.ndarray, "edges 2"]


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
    scale = np.linalg.norm(lines[:, :2], axis=1) * np.abs(box).max()
    scaled = lines / np.where(scale > 0, scale, 1)[:, None]
    left, right, bottom, top = range(len(lines), len(lines) + 4)
    (low_x, high_x), (low_y, high_y) = box
    corners = np.array([[low_x, high_y], [low_x, low_y], [high_x, low_y], [high_x, high_y]])
    cells = [Cell([left, bottom, right, top], corners)]
    for index, (a, b, c) in enumerate(scaled):
        lengths = [len(cell.edges) for cell in cells]
        values = np.concatenate([cell.corners for cell in cells]) @ (a, b) + c
        values[np.abs(values) <= TOUCHES] = 0
        starts = np.cumsum([0, *lengths[:-1]])
        cut = (np.minimum.reduceat(values, starts) < 0) & (np.maximum.reduceat(values, starts) > 0)
        for number in np.flatnonzero(cut).tolist():
            z = values[starts[number] : starts[number] + lengths[number]]
            whole = cells[number]
            cells[number] = _part(whole, z.tolist(), index)
            cells.append(_part(whole, (-z).tolist(), index))
    return _fans(cells)


def box_sides(box: Float[np.ndarray, "2 2"]) -> Float[np.ndarray, "4 3"]:
    """Return the lines through the left, right, lower and upper side of a rectangle."""
    (left, right), (bottom, top) = box
    return np.array([[1, 0, -left], [1, 0, -right], [0, 1, -bottom], [0, 1, -top]])


def _part(cell: Cell, z: list[float], line: int) -> Cell:
    """The part of a cell where a linear function is positive, with its values z at the corners, closed by its zero."""
    count, edges, corners = len(z), [], []
    points = cell.corners.tolist()

    def add(edge: int, start: list[float]) -> None:
        edges.append(edge)
        corners.append(start)

    for here in range(count):
        there = (here + 1) % count
        if z[here] < 0 < z[there]:
            add(cell.edges[here], _between(points[here], points[there], z[here] / (z[here] - z[there])))
        elif z[here] > 0 or (z[here] == 0 and z[there] > 0):
            add(cell.edges[here], points[here])
            if z[there] < 0:
                add(line, _between(points[here], points[there], z[here] / (z[here] - z[there])))
            elif z[there] == 0 and z[(there + 1) % count] <= 0:
                add(line, points[there])
    return Cell(edges, np.array(corners))


def _between(p: list[float], q: list[float], share: float) -> list[float]:
    return [p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]


def _fans(cells: list[Cell]) -> Triangles:
    corners, numbers = [], []
    for number, cell in enumerate(cells):
        pairs = list(zip(cell.edges, [cell.edges[-1], *cell.edges[:-1]]))
        corners += [(pairs[0], pairs[k], pairs[k + 1]) for k in range(1, len(pairs) - 1)]
        numbers += [number] * (len(pairs) - 2)
    return Triangles(np.array(corners), np.array(numbers))
