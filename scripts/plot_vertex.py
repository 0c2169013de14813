"""Draw a figure of the family ``vertex``."""

from reproduction.exhibits.figures import figure_page, vertex

figure_page.make(snakemake, vertex.draw)
