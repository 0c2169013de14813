"""Generated parts of README.md."""

import pytest

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
