"""Draw a figure of the family ``dynamics``."""

from reproduction.exhibits.figures import dynamics, figure_page

figure_page.make(snakemake, dynamics.draw)
