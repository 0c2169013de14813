"""Draw a figure of the family ``audit``."""

from reproduction.exhibits.figures import audit, figure_page

figure_page.make(snakemake, audit.draw)
