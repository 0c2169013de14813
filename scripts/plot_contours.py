"""Draw a figure of the family ``contours``."""

from reproduction.exhibits.figures import contours, figure_page

figure_page.make(snakemake, contours.draw)
