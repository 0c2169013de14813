"""Draw a figure of the family ``contours``."""

from rectified.figures import contours, page

page.make(snakemake, contours.draw)
