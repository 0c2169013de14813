"""Draw a figure of the family ``branches``."""

from reproduction.exhibits.figures import branches, figure_page

figure_page.make(snakemake, branches.draw)
