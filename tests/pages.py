"""Positions of text and pictures on the pages of a PDF."""

from collections.abc import Iterator
from itertools import product

import numpy as np
from pypdf import PageObject
from pypdf.generic import ContentStream, DictionaryObject

Box = tuple[float, float, float, float]
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
TOLERANCE = 1.0  # pt


def matrix(six) -> np.ndarray:
    a, b, c, d, e, f = map(float, six)
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]])


def pictures(page: PageObject) -> list[Box]:
    """Left, bottom, right and top of the pictures of a page, in points."""
    return [*_pictures(page.get_contents(), page["/Resources"], page.pdf, np.eye(3))]


def _pictures(content, resources: DictionaryObject, pdf, outer: np.ndarray) -> Iterator[Box]:
    stack, current = [], outer
    for operands, operator in ContentStream(content, pdf).operations:
        if operator == b"q":
            stack.append(current)
        elif operator == b"Q":
            current = stack.pop()
        elif operator == b"cm":
            current = matrix(operands) @ current
        elif operator == b"Do":
            drawn = resources["/XObject"][operands[0]].get_object()
            if drawn["/Subtype"] == "/Form":
                yield _box(drawn["/BBox"], matrix(drawn.get("/Matrix", IDENTITY)) @ current)


def _box(corners, transform: np.ndarray) -> Box:
    left, bottom, right, top = map(float, corners)
    points = np.array([[x, y, 1] for x, y in product((left, right), (bottom, top))]) @ transform
    return (*points[:, :2].min(0), *points[:, :2].max(0))


def cut_off(page: PageObject) -> list[Box]:
    """Return the pictures that extend beyond their page."""
    right, top = map(float, page.mediabox.upper_right)
    edge = TOLERANCE
    return [box for box in pictures(page) if min(box[:2]) < -edge or box[2] > right + edge or box[3] > top + edge]


def words(page: PageObject) -> str:
    """Return the text of a page without white space, which extraction guesses."""
    return "".join(page.extract_text().split())


def places(page: PageObject) -> list[tuple[str, float, float, float]]:
    """Return the pieces of text of a page, excluding pictures: text, left, baseline and size in points."""
    found = []

    def note(text, outer, inner, _, size):
        if text.strip():
            place = matrix(inner) @ matrix(outer)
            found.append((text.strip(), place[2, 0], place[2, 1], abs(size * place[1, 1])))

    plain = PageObject(page.pdf)
    plain.update({key: value for key, value in page.items() if key != "/Resources"})
    resources = DictionaryObject({k: v for k, v in page["/Resources"].get_object().items() if k != "/XObject"})
    plain[next(key for key in page if key == "/Resources")] = resources
    plain.extract_text(visitor_text=note)
    return found
