"""Draw a figure of the family ``landscape``."""

from reproduction.exhibits.figures import figure_page, landscape

figure_page.make(snakemake, landscape.draw)
