"""Generated parts of the documentation, and small copies of figures."""

import numpy as np
import pytest
from PIL import Image

from reproduction.report import gallery

README = "Before.\n\n<!-- speed: made by `make gallery` -->\nold | text\n<!-- end of speed -->\n\nAfter.\n"


def test_only_the_text_between_the_markers_is_replaced():
    once = gallery.with_part(README, "speed", r"| new \1 |")
    assert once == README.replace("old | text", r"| new \1 |")
    assert gallery.with_part(once, "speed", r"| new \1 |") == once


def test_a_part_without_markers_is_an_error():
    with pytest.raises(ValueError, match=r"results\.md must contain the lines"):
        gallery.with_part(README, "verdicts", "text")


def test_the_first_table_of_a_page_is_extracted():
    assert gallery.first_table("# Title\n\ntext\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n| c |\n|---|\n") == (
        "| a | b |\n|---|---|\n| 1 | 2 |"
    )


@pytest.mark.parametrize("colours", [[(213, 94, 0), (127, 127, 127)], [(0, 114, 178), (86, 180, 233)]])
def test_a_rare_colour_beside_many_shades_is_not_replaced(tmp_path, colours):
    """A colour map takes most of the picture; two markers take 40 pixels each."""
    shades = np.zeros((500, 1400, 3), dtype=np.uint8)
    shades[..., 0], shades[..., 1] = np.linspace(0, 255, 1400), np.linspace(0, 255, 500)[:, None]
    for column, colour in enumerate(colours):
        shades[200:230, 300 * (column + 1) : 300 * (column + 1) + 30] = colour
    Image.fromarray(shades).save(tmp_path / "figure.png")
    gallery.shrink(tmp_path / "figure.png", tmp_path / "small.png")
    small = np.asarray(Image.open(tmp_path / "small.png").convert("RGB")).astype(int)
    for column, colour in enumerate(colours):
        found = small[129, round(0.6 * (300 * (column + 1) + 15))]
        assert np.abs(found - colour).max() <= 12, (found, colour)
