"""Style of figures: colours distinguishable with any colour vision, legible fonts."""

import ast
import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from rectified.formulas import activations
from reproduction.claims import markdown
from reproduction.exhibits import style

MODULES = sorted(Path(style.__file__).parent.rglob("*.py"))
JUST_NOTICEABLE = 0.02  # difference in Oklab, approximately

# Vision without one type of cone, in linear RGB (Machado, Oliveira, Fernandes, IEEE TVCG 15 (2009), severity 1).
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
VERDICTS = [mark.colour for mark in markdown.VERDICTS.values()]
SHADES = {**style.ACTIVATION_COLOURS, **{f"relu, {name}": each for name, each in style.RELU_SHADES.items()}}


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Perceived colour of linear RGB (Ottosson, A perceptual color space for image processing, 2020)."""
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    perceived = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return perceived @ np.cbrt(cones @ np.clip(rgb, 0, 1))


def seen(colour: str, sight: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return oklab(SIGHTS[sight] @ linear)


def test_activations_of_the_registry_have_different_colours():
    assert style.ACTIVATION_COLOURS.keys() <= activations.REGISTRY.keys()
    assert len({style.colour(name) for name in activations.REGISTRY}) == len(activations.REGISTRY)
    assert style.colour("relu") == style.ACTIVATION_COLOURS["relu"]


@pytest.mark.parametrize("colours", [SHADES.values(), VERDICTS], ids=["activations", "verdicts"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_are_distinguishable_with_any_colour_vision(sight, colours):
    pairs = itertools.combinations({shade: seen(shade, sight) for shade in colours}.items(), 2)
    closest = min((np.linalg.norm(one - other), a, b) for (a, one), (b, other) in pairs)
    assert closest[0] > 3 * JUST_NOTICEABLE, closest


def test_verdicts_are_distinguishable_without_colour():
    assert len({mark.sign for mark in markdown.VERDICTS.values()}) == len(VERDICTS)


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_stand_out_from_white(sight):
    assert max(seen(shade, sight)[0] for shade in SHADES.values()) < 0.85


@given(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True))
def test_a_custom_activation_has_one_colour_legible_on_white(name):
    assert style.colour(name) == style.colour(name)
    assert seen(style.colour(name), "full")[0] < 0.85


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_shades_are_distinguishable(sight, count):
    colours = [seen(shade, sight) for shade in style.shades(count)]
    assert all(np.linalg.norm(a - b) > 3 * JUST_NOTICEABLE for a, b in itertools.combinations(colours, 2))
    assert max(colour[0] for colour in colours) < 0.85


def test_custom_activations_rarely_share_a_colour():
    colours = [style.colour(f"custom{number}") for number in range(100)]
    assert len(set(colours)) > 90


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_text_is_smaller_than_the_smallest_size(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg in ("fontsize", "labelsize", "title_fontsize"):
            for number in ast.walk(node.value):
                if isinstance(number, ast.Constant):
                    assert number.value >= style.SMALLEST or isinstance(node.value, ast.BinOp)
