"""Draw a figure of the family ``convergence``."""

from reproduction.exhibits.figures import convergence, figure_page

figure_page.make(snakemake, convergence.draw)
